"""The operator under a service account with a Role: what it needs, and that it needs no more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import kopf
import pytest
from tests.integration.conftest import User, eventually
from tests.integration.operators import jitops_run, kopf_run

from jitops.api.kinds import KINDS
from jitops.controlplane import ControlPlane, Kubectl, KubectlFailed, write_token_kubeconfig

pytestmark = pytest.mark.cluster

PLURALS = [info.plural for info in KINDS]
NEEDED: list[dict[str, Any]] = [
    {"apiGroups": ["jitops.dev"], "resources": PLURALS, "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": ["jitops.dev"], "resources": [f"{plural}/status" for plural in PLURALS], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create", "update", "delete"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "update", "delete"]},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]},
]
WATCHING: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["list", "watch"]},
]


@pytest.mark.parametrize("watching", [True, False])
async def test_role_is_enough(  # noqa: PLR0913, PLR0917 - fixtures
    user: User,
    environment: dict[str, str],
    control_plane: ControlPlane,
    tmp_path: Path,
    unused_tcp_port: int,
    watching: bool,
) -> None:
    """All that the operator does in a namespace is done with these rights; without the watch on Secrets with fewer."""
    await _grant(user, NEEDED + (WATCHING if watching else []))
    token = (await user.kubectl("create", "token", "operator")).strip()
    environment["JITOPS_KUBECONFIG"] = str(write_token_kubeconfig(control_plane.kubeconfig, token, tmp_path / "token"))
    environment["JITOPS_SECRETS_WATCH"] = str(watching)
    async with jitops_run(environment, tmp_path, unused_tcp_port) as operator:
        await user.connect()
        await user.stream("shop")
        await user.ready("shop")
        assert (await user.get("secret", "jitsu"))["metadata"]["finalizers"] == ["jitops.dev/in-use"]
        await asyncio.sleep(1)
        assert "Created" in await user.kubectl("get", "events")

        async def ready() -> bool:
            return (await operator.get("/readyz"))[0] == 200

        await eventually(ready, "the operator is ready")
        await user.kubectl("delete", "jitsustream,jitsuworkspace", "--all", "--wait=false")
        await user.gone("shop")
        await user.gone("acme", kind="jitsuworkspace")
        operator.terminate()
        assert await operator.wait() == 0
        assert "forbidden" not in operator.log.lower()


async def test_revoked_token_is_replaced(
    user: User,
    environment: dict[str, str],
    control_plane: ControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A token that is accepted no more is read anew from where it came, by whoever is refused first: here kopf."""
    await _grant(user, NEEDED + WATCHING)
    await user.kubectl("create", "secret", "generic", "bound")
    bound = ("--bound-object-kind", "Secret", "--bound-object-name", "bound")
    token = (await user.kubectl("create", "token", "operator", *bound)).strip()
    path = write_token_kubeconfig(control_plane.kubeconfig, token, tmp_path / "token")
    environment |= {"JITOPS_KUBECONFIG": str(path), "JITOPS_PROBES_PORT": "0", "JITOPS_METRICS_PORT": "0"}
    environment["JITOPS_LEADER_ELECTION"] = "false"  # or the Lease would be refused first, and kopf never
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = kopf.OperatorSettings()
    settings.watching.inactivity_timeout = 2  # so that the watches ask again while we wait
    async with kopf_run("--namespace", user.namespace, settings=settings) as runner:
        await user.connect()
        await user.stream("before")
        await user.ready("before")
        revoked = Kubectl(write_token_kubeconfig(control_plane.kubeconfig, token, tmp_path / "revoked"))
        token = (await user.kubectl("create", "token", "operator")).strip()
        write_token_kubeconfig(control_plane.kubeconfig, token, path)
        await user.kubectl("delete", "secret", "bound")
        await eventually(lambda: _refused(revoked, user.namespace), "the token is revoked", every=1)
        await asyncio.sleep(5)
        await user.stream("after")
        await user.ready("after")
    assert runner.exit_code == 0
    assert "Re-authentication has finished" in runner.output
    assert token not in runner.output


async def _refused(kubectl: Kubectl, namespace: str) -> bool:
    """Ask whether a token is refused: the API server remembers for 10 s that it accepted it."""
    try:
        await asyncio.to_thread(kubectl, "get", "jitsustreams", "-n", namespace)
    except KubectlFailed as failure:
        return "Unauthorized" in str(failure) or "provide credentials" in str(failure)
    return False


async def _grant(user: User, rules: list[dict[str, Any]]) -> None:
    """Make a service account that may do this."""
    rbac, account = "rbac.authorization.k8s.io", {"kind": "ServiceAccount", "name": "operator"}
    await user.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "operator"}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "operator"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "operator"},
            "subjects": [{**account, "namespace": user.namespace}],
        },
    )
