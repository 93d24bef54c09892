"""The spec of a JitsuService."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from jitops.api.managed import ConnectionRef, output_rules
from jitops.api.schema.model import Rule, immutable
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName
from jitops.products.jitsu.masked.spec import SecretSpec
from jitops.products.jitsu.wire import NO_DATE, StreamName, adopted_by_id

CREDENTIALS = OpenMap()


class JitsuServiceSpec(SecretSpec):
    """A service of a workspace: a source that syncs read data from, run by a connector package.

    A Secret with the id of the service is written only if `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace that the service belongs to. It can't be changed."""
    name: StreamName | None = None
    """The name in the console. Default: metadata.name."""
    package: Annotated[DisplayName, NO_DATE]
    """The package of the connector, such as airbyte/source-github."""
    version: Annotated[DisplayName, NO_DATE]
    """The version of the package, in quotes."""
    credentials: Annotated[dict[str, JsonValue], Field(max_length=128), CREDENTIALS] | None = None
    """The configuration of the connector, with the fields as the connector names them; only the connector knows them.
    Put secret values into `secretConfig`, whose paths begin here. A field that is removed from here is set to an
    empty string, since the console can't remove a field."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource and create it again in the other workspace"),
        adopted_by_id("service"),
        *output_rules(("id",)),
    )

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Return the configuration of the connector."""
        return self.credentials or {}
