"""The console's budget per key and method: a sliding minute (docs/reference/jitsu.md section 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitsu.errors import ConsoleError
from jitops_sandbox.jitsu.state import iso

if TYPE_CHECKING:
    from jitops.core.clock import Clock

BASE: Final = 60
MULTIPLIERS: Final = {"GET": 10, "POST": 2, "PUT": 2, "PATCH": 2, "DELETE": 1, "OPTIONS": 20}


@dataclass(slots=True)
class _Window:
    """The counts of a window and of the one before; all times are whole milliseconds, as at the console."""

    start: int
    length: int
    current: int = 0
    previous: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """The rest of a bucket after a request was counted."""

    bucket: str
    limit: int
    remaining: int
    reset: float
    retry_after: int

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed."""
        return self.retry_after == 0

    def headers(self) -> dict[str, str]:
        """Return the headers of a metered answer."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
        }
        return headers if self.allowed else {**headers, "Retry-After": str(self.retry_after)}


class ThrottledError(ConsoleError):
    """The budget of a key and method is used up."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(f"Rate limit exceeded. Retry after {budget.retry_after} seconds.")
        self.budget = budget

    def as_answer(self) -> Answer:
        """Return the 429, which has the headers of a metered answer as well."""
        body = {
            "error": "rate_limit_exceeded",
            "message": str(self),
            "limit": self.budget.limit,
            "remaining": 0,
            "resetAt": iso(datetime.fromtimestamp(self.budget.reset, UTC)),
            "bucket": self.budget.bucket,
        }
        return answer(body, 429, **self.budget.headers())


class Limiter:
    """Counts per key and bucket, refused requests too; `base` is the console's `MINUTE_RATE_LIMIT_BASE`."""

    def __init__(self, clock: Clock, minute: float, base: int = BASE) -> None:
        self.clock = clock
        self.minute = minute
        self.base = base
        self._windows: dict[tuple[str, str], _Window] = {}

    def clear(self) -> None:
        """Reset the budgets of all keys."""
        self._windows.clear()

    def check(self, key: str, bucket: str, limit: int | None = None, minutes: float = 1.0) -> Budget:
        """Count a request of a key and return the rest; `limit` and `minutes` are a route's own budget."""
        now = int(self.clock.now().timestamp() * 1000)
        allowed = limit if limit is not None else max(1, self.base * MULTIPLIERS.get(bucket, 1))
        window = self._window(key, bucket, now, int(self.minute * minutes * 1000))
        window.current += 1
        spare = (allowed - window.current) * window.length - window.previous * _left(window, now)
        if spare >= 0:
            ends = (window.start + window.length) / 1000
            return Budget(bucket, allowed, spare // window.length, ends, 0)
        wait = max(1, math.ceil(_wait(window, allowed, now) / 1000))
        return Budget(bucket, allowed, 0, now / 1000 + wait, wait)

    def _window(self, key: str, bucket: str, now: int, length: int) -> _Window:
        start = now // length * length
        window = self._windows.get((key, bucket))
        if window is None or window.start != start:
            previous = window.current if window is not None and window.start + length == start else 0
            window = self._windows[key, bucket] = _Window(start, length, 0, previous)
        return window


def _left(window: _Window, now: int) -> int:
    return window.start + window.length - now


def _wait(window: _Window, limit: int, now: int) -> int:
    """Return the milliseconds until one more request is allowed, if no other is sent meanwhile."""
    length = window.length
    if window.previous > 0 and limit > window.current:
        elapsed = -(-length * (window.previous + window.current + 1 - limit) // window.previous)
        if elapsed <= length:
            return max(0, elapsed - (now - window.start))
    into_next = -(-length * (window.current + 1 - limit) // window.current) if limit > 1 else length
    return _left(window, now) + max(0, into_next)
