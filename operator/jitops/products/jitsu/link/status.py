"""The status of a JitsuLink."""

from datetime import datetime

from jitops.api.schema.model import Model
from jitops.api.status import ManagedStatus


class LinkIntent(Model):
    """What was about to be linked, written down before the attempt."""

    at: datetime
    """When."""
    type: str
    """How: push or sync."""
    from_id: str
    """The id of the link's start."""
    to_id: str
    """The id of the link's end."""
    ids: list[str]
    """The ids of links between these two that were there before."""


class JitsuLinkStatus(ManagedStatus):
    """What is told of a link."""

    intent: LinkIntent | None = None
    """What was there before the link was asked for; by it the operator finds its own after a crash. It is there
    only until the link is."""
    workspace_id: str | None = None
    """The id of the workspace in which the link lives."""
    link_type: str | None = None
    """How it links: push from a stream, sync from a service."""
    from_id: str | None = None
    """The id of the stream or service where the link starts."""
    to_id: str | None = None
    """The id of the destination where the link leads."""
