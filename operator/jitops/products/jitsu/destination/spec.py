"""The spec of a JitsuDestination."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from jitops.api.managed import ConnectionRef, output_rules
from jitops.api.schema.model import Rule, immutable, matching
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.products.jitsu.masked.spec import SecretSpec
from jitops.products.jitsu.wire import StreamName, adopted_by_id

DestinationType = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching("[a-z0-9]+(-[a-z0-9]+)*", "must be a destination type of the console, such as clickhouse or s3"),
]

CONFIG = OpenMap(
    rejected={
        **{name: {"type": "string"} for name in ("id", "type", "workspaceId", "name", "destinationType", "cloneId")},
        **{name: {"type": "string"} for name in ("updatedAt", "testConnectionError")},
        "provisioned": {"type": "boolean"},
    },
    why="has a field of its own in this spec, or is set by the console or the operator",
)


class JitsuDestinationSpec(SecretSpec):
    """A destination of a workspace: a warehouse, a file store or a service that receives events.

    A Secret with the id of the destination is written only if `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace that the destination belongs to. It can't be changed."""
    name: StreamName | None = None
    """The name in the console. Default: metadata.name."""
    destination_type: DestinationType
    """The type of the destination as the console names it, such as clickhouse, postgres, s3 or webhook. A change keeps
    the id of the destination and its links; `config` must then be the configuration of the new type."""
    config: Annotated[dict[str, JsonValue], Field(max_length=128), CONFIG] | None = None
    """The configuration of the destination, with the fields of its type as the console names them. It is checked
    against the schema of the type before anything is sent. Omitted fields get the defaults of the console; changes that
    others make to them are kept."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource and create it again in the other workspace"),
        adopted_by_id("destination"),
        *output_rules(("id",)),
    )

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Return the configuration of the destination."""
        return self.config or {}
