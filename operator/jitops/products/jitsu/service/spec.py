"""JitsuService: a source that data is synced from, with its credentials taken from Secrets."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from jitops.api.managed import ConnectionRef, output_rules
from jitops.api.schema.model import Rule, immutable
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName
from jitops.products.jitsu.fields import NO_DATE, StreamName, adopted_by_id
from jitops.products.jitsu.masked.spec import SecretSpec

CREDENTIALS = OpenMap(refused={}, why="")


class JitsuServiceSpec(SecretSpec):
    """A service of a workspace: a source that syncs start at, run by a connector package.

    A Secret with the service's id is written only where `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace in which the service lives. It can't be changed."""
    name: StreamName | None = None
    """The name that the console shows. Default: metadata.name."""
    package: Annotated[DisplayName, NO_DATE]
    """The connector's package, such as airbyte/source-github."""
    version: Annotated[DisplayName, NO_DATE]
    """The package's version, in quotes."""
    credentials: Annotated[dict[str, JsonValue], Field(max_length=128), CREDENTIALS] | None = None
    """The connector's configuration, by its own names; only the connector knows them. What is secret in it goes into
    `secretConfig`, whose paths begin inside of it. A field that is taken out is set to an empty string: the console
    can't forget one."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource, and create it again in the other workspace"),
        adopted_by_id("service"),
        *output_rules(("id",)),
    )

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Give the connector's configuration."""
        return self.credentials or {}
