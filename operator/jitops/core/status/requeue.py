"""When a key is reconciled again, if nothing changes before."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto


class When(Enum):
    """The four ways to wait."""

    ON_CHANGE = auto()
    """Only a change, the resync or a person asks again."""
    AFTER = auto()
    """After a known number of seconds."""
    BACKOFF = auto()
    """After a random pause that doubles with each failure."""
    SLOW = auto()
    """After the operator's slow retry, for what a person must repair."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """One of the four ways to wait, with its numbers; made by the class methods."""

    when: When
    seconds: float = 0.0
    """AFTER: the wait."""
    first_at_once: bool = False
    """BACKOFF: the first failure in a row is retried without a pause."""
    at_most: float = math.inf
    """BACKOFF and SLOW: the longest pause, in seconds."""

    @classmethod
    def on_change(cls) -> Requeue:
        """Return a wait for a change, the resync or a person."""
        return cls(When.ON_CHANGE)

    @classmethod
    def after(cls, seconds: float) -> Requeue:
        """Return a wait of so many seconds."""
        return cls(When.AFTER, seconds=seconds)

    @classmethod
    def backoff(cls, *, first_at_once: bool = False, at_most: float = math.inf) -> Requeue:
        """Return a wait that doubles with each failure."""
        return cls(When.BACKOFF, first_at_once=first_at_once, at_most=at_most)

    @classmethod
    def slow(cls) -> Requeue:
        """Return the operator's slow retry."""
        return cls(When.SLOW)

    def no_later_than(self, seconds: float) -> Requeue:
        """Return the same wait, but at most so many seconds."""
        if self.when in {When.ON_CHANGE, When.AFTER}:
            return Requeue.after(seconds if self.when is When.ON_CHANGE else min(self.seconds, seconds))
        return replace(self, at_most=min(self.at_most, seconds))


ON_CHANGE = Requeue.on_change()
