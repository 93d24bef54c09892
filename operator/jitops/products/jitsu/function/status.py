"""The status of a JitsuFunction."""

from jitops.api.status import ManagedStatus


class JitsuFunctionStatus(ManagedStatus):
    """The observed state of a JitsuFunction."""

    incarnation: int | None = None
    """The number in the function's id. It grows when the previous id belongs to a deleted function."""
    workspace_id: str | None = None
    """The id of the workspace that the function belongs to."""
    code_hash: str | None = None
    """The length and SHA-256 of the code that the spec last asked for. With it a changed ConfigMap is distinguished
    from drift."""
