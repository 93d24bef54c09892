"""What we tell in `status`. The operator writes it and reads its own memory in it; users only read it."""

from datetime import datetime
from typing import Annotated, Literal

from jitops.api.schema.model import ListMap, Model


class Condition(Model):
    """One statement about the resource, in Kubernetes' usual form."""

    type: str
    """What the statement is about: Ready, Synced, ReferencesResolved, DriftDetected, Reconciling or Stalled.
    """
    status: Literal["True", "False", "Unknown"]
    """Whether it is so."""
    reason: str
    """Why, in one word for programs."""
    message: str
    """Why and what to do about it, in a sentence for people."""
    last_transition_time: datetime
    """Since when the status is what it is."""
    observed_generation: int | None = None
    """The generation of the spec that the statement is about."""


class Drift(Model):
    """What others changed at the remote."""

    fields: list[str]
    """The paths of the fields that differ; never their values."""
    since: datetime
    """When the difference was first seen."""


class Status(Model):
    """What every kind tells."""

    observed_generation: int | None = None
    """The generation of the spec that was last looked at; -1 before the first time."""
    synced_generation: int | None = None
    """The generation of the spec that was last carried out completely."""
    id: str | None = None
    """The object's id at the remote."""
    conditions: Annotated[list[Condition], ListMap("type")] | None = None
    """How things stand. Ready: the remote holds what the spec asks, and the Secret is written."""
    applied_fields: list[str] | None = None
    """The paths of the fields that were last sent to the remote, by which a removed field is noticed."""
    last_handled_reconcile_at: str | None = None
    """The last token of jitops.dev/reconcile-requested-at, or Flux's, that was acted on."""


class ManagedStatus(Status):
    """What every managed kind tells."""

    drift: Drift | None = None
    """What others changed at the remote; there only while there is a difference."""
    secret_name: str | None = None
    """The Secret that holds the outputs."""


class ConnectionStatus(Status):
    """What every connection tells."""

    credentials_secret: str | None = None
    """The Secret that the credentials are taken from; when the spec names another one, this one is let go."""
