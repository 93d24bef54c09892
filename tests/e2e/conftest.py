"""The operator as users meet it: a control plane, the products, and `jitops run` as a process."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.e2e.evidence import Evidence
from tests.e2e.place import Manifest, Place
from tests.e2e.products import Products, running_products
from tests.health.conftest import argo, flux

from jitops.controlplane import ControlPlane, Kubectl, write_token_kubeconfig
from jitops.sandbox import Switches

__all__ = ["argo", "flux"]

CRDS = Path(__file__).parents[2] / "crds"
ROBOT = "jitops-e2e"
ACCOUNT = f"system:serviceaccount:{ROBOT}:jitops"


@pytest.fixture(scope="session")
def kubectl_with_crds(kubectl: Kubectl) -> Kubectl:
    """Install the definitions as users do."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))
    return kubectl


@pytest.fixture(scope="session")
def operator_kubeconfig(kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the operator an account of its own, by which the audit log tells its requests from the tests'."""
    meta = {"name": "jitops", "namespace": ROBOT}
    objects: list[Manifest] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ROBOT}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": ROBOT},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", **meta}],
        },
    ]
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
    token = kubectl("-n", ROBOT, "create", "token", "jitops", "--duration=3h").strip()
    folder = tmp_path_factory.mktemp("kubeconfig")
    return write_token_kubeconfig(kubectl.kubeconfig, token, folder / "operator")


@pytest.fixture(scope="session")
def evidence(
    kubectl_with_crds: Kubectl, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    """Take down all that the run shows; at its end, no secret and no trace of a defect may stand anywhere in it."""
    token = yaml.safe_load(operator_kubeconfig.read_text())["users"][0]["user"]["token"]
    evidence = Evidence(tmp_path_factory.mktemp("evidence"), {token})
    evidence.watch(kubectl_with_crds)
    yield evidence
    lasted = evidence.unwatch()
    assert evidence.findings() == []
    assert lasted, "a watch ended before the run did: what came later was not searched"


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure that is worth being seen in every run."""

    def shown(sentence: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {sentence} ")

    return shown


@pytest.fixture
def switches() -> Switches:
    """Give the positions of the Jitterbit sandbox's switches; a test overrides them by parametrizing."""
    return Switches()


@pytest.fixture
def products(switches: Switches, evidence: Evidence) -> Iterator[Products]:
    """Run both products for one test."""
    with running_products(switches) as running:
        yield running
        evidence.planted |= running.secrets()


@pytest.fixture
def plant(evidence: Evidence) -> Callable[[str], None]:
    """Name a secret that a test puts where it may be told by mistake."""
    return evidence.planted.add


@pytest.fixture
def place(
    kubectl: Kubectl, control_plane: ControlPlane, products: Products, evidence: Evidence, operator_kubeconfig: Path
) -> Iterator[Place]:
    """Make a place for one test; afterwards no operator runs, and nothing of the place is left to the next one."""
    assert control_plane.audit_log is not None
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    system = f"{name}-system"
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([_namespace(name), _namespace(system)]))
    place = Place(
        kubectl, name, system, products, control_plane.audit_log, ACCOUNT, evidence.folder, operator_kubeconfig
    )
    yield place
    for operator in place.operators:
        operator.end()
    kubectl("delete", "namespace", name, system, "--wait=false", "--ignore-not-found")
    _release(kubectl, name)


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _release(kubectl: Kubectl, namespace: str) -> None:
    """Take every finalizer off, as no operator is there any more to do it."""
    found = json.loads(kubectl("get", "jitops,secrets", "-n", namespace, "-o", "json"))["items"]
    for one in found:
        if one["metadata"].get("finalizers"):
            what = f"{one['kind'].lower()}/{one['metadata']['name']}"
            patch = '{"metadata": {"finalizers": null}}'
            kubectl("-n", namespace, "patch", what, "--type=merge", "-p", patch)
