"""The machinery around the queue: what is news, backoff, deadlines, draining, and that a defect stops no one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.harness.manifests import manifest, resource

from jitops.api.meta import FINALIZER
from jitops.core import errors
from jitops.core.clock import SystemClock
from jitops.core.kube import Key, Resource
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller, Pace, is_news
from jitops.core.status.conditions import Result
from jitops.core.status.requeue import Requeue
from jitops.kinds import registry
from jitops.local.store import LocalStore
from jitops.remote.client import HttpPool

SHOP = Key("JitsuStream", "team", "shop")
ACME = Key("JitsuWorkspace", "team", "acme")
PACE = Pace(workers=4, slow_retry=100.0, backoff_base=1.0, backoff_cap=8.0, resync=timedelta(0))

DONE = Result(Requeue.on_change())


def stream(**metadata: Any) -> Resource:
    """Give a stream."""
    meta = {"uid": "1", "generation": 1, "resourceVersion": "1", **metadata}
    return resource(SHOP, {"workspaceRef": {"name": "acme"}}, **meta)


class Scripted:
    """Stands for the reconciler: does what the test says."""

    def __init__(self) -> None:
        self.act: Callable[[Key], Any] = lambda _: DONE
        self.seen: list[Key] = []

    async def reconcile(self, key: Key, not_older_than: float) -> Result:
        """Do as told."""
        assert not_older_than
        self.seen.append(key)
        result: Result | Awaitable[Result] = self.act(key)
        return result if isinstance(result, Result) else await result


@pytest.fixture
async def controller() -> AsyncIterator[Controller]:
    """Give a controller whose reconciler is scripted."""
    clock = SystemClock()
    pool = HttpPool(clock)
    services = Services.assemble(registry(pool, clock), LocalStore(clock), clock, identity="c", namespace="ns")
    made = Controller(services, PACE)
    made.reconciler = Scripted()  # type: ignore[assignment]
    yield made
    await pool.aclose()


def script(controller: Controller) -> Scripted:
    """Give the controller's script."""
    assert isinstance(controller.reconciler, Scripted)
    return controller.reconciler


async def once(controller: Controller, key: Key = SHOP) -> float | None:
    """Work on a key once; give the seconds until it is due again."""
    controller.queue.add(key)
    await controller.step()
    delay = controller.queue.next_delay()
    if delay is not None:
        await clear(controller, key)
    return delay


async def clear(controller: Controller, *keys: Key) -> None:
    """Take keys from the queue without working on them."""
    for key in keys:
        controller.queue.add(key)
    for _ in keys:
        taken, _due = await controller.queue.take()
        controller.queue.done(taken)


NEWS = {
    "another object of the name": {"uid": "2"},
    "another spec": {"generation": 2},
    "an annotation": {"annotations": {"jitops.dev/paused": "true"}},
    "a deletion": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("change", NEWS.values(), ids=NEWS)
def test_news(change: dict[str, Any]) -> None:
    """A change that somebody else made is news."""
    assert is_news(stream(), stream(**change))


def test_our_own_writes_are_no_news() -> None:
    """Status and our finalizer, as we write them, wake no one; the finalizer taken off does."""
    before = stream()
    ours = stream(finalizers=[FINALIZER], resourceVersion="2")
    assert not is_news(before, ours)
    assert not is_news(ours, replace(ours, status={"id": "x"}, resource_version="3"))
    assert is_news(ours, before)


async def test_next_attempts(controller: Controller) -> None:
    """NEVER is never; SLOW is slow plus up to a fifth; AFTER is just then."""
    for result, low, high in (
        (Result(Requeue.slow()), 100.0, 120.0),
        (Result(Requeue.after(7.0)), 6.9, 7.0),
        (Result(Requeue.after(0.0)), -1.0, 0.0),
    ):
        script(controller).act = {SHOP: result}.__getitem__
        delay = await once(controller)
        assert delay is not None
        assert low <= delay <= high
    script(controller).act = lambda _: DONE
    assert await once(controller) is None


async def test_backoff_grows_and_is_capped(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 s, doubling, up to the cap, each with full jitter; a success, or news, begins anew."""
    bounds: list[float] = []

    def lowest(low: float, high: float) -> float:
        bounds.append(high)
        return low

    monkeypatch.setattr(random, "uniform", lowest)
    script(controller).act = lambda _: Result(Requeue.backoff())
    for _ in range(6):
        await once(controller)
    assert bounds == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    script(controller).act = lambda _: DONE
    await once(controller)
    script(controller).act = lambda _: Result(Requeue.backoff())
    await once(controller)
    controller.feed(stream(), stream(generation=2))
    await once(controller)
    assert bounds[6:] == [1.0, 1.0]


async def test_backoff_ends_when_something_is_to_be_told(controller: Controller) -> None:
    """An attempt is made no later than the moment at which an outage is to show."""
    script(controller).act = lambda _: Result(Requeue.backoff(at_most=0.01))
    for _ in range(8):
        delay = await once(controller)
        assert delay is not None
        assert delay <= 0.01


async def test_defect_backs_off(controller: Controller, caplog: pytest.LogCaptureFixture) -> None:
    """An unknown exception is logged without its words, and tried again."""
    words = " ".join(("planted", "words"))  # noqa: FLY002 - a traceback shows the line, not what it makes

    def broken(_: Key) -> Result:
        raise ValueError(words)

    script(controller).act = broken
    delay = await once(controller)
    assert delay is not None
    assert delay <= 1.0
    assert "ValueError" in caplog.text
    assert words not in caplog.text


async def test_conflict_is_tried_at_once_and_then_backs_off(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer version at the API server means: from the beginning, at once; if that helps not, later and later."""
    monkeypatch.setattr(random, "uniform", lambda _, high: high)

    def conflict(_: Key) -> Result:
        raise errors.Conflict("newer")

    script(controller).act = conflict
    delays = [await once(controller) for _ in range(5)]
    assert [round(delay or 0.0) for delay in delays] == [0, 2, 4, 8, 8]
    script(controller).act = lambda _: DONE
    assert await once(controller) is None
    script(controller).act = conflict
    assert round(await once(controller) or 0.0) == 0


async def test_terminating_namespace_is_slow(controller: Controller) -> None:
    """Nothing can be created there: no hurry."""

    def terminating(_: Key) -> Result:
        raise errors.NamespaceTerminating("going")

    script(controller).act = terminating
    delay = await once(controller)
    assert delay is not None
    assert delay >= 99.0


async def test_deadline(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reconcile that hangs is given up, and tried again."""
    monkeypatch.setattr("jitops.core.schedule.controller.DEADLINE", 0.01)
    script(controller).act = lambda _: asyncio.sleep(60)
    delay = await asyncio.wait_for(once(controller), 5)
    assert delay is not None


async def test_run_works_on_several_keys_at_a_time_and_one_at_a_time_each(controller: Controller) -> None:
    """As many workers as the pace says, never two on one key."""
    together: set[Key] = set()
    most = 0

    async def work(key: Key) -> Result:
        nonlocal most
        assert key not in together
        together.add(key)
        most = max(most, len(together))
        await asyncio.sleep(0.005)
        together.discard(key)
        return DONE

    script(controller).act = work
    runner = asyncio.create_task(controller.run())
    keys = [Key("JitsuStream", "team", f"s{number}") for number in range(12)]
    for key in keys * 2:
        controller.queue.add(key)
    while len(script(controller).seen) < len(keys) or together:
        for key in keys[:3]:
            controller.queue.add(key)
        await asyncio.sleep(0.001)
    assert most == PACE.workers
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)


async def test_drain_waits_for_what_is_under_way(controller: Controller) -> None:
    """A clean stop takes no further key, and lets the running ones finish, within its limit."""
    begun, release = asyncio.Event(), asyncio.Event()

    async def work(_: Key) -> Result:
        begun.set()
        await release.wait()
        return DONE

    script(controller).act = work
    runner = asyncio.create_task(controller.run())
    controller.queue.add(SHOP)
    await asyncio.wait_for(begun.wait(), 5)
    assert controller.longest() > 0
    await controller.drain(0.01)
    assert controller.longest() > 0
    drained = asyncio.create_task(controller.drain(5))
    await asyncio.sleep(0)
    release.set()
    await drained
    assert controller.longest() == 0
    controller.queue.add(Key("JitsuStream", "team", "late"))
    await asyncio.sleep(0.01)
    assert len(script(controller).seen) == 1
    assert runner.done()


@pytest.mark.parametrize("after", [None, 60.0, 0.0], ids=["nothing waits", "nothing is due", "a key is due"])
async def test_drain_ends_an_idle_run(controller: Controller, after: float | None) -> None:
    """A controller that waits for a key ends at once when it is drained, and takes none on the way out."""
    runner = asyncio.create_task(controller.run())
    await asyncio.sleep(0)
    if after is not None:
        controller.queue.add(SHOP, after)
    await controller.drain(5)
    await asyncio.wait_for(runner, 30)
    assert script(controller).seen == []


async def test_change_of_a_connection_wakes_its_dependents(controller: Controller) -> None:
    """A new spec of a connection concerns all who use it; its status and annotations don't."""
    before = resource(ACME, uid="9", resourceVersion="1")
    controller.feed(None, before)
    controller.feed(None, stream())
    await clear(controller, before.key, SHOP)
    controller.feed(before, replace(before, status={"a": "b"}, resource_version="2"))
    assert controller.queue.waiting() == 0
    controller.feed(before, replace(before, annotations={"a": "b"}))
    assert controller.queue.keys() == {before.key}
    controller.feed(before, replace(before, generation=2))
    assert controller.queue.keys() == {before.key, SHOP}


async def test_unknown_target_wakes_no_one(controller: Controller) -> None:
    """A Secret that nobody refers to is nobody's concern."""
    controller.feed(None, stream())
    await clear(controller, SHOP)
    controller.changed(Key("Secret", "team", "another"))
    assert controller.queue.waiting() == 0
    controller.changed(Key("Secret", "team", "shop-jitsustream"))
    assert controller.queue.keys() == {SHOP}


async def test_gone_is_forgotten(controller: Controller) -> None:
    """What is no more is worked on once, to forget it, and wakes a connection that it was the last user of."""
    store = controller._s.kube
    assert isinstance(store, LocalStore)
    store.apply(manifest("JitsuWorkspace", "acme"))
    controller.feed(None, stream())
    await clear(controller, SHOP)
    controller.on_deleted(SHOP)
    assert controller.queue.keys() == {SHOP, Key("JitsuWorkspace", "team", "acme")}
    assert controller._s.references.dependents(Key("JitsuWorkspace", "team", "acme")) == frozenset()
