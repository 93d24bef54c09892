"""Who may lead, judged by one's own clock; two candidates never write at one time."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.waiting import yield_until

from jitops.core.errors import ClusterUnavailable
from jitops.runtime import leader_election as lease
from jitops.runtime.cluster.session import ApiError, ApiServer
from jitops.runtime.leader_election import LeaderElector, LeaseLost

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"


class Leases:
    """An API server that knows one Lease, and can be told to fail."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.hangs = False
        self.answer_lost = False

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Answer as the API server does."""
        self.calls.append(method)
        if self.hangs:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        assert path == (PATH if method == "POST" else f"{PATH}/jitops")
        if method != "GET":
            self._write(method, body)
        if self.answer_lost:
            raise ClusterUnavailable("the Kubernetes API can't be reached")
        if self.lease is None:
            raise ApiError(404, "NotFound")
        return copy.deepcopy(self.lease)

    def _write(self, method: str, body: dict[str, Any]) -> None:
        known = int(self.lease["metadata"]["resourceVersion"]) if self.lease else 0
        if known and (method == "POST" or int(body["metadata"]["resourceVersion"]) != known):
            raise ApiError(409, "Conflict")
        self.lease = copy.deepcopy(body)
        self.lease["metadata"]["resourceVersion"] = str(known + 1)


@pytest.fixture
def clock() -> TurnedClock:
    """Give the clock of all candidates."""
    return TurnedClock()


@pytest.fixture
def leases() -> Leases:
    """Give the API server."""
    return Leases()


def candidate(leases: Leases, clock: TurnedClock, name: str = "a") -> LeaderElector:
    """Make a candidate."""
    return LeaderElector(cast("ApiServer", leases), clock, namespace="ops", name="jitops", identity=name)


@contextlib.asynccontextmanager
async def keeping(elector: LeaderElector) -> AsyncIterator[asyncio.Task[None]]:
    """Renew in the background."""
    task = asyncio.create_task(elector.renew())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the waits between two attempts, and for an answer, short."""
    monkeypatch.setattr(lease, "PERIOD", 0.01)
    monkeypatch.setattr(lease, "CALL", 0.05)


async def test_first_one_makes_the_lease(leases: Leases, clock: TurnedClock) -> None:
    """Where there is no Lease it is made, with times that say UTC and microseconds."""
    elector = candidate(leases, clock)
    with pytest.raises(ClusterUnavailable):
        elector.may_write()
    await elector.acquire()
    elector.may_write()
    assert leases.lease is not None
    spec = leases.lease["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("a", 10, 1)
    assert spec["renewTime"] == spec["acquireTime"] == "2026-01-01T00:16:40.000000Z"


async def test_renewal_is_one_call(leases: Leases, clock: TurnedClock) -> None:
    """The holder writes over the version that it knows, without reading it first."""
    elector = candidate(leases, clock)
    await elector.acquire()
    leases.calls.clear()
    clock.seconds += 5
    assert await elector._attempt()
    assert leases.calls == ["PUT"]
    assert leases.lease is not None
    assert leases.lease["spec"]["leaseTransitions"] == 1


async def test_permission_to_write_ends_by_itself(leases: Leases, clock: TurnedClock) -> None:
    """Seven seconds after the start of the last renewal nothing is written any more, whatever the Lease says."""
    elector = candidate(leases, clock)
    await elector.acquire()
    clock.seconds += 6.9
    elector.may_write()
    clock.seconds += 0.2
    with pytest.raises(ClusterUnavailable):
        elector.may_write()


async def test_another_waits_until_it_saw_no_change_for_long_enough(leases: Leases, clock: TurnedClock) -> None:
    """What counts is how long we saw it unchanged, not what time the holder's clock wrote into it."""
    holder, other = candidate(leases, clock), candidate(leases, clock, "b")
    await holder.acquire()
    assert leases.lease is not None
    leases.lease["spec"]["renewTime"] = "2001-01-01T00:00:00.000000Z"
    clock.seconds += 1
    assert not await other._attempt()
    clock.seconds += 9.9
    assert not await other._attempt()
    clock.seconds += 0.2
    assert not holder.is_leader
    assert await other._attempt()
    assert other.is_leader
    assert leases.lease["spec"]["leaseTransitions"] == 2


async def test_each_change_starts_the_wait_anew(leases: Leases, clock: TurnedClock) -> None:
    """A holder that renews is never robbed."""
    holder, other = candidate(leases, clock), candidate(leases, clock, "b")
    await holder.acquire()
    for _ in range(10):
        clock.seconds += 4
        assert await holder._attempt()
        assert not await other._attempt()


@pytest.mark.usefixtures("hasty")
async def test_robbed_holder_ends(leases: Leases, clock: TurnedClock) -> None:
    """A holder that finds another one in its place says so, and may not write."""
    holder, other = candidate(leases, clock), candidate(leases, clock, "b")
    await holder.acquire()
    await other._attempt()
    clock.seconds += 10.1
    assert await other._attempt()
    async with keeping(holder) as task:
        with pytest.raises(LeaseLost, match="b took the Lease"):
            await asyncio.wait_for(task, 5)
    assert not holder.is_leader


async def test_lost_answer_is_found_out(leases: Leases, clock: TurnedClock) -> None:
    """A renewal that took effect though its answer was lost makes the next one read first."""
    elector = candidate(leases, clock)
    await elector.acquire()
    leases.answer_lost = True
    assert not await elector._attempt()
    leases.answer_lost = False
    assert not await elector._attempt()
    assert await elector._attempt()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("trouble", ["hangs", "fails"])
async def test_trouble_does_not_end_the_renewal(
    leases: Leases, clock: TurnedClock, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An API server that hangs or fails is asked again, and told of once."""
    elector = candidate(leases, clock)
    await elector.acquire()
    leases.hangs, leases.failure = trouble == "hangs", ApiError(500) if trouble == "fails" else None
    async with keeping(elector) as task:
        await asyncio.sleep(0.3)
        assert not task.done()
        assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
        clock.seconds += 8
        assert not elector.is_leader
        leases.hangs, leases.failure = False, None
        await asyncio.wait_for(yield_until(lambda: elector.is_leader), 30)  # Nobody took the Lease meanwhile.


async def test_release_lets_the_next_one_in_at_once(leases: Leases, clock: TurnedClock) -> None:
    """An empty holder is no holder."""
    holder, other = candidate(leases, clock), candidate(leases, clock, "b")
    await holder.acquire()
    await other._attempt()
    await holder.release()
    assert not holder.is_leader
    assert leases.lease is not None
    assert leases.lease["spec"]["holderIdentity"] == ""
    assert await other._attempt()


async def test_release_of_what_is_not_ours_writes_nothing(leases: Leases, clock: TurnedClock) -> None:
    """A replica that never led leaves the Lease as it is."""
    await candidate(leases, clock).acquire()
    other = candidate(leases, clock, "b")
    await other._attempt()
    leases.calls.clear()
    await other.release()
    assert leases.calls == []


async def test_deleted_lease_is_made_again(leases: Leases, clock: TurnedClock) -> None:
    """Someone deletes the Lease: the holder makes it again."""
    elector = candidate(leases, clock)
    await elector.acquire()
    leases.lease = None
    assert not await elector._attempt() or leases.lease is not None
    assert await elector._attempt()
    assert leases.lease is not None
