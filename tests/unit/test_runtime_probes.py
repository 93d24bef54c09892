"""Probes say in words what is wrong; metrics tell what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from jitops.core.kube import Key
from jitops.remote.exchange import Exchange
from jitops.runtime.telemetry.metrics import Metrics
from jitops.runtime.telemetry.probes import ProbeServer


class Health:
    """What the server asks: sentences that a test sets."""

    def __init__(self) -> None:
        self.liveness_problems: list[str] = []
        self.readiness_problems: list[str] = []
        self.metrics = Metrics()
        self.server = ProbeServer(lambda: self.liveness_problems, lambda: self.readiness_problems, self.metrics.text)

    async def get(self, port: int, path: str) -> tuple[int, str]:
        """Ask as a kubelet does."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    """Give a server that is stopped in the end."""
    made = Health()
    yield made
    await made.server.stop()


async def test_all_is_well(health: Health, unused_tcp_port: int) -> None:
    """Where nothing is wrong both probes answer 200."""
    await health.server.start(unused_tcp_port, None)
    assert await health.get(unused_tcp_port, "/healthz") == (200, "ok\n")
    assert await health.get(unused_tcp_port, "/readyz") == (200, "ok\n")
    assert (await health.get(unused_tcp_port, "/metrics"))[0] == 404


async def test_what_is_wrong_is_told(health: Health, unused_tcp_port: int) -> None:
    """Each probe tells its own sentences with 503."""
    await health.server.start(unused_tcp_port, None)
    health.liveness_problems, health.readiness_problems = ["stuck"], ["no Lease", "no CRDs"]
    assert await health.get(unused_tcp_port, "/healthz") == (503, "stuck\n")
    assert await health.get(unused_tcp_port, "/readyz") == (503, "no Lease\nno CRDs\n")


async def test_one_port_for_all(health: Health, unused_tcp_port: int) -> None:
    """Probes and metrics may share a port."""
    await health.server.start(unused_tcp_port, unused_tcp_port)
    assert (await health.get(unused_tcp_port, "/metrics"))[0] == 200
    assert (await health.get(unused_tcp_port, "/healthz"))[0] == 200


async def test_nothing_is_served_without_ports(health: Health) -> None:
    """No port, no server."""
    await health.server.start(None, None)
    await health.server.stop()


async def test_taken_port_is_an_error(health: Health, unused_tcp_port: int) -> None:
    """A second server on the port fails at once, not at the first probe."""
    await health.server.start(unused_tcp_port, None)
    other = Health()
    with pytest.raises(OSError, match="in use"):
        await other.server.start(unused_tcp_port, None)
    await other.server.stop()


def test_metrics_count_work_and_requests() -> None:
    """Reconciles by kind and outcome, remote requests by connection, host, method and code."""
    metrics = Metrics()
    metrics.reconciled("JitsuStream", "Available", 0.02)
    metrics.reconciled("JitsuStream", "Available", 0.2)
    connection = Key("JitsuWorkspace", "web", "acme")
    metrics.request(Exchange(connection, "jitsu.example.com", "POST", "/api", "200", 0.5))
    metrics.gauge("jitops_leader", "1 on the replica that works.", lambda: 1.0)
    text = metrics.text().decode()
    assert 'jitops_reconciles_total{kind="JitsuStream",outcome="Available"} 2.0' in text
    assert 'jitops_reconcile_seconds_bucket{kind="JitsuStream",le="0.03"} 1.0' in text
    labels = 'code="200",connection="acme",connection_kind="JitsuWorkspace",connection_namespace="web"'
    assert f'jitops_remote_requests_total{{{labels},host="jitsu.example.com",method="POST"}} 1.0' in text
    assert "jitops_leader 1.0" in text
    assert "_created" not in text


def test_each_operator_has_its_own_metrics() -> None:
    """Two in one process, as in tests, don't share or clash."""
    first, second = Metrics(), Metrics()
    first.reconciled("Connector", "Available", 1)
    assert b'kind="Connector"' not in second.text()
