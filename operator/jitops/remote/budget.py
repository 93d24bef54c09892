"""How many calls a key may still make: one budget per host and key, with a meter per method over a sliding minute.

The server's own numbers count as soon as it sends them. A 2xx without any means that it does not meter this key
(docs/reference/jitsu.md section 7), and then a call costs nothing here. `X-RateLimit-Remaining` shows what others use
of the same key; their calls are assumed to be spread evenly over the last minute.

A call waits for its turn if the turn is near. Any other call fails with the time of its turn, and the turn is kept for
its `who` until then: a thousand waiters arrive one by one and not all at once. Connections share a key fairly: the one
with fewer waiting callers goes first, so that one resource of a workspace does not wait for the thousand of another.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from email.utils import parsedate_to_datetime
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING

from jitops.core.errors import RateLimited
from jitops.remote.breaker import WriteBreaker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock

MINUTE = 60.0
MARGIN = 1.01
"""A minute is a little longer here: the server starts counting a call later, and rounds."""
PATIENCE = 1.0
"""Seconds of the longest wait inside the call."""
DEFAULT_PAUSE = 10.0
"""Seconds to pause after a 429 that does not say for how long."""
LONGEST_PAUSE = 3600.0
SUCCESSES = range(200, 300)

Caller = tuple[object, str]
"""A connection, and the resource or listing that calls over it."""


class Meter:
    """The turns of one method: used within the last minute, and promised."""

    def __init__(self, clock: Clock, method: str, assumed: int | None, minute: float = MINUTE) -> None:
        self._clock = clock
        self._method = method
        self._minute = minute
        self._server_limit = assumed
        self._spec_limits: dict[object, int] = {}
        self._limit = assumed
        self._paused_until = 0.0
        self._turns: list[float] = []
        self._others: list[float] = []
        self._promised: dict[Caller, float] = {}
        """When each waiting caller may call, the soonest first."""

    @property
    def limit(self) -> int | None:
        """The calls allowed in a minute; None: any number."""
        return self._limit

    def left(self) -> int | None:
        """Return how many calls could be made at once; None: any number."""
        if self._limit is None:
            return None
        return max(0, self._limit - len(self._busy(self._clock.monotonic())))

    def set_limit(self, owner: object, limit: int | None) -> None:
        """Set the limit of one connection's spec; None removes it."""
        if limit is None:
            self._spec_limits.pop(owner, None)
        else:
            self._spec_limits[owner] = limit
        self._settle_limit()

    def claim(self, who: str, connection: object = None) -> float:
        """Reserve a turn and return the seconds to wait for it; raise RateLimited when it is too far off."""
        if self._limit is None and not self._paused_until:
            return 0.0
        now = self._clock.monotonic()
        if self._limit is None and now >= self._paused_until:
            self._forget()
            return 0.0
        caller = (connection, who)
        kept = self._promised.get(caller)
        # To ask again too early must not cost the turn.
        if kept is not None and kept > now + PATIENCE and kept >= self._paused_until:
            raise self._limited(kept - now)
        due = max(now, self._redeem(caller, now))
        insort(self._turns, due)
        if due - now > PATIENCE:
            due = self._queue(caller, due, now) if kept is None else self._keep(caller, due)
            raise self._limited(due - now)
        return due - now

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Adopt the numbers for this key that an answer carries."""
        limit = _number(headers.get("x-ratelimit-limit"))
        if limit is not None:
            self._server_limit = int(limit)
            self._settle_limit()
            self._learn_of_others(int(limit), _number(headers.get("x-ratelimit-remaining")))
        # Only a 2xx proves that the key is not metered: a refusal may happen before the metering.
        elif self._server_limit is not None and status in SUCCESSES:
            self._server_limit = None
            self._settle_limit()

    def throttled(self, who: str, headers: Mapping[str, str], connection: object = None) -> RateLimited:
        """Pause after a 429, promise the caller a turn after the pause, and return the error with its time."""
        now = self._clock.monotonic()
        self._paused_until = max(self._paused_until, now + self._pause(headers))
        due = self._free(self._paused_until, now)
        self._postpone(now, due + self._step)
        insort(self._turns, due)
        return self._limited(self._keep((connection, who), due) - now)

    def _keep(self, caller: Caller, due: float) -> float:
        """Keep a turn for a caller that had one before: later turns stay with their callers."""
        self._promised = dict(sorted({**self._promised, caller: due}.items(), key=itemgetter(1)))
        return due

    def _queue(self, caller: Caller, due: float, now: float) -> float:
        """Add a caller to the waiting ones and return its turn: each connection's first before any second."""
        # A caller that is about to call keeps its turn: it may already sleep until then.
        near = {other: at for other, at in self._promised.items() if at <= now + PATIENCE}
        waiting = [other for other in self._promised if other not in near]
        dues = [*(self._promised[other] for other in waiting), due]
        waiting.insert(_place(waiting, caller[0]), caller)
        self._promised = near | dict(zip(waiting, sorted(dues), strict=True))
        return self._promised[caller]

    @property
    def _step(self) -> float:
        """The seconds between two waiting callers: they arrive one by one, not as a crowd each minute."""
        return 0.0 if self._limit is None else self._minute * MARGIN / self._limit

    def _postpone(self, now: float, until: float) -> None:
        """Move all promised turns back, in their order, so that the first is not before `until`."""
        delay = until - min((due for due in self._promised.values() if due > now), default=until)
        if delay > 0:
            self._turns = [turn + delay if turn > now else turn for turn in self._turns]
            self._promised = {who: due + delay if due > now else due for who, due in self._promised.items()}

    def _redeem(self, who: Caller, now: float) -> float:
        """Return the promised turn, or the next free one if none was promised or the promise is void."""
        due = self._promised.pop(who, None)
        if due is None:
            return self._next(now)
        if (at := bisect_right(self._turns, due) - 1) >= 0 and self._turns[at] == due:
            del self._turns[at]
        # A late caller uses the present moment: the turns promised for later have to make room.
        expired = due < now - self._minute
        return self._next(now) if expired or due < self._paused_until else self._free(max(due, now), now)

    def _next(self, now: float) -> float:
        """Return the next free turn, after all promised ones."""
        earliest = max(now, self._paused_until)
        busy = self._busy(now)
        if busy and busy[-1] > now:
            earliest = max(earliest, busy[-1] + self._step)
        return self._free(earliest, now)

    def _free(self, moment: float, now: float) -> float:
        """Return the first moment, from this one on, with a turn left in the minute before it."""
        busy = self._busy(now)
        taken = bisect_right(busy, moment)
        if self._limit is None or taken < self._limit:
            return moment
        return max(moment, busy[taken - self._limit] + self._minute * MARGIN)

    def _busy(self, now: float) -> list[float]:
        """Return the turns of the last minute and the promised ones, those of other users of the key included."""
        horizon = now - self._minute
        del self._turns[: bisect_right(self._turns, horizon)]
        del self._others[: bisect_right(self._others, horizon)]
        # A caller that never returns (its resource was deleted) must not occupy a turn for ever.
        while self._promised and (first := next(iter(self._promised.items())))[1] < horizon:
            del self._promised[first[0]]
        return sorted(self._turns + self._others) if self._others else self._turns

    def _learn_of_others(self, limit: int, remaining: float | None) -> None:
        """Derive the calls of other users of this key: counted by the server and not made by this process."""
        if remaining is None:
            return
        now = self._clock.monotonic()
        self._busy(now)
        others = max(0, limit - int(remaining) - bisect_right(self._turns, now))
        if others != len(self._others):
            step = self._minute / (others or 1)
            self._others = [now - self._minute + step * (at + 1) for at in range(others)]

    def _pause(self, headers: Mapping[str, str]) -> float:
        """Return the seconds to pause that a 429 asks for, in any of the forms that servers use."""
        text = headers.get("retry-after")
        seconds = _number(text)
        if seconds is None and text:
            seconds = self._until(text)
        if seconds is None and (reset := _number(headers.get("x-ratelimit-reset"))) is not None:
            seconds = reset - self._clock.now().timestamp()
        return min(LONGEST_PAUSE, max(0.0, DEFAULT_PAUSE if seconds is None else seconds))

    def _until(self, date: str) -> float | None:
        try:
            return (parsedate_to_datetime(date) - self._clock.now()).total_seconds()
        except (ValueError, TypeError):
            return None

    def _forget(self) -> None:
        self._paused_until = 0.0
        self._turns.clear()
        self._others.clear()
        self._promised.clear()

    def _limited(self, after: float) -> RateLimited:
        limit = "" if self._limit is None else f" of {self._limit} a minute"
        return RateLimited(f"the budget{limit} for {self._method} calls is used up", after=after)

    def _settle_limit(self) -> None:
        known = [*self._spec_limits.values(), *(() if self._server_limit is None else (self._server_limit,))]
        self._limit = max(1, min(known)) if known else None


def _place(waiting: list[Caller], connection: object) -> int:
    """Return where a connection's next caller goes: before the first that has more of its own before it."""
    rank = sum(other == connection for other, _ in waiting)
    before: Counter[object] = Counter()
    for at, (other, _) in enumerate(waiting):
        if before[other] > rank:
            return at
        before[other] += 1
    return len(waiting)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return max(0.0, number) if isfinite(number) else None


METHODS = ("GET", "POST", "PUT", "DELETE")
"""The methods that are counted, each by itself: the console meters a key so (docs/reference/jitsu.md section 7)."""


class Budget:
    """The meters of one key on one host, and the breaker of its writes; shared by all connections with this key."""

    def __init__(self, clock: Clock, assumed: Mapping[str, int], minute: float = MINUTE, host: str = "") -> None:
        self.writes = WriteBreaker(host, clock)
        self._meters = {method: Meter(clock, method, assumed.get(method), minute) for method in METHODS}

    def meter(self, method: str) -> Meter:
        """Return the meter of a method."""
        return self._meters[method]

    def set_limits(self, owner: object, limits: Mapping[str, int]) -> None:
        """Set the limits of one connection's spec, by method. The smallest of all connections counts."""
        for method, meter in self._meters.items():
            meter.set_limit(owner, limits.get(method))


def limits_by_method(limits: object) -> dict[str, int]:
    """Return the limits of a connection's spec (`get`, `post`, `put`, `delete`) by method."""
    named = {method: getattr(limits, method.lower(), None) for method in METHODS}
    return {method: limit for method, limit in named.items() if limit is not None}
