"""The status of a JitsuStream."""

from datetime import datetime
from typing import Annotated, Literal

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ManagedStatus


class StreamKey(Model):
    """A write key that the operator made."""

    id: str
    """The key's id at the console."""
    use: Literal["public", "private"]
    """Whom the key is for: public for browsers, private for servers."""
    number: int
    """Its number among the keys of its use; the newest has the largest."""
    retire_after: datetime | None = None
    """When the key is removed, since another one took its place."""


class StreamKeysStatus(Model):
    """The write keys that the operator made."""

    rotate: str | None = None
    """The token in `spec.keys.rotate` that was last acted on."""
    entries: Annotated[list[StreamKey], ListMap("id")] | None = None
    """The keys, new and old, without their secrets."""


class JitsuStreamStatus(ManagedStatus):
    """What is told of a stream."""

    incarnation: int | None = None
    """The number in the stream's id; it grows when an id was used up by a deleted stream."""
    workspace_id: str | None = None
    """The id of the workspace in which the stream lives."""
    keys: StreamKeysStatus | None = None
    """The write keys that the operator made."""
