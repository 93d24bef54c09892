"""The status of a JitsuLink."""

from datetime import datetime

from jitops.api.schema.model import Model
from jitops.api.status import ManagedStatus


class LinkIntent(Model):
    """A link that the operator is about to create, recorded before the attempt."""

    at: datetime
    """When the intent was recorded."""
    type: str
    """The type of the link: push or sync."""
    from_id: str
    """The id of the object where the link starts."""
    to_id: str
    """The id of the object where the link ends."""
    ids: list[str]
    """The ids of the links between these two that existed before."""


class JitsuLinkStatus(ManagedStatus):
    """The observed state of a JitsuLink."""

    intent: LinkIntent | None = None
    """The link that is being created, and the links that existed before it. After a crash the operator finds its own
    link by it. Set only until the link exists."""
    workspace_id: str | None = None
    """The id of the workspace that the link belongs to."""
    link_type: str | None = None
    """The type of the link: push for a stream, sync for a service."""
    from_id: str | None = None
    """The id of the stream or service where the link starts."""
    to_id: str | None = None
    """The id of the destination where the link ends."""
