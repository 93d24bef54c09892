"""What a replica says of itself to the kubelet, and how it puts itself together."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.clock import TurnedClock

from jitops.core.errors import ClusterUnavailable
from jitops.core.kube import Key
from jitops.runtime.apiserver import ApiServer
from jitops.runtime.replica import CannotStart, Replica
from jitops.runtime.settings import Settings

KEY = Key("JitsuStream", "web", "shop")


@pytest.fixture
def clock() -> TurnedClock:
    """Give the clock."""
    return TurnedClock()


def replica(clock: TurnedClock, **settings: Any) -> Replica:
    """Put a replica together that reaches nobody."""
    api = cast("ApiServer", SimpleNamespace(namespace="ops"))
    return Replica(Settings(**settings), api, "identity", clock)


def leading(clock: TurnedClock) -> Replica:
    """Give a replica that has begun to work."""
    made = replica(clock, leader_election=False)
    made._leading_since = clock.seconds
    return made


def test_replica_at_rest_is_well(clock: TurnedClock) -> None:
    """Nothing due, nothing wrong, for however long."""
    made = leading(clock)
    clock.seconds += 10_000
    assert list(made.ailments()) == []


def test_keys_that_nobody_finishes_are_death(clock: TurnedClock) -> None:
    """A key due for more than a minute, and none finished in that time."""
    made = leading(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 59
    assert list(made.ailments()) == []
    clock.seconds += 2
    assert list(made.ailments()) == ["keys are due, and none was finished for 61 s"]


def test_healthy_backlog_is_no_death(clock: TurnedClock) -> None:
    """Keys may wait for long while others are finished."""
    made = leading(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 600
    made.controller.finished = clock.seconds - 5
    assert list(made.ailments()) == []


def test_standby_may_have_keys_due_for_hours(clock: TurnedClock) -> None:
    """A standby works on nothing; when it begins to lead, its time begins."""
    made = replica(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 7200
    assert list(made.ailments()) == []
    made._leading_since = clock.seconds
    assert list(made.ailments()) == []
    clock.seconds += 61
    assert list(made.ailments())


async def test_stuck_reconcile_is_death(clock: TurnedClock) -> None:
    """A reconcile is given up at 120 s; one that runs on is stuck."""
    made = leading(clock)
    task: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(60))
    made.controller._running[task] = clock.seconds
    clock.seconds += 125
    assert list(made.ailments()) == []
    clock.seconds += 10
    assert list(made.ailments()) == ["a reconcile has been running for 135 s"]
    task.cancel()


def test_readiness_names_what_is_missing(clock: TurnedClock) -> None:
    """Without definitions and without a Lease that can be read, nobody is ready."""
    made = replica(clock)
    definitions, lease = made.shortcomings()
    assert "jitsustreams" in definitions
    assert lease == "the Lease can't be read"


def test_standby_is_ready(clock: TurnedClock) -> None:
    """Another one leads: a standby with its watches warm is ready."""
    made = replica(clock)
    made.discovery._missing = frozenset()
    assert made.elector is not None
    made.elector._lease = {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": "other"}}
    assert list(made.shortcomings()) == []
    made.discovery.watched = lambda: frozenset({"jitsustreams"})
    assert list(made.shortcomings()) == ["not watched yet: connectors, jitsuworkspaces, jitterbitorganizations"]


def test_leader_is_ready_when_it_has_read_the_world(clock: TurnedClock) -> None:
    """Between winning the Lease and beginning to work it is not."""
    made = replica(clock, leader_election=False)
    made.discovery._missing = frozenset()
    assert list(made.shortcomings()) == ["the resources are being read"]
    made._leading_since = clock.seconds
    assert list(made.shortcomings()) == []


def test_gate_is_the_lease(clock: TurnedClock) -> None:
    """The port and the remotes ask the Lease; without election everything is permitted."""
    standby, alone = replica(clock), replica(clock, leader_election=False)
    with pytest.raises(ClusterUnavailable):
        standby.cluster.gate()
    with pytest.raises(ClusterUnavailable):
        standby._pool.may_write()
    alone.cluster.gate()
    alone._pool.may_write()


async def test_namespaces_need_a_cluster_id() -> None:
    """With Roles alone kube-system can't be read."""
    with pytest.raises(CannotStart, match="cluster-id"):
        await Replica.assemble(Settings(namespaces=("web",)))


def test_metrics_show_the_queue(clock: TurnedClock) -> None:
    """Depth and age of the queue, leadership, and how long ago the watch told anything."""
    made = leading(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 5
    text = made.metrics.text().decode()
    assert "jitops_queue_depth 1.0" in text
    assert "jitops_queue_oldest_seconds 5.0" in text
    assert "jitops_leader 1.0" in text
    assert "jitops_seconds_since_last_event" in text
