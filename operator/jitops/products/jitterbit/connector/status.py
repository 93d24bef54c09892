"""The status of a Connector."""

from datetime import datetime
from typing import Annotated

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ManagedStatus


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
