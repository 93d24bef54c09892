"""The spec of a JitsuWorkspace."""

from typing import ClassVar

from jitops.api.connection import ConnectionSpec
from jitops.api.schema.model import Rule, immutable
from jitops.api.schema.strings import HttpUrl, PathSegment


class JitsuWorkspaceSpec(ConnectionSpec):
    """One Jitsu workspace: where its console is, and with which API key it is managed.

    The Secret holds the key as `apiKey: <key id>:<secret>`. The workspace itself is never created or deleted.
    """

    base_url: HttpUrl = "https://use.jitsu.com"
    """The address of the Jitsu console. Default: https://use.jitsu.com, which is Jitsu's own cloud."""
    workspace: PathSegment
    """The workspace, by its id or its slug. It can't be changed: the streams would be made again in another
    one."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspace", "create another JitsuWorkspace, and let the resources refer to it"),
    )

    @property
    def address(self) -> str:
        """The address of the console."""
        return self.base_url
