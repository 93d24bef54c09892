"""The clock of all tests that control the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class TurnedClock:
    """A clock that only a test advances; with a step, no two readings are equal."""

    def __init__(self, seconds: float = 1000.0, *, step: float = 0.0) -> None:
        self.seconds = seconds
        self._step = step

    def monotonic(self) -> float:
        """Return the seconds."""
        self.seconds += self._step
        return self.seconds

    def now(self) -> datetime:
        """Return the start of a fixed day, plus the seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def turn(self, seconds: float) -> None:
        """Advance the clock."""
        self.seconds += seconds
