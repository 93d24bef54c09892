"""The status of a Connector."""

from datetime import datetime
from typing import Annotated

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ManagedStatus


class Intent(Model):
    """A registration that the operator is about to make, recorded before the attempt."""

    at: datetime
    """When the intent was recorded."""
    name: str | None = None
    """The name of the registration."""
    version: str | None = None
    """The version of the registration."""
    ids: list[str]
    """The ids of the registrations with the same name and version that existed before."""


class ReplacedConnector(Model):
    """A registration of this resource that was replaced by another one."""

    id: str
    """The id of the registration."""
    name: str | None = None
    """The name of the registration."""
    version: str | None = None
    """The version of the registration."""


class ConnectorStatus(ManagedStatus):
    """The observed state of a Connector."""

    replaced: Annotated[list[ReplacedConnector], ListMap("id")] | None = None
    """The replaced registrations that still exist: Harmony does not delete a connector that a project uses, or the
    deletion policy keeps them."""

    intent: Intent | None = None
    """The registration that is being made, and the ones existing before it. After a crash the operator finds its own
    registration by it."""
    endpoint_entity_id: str | None = None
    """The entity id of the endpoint of the connector."""
    function_entity_start_id: str | None = None
    """The first entity id of the activities."""
    function_entity_end_id: str | None = None
    """The last entity id of the activities."""
