"""The status of a JitsuStream."""

from datetime import datetime
from typing import Annotated, Literal

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ManagedStatus


class StreamKey(Model):
    """A write key that the operator made."""

    id: str
    """The id of the key at the console."""
    use: Literal["public", "private"]
    """The use of the key: public for browsers, private for servers."""
    number: int
    """The number of the key among the keys with the same use. The newest key has the largest number."""
    retire_after: datetime | None = None
    """When the key is removed, after a rotation replaced it."""
    lost: bool | None = None
    """True if the plaintext of the key is lost: its Secret or its cluster was lost, or the Secret was edited. The key
    stays valid until `spec.keys.rotate` changes."""


class StreamKeysStatus(Model):
    """The write keys that the operator made."""

    rotate: str | None = None
    """The value of `spec.keys.rotate` that was last acted on."""
    entries: Annotated[list[StreamKey], ListMap("id")] | None = None
    """The keys, both current and replaced, without their secrets."""


class JitsuStreamStatus(ManagedStatus):
    """The observed state of a JitsuStream."""

    incarnation: int | None = None
    """The number in the stream's id. It grows when the previous id belongs to a deleted stream."""
    workspace_id: str | None = None
    """The id of the workspace that the stream belongs to."""
    keys: StreamKeysStatus | None = None
    """The write keys that the operator made."""
