"""What we tell in `status`. The operator writes it and reads its own memory in it; users only read it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from jitops.api.base import ListMap, Model


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


class StreamKey(Model):
    """A write key that the operator made."""

    id: str
    """The key's id at the console."""
    use: Literal["public", "private"]
    """Whom the key is for: public for browsers, private for servers."""
    number: int
    """Its number among the keys of its use; the newest has the largest."""
    retire_after: datetime | None = None
    """When the key is removed, since another one took its place."""


class StreamKeysStatus(Model):
    """The write keys that the operator made."""

    rotate: str | None = None
    """The token in `spec.keys.rotate` that was last acted on."""
    entries: Annotated[list[StreamKey], ListMap("id")] | None = None
    """The keys, new and old, without their secrets."""


class JitsuStreamStatus(ManagedStatus):
    """What is told of a stream."""

    incarnation: int | None = None
    """The number in the stream's id; it grows when an id was used up by a deleted stream."""
    workspace_id: str | None = None
    """The id of the workspace in which the stream lives."""
    keys: StreamKeysStatus | None = None
    """The write keys that the operator made."""


class MaskedStatus(ManagedStatus):
    """What is told of an object with secrets that the console masks."""

    incarnation: int | None = None
    """The number in the object's id; it grows when an id was used up by a deleted object."""
    workspace_id: str | None = None
    """The id of the workspace in which the object lives."""
    secret_hashes: dict[str, str] | None = None
    """Keyed hashes of the secrets that were last sent, by path; they tell when a Secret changed."""
    remote_updated_at: str | None = None
    """When the console last changed the object, as of our own last write; a later moment means that someone else
    wrote to it, perhaps to a masked secret."""


class JitsuDestinationStatus(MaskedStatus):
    """What is told of a destination."""


class JitsuServiceStatus(MaskedStatus):
    """What is told of a service."""


class JitsuFunctionStatus(ManagedStatus):
    """What is told of a function."""

    incarnation: int | None = None
    """The number in the function's id; it grows when an id was used up by a deleted function."""
    workspace_id: str | None = None
    """The id of the workspace in which the function lives."""
    code_hash: str | None = None
    """Length and SHA-256 of the code that was last asked for; it tells a changed ConfigMap from drift."""


class Intent(Model):
    """What was about to be registered, written down before the attempt."""

    at: datetime
    """When."""
    name: str | None = None
    """Under which name."""
    version: str | None = None
    """In which version."""
    ids: list[str]
    """The ids of registrations with the same name and version that were there before."""


class ReplacedConnector(Model):
    """A registration of ours in whose place another one was made."""

    id: str
    """Its id."""
    name: str | None = None
    """Its name."""
    version: str | None = None
    """Its version."""


class ConnectorStatus(ManagedStatus):
    """What is told of a connector."""

    replaced: Annotated[list[ReplacedConnector], ListMap("id")] | None = None
    """The former registrations that are still there, since Harmony refuses to delete a connector that a project
    uses, or the deletion policy keeps them."""

    intent: Intent | None = None
    """What was there before the last registration; by it the operator finds its own after a crash."""
    endpoint_entity_id: str | None = None
    """The entity id of the connector's endpoint."""
    function_entity_start_id: str | None = None
    """The first entity id for activities."""
    function_entity_end_id: str | None = None
    """The last entity id for activities."""


class CustomAPIStatus(ManagedStatus):
    """What is told of a Custom API."""

    config_map_name: str | None = None
    """The ConfigMap that holds the documents."""
    configuration_hash: str | None = None
    """The hash of the configuration that the spec asks for: what a person acknowledges."""
    publication_state: str | None = None
    """How the adapter has it: draft, published or publishedWithDraft."""
    url: str | None = None
    """The API's address."""
    base_url: str | None = None
    """The gateway's address."""


class LinkIntent(Model):
    """What was about to be linked, written down before the attempt."""

    at: datetime
    """When."""
    type: str
    """How: push or sync."""
    from_id: str
    """The id of the link's start."""
    to_id: str
    """The id of the link's end."""
    ids: list[str]
    """The ids of links between these two that were there before."""


class JitsuLinkStatus(ManagedStatus):
    """What is told of a link."""

    intent: LinkIntent | None = None
    """What was there before the link was asked for; by it the operator finds its own after a crash. It is there
    only until the link is."""
    workspace_id: str | None = None
    """The id of the workspace in which the link lives."""
    link_type: str | None = None
    """How it links: push from a stream, sync from a service."""
    from_id: str | None = None
    """The id of the stream or service where the link starts."""
    to_id: str | None = None
    """The id of the destination where the link leads."""


class ConnectionStatus(Status):
    """What every connection tells."""

    credentials_secret: str | None = None
    """The Secret that the credentials are taken from; when the spec names another one, this one is let go."""


class JitsuWorkspaceStatus(ConnectionStatus):
    """What is told of a workspace."""

    workspace_name: str | None = None
    """The workspace's name."""
    slug: str | None = None
    """The workspace's slug."""
    host: str | None = None
    """The address of the console."""


class Login(Model):
    """Log-ins that were tried and not yet accepted."""

    account: str
    """A keyed hash of host, e-mail and credentials."""
    attempts: int
    """How many; at two the operator stops, since Harmony locks an account at five."""
    since: datetime
    """When the first of them was tried."""
    granted: str | None = None
    """The last token of jitops.dev/reconcile-requested-at for which one more was tried."""


class JitterbitOrganizationStatus(ConnectionStatus):
    """What is told of an organization."""

    organization_name: str | None = None
    """The organization's name."""
    host: str | None = None
    """The address of its region's REST services."""
    logins: Annotated[list[Login], ListMap("account"), Field(max_length=64)] | None = None
    """Log-ins that were tried and not yet accepted."""
