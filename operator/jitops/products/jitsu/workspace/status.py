"""The status of a JitsuWorkspace."""

from jitops.api.status import ConnectionStatus


class JitsuWorkspaceStatus(ConnectionStatus):
    """The observed state of a JitsuWorkspace."""

    workspace_name: str | None = None
    """The name of the workspace."""
    slug: str | None = None
    """The slug of the workspace."""
    host: str | None = None
    """The URL of the console."""
