"""What Ready=True rests on, as an adapter finds it once everything is done and published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.api.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ExtraCondition:
    """A condition of the kind's own, such as `Validated`, beside those that every kind has."""

    type: str
    status: str
    """True, False or Unknown."""
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Why a resource is Ready, and when the adapter wants to look again by itself."""

    reason: str = Reason.AVAILABLE
    message: str = "the remote holds what the spec asks"
    due: datetime | None = None
    """When the object needs attention by itself: a key retires, an address is probed again."""
    conditions: tuple[ExtraCondition, ...] = ()
