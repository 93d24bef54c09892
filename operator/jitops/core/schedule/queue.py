"""The work queue: keys wait here, coalesced, until they are due and a worker is free.

Invariants:
* A key is handed to one worker at a time. Added again meanwhile, it is handed out once more after `done`.
* A key waits in one place at most; adding it again keeps the earlier of the two moments.
* Nothing is ever dropped: a key leaves only by being handed out.
* Keys that are due are handed out in the order in which they became due.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from jitops.core.clock import Clock

K = TypeVar("K", bound=Hashable)


class QueueClosed(Exception):
    """No further key is handed out."""


class WorkQueue(Generic[K]):
    """A delaying, coalescing queue for the workers of one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._running: set[K] = set()
        self._again: dict[K, float] = {}
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._closed = False

    def add(self, key: K, after: float = 0.0) -> None:
        """Make the key due `after` seconds from now, or earlier if it is due earlier already."""
        due = self._clock.monotonic() + after
        waiting = self._again if key in self._running else self._due
        if waiting.get(key, due + 1) <= due:
            return
        waiting[key] = due
        if waiting is self._due:
            heapq.heappush(self._heap, (due, next(self._order), key))
            self._wake.set()

    async def take(self) -> tuple[K, float]:
        """Wait for a key that is due; return it with the moment it became due. `done` must follow.

        Raises QueueClosed once the queue is closed, also to those who wait already.
        """
        while not self._closed:
            delay = self.next_delay()
            if delay is not None and delay <= 0:
                return self._hand_out()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`: in Python 3.11 it loses a cancellation that arrives together with the wake-up.
                async with asyncio.timeout(delay):
                    await self._wake.wait()
        raise QueueClosed

    def close(self) -> None:
        """Hand out no further key."""
        self._closed = True
        self._wake.set()

    def done(self, key: K) -> None:
        """Return the key; if it was added meanwhile, it is due at that moment."""
        self._running.discard(key)
        due = self._again.pop(key, None)
        if due is not None:
            self._due[key] = due
            heapq.heappush(self._heap, (due, next(self._order), key))
            self._wake.set()

    def keys(self) -> frozenset[K]:
        """Return the keys that wait, due or not."""
        return frozenset(self._due)

    def waiting(self, within: float = float("inf")) -> int:
        """Count the keys that are due within so many seconds, those being worked on included."""
        horizon = self._clock.monotonic() + within
        due = sum(moment <= horizon for moment in self._due.values())
        return due + len(self._running)

    def oldest(self) -> float:
        """Return for how many seconds the first key has been due (0: none is)."""
        delay = self.next_delay()
        return max(0.0, -delay) if delay is not None else 0.0

    def next_delay(self) -> float | None:
        """Return the seconds until the first key is due (negative: overdue); None: no key waits."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] - self._clock.monotonic() if self._heap else None

    def _hand_out(self) -> tuple[K, float]:
        due, _, key = heapq.heappop(self._heap)
        del self._due[key]
        self._running.add(key)
        if self._heap:
            self._wake.set()
        return key, due
