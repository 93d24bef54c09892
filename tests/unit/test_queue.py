"""The work queue's invariants, under every sequence of calls."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.harness.clock import TurnedClock

from jitops.core.clock import SystemClock
from jitops.core.schedule.queue import QueueClosed, WorkQueue

KEYS = st.sampled_from("abcd")
DELAYS = st.sampled_from([0.0, 1.0, 2.5, 10.0])


class Machine(RuleBasedStateMachine):
    """Compares the queue with a plain model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = TurnedClock()
        self.queue: WorkQueue[str] = WorkQueue(self.clock)
        self.due: dict[str, float] = {}
        self.again: dict[str, float] = {}
        self.running: set[str] = set()

    @rule(key=KEYS, after=DELAYS)
    def add(self, key: str, after: float) -> None:
        """Add a key; the earlier of two moments counts."""
        self.queue.add(key, after)
        waiting = self.again if key in self.running else self.due
        waiting[key] = min(waiting.get(key, float("inf")), self.clock.seconds + after)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 20.0]))
    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.seconds += seconds

    @precondition(lambda self: any(moment <= self.clock.seconds for moment in self.due.values()))
    @rule()
    def take(self) -> None:
        """Take a key: one of those that have been due longest, and none that is being worked on."""
        key, moment = asyncio.run(self.queue.take())
        assert key not in self.running
        assert moment == min(self.due.values()) == self.due.pop(key)
        self.running.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        """Give a key back; what was added meanwhile waits again."""
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.queue.done(key)
        self.running.remove(key)
        if key in self.again:
            self.due[key] = self.again.pop(key)

    @invariant()
    def counts(self) -> None:
        """Count right at any time."""
        ready = sum(moment <= self.clock.seconds for moment in self.due.values())
        assert self.queue.waiting(0) == ready + len(self.running)
        assert self.queue.waiting() == len(self.due) + len(self.running)
        first = min(self.due.values(), default=self.clock.seconds)
        assert self.queue.oldest() == max(0.0, self.clock.seconds - first)


TestInvariants = Machine.TestCase


async def test_take_waits_until_something_is_due() -> None:
    """An idle worker is woken by what is added, and by what becomes due."""
    queue: WorkQueue[str] = WorkQueue(SystemClock())
    taker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("late", 60.0)
    await asyncio.sleep(0)
    queue.add("soon", 0.01)
    assert (await asyncio.wait_for(taker, 30))[0] == "soon"


async def test_key_under_work_is_not_handed_out_twice() -> None:
    """Added again while it is worked on, a key waits for `done`, though another worker is idle."""
    queue: WorkQueue[str] = WorkQueue(TurnedClock())
    queue.add("a")
    await queue.take()
    queue.add("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.take(), 0.01)
    queue.done("a")
    assert (await queue.take())[0] == "a"


async def test_order_of_becoming_due() -> None:
    """Keys that became due at one moment come in the order in which they were added."""
    queue: WorkQueue[str] = WorkQueue(TurnedClock())
    for key in "cab":
        queue.add(key)
    assert [(await queue.take())[0] for _ in range(3)] == ["c", "a", "b"]


async def test_several_workers_share_a_burst() -> None:
    """Every worker that waits gets one of the keys that come at once."""
    queue: WorkQueue[int] = WorkQueue(TurnedClock())
    takers = [asyncio.create_task(queue.take()) for _ in range(5)]
    await asyncio.sleep(0)
    for key in range(5):
        queue.add(key)
    taken = await asyncio.wait_for(asyncio.gather(*takers), 30)
    assert {key for key, _ in taken} == set(range(5))


async def test_a_cancellation_is_never_lost() -> None:
    """A take that is cancelled in the moment in which it is woken ends: at SIGTERM both come together."""
    queue: WorkQueue[str] = WorkQueue(TurnedClock())
    queue.add("later", 100)
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("sooner", 50)
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.wait([taking], timeout=30)
    assert taking.cancelled()


async def test_closed_queue_hands_out_nothing() -> None:
    """Whoever waits when the queue is closed is told so, whoever comes later too, though a key is due."""
    queue: WorkQueue[str] = WorkQueue(TurnedClock())
    takers = [asyncio.create_task(queue.take()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.close()
    for ended in await asyncio.wait_for(asyncio.gather(*takers, return_exceptions=True), 30):
        assert isinstance(ended, QueueClosed)
    queue.add("a")
    with pytest.raises(QueueClosed):
        await queue.take()
