"""What a replica says of itself to the kubelet, and how it puts itself together."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.manifests import resource

from jitops.core.connection.pool import OpenConnection
from jitops.core.errors import ClusterUnavailable
from jitops.core.kube import Event, Key
from jitops.kinds import KINDS
from jitops.products.jitterbit.connector.kind import KIND as REGISTRATION
from jitops.remote.breaker import THRESHOLD
from jitops.remote.exchange import HttpConfig
from jitops.runtime.cluster.session import ApiServer
from jitops.runtime.process import OperatorProcess
from jitops.runtime.settings import Settings
from jitops.runtime.startup import CannotStart

KEY = Key("JitsuStream", "web", "shop")
CONNECTION = Key("JitsuWorkspace", "web", "acme")


@pytest.fixture
def clock() -> TurnedClock:
    """Give the clock."""
    return TurnedClock()


def replica(clock: TurnedClock, **settings: Any) -> OperatorProcess:
    """Put a replica together that reaches nobody."""
    api = cast("ApiServer", SimpleNamespace(namespace="ops"))
    return OperatorProcess(Settings(**settings), api, "identity", clock)


def leading_replica(clock: TurnedClock) -> OperatorProcess:
    """Give a replica that has begun to work."""
    made = replica(clock, leader_election=False)
    made._leading_since = clock.seconds
    return made


def test_replica_at_rest_is_well(clock: TurnedClock) -> None:
    """Nothing due, nothing wrong, for however long."""
    made = leading_replica(clock)
    clock.seconds += 10_000
    assert list(made.liveness_problems()) == []


def test_keys_that_nobody_finishes_are_death(clock: TurnedClock) -> None:
    """A key due for more than a minute, and none finished in that time."""
    made = leading_replica(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 59
    assert list(made.liveness_problems()) == []
    clock.seconds += 2
    assert list(made.liveness_problems()) == ["keys are due, and none was finished for 61 s"]


def test_healthy_backlog_is_no_death(clock: TurnedClock) -> None:
    """Keys may wait for long while others are finished."""
    made = leading_replica(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 600
    made.controller.finished = clock.seconds - 5
    assert list(made.liveness_problems()) == []


def test_standby_may_have_keys_due_for_hours(clock: TurnedClock) -> None:
    """A standby works on nothing; when it begins to lead, its time begins."""
    made = replica(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 7200
    assert list(made.liveness_problems()) == []
    made._leading_since = clock.seconds
    assert list(made.liveness_problems()) == []
    clock.seconds += 61
    assert list(made.liveness_problems())


async def test_stuck_reconcile_is_death(clock: TurnedClock) -> None:
    """A reconcile is given up at 120 s; one that runs on is stuck."""
    made = leading_replica(clock)
    task: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(60))
    made.controller._running[task] = clock.seconds
    clock.seconds += 125
    assert list(made.liveness_problems()) == []
    clock.seconds += 10
    assert list(made.liveness_problems()) == ["a reconcile has been running for 135 s"]
    task.cancel()


def test_readiness_names_what_is_missing(clock: TurnedClock) -> None:
    """Without definitions and without a Lease that can be read, nobody is ready."""
    made = replica(clock)
    definitions, lease = made.readiness_problems()
    assert "jitsustreams" in definitions
    assert lease == "the Lease can't be read"


def test_standby_is_ready(clock: TurnedClock) -> None:
    """Another one leads: a standby with its watches warm is ready."""
    made = replica(clock)
    made.discovery._missing = frozenset()
    assert made.elector is not None
    made.elector._lease = {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": "other"}}
    assert list(made.readiness_problems()) == []
    made.discovery.watched = lambda: frozenset(info.plural for info in KINDS if info is not REGISTRATION.info)
    assert list(made.readiness_problems()) == ["not watched yet: connectors"]


def test_leader_is_ready_when_it_has_read_the_world(clock: TurnedClock) -> None:
    """Between winning the Lease and beginning to work it is not."""
    made = replica(clock, leader_election=False)
    made.discovery._missing = frozenset()
    assert list(made.readiness_problems()) == ["the resources are being read"]
    made._leading_since = clock.seconds
    assert list(made.readiness_problems()) == []


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
        await OperatorProcess.assemble(Settings(namespaces=("web",)))


def test_metrics_show_the_queue(clock: TurnedClock) -> None:
    """Depth and age of the queue, leadership, and how long ago the watch told anything."""
    made = leading_replica(clock)
    made.controller.queue.add(KEY)
    clock.seconds += 5
    text = made.metrics.text().decode()
    assert "jitops_queue_depth 1.0" in text
    assert "jitops_queue_oldest_seconds 5.0" in text
    assert "jitops_leader 1.0" in text
    assert "jitops_seconds_since_last_event" in text


def test_metrics_show_what_is_left_of_a_budget(clock: TurnedClock) -> None:
    """By connection and method, as it is when the metrics are read; a closed connection is not shown."""
    made = leading_replica(clock)
    left = {"POST": 120}
    client = SimpleNamespace(budget=left, aclose=None)
    labels = 'connection="acme",connection_kind="JitsuWorkspace",connection_namespace="web",method="POST"'
    lines = made._services.connections._open
    lines[CONNECTION] = cast("OpenConnection", SimpleNamespace(client=client))
    assert f"jitops_remote_budget_left{{{labels}}} 120.0" in made.metrics.text().decode()
    left["POST"] = 119
    assert f"jitops_remote_budget_left{{{labels}}} 119.0" in made.metrics.text().decode()
    del lines[CONNECTION]
    assert labels not in made.metrics.text().decode()


async def test_metrics_show_open_breakers(clock: TurnedClock) -> None:
    """By host, as it is when the metrics are read."""
    made = leading_replica(clock)
    made._pool.http(HttpConfig("http://127.0.0.1:1", "key", lambda _: None))
    assert 'jitops_remote_breaker_open{host="127.0.0.1:1"} 0.0' in made.metrics.text().decode()
    (breaker,) = made._pool._breakers.values()
    for _ in range(THRESHOLD):
        breaker.settle(trial=breaker.admit(), failed=True)
    assert 'jitops_remote_breaker_open{host="127.0.0.1:1"} 1.0' in made.metrics.text().decode()
    await made._pool.aclose()


def test_metrics_show_how_many_are_paused(clock: TurnedClock) -> None:
    """By kind, as the status of the resources shows it, whoever paused them."""
    made = leading_replica(clock)
    paused = [{"type": "Synced", "status": "False", "reason": "ReconcilePaused"}]
    for version, conditions in enumerate((paused, paused, [])):
        metadata = {"name": f"s{version}", "namespace": "web", "uid": f"u{version}", "resourceVersion": "7"}
        body = {"metadata": metadata, "spec": {}, "status": {"conditions": conditions}}
        made.cluster.resource_seen(KEY.kind, body)
    assert f'jitops_paused_resources{{kind="{KEY.kind}"}} 2.0' in made.metrics.text().decode()


async def test_metrics_count_drift(clock: TurnedClock) -> None:
    """Each difference that others made counts once, whether it was corrected or reported; other events don't."""
    made = leading_replica(clock)
    stream = resource(KEY)
    for reason in ("Created", "DriftCorrected", "DriftDetected", "Updated"):
        made.cluster.event(stream, Event(reason, "message"))
    await made.cluster.events.drain(0)
    assert 'jitops_drift_found_total{kind="JitsuStream"} 2.0' in made.metrics.text().decode()
