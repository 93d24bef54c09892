"""The spec of a JitsuWorkspace."""

from typing import ClassVar

from jitops.api.connection import ConnectionSpec
from jitops.api.schema.model import Rule, immutable
from jitops.api.schema.strings import HttpUrl, PathSegment


class JitsuWorkspaceSpec(ConnectionSpec):
    """A connection to one Jitsu workspace: the address of its console, and the API key to manage it with.

    The Secret holds the key as `apiKey: <key id>:<secret>`. The workspace itself is never created or deleted.
    """

    base_url: HttpUrl = "https://use.jitsu.com"
    """The URL of the Jitsu console. Default: https://use.jitsu.com, the cloud of Jitsu itself."""
    workspace: PathSegment
    """The id or the slug of the workspace. It can't be changed: all objects would be created again in another
    workspace."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspace", "create another JitsuWorkspace, and refer to it in the resources"),
    )

    @property
    def address(self) -> str:
        """Return the URL of the console."""
        return self.base_url
