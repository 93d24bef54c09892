"""A real API server with our CRDs, both products in the sandbox, and what a user does with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import yaml
from tests.harness.cluster.user import User

from jitops import crds
from jitops.kinds import KINDS
from jitops_sandbox import Sandbox
from jitops_sandbox.controlplane import ControlPlane, Kubectl


@pytest.fixture(scope="session")
def definitions(kubectl: Kubectl) -> None:
    """Install the CRDs of jitops."""
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(crds.manifests()))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=120s")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Run both products."""
    async with Sandbox.start() as running:
        yield running


@pytest.fixture
def user(
    definitions: None,  # noqa: ARG001 - it has to have been asked for
    kubectl: Kubectl,
    namespace: str,
    sandbox: Sandbox,
) -> Iterator[User]:
    """Yield a user; remove the finalizers of the user's objects afterwards."""
    yield User(kubectl, namespace, sandbox)
    kinds = ",".join([*(info.plural for info in KINDS), "secrets"])
    template = "{range .items[?(@.metadata.finalizers)]}{.kind}/{.metadata.name} {end}"
    held = kubectl("get", kinds, "-n", namespace, "-o", f"jsonpath={template}").split()
    if held:
        kubectl("patch", *held, "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


@pytest.fixture
def environment(control_plane: ControlPlane, user: User) -> dict[str, str]:
    """Return the settings of an operator that serves only the user's namespace."""
    return {
        "JITOPS_KUBECONFIG": str(control_plane.kubeconfig),
        "JITOPS_NAMESPACES": user.namespace,
        "JITOPS_OPERATOR_NAMESPACE": user.namespace,
        "JITOPS_CLUSTER_ID": user.namespace,
        "JITOPS_LOG_LEVEL": "debug",
    }
