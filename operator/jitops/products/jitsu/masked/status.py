"""The status of a kind whose secrets the console masks."""

from jitops.api.status import ManagedStatus


class MaskedStatus(ManagedStatus):
    """What is told of an object with secrets that the console masks."""

    incarnation: int | None = None
    """The number in the object's id; it grows when an id was used up by a deleted object."""
    workspace_id: str | None = None
    """The id of the workspace in which the object lives."""
    secret_hashes: dict[str, str] | None = None
    """Keyed hashes of the secrets that were last sent, by path; they tell when a Secret changed."""
    remote_updated_at: str | None = None
    """When the console last changed the object, as of our own last write; a later moment means that someone else
    wrote to it, perhaps to a masked secret."""
