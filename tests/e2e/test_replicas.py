"""Processes: how they end, who may write, and how one takes over from another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.harness.cluster.gate import running_gate
from tests.harness.cluster.place import JITSU, STREAM, STREAM_SECRET, Place
from tests.harness.waiting import until

pytestmark = pytest.mark.cluster

LEASE_SECONDS = 10.0
RETRY = 2.0
AFTER_A_KILL, AFTER_A_STOP = 15.0, 3.0
"""Seconds in which another replica promises to lead."""
BATCH = 8
STOPPED = 10.0
RENEWED = "jsonpath={.spec.renewTime}"
Report = Callable[[str], None]


def holder(place: Place) -> str | None:
    """Name who holds the Lease; None where there is none."""
    text = place.kubectl("-n", place.system, "get", "lease/jitops", "--ignore-not-found", "-o", "json")
    return json.loads(text)["spec"].get("holderIdentity") if text.strip() else None


def hold(place: Place) -> None:
    """Hold the Lease as somebody else."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "jitops", "namespace": place.system},
        "spec": {"holderIdentity": "somebody", "leaseDurationSeconds": int(LEASE_SECONDS), "renewTime": now},
    }
    place.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(lease))


def test_sigterm_ends_in_order(place: Place) -> None:
    """SIGTERM ends the process with code 0 within seconds, and the Lease is free at once."""
    operator = place.operator()
    place.apply(place.examples())
    place.wait_ready()
    assert holder(place)
    began = time.monotonic()
    assert operator.terminate() == 0
    assert time.monotonic() - began < STOPPED
    assert holder(place) == ""


def test_sigterm_lets_work_finish(place: Place) -> None:
    """What is being made when SIGTERM comes is finished first: the stream is in status before the process ends."""
    place.products.fault(kind="late", product="jitsu", method="POST", path="*/config/stream", seconds=3)
    operator = place.operator()
    place.apply(place.examples(JITSU))
    until(place.products.streams, "the stream is being made")
    assert operator.terminate() == 0
    assert place.get(STREAM)["status"]["id"] == place.products.streams()[0]["id"]
    assert place.ready(STREAM)


def test_a_second_replica_takes_over(place: Place, report: Report) -> None:
    """When the leader is killed the other one takes over in time, and by the console's log nothing was made twice.

    It dies while it makes many streams; the two live in different time zones, by which the Lease must not go.
    """
    leader = place.operator(TZ="Asia/Tokyo")
    until(leader.leads, "the first one leads")
    standby = place.operator(TZ="America/New_York")
    until(lambda: standby.ask("/readyz"), "the second one is ready, as a standby")
    assert not standby.leads()
    assert abs(renewed(place) - datetime.now(UTC)) < timedelta(seconds=LEASE_SECONDS)
    place.apply(place.examples())
    place.wait_ready()
    place.products.fault(kind="late", product="jitsu", method="POST", path="*/config/stream", seconds=60, after=2)
    place.apply([_renamed(place, f"stream-{number}") for number in range(BATCH)])
    until(lambda: len(place.products.streams()) > BATCH / 2, "streams are being made")
    leader.kill()
    place.products.heal()
    took = until(standby.leads, "the second one leads")
    more = place.wait_ready()
    report(f"the second replica leads {took:.1f} s after the kill, and has finished the creations {more:.1f} s later")
    assert took < AFTER_A_KILL
    assert len(place.products.streams()) == BATCH + 1
    secrets = [f"stream-{number}-jitsustream" for number in range(BATCH)]
    assert {place.values(one)["id"] for one in (STREAM_SECRET, *secrets)} == {
        one["id"] for one in place.products.streams()
    }
    assert len(place.products.connectors()) == 1
    assert created(place) == BATCH + 1, "no stream was made twice, not even to be deleted again"


def test_a_clean_stop_hands_over_at_once(place: Place, report: Report) -> None:
    """After SIGTERM nobody waits for the Lease to run out."""
    leader = place.operator()
    until(leader.leads, "the first one leads")
    standby = place.operator()
    until(lambda: standby.ask("/readyz"), "the second one is ready")
    assert leader.terminate() == 0
    took = until(standby.leads, "the second one leads")
    report(f"the second replica leads {took:.1f} s after a clean stop")
    assert took < AFTER_A_STOP


def test_nobody_writes_without_the_lease(place: Place) -> None:
    """While somebody else holds the Lease an operator writes nothing, anywhere; it works once that runs out."""
    hold(place)
    operator = place.operator()
    place.listen()
    place.apply(place.examples())
    until(lambda: operator.ask("/readyz"), "it is ready, as a standby")
    hold(place)
    hold_until = time.monotonic() + LEASE_SECONDS - RETRY
    until(lambda: time.monotonic() > hold_until, "most of the Lease's time is over")
    assert not place.kubernetes_writes(lease=True)
    assert place.products.requests() == []
    place.wait_ready()


def test_who_loses_the_lease_ends(place: Place) -> None:
    """A leader whose Lease was taken ends with code 1 and a sentence, and writes nothing more."""
    operator = place.operator()
    place.apply(place.examples())
    place.wait_ready()
    until(lambda: place.events() and place.events("crm"), "all is told")
    hold(place)
    place.listen()
    place.products.forget()
    until(lambda: operator.code is not None, "the process ends")
    assert operator.code == 1
    assert "leading ended: somebody took the Lease jitops" in operator.words()
    assert not place.kubernetes_writes()
    assert place.products.writes() == []
    assert holder(place) == "somebody"


def test_a_frozen_leader_does_no_harm(place: Place) -> None:
    """A leader that was frozen in the middle of a write wakes to find another one, and ends without a second write."""
    leader = place.operator()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    standby = place.operator()
    until(lambda: standby.ask("/readyz"), "the second one is ready")
    place.products.fault(kind="latency", product="jitsu", method="GET", path="*/config/stream", seconds=3, times=1)
    place.patch(STREAM, {"spec": {"name": "Renamed"}})
    place.annotate(STREAM, reconcile_requested_at="now")
    until(lambda: any(one.fault == "latency" for one in place.products.requests()), "the leader looks before it writes")
    leader.freeze()
    until(standby.leads, "the second one leads")
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "the second one has made the change")
    place.products.forget()
    leader.thaw()
    until(lambda: leader.code is not None, "the first one ends")
    assert leader.code == 1
    assert place.products.writes() == []
    assert place.stream_whole()


def test_an_outage_of_the_api_server_passes(place: Place) -> None:
    """Cut off from the API server, the leader stops writing; when it is back, the work goes on without a restart."""
    with running_gate(place.kubeconfig(clusterwide=True)) as gate:
        through = gate.kubeconfig(place.folder.parent / f"{place.namespace}.kubeconfig")
        operator = place.operator(kubeconfig=through, clusterwide=True)
        place.apply(place.examples(JITSU))
        place.wait_ready()
        gate.closed = True
        until(lambda: not operator.leads(), "it knows that it may not write")
        place.patch(STREAM, {"spec": {"name": "Renamed"}})
        gate.closed = False
        until(lambda: place.products.streams()[0]["name"] == "Renamed", "the work goes on")
        assert operator.code is None
        assert operator.terminate() == 0


def renewed(place: Place) -> datetime:
    """Tell when the Lease says that it was renewed."""
    return datetime.fromisoformat(place.kubectl("-n", place.system, "get", "lease/jitops", "-o", RENEWED))


def created(place: Place) -> int:
    """Count the creations of streams that the console carried out, by its log, deleted ones and lost answers too."""
    return place.products.ask(lambda sandbox: sum(one.type == "stream" for one in sandbox.jitsu.state.objects.values()))


def _renamed(place: Place, name: str) -> dict[str, object]:
    stream = place.examples(JITSU)[-1]
    return {**stream, "metadata": {**stream["metadata"], "name": name}}
