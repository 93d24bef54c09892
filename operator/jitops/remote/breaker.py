"""Circuit breakers: they stop calls to a host that fails, and callers from waiting for it.

Invariants: a breaker opens after `THRESHOLD` failures in a row. Each failed trial doubles the pause up to `LONGEST`.
While it is open, at most one call is in flight as a trial. An answer decided by the vendor, even a refusal, closes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.core.errors import JitopsError, Unavailable
from jitops.remote.exchange import WritesRefused

if TYPE_CHECKING:
    from jitops.core.clock import Clock

THRESHOLD = 5
FIRST = 5.0
"""Seconds of the first pause."""
LONGEST = 300.0
"""Seconds of the longest pause."""


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
        """Whether calls are refused."""
        return self._until is not None

    def check(self) -> None:
        """Raise while the breaker is open. A check does not take the place of the trial."""
        if self._until is None:
            return
        left = self._until - self._clock.monotonic()
        if left > 0 or self._trial:
            raise self.error()

    def error(self) -> Unavailable:
        """Return the error of a call that is not sent because the breaker is open."""
        return Unavailable(f"{self.host} failed too often; trying again soon", circuit_open=True)

    def is_failure(self, error: JitopsError | None) -> bool:
        """Return whether a call that ended so counts as a failure of the host."""
        # A host in maintenance works: it answers reads. `WriteBreaker` stops its writes.
        return isinstance(error, Unavailable) and not isinstance(error, WritesRefused)

    def admit(self) -> bool:
        """Admit a call, or raise. Return True if the call is the trial and must end in `settle` or `abandon`."""
        self.check()
        self._trial = self._until is not None
        return self._trial

    def abandon(self, *, trial: bool) -> None:
        """Forget a cancelled call, so that another call may be the trial."""
        if trial:
            self._trial = False

    def settle(self, *, trial: bool, failed: bool) -> None:
        """Record how an admitted call ended."""
        self.abandon(trial=trial)
        if not failed:
            self._failures, self._pause, self._until = 0, 0.0, None
        elif trial:
            self._open()
        # Calls that were in flight when the breaker opened must not prolong the pause.
        elif self._until is None:
            self._failures += 1
            if self._failures >= self.threshold:
                self._open()

    def _open(self) -> None:
        self._pause = min(LONGEST, max(FIRST, 2 * self._pause))
        self._until = self._clock.monotonic() + self._pause


class WriteBreaker(Breaker):
    """The breaker for the writes of one key: a remote in maintenance answers reads and refuses all writes."""

    # All writes of the key are refused alike, so one refusal is enough.
    threshold = 1

    @override
    def error(self) -> Unavailable:
        return WritesRefused(f"{self.host} is in maintenance and accepts no writes; trying again soon")

    @override
    def is_failure(self, error: JitopsError | None) -> bool:
        return isinstance(error, WritesRefused)


class Breakers:
    """The breakers that one call must pass, as one."""

    def __init__(self, *breakers: Breaker) -> None:
        self._breakers = breakers
        self._trials: tuple[bool, ...] = ()

    def check(self) -> None:
        """Raise when one of them is open."""
        for breaker in self._breakers:
            breaker.check()

    def admit(self) -> None:
        """Admit the call, or raise. An admitted call must end in `settle` or `abandon`."""
        # All are checked before the first admits: a trial that was admitted and never sent would block its host.
        self.check()
        self._trials = tuple(breaker.admit() for breaker in self._breakers)

    def abandon(self) -> None:
        """Forget a cancelled call."""
        for breaker, trial in zip(self._breakers, self._trials, strict=True):
            breaker.abandon(trial=trial)

    def settle(self, error: JitopsError | None) -> None:
        """Record how the call ended, for each breaker."""
        for breaker, trial in zip(self._breakers, self._trials, strict=True):
            breaker.settle(trial=trial, failed=breaker.is_failure(error))
