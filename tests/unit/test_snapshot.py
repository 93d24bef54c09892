"""The shared listing: how fresh it is, who fetches it, and what our own writes make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from tests.harness.clock import TurnedClock

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import Unavailable


class Remote:
    """A remote whose listing may be late, unchanged, broken or slow."""

    def __init__(self) -> None:
        self.clock = TurnedClock(step=0.001)
        self.rows: Mapping[str, str] | None = {"a": "1"}
        self.fetched = 0
        self.gate: asyncio.Event | None = None
        self.broken = False

    async def fetch(self) -> Mapping[str, str] | None:
        """List."""
        self.fetched += 1
        shown = self.rows
        if self.gate is not None:
            await self.gate.wait()
        if self.broken:
            raise Unavailable("down")
        return shown

    def snapshot(self, settle: float = 0) -> Snapshot[str]:
        """Open a snapshot of it."""
        return Snapshot(self.fetch, self.clock, settle=settle)


async def test_any_listing_will_do() -> None:
    """Without a moment one listing serves for ever."""
    remote = Remote()
    snapshot = remote.snapshot()
    for _ in range(3):
        assert (await snapshot.get()).rows == {"a": "1"}
    assert remote.fetched == 1


async def test_fresh_means_begun_after() -> None:
    """A listing that began before the moment does not do."""
    remote = Remote()
    snapshot = remote.snapshot()
    first = await snapshot.get()
    assert (await snapshot.get(first.started_at - 1)).started_at == first.started_at
    assert (await snapshot.get(first.started_at)).started_at > first.started_at
    assert remote.fetched == 2


async def test_one_fetches_for_all() -> None:
    """Whoever needs the listing while it is being fetched waits for that very fetch, if it is fresh enough."""
    remote = Remote()
    snapshot = remote.snapshot()
    remote.gate = asyncio.Event()
    since = remote.clock.monotonic()
    callers = [asyncio.create_task(snapshot.get(since)) for _ in range(50)]
    await asyncio.sleep(0)
    remote.gate.set()
    await asyncio.gather(*callers)
    assert remote.fetched == 1


async def test_waiter_with_a_later_moment_fetches_again() -> None:
    """A fetch that began too early is not good enough for who came later."""
    remote = Remote()
    snapshot = remote.snapshot()
    remote.gate = asyncio.Event()
    first = asyncio.create_task(snapshot.get(remote.clock.monotonic()))
    await asyncio.sleep(0)
    second = asyncio.create_task(snapshot.get(remote.clock.monotonic()))
    await asyncio.sleep(0)
    remote.rows = {"a": "2"}
    remote.gate.set()
    await asyncio.gather(first, second)
    assert remote.fetched == 2
    assert second.result().rows == {"a": "2"}


async def test_unchanged_keeps_the_rows_and_counts_as_fresh() -> None:
    """A 304 is a listing, too."""
    remote = Remote()
    snapshot = remote.snapshot()
    first = await snapshot.get()
    remote.rows = None
    again = await snapshot.get(remote.clock.monotonic())
    assert again.rows == first.rows
    assert again.started_at > first.started_at


async def test_our_writes_correct_the_listing() -> None:
    """What a write answered is seen at once, without a request."""
    remote = Remote()
    snapshot = remote.snapshot()
    await snapshot.get()
    snapshot.record("b", "2")
    snapshot.record("a", None)
    assert (await snapshot.get()).rows == {"b": "2"}
    assert snapshot.seen("b") == "2"
    assert snapshot.seen("a") is None
    assert remote.fetched == 1


async def test_write_during_a_fetch_is_not_lost() -> None:
    """A listing that began before a write is corrected by it when it arrives."""
    remote = Remote()
    snapshot = remote.snapshot()
    remote.gate = asyncio.Event()
    fetch = asyncio.create_task(snapshot.get())
    await asyncio.sleep(0)
    snapshot.record("b", "2")
    remote.gate.set()
    assert (await fetch).rows == {"a": "1", "b": "2"}


async def test_later_listing_decides() -> None:
    """A listing that began after a write says what became of it."""
    remote = Remote()
    snapshot = remote.snapshot()
    snapshot.record("b", "2")
    assert (await snapshot.get()).rows == {"a": "1"}


async def test_late_listing_is_corrected_for_a_while() -> None:
    """Where listings may be late, a write counts for `settle` seconds, and no longer."""
    remote = Remote()
    snapshot = remote.snapshot(settle=60)
    snapshot.record("b", "2")
    assert (await snapshot.get(remote.clock.monotonic())).rows == {"a": "1", "b": "2"}
    remote.clock.seconds += 61
    assert (await snapshot.get(remote.clock.monotonic())).rows == {"a": "1"}


async def test_unchanged_listing_forgets_old_corrections() -> None:
    """Rows of the remote and corrections of ours are kept apart: a 304 after the settling shows the remote's."""
    remote = Remote()
    snapshot = remote.snapshot(settle=60)
    await snapshot.get()
    snapshot.record("b", "2")
    remote.rows = None
    remote.clock.seconds += 61
    assert (await snapshot.get(remote.clock.monotonic())).rows == {"a": "1"}


async def test_retracted() -> None:
    """An accepted deletion is remembered while the listing may be late, and hides nothing of it."""
    remote = Remote()
    snapshot = remote.snapshot(settle=60)
    snapshot.record("a", "1")
    snapshot.retract("a")
    assert snapshot.retracted("a")
    assert not snapshot.retracted("b")
    assert (await snapshot.get(remote.clock.monotonic())).rows == {"a": "1"}
    remote.rows = {}
    assert (await snapshot.get(remote.clock.monotonic())).rows == {}
    remote.clock.seconds += 61
    assert not snapshot.retracted("a")


async def test_failure_is_everyones_own() -> None:
    """A failed fetch leaves the old rows; the next caller tries again."""
    remote = Remote()
    snapshot = remote.snapshot()
    await snapshot.get()
    remote.broken = True
    with pytest.raises(Unavailable):
        await snapshot.get(remote.clock.monotonic())
    assert (await snapshot.get()).rows == {"a": "1"}
    remote.broken = False
    assert (await snapshot.get(remote.clock.monotonic())).rows == {"a": "1"}
    assert remote.fetched == 3
