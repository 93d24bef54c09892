"""The sandbox's log of requests counts what arrived, and forgets on demand."""

from __future__ import annotations

from jitops_sandbox.faults import Fault, Faults
from jitops_sandbox.record import Request, RequestLog


def log() -> RequestLog:
    """Give a log of three requests."""
    requests = RequestLog()
    for product, method, path in (
        ("jitsu", "GET", "/api/w/config/stream"),
        ("jitsu", "POST", "/api/w/config/stream"),
        ("jitterbit", "PUT", "/base/user/login"),
    ):
        requests.add(Request(product, method, path, {}, 0.0))
    return requests


def test_requests_are_found_by_product_method_and_path() -> None:
    """Each criterion narrows, a path is a glob, and writes are told from reads."""
    requests = log()
    assert (len(requests), requests.count(product="jitsu"), requests.count(method="post")) == (3, 2, 1)
    assert requests.count(path="*/config/stream") == 2
    assert [one.method for one in requests.writes()] == ["POST", "PUT"]
    assert [one.method for one in requests.writes("jitsu")] == ["POST"]
    assert [one.method for one in requests] == ["GET", "POST", "PUT"]
    assert requests[-1].path == "/base/user/login"
    assert requests.counts()["jitsu GET /api/w/config/stream"] == 1
    requests.clear()
    assert len(requests) == 0


def test_the_log_keeps_only_so_many() -> None:
    """A sandbox that runs for days forgets its oldest requests."""
    requests = RequestLog(kept=2)
    for number in range(3):
        requests.add(Request("jitsu", "GET", f"/{number}", {}, 0.0))
    assert [one.path for one in requests] == ["/1", "/2"]


def test_faults_fit_by_product_method_and_path() -> None:
    """A fault is for one product or all, one method or all, and a glob or a regex of the path."""
    fault = Fault(kind="reset", product="jitsu", method="post", path="re:stream$")
    assert fault.fits("jitsu", "POST", "/config/stream")
    assert not fault.fits("jitterbit", "POST", "/config/stream")
    assert not fault.fits("jitsu", "GET", "/config/stream")
    assert not fault.fits("jitsu", "POST", "/config/stream/one")
    assert Fault(kind="reset").fits("jitterbit", "GET", "/")


def test_latencies_add_up_before_the_fault_that_decides() -> None:
    """All latencies that fit strike, then the first other fault; later ones are left for later requests."""
    faults = Faults([Fault(kind="reset", times=1), Fault(kind="latency"), Fault(kind="lost", times=1)])
    assert [one.kind for one in faults.strike("jitsu", "GET", "/")] == ["reset"]
    assert [one.kind for one in faults.strike("jitsu", "GET", "/")] == ["latency", "lost"]
    assert [one.kind for one in faults.strike("jitsu", "GET", "/")] == ["latency"]
    assert [(one["kind"], one["struck"]) for one in faults.listed()] == [("latency", 2)]
    assert faults.clear() is True
    assert faults.clear() is False
    assert faults.clear(1) is False
