"""The operator under a service account whose token is revoked."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

import kopf
import pytest
from tests.harness.cluster.operators import kopf_run
from tests.harness.cluster.rights import TABLE
from tests.harness.cluster.user import User
from tests.harness.repository import CHART
from tests.harness.waiting import eventually

from jitops_sandbox.controlplane import ControlPlane, Helm, Kubectl, KubectlFailed, write_token_kubeconfig

pytestmark = pytest.mark.cluster


class Ear(logging.Handler):
    """Listens to kopf for a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = sentence
        self._heard = threading.Event()
        logging.getLogger("kopf").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Hear one sentence; once it is the right one, nothing more."""
        if self._sentence in record.getMessage():
            self._heard.set()
            logging.getLogger("kopf").removeHandler(self)

    async def told(self) -> bool:
        """Say whether it was said."""
        return self._heard.is_set()


async def test_revoked_token_is_replaced(
    user: User,
    environment: dict[str, str],
    control_plane: ControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A token that is accepted no more is read anew from where it came, by whoever is refused first: here kopf."""
    await _grant(user)
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
    renewed = Ear("Re-authentication has finished")
    async with kopf_run("--namespace", user.namespace, settings=settings) as runner:
        await user.connect()
        await user.stream("before")
        await user.ready("before")
        revoked = Kubectl(write_token_kubeconfig(control_plane.kubeconfig, token, tmp_path / "revoked"))
        token = (await user.kubectl("create", "token", "operator")).strip()
        write_token_kubeconfig(control_plane.kubeconfig, token, path)
        await user.kubectl("delete", "secret", "bound")
        await eventually(lambda: _refused(revoked, user.namespace), "the token is revoked", every=1)
        await eventually(renewed.told, "kopf has read the token anew")
        await user.stream("after")
        await user.ready("after")
    assert runner.exit_code == 0
    assert token not in runner.output


async def _refused(kubectl: Kubectl, namespace: str) -> bool:
    """Ask whether a token is refused: the API server remembers for 10 s that it accepted it."""
    try:
        await asyncio.to_thread(kubectl, "get", "jitsustreams", "-n", namespace)
    except KubectlFailed as failure:
        return "Unauthorized" in str(failure) or "provide credentials" in str(failure)
    return False


async def _grant(user: User) -> None:
    """Make the service account `operator` with the chart's rights in the user's namespace."""
    values = {"fullnameOverride": "operator", "watchNamespaces": [user.namespace], "clusterId": user.namespace}
    await user.kubectl("apply", "-f", "-", stdin=Helm().render(CHART, *TABLE, namespace=user.namespace, **values))
