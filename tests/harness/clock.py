"""The clock of all tests that make time pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class TurnedClock:
    """A clock that stands still until the test turns it; with a step, no two readings are the same moment."""

    def __init__(self, seconds: float = 1000.0, *, step: float = 0.0) -> None:
        self.seconds = seconds
        self._step = step

    def monotonic(self) -> float:
        """Tell the seconds."""
        self.seconds += self._step
        return self.seconds

    def now(self) -> datetime:
        """Tell the time of day: that of a fixed day, and the seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
