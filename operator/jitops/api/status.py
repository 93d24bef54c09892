"""The status that all kinds share. Only the operator writes it; it also reads it to remember what it did."""

from datetime import datetime
from typing import Annotated, Literal

from jitops.api.schema.model import ListMap, Model


class Condition(Model):
    """One condition of the resource, as defined by the Kubernetes API conventions."""

    type: str
    """The type of the condition: Ready, Synced, ReferencesResolved, DriftDetected, Reconciling or Stalled."""
    status: Literal["True", "False", "Unknown"]
    """The status of the condition: True, False or Unknown."""
    reason: str
    """The reason for the status, as one word that programs can read."""
    message: str
    """The reason for the status, and what to do about it, as a sentence for people."""
    last_transition_time: datetime
    """When the status last changed."""
    observed_generation: int | None = None
    """The metadata.generation that the condition was set for."""


class Drift(Model):
    """Changes that others made to the remote object."""

    fields: list[str]
    """The paths of the fields that differ; never their values."""
    since: datetime
    """When the difference was first seen."""


class Status(Model):
    """The status that every kind has."""

    observed_generation: int | None = None
    """The metadata.generation that was last processed; -1 before the first time."""
    synced_generation: int | None = None
    """The last metadata.generation that was applied completely."""
    id: str | None = None
    """The id of the remote object."""
    conditions: Annotated[list[Condition], ListMap("type")] | None = None
    """The conditions of the resource. Ready is True when the remote object equals the spec and the outputs are written;
    for a connection, when it works."""
    applied_fields: list[str] | None = None
    """The paths of the fields that were last sent to the remote. A field that is removed from the spec is found by
    comparing with them."""
    last_handled_reconcile_at: str | None = None
    """The last value of the annotation jitops.dev/reconcile-requested-at, or of Flux's, that was acted on."""
    warnings: list[str] | None = None
    """The annotations of jitops.dev whose values the operator can't read, each with what it does until they are
    corrected."""


class ManagedStatus(Status):
    """The status that every managed kind has."""

    drift: Drift | None = None
    """Changes that others made to the remote object; set only while there is a difference."""
    applied_spec: str | None = None
    """A hash of the spec that was last applied completely, without `management` and `outputs`: while the spec has it, a
    difference at the remote was made by others."""
    secret_name: str | None = None
    """The name of the Secret that holds the outputs."""


class ConnectionStatus(Status):
    """The status that every connection kind has."""

    credentials_secret: str | None = None
    """The name of the Secret that the credentials were last read from. When the spec names another Secret, the
    finalizer is removed from this one."""
