"""The status of a JitsuWorkspace."""

from jitops.api.status import ConnectionStatus


class JitsuWorkspaceStatus(ConnectionStatus):
    """What is told of a workspace."""

    workspace_name: str | None = None
    """The workspace's name."""
    slug: str | None = None
    """The workspace's slug."""
    host: str | None = None
    """The address of the console."""
