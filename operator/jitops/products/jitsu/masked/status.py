"""The status of kinds whose secrets the console masks."""

from jitops.api.status import ManagedStatus


class MaskedStatus(ManagedStatus):
    """The observed state of an object whose secrets the console masks."""

    incarnation: int | None = None
    """The number in the object's id. It grows when the previous id belongs to a deleted object."""
    workspace_id: str | None = None
    """The id of the workspace that the object belongs to."""
    secret_hashes: dict[str, str] | None = None
    """Keyed hashes of the secrets that were last sent, by path. With them a changed Secret is noticed."""
    remote_updated_at: str | None = None
    """When the console last changed the object, as reported for the operator's last write. A later time means that
    someone else wrote to the object, perhaps to a masked secret."""
