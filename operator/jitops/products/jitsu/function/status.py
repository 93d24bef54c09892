"""The status of a JitsuFunction."""

from jitops.api.status import ManagedStatus


class JitsuFunctionStatus(ManagedStatus):
    """What is told of a function."""

    incarnation: int | None = None
    """The number in the function's id; it grows when an id was used up by a deleted function."""
    workspace_id: str | None = None
    """The id of the workspace in which the function lives."""
    code_hash: str | None = None
    """Length and SHA-256 of the code that was last asked for; it tells a changed ConfigMap from drift."""
