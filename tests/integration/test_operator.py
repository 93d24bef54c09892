"""`jitops run` as a process on a real API server: its start, its work, its end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.harness.cluster.operators import CANCELLED, CRASH, Process, jitops_run
from tests.harness.cluster.user import User
from tests.harness.waiting import eventually

from jitops_sandbox import Fault
from jitops_sandbox.controlplane import ControlPlane, Kubectl

pytestmark = pytest.mark.cluster

Port = Callable[[], int]
Environment = dict[str, str]


async def is_ready(operator: Process) -> bool:
    """Ask whether a replica is ready."""
    return (await operator.get("/readyz"))[0] == 200


async def leads(operator: Process) -> bool:
    """Ask whether a replica leads."""
    return "jitops_leader 1.0" in (await operator.get("/metrics"))[1]


async def test_life_of_a_stream(
    user: User, environment: Environment, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """A stream becomes Ready with its Secret, is repaired when the Secret is edited, and is cleaned up."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        assert user.remote_streams() == [(await user.get("jitsustream", "shop"))["status"]["id"]]
        await _repaired(user)
        assert (await operator.get("/healthz")) == (200, "ok\n")
        await user.kubectl("delete", "jitsustream", "shop", "--wait=false")
        await user.gone("shop")
        assert user.remote_streams() == []
        assert "Traceback" not in operator.log
        for planted in (user.sandbox.credentials.service_token, "publicKeySecret"):
            assert planted not in operator.log, "not even at DEBUG"


async def _repaired(user: User) -> None:
    """Change the id in the output Secret, and wait until it is as it was."""
    before = (await user.get("secret", "shop-jitsustream"))["data"]
    await user.kubectl("patch", "secret", "shop-jitsustream", "-p", '{"stringData":{"id":"edited"}}')

    async def repaired() -> bool:
        return bool((await user.get("secret", "shop-jitsustream"))["data"] == before)

    await eventually(repaired, "the Secret is repaired", within=60)


async def test_sigterm_ends_cleanly(
    user: User, environment: Environment, kubectl: Kubectl, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """What is being worked on is finished, the Lease is emptied, and the exit code is 0."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:
        await user.connect()
        await user.ready("acme", kind="jitsuworkspace")
        user.sandbox.faults.add(
            Fault(kind="latency", product="jitsu", method="POST", path="*/config/stream", seconds=3)
        )
        await user.stream("shop")
        posts = user.sandbox.requests

        async def posting() -> bool:
            return posts.count(product="jitsu", method="POST") > 0

        await eventually(posting, "the POST was sent", every=0.05)
        operator.terminate()
        assert await operator.wait() == 0
        status = (await user.get("jitsustream", "shop"))["status"]
        assert status["id"], "the reconcile that had begun was finished"
        assert any("created" in line for line in (await user.kubectl("get", "events")).splitlines())
        lease = kubectl("get", "lease", "jitops", "-n", user.namespace, "-o", "jsonpath={.spec.holderIdentity}")
        assert lease == ""


async def test_deleted_while_down_is_cleaned_after_the_start(
    user: User, environment: Environment, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """A killed operator finds, when it starts again, what was asked of it meanwhile."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        operator.kill()
        await operator.wait()
    await user.kubectl("delete", "jitsustream", "shop", "--wait=false")
    await user.kubectl("delete", "jitsuworkspace", "acme", "--wait=false")
    assert len(user.remote_streams()) == 1
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()):
        await user.gone("shop")
        await user.gone("acme", kind="jitsuworkspace")
        assert user.remote_streams() == []


async def test_restart_writes_nothing(
    user: User, environment: Environment, control_plane: ControlPlane, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """Everything is looked at again after a start, and nothing is written, to neither side."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()):
        await user.connect()
        for name in ("a", "b", "c"):
            await user.stream(name)
            await user.ready(name)
    user.sandbox.requests.clear()
    before = len(_writes(control_plane, user.namespace))
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:

        async def looked() -> bool:
            return 'outcome="Available"' in (await operator.get("/metrics"))[1]

        await eventually(looked, "something was reconciled")
        await asyncio.sleep(3)
    assert user.sandbox.requests.writes("jitsu") == []
    assert _writes(control_plane, user.namespace)[before:] == []


def _writes(control_plane: ControlPlane, namespace: str) -> list[str]:
    """Give the writes of operators in a namespace, but for the Lease, from the audit log."""
    assert control_plane.audit_log is not None
    writes = []
    for line in control_plane.audit_log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        about = entry.get("objectRef") or {}
        if (
            entry["userAgent"] == "jitops"
            and entry["stage"] == "ResponseComplete"
            and entry["verb"] not in {"get", "list", "watch"}
            and about.get("namespace") == namespace
            and about.get("resource") != "leases"
        ):
            writes.append(f"{entry['verb']} {about['resource']}/{about.get('name', '')}")
    return writes


async def test_writes_of_a_create_are_counted(
    user: User, environment: Environment, control_plane: ControlPlane, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """Finalizer, Secret, status, one event: a new stream costs no more."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()):
        await user.connect()
        await user.stream("first")
        await user.ready("first")
        await asyncio.sleep(1)
        before = len(_writes(control_plane, user.namespace))
        await user.stream("shop")
        await user.ready("shop")
        await asyncio.sleep(1)
        writes = [write.partition("/")[0] for write in _writes(control_plane, user.namespace)[before:]]
    assert sorted(writes) == ["create events", "create secrets", "patch jitsustreams", "patch jitsustreams"]


@pytest.mark.parametrize(
    ("defect", "told"),
    [(CRASH, "leading ended: RuntimeError"), (CANCELLED, "leading ended: it was cancelled")],
    ids=["raises", "is cancelled"],
)
async def test_crash_of_the_controller_ends_the_process(  # noqa: PLR0913, PLR0917 - fixtures
    user: User, environment: Environment, tmp_path: Path, unused_tcp_port_factory: Port, defect: str, told: str
) -> None:
    """A defect in the machinery must not leave a process that only looks alive; the Lease is free at once."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory(), before=defect) as operator:
        assert await operator.wait() == 1
        assert told in operator.log
        assert "planted-defect" not in operator.log, "an unknown error's own words might repeat a value"
        lease = await user.kubectl("get", "lease", "jitops", "-o", "jsonpath={.spec.holderIdentity}")
        assert lease == ""


async def test_second_replica_takes_over_after_a_kill(
    user: User, environment: Environment, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """The standby is ready, works on nothing, and takes over what is there."""
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as first:
        await user.connect()
        await eventually(lambda: leads(first), "the first replica leads")
        async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as second:
            await eventually(lambda: is_ready(second), "the standby is ready")
            await user.stream("before")
            await user.ready("before")
            assert not await leads(second)
            assert "jitops_reconciles_total{" not in (await second.get("/metrics"))[1]
            first.kill()
            killed = time.monotonic()
            await user.stream("after")
            await user.ready("after")
            assert time.monotonic() - killed > 5, "not before the Lease ran out"
            assert len(user.remote_streams()) == 2
            assert (await second.get("/healthz"))[0] == 200
        assert second.code == 0


async def test_missing_setting_is_a_sentence(
    environment: Environment, tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """What keeps the operator from starting is said in a sentence, not in a traceback."""
    del environment["JITOPS_CLUSTER_ID"]
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:
        assert await operator.wait() == 1
        assert "--cluster-id" in operator.log
        assert "Traceback" not in operator.log
    environment |= {"JITOPS_CLUSTER_ID": "x", "JITOPS_KUBECONFIG": "nowhere"}
    async with jitops_run(environment, tmp_path, unused_tcp_port_factory()) as operator:
        assert await operator.wait() == 1
        assert "there is no kubeconfig at nowhere" in operator.log
        assert "Traceback" not in operator.log
