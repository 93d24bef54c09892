"""When a key is reconciled again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from jitops.api.reasons import Reason


class Retry(Enum):
    """When the next attempt is made, if nothing changes before."""

    NEVER = auto()
    """Only the resync, a change, or a person."""
    SLOW = auto()
    EXPONENTIAL = auto()
    AFTER = auto()
    """At the moment that the error names."""


@dataclass(frozen=True, slots=True)
class Result:
    """When the key wants to be looked at again, and how this time ended (a reason; for metrics)."""

    retry: Retry = Retry.NEVER
    after: float | None = None
    outcome: str = Reason.AVAILABLE
