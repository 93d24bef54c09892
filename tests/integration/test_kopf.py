"""`kopf run -m jitops.handlers`, as people who know kopf start it, on a real API server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import kopf
import pytest
from tests.harness.cluster.operators import kopf_run
from tests.harness.cluster.proxy import proxied
from tests.harness.cluster.user import User
from tests.harness.waiting import eventually

from jitops.core.schedule.queue import WorkQueue
from jitops_sandbox.controlplane import ControlPlane, Kubectl

pytestmark = pytest.mark.cluster

PLANTED = "planted-defect"


@pytest.fixture(autouse=True)
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the operator up by its environment, without ports."""
    for name, value in {**environment, "JITOPS_PROBES_PORT": "0", "JITOPS_METRICS_PORT": "0"}.items():
        monkeypatch.setenv(name, value)


async def test_stream_becomes_ready(user: User, kubectl: Kubectl) -> None:
    """The same operator runs inside kopf, and ends as cleanly."""
    async with kopf_run("--namespace", user.namespace, "--verbose") as runner:
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        assert len(user.remote_streams()) == 1
        await user.kubectl("delete", "jitsustream", "shop", "--wait=false")
        await user.gone("shop")
    assert runner.exit_code == 0
    assert user.sandbox.credentials.service_token not in runner.output
    assert "publicKeySecret" not in runner.output
    lease = kubectl("get", "lease", "jitops", "-n", user.namespace, "-o", "jsonpath={.spec.holderIdentity}")
    assert lease == ""


async def test_kopf_writes_nothing_on_objects(user: User) -> None:
    """No annotation and no finalizer of kopf's: the object is the user's, but for ours."""
    async with kopf_run("--namespace", user.namespace):
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        shown = await user.kubectl("get", "jitsustream", "shop", "--show-managed-fields", "-o", "json")
    meta = json.loads(shown)["metadata"]
    assert meta["finalizers"] == ["jitops.dev/finalizer"]
    assert set(meta["annotations"]) == {"kubectl.kubernetes.io/last-applied-configuration"}
    assert {entry["manager"] for entry in meta["managedFields"]} == {"kubectl-client-side-apply", "jitops"}


async def test_only_labelled_secrets_are_asked_for(user: User, control_plane: ControlPlane) -> None:
    """The selector is the server's: what bears no label never reaches us."""
    async with kopf_run("--namespace", user.namespace):
        await user.connect()
        await user.ready("acme", kind="jitsuworkspace")
    assert control_plane.audit_log is not None
    asked = []
    for line in control_plane.audit_log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        about = entry.get("objectRef") or {}
        ours = about.get("namespace") == user.namespace and entry["userAgent"] == "jitops"
        if ours and about["resource"] == "secrets" and entry["verb"] in {"list", "watch"}:
            asked.append(parse_qs(urlsplit(entry["requestURI"]).query).get("labelSelector"))
    assert asked
    assert all(selector == ["jitops.dev/watch=true"] for selector in asked)


async def test_crash_of_the_controller_ends_kopf(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in the machinery stops kopf, with an exit code that says so."""

    async def broken(_: object) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr(WorkQueue, "take", broken)
    async with kopf_run("--namespace", user.namespace) as runner:
        await asyncio.to_thread(runner._thread.join, 30)
        assert not runner._thread.is_alive(), "it ended by itself"
    assert runner.exit_code == 1
    assert "the controller ended" in str(runner.exception.__cause__)
    assert PLANTED not in runner.output


async def test_frozen_watch_is_reconnected(
    user: User, control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that goes silent is noticed by its silence; the default for that is 70 s, here it is 2."""
    settings = kopf.OperatorSettings()
    settings.watching.inactivity_timeout = 2
    async with proxied(control_plane.kubeconfig, tmp_path) as (proxy, kubeconfig):
        monkeypatch.setenv("JITOPS_KUBECONFIG", str(kubeconfig))
        monkeypatch.setenv("JITOPS_LEADER_ELECTION", "false")
        async with kopf_run("--namespace", user.namespace, settings=settings):
            await user.connect()
            await user.stream("before")
            await user.ready("before")
            await asyncio.sleep(16)  # Our own idle connections are closed by then, the watches are not.
            proxy.freeze()
            await user.stream("after")
            await user.ready("after", within=45)
            await proxy.refuse()  # The frozen connections end, or their sockets would be found open after the test.
            await proxy.restore()
            await asyncio.sleep(1)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # kopf awaits no task after a failed start
async def test_namespaces_must_agree(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kopf watches what its option names; reading another scope at the start would mix the two up."""
    monkeypatch.delenv("JITOPS_NAMESPACES")
    async with kopf_run("--namespace", user.namespace) as runner:
        await asyncio.to_thread(runner._thread.join, 30)
    assert runner.exit_code == 1
    assert "must name the same namespaces" in str(runner.exception.__cause__)


async def test_whole_cluster(user: User, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the whole cluster, the cluster's own id is used, and the labels of namespaces may select."""
    monkeypatch.delenv("JITOPS_NAMESPACES")
    monkeypatch.delenv("JITOPS_CLUSTER_ID")
    monkeypatch.setenv("JITOPS_OPERATOR_NAMESPACE", "default")
    async with kopf_run("--all-namespaces"):
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        await user.kubectl("delete", "namespace", user.namespace, "--wait=false")

        async def gone() -> bool:
            return not await asyncio.to_thread(kubectl, "get", "namespace", user.namespace, "--ignore-not-found")

        await eventually(gone, "the namespace is gone, whatever went first")
    assert user.remote_streams() == []
