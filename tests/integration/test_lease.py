"""The Lease on a real API server: one writer at a time, whatever happens to the wire."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.harness.cluster.proxy import Proxy, proxied
from tests.harness.cluster.user import User

from jitops.core.clock import SystemClock
from jitops.core.errors import ClusterUnavailable
from jitops.runtime.cluster.session import ApiServer
from jitops.runtime.leader_election import DEADLINE, DURATION, PERIOD, LeaderElector, LeaseLost
from jitops_sandbox.controlplane import ControlPlane, Kubectl

pytestmark = pytest.mark.cluster


class Candidate:
    """An elector on a session of its own, and when it could write."""

    def __init__(self, api: ApiServer, namespace: str, lease: str, name: str) -> None:
        self.api = api
        self.elector = LeaderElector(api, SystemClock(), namespace=namespace, name=lease, identity=name)
        self.moments: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def stand(self) -> None:
        """Try to lead, then keep the Lease."""
        await self.elector.acquire()
        await self.elector.renew()

    def begin(self) -> asyncio.Task[None]:
        """Stand in the background, noting all the while whether it could write."""
        self._tasks = [asyncio.create_task(self.stand()), asyncio.create_task(self._note())]
        return self._tasks[0]

    async def _note(self) -> None:
        while True:
            with contextlib.suppress(ClusterUnavailable):
                self.elector.may_write()
                self.moments.append(time.monotonic())
            await asyncio.sleep(0.02)

    def die(self) -> None:
        """Do nothing any more, as after SIGKILL."""
        for task in self._tasks:
            task.cancel()

    async def led(self) -> None:
        """Wait until it could write."""
        async with asyncio.timeout(30):
            while not self.elector.is_leader:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def candidate(kubeconfig: Path, namespace: str, lease: str, name: str) -> AsyncIterator[Candidate]:
    """Make a candidate, and end it."""
    api = await ApiServer.connect(kubeconfig)
    made = Candidate(api, namespace, lease, name)
    try:
        yield made
    finally:
        made.die()
        await api.aclose()


async def test_takeover_after_a_kill(control_plane: ControlPlane, namespace: str) -> None:
    """The second one waits for as long as the first one might still write, and takes over."""
    path = control_plane.kubeconfig
    async with candidate(path, namespace, "kill", "a") as first, candidate(path, namespace, "kill", "b") as second:
        first.begin()
        await first.led()
        second.begin()
        await asyncio.sleep(3 * PERIOD)
        assert not second.moments, "the first one is alive"
        first.die()
        started = time.monotonic()
        await second.led()
        assert DURATION - PERIOD <= time.monotonic() - started <= DURATION + 2 * PERIOD


async def test_takeover_after_a_clean_end(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> None:
    """A Lease that was given up is taken at the next look, and counts its transitions."""
    path = control_plane.kubeconfig
    async with candidate(path, namespace, "end", "a") as first, candidate(path, namespace, "end", "b") as second:
        first.begin()
        await first.led()
        second.begin()
        await asyncio.sleep(0.5)
        first.die()
        await first.elector.release()
        await asyncio.wait_for(second.led(), PERIOD + 1)
        lease = kubectl("get", "lease", "end", "-n", namespace, "-o", "jsonpath={.spec}")
        assert '"holderIdentity":"b"' in lease
        assert '"leaseTransitions":2' in lease


async def cut(proxy: Proxy, how: str) -> None:
    """Cut the wire in one of the two ways."""
    if how == "hangs":
        proxy.hang()
    else:
        await proxy.refuse()


@pytest.mark.parametrize("how", ["hangs", "refuses"])
async def test_leader_without_api_server_stops_writing_in_time(
    control_plane: ControlPlane, user: User, tmp_path: Path, how: str
) -> None:
    """A leader that can't renew stops writing by itself, before the next one starts; when it is back, it ends."""
    async with (
        proxied(control_plane.kubeconfig, tmp_path) as (proxy, path),
        candidate(path, user.namespace, how, "a") as first,
        candidate(control_plane.kubeconfig, user.namespace, how, "b") as second,
    ):
        standing = first.begin()
        await first.led()
        second.begin()
        await asyncio.sleep(PERIOD)
        started = time.monotonic()
        await cut(proxy, how)
        await second.led()
        await asyncio.sleep(1)
        assert first.moments[-1] < second.moments[0], "never both"
        assert first.moments[-1] - started < DEADLINE + 1
        assert not standing.done(), "an API server that is away is no reason to end"
        await proxy.restore()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(standing, 30)


async def test_short_outage_changes_no_leader(control_plane: ControlPlane, user: User, tmp_path: Path) -> None:
    """After an outage in which nobody took the Lease, its holder goes on."""
    async with (
        proxied(control_plane.kubeconfig, tmp_path) as (proxy, path),
        candidate(path, user.namespace, "short", "a") as first,
    ):
        standing = first.begin()
        await first.led()
        await proxy.refuse()
        await asyncio.sleep(DEADLINE + 1)
        assert not first.elector.is_leader
        await proxy.restore()
        await asyncio.wait_for(first.led(), 3 * PERIOD)
        assert not standing.done()
