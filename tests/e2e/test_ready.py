"""From `kubectl apply` to Ready, what that costs, and what rest costs afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
from tests.harness.cluster.place import CONNECTOR, JITSU, JITTERBIT, STREAM, Manifest, Place
from tests.harness.waiting import until

from jitops_sandbox.record import Request

pytestmark = pytest.mark.cluster

SECONDS = 10.0
"""What "within seconds" means, on a machine that is busy with other tests."""
PERIOD = 2.0
CREATED = ("Created", "SecretPublished")
NOT_MODIFIED = 304
Report = Callable[[str], None]


def named(manifests: list[Manifest], name: str) -> list[Manifest]:
    """Give the manifests another name, and what they stand for at the remote too."""
    return [
        {**one, "metadata": {**one["metadata"], "name": name}, "spec": {**one["spec"], "name": name}}
        for one in manifests
    ]


def split(manifests: list[Manifest]) -> tuple[list[Manifest], list[Manifest]]:
    """Tell the connection with its Secret from what is made over it."""
    return manifests[:-1], manifests[-1:]


def creation(resource: str, name: str, secret: str, statuses: int) -> Counter[str]:
    """Name the writes that the creation of a resource may cost."""
    return Counter(
        {
            f"patch {resource} {name}": 1,
            f"create secrets {secret}": 1,
            f"patch {resource}/status {name}": statuses,
            f"create events {name}": 1,
        }
    )


def test_a_stream_is_ready_within_seconds(place: Place, report: Report) -> None:
    """A stream costs its finalizer, its Secret, its status and one event; the first one protects the credentials."""
    place.operator()
    connection, stream = split(place.examples(JITSU))
    place.apply(connection)
    place.wait_ready()
    place.listen()
    place.apply(stream)
    took = place.wait_ready(STREAM)
    report(f"a stream is Ready {took:.2f} s after kubectl apply")
    assert took < SECONDS
    assert place.stream_whole()
    until(place.events, "the creation is told")
    place.apply(named(stream, "second"))
    place.wait_ready("jitsustream/second")
    until(lambda: place.events("second"), "the second creation is told")
    first = creation("jitsustreams", "website", "website-jitsustream", 1)
    second = creation("jitsustreams", "second", "second-jitsustream", 1)
    shared = Counter({"update secrets jitsu-credentials": 1})
    assert place.kubernetes_writes() == first + second + shared
    assert [reason for reason, _ in place.events()] == ["Created"]
    assert [(one.method, one.status) for one in place.products.writes()] == [("POST", 200), ("POST", 200)]


def test_a_connector_is_ready_within_seconds(place: Place, report: Report) -> None:
    """A connector costs one write more than a stream: its intent, before the registration."""
    place.operator()
    connection, connector = split(place.examples(JITTERBIT))
    place.apply(connection)
    place.wait_ready()
    place.listen()
    place.apply(connector)
    took = place.wait_ready(CONNECTOR)
    report(f"a connector is Ready {took:.2f} s after kubectl apply")
    assert took < SECONDS
    assert place.connector_whole()
    until(lambda: place.events("crm"), "the creation is told")
    place.apply(named(connector, "second"))
    place.wait_ready("connector/second")
    until(lambda: place.events("second"), "the second creation is told")
    first = creation("connectors", "crm", "crm-connector", 2)
    second = creation("connectors", "second", "second-connector", 2)
    shared = Counter({"update secrets harmony-credentials": 1})
    assert place.kubernetes_writes() == first + second + shared
    assert [reason for reason, _ in place.events("crm")] == ["Created"]
    writes = [(one.method, one.path.rpartition("/connector")[2]) for one in place.products.writes()]
    assert writes == [("POST", ""), ("PUT", "/validate/securityinfo")] * 2


def test_rest_writes_nothing(place: Place, report: Report) -> None:
    """At rest a resync costs one conditional listing per type and one GET of the workspace, however many there are."""
    place.operator("--resync-period", f"{PERIOD:.0f}s")
    jitsu, jitterbit = place.examples(JITSU), place.examples(JITTERBIT)
    for name in ("second", "third"):
        jitsu += named(split(jitsu)[1][:1], name)
        jitterbit += named(split(jitterbit)[1][:1], name)
    place.apply([*jitsu, *jitterbit])
    place.wait_ready()
    for name in ("website", "crm", "second", "third"):
        until(partial(place.events, name), "every creation is told")
    paths = ("/api/workspace/acme", "*/config/stream", "*/connector")

    def listed(times: int) -> bool:
        return all(place.products.count(method="GET", path=path) >= times for path in paths)

    place.products.forget()
    until(lambda: listed(2), "the listings have settled after our own writes")
    place.products.forget()
    place.listen()
    took = until(lambda: listed(3), "two resyncs have passed")
    requests = place.products.requests()
    assert [one for one in requests if one.method != "GET"] == []
    assert place.kubernetes_writes() == Counter()
    assert set(place.kubernetes_writes(lease=True)) == {"update leases jitops"}
    seen = [place.products.requests(method="GET", path=path) for path in paths]
    assert sum(map(len, seen)) == len(requests), {one.path for one in requests}
    assert all(gap >= PERIOD for those in seen for gap in gaps(those))
    assert {one.status for those in seen[:2] for one in those} == {NOT_MODIFIED}
    reads = Counter(f"{event['verb']} {event['objectRef']['resource']}" for event in place.heard())
    report(f"at rest for {took:.0f} s, six resources: {len(requests)} remote reads; Kubernetes: {dict(reads)}")


def gaps(requests: list[Request]) -> list[float]:
    """Give the seconds between each two requests, and grant the time that a request takes to arrive."""
    return [later.at - earlier.at + 0.05 for earlier, later in pairwise(requests)]
