"""Spares a failing host our calls, and ourselves the waiting for them.

Invariants: it opens after `THRESHOLD` failures in a row; each failed trial doubles the pause up to `LONGEST`;
while it is open at most one call is under way as a trial; an answer that the vendor decided, even a refusal,
closes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.errors import JitopsError, Unavailable
from jitops.remote.exchange import WritesRefused

if TYPE_CHECKING:
    from jitops.core.clock import Clock

THRESHOLD = 5
FIRST = 5.0
LONGEST = 300.0


class Breaker:
    """The breaker of one host, shared by all who call it."""

    threshold = THRESHOLD

    def __init__(self, host: str, clock: Clock) -> None:
        self.host = host
        self._clock = clock
        self._failures = 0
        self._pause = 0.0
        self._until: float | None = None
        self._trial = False

    @property
    def open(self) -> bool:
        """Tell whether calls are being refused."""
        return self._until is not None

    def check(self) -> None:
        """Refuse when open, without taking the place of the trial."""
        if self._until is None:
            return
        left = self._until - self._clock.monotonic()
        if left > 0 or self._trial:
            raise self.refusal()

    def refusal(self) -> Unavailable:
        """Say why a call was spared."""
        return Unavailable(f"{self.host} failed too often; trying again soon", circuit_open=True)

    def counts(self, error: JitopsError | None) -> bool:
        """Tell whether this is a failure of what the breaker spares."""
        return isinstance(error, Unavailable) and not isinstance(error, WritesRefused)

    def admit(self) -> bool:
        """Let a call through; True says that it is the trial and must end in `settle` or `abandon`."""
        self.check()
        self._trial = self._until is not None
        return self._trial

    def abandon(self, *, trial: bool) -> None:
        """Forget a call that was cancelled: another may be the trial."""
        if trial:
            self._trial = False

    def settle(self, *, trial: bool, failed: bool) -> None:
        """Learn how an admitted call ended."""
        self.abandon(trial=trial)
        if not failed:
            self._failures, self._pause, self._until = 0, 0.0, None
        elif trial:
            self._open()
        elif self._until is None:
            self._failures += 1
            if self._failures >= self.threshold:
                self._open()

    def _open(self) -> None:
        self._pause = min(LONGEST, max(FIRST, 2 * self._pause))
        self._until = self._clock.monotonic() + self._pause


class WriteBreaker(Breaker):
    """The breaker of one key's writes: a remote in maintenance goes on reading, and one refusal tells for all."""

    threshold = 1

    def refusal(self) -> Unavailable:
        """Say why a write was spared."""
        return WritesRefused(f"{self.host} is in maintenance and takes no writes; trying again soon")

    def counts(self, error: JitopsError | None) -> bool:
        """Tell whether writes were refused as such."""
        return isinstance(error, WritesRefused)


class Guards:
    """The breakers in the way of one call, asked and told together."""

    def __init__(self, *breakers: Breaker) -> None:
        self._breakers = breakers
        self._trials: tuple[bool, ...] = ()

    def check(self) -> None:
        """Refuse when one of them is open."""
        for breaker in self._breakers:
            breaker.check()

    def admit(self) -> None:
        """Let the call through; it must end in `settle` or `abandon`."""
        self.check()
        self._trials = tuple(breaker.admit() for breaker in self._breakers)

    def abandon(self) -> None:
        """Forget a call that was cancelled."""
        for breaker, trial in zip(self._breakers, self._trials, strict=True):
            breaker.abandon(trial=trial)

    def settle(self, error: JitopsError | None) -> None:
        """Learn how the call ended."""
        for breaker, trial in zip(self._breakers, self._trials, strict=True):
            breaker.settle(trial=trial, failed=breaker.counts(error))
