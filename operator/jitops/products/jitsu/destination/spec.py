"""JitsuDestination: where events go, with its credentials taken from Secrets."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from jitops.api.managed import ConnectionRef, output_rules
from jitops.api.schema.model import Rule, immutable, matching
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.products.jitsu.fields import StreamName, adopted_by_id
from jitops.products.jitsu.masked.spec import SecretSpec

DestinationType = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching("[a-z0-9]+(-[a-z0-9]+)*", "must be a destination type of the console, such as clickhouse or s3"),
]

CONFIG = OpenMap(
    refused={
        **{name: {"type": "string"} for name in ("id", "type", "workspaceId", "name", "destinationType", "cloneId")},
        **{name: {"type": "string"} for name in ("updatedAt", "testConnectionError")},
        "provisioned": {"type": "boolean"},
    },
    why="has a field of its own in this spec, or is set by the console or the operator",
)


class JitsuDestinationSpec(SecretSpec):
    """A destination of a workspace: a warehouse, a file store or a service that events are sent to.

    A Secret with the destination's id is written only where `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace in which the destination lives. It can't be changed."""
    name: StreamName | None = None
    """The name that the console shows. Default: metadata.name."""
    destination_type: DestinationType
    """The console's name of the type, such as clickhouse, postgres, s3 or webhook. A change keeps the destination's id
    and its links; `config` must then be that of the new type."""
    config: Annotated[dict[str, JsonValue], Field(max_length=128), CONFIG] | None = None
    """The fields of the type, by the console's names. They are checked against the type's schema before anything is
    sent. Fields that are left out get the console's defaults, and changes that others make to them are left alone."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource, and create it again in the other workspace"),
        adopted_by_id("destination"),
        *output_rules(("id",)),
    )

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Give the fields of the type."""
        return self.config or {}
