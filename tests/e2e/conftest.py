"""The operator as users meet it: a control plane, the products, and `jitops run` as a process."""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.harness.cluster.evidence import Evidence
from tests.harness.cluster.image import Image, NoImage, build_image
from tests.harness.cluster.place import Manifest, Place
from tests.harness.cluster.pod import Runtime
from tests.harness.cluster.products import Products, running_products
from tests.harness.cluster.rights import Accounts, refused
from tests.harness.cluster.runtimes import Environment
from tests.harness.judges import argo, flux
from tests.harness.repository import CRDS

from jitops_sandbox import Switches
from jitops_sandbox.controlplane import ControlPlane, Kubectl
from jitops_sandbox.controlplane.goprogram import to_stderr

__all__ = ["argo", "flux"]


@pytest.fixture(scope="session")
def kubectl_with_crds(kubectl: Kubectl) -> Kubectl:
    """Install the CRDs as users do."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", str(CRDS))
    return kubectl


@pytest.fixture(scope="session")
def evidence(kubectl_with_crds: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Record all that the run shows; at its end, search it for secrets and traces of defects."""
    evidence = Evidence(tmp_path_factory.mktemp("evidence"))
    evidence.watch(kubectl_with_crds)
    yield evidence
    given_up = evidence.unwatch()
    found = evidence.findings()
    assert not found, "\n\n".join([f"in {evidence.folder}:", *found])
    assert given_up == [], "what came later of these was not searched"


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> Iterator[Image]:
    """Build the image; it takes 700 MB for as long as the tests run."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with tempfile.TemporaryDirectory(prefix="jitops-image-") as folder:
        try:
            with capture.global_and_fixture_disabled():
                built = build_image(Path(folder), to_stderr)
        except NoImage as missing:
            raise pytest.fail.Exception(str(missing), pytrace=False) from None
        yield built


@pytest.fixture(scope="session")
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """Return how pods run: from the image with `--image`, otherwise from this Python environment."""
    found: Runtime = request.getfixturevalue("image") if request.config.getoption("--image") else Environment()
    return found


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure that is worth being seen in every run."""

    def shown(sentence: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {sentence} ")

    return shown


@pytest.fixture
def switches() -> Switches:
    """Return the positions of the Jitterbit sandbox's switches; a test overrides them by parametrizing."""
    return Switches()


@pytest.fixture
def products(switches: Switches, evidence: Evidence) -> Iterator[Products]:
    """Run both products for one test."""
    with running_products(switches) as running:
        yield running
        evidence.planted |= running.secrets()


@pytest.fixture
def plant(evidence: Evidence) -> Callable[[str], None]:
    """Return a function that adds a secret to the search."""
    return evidence.planted.add


@pytest.fixture
def place(
    kubectl: Kubectl, control_plane: ControlPlane, products: Products, evidence: Evidence, tmp_path: Path
) -> Iterator[Place]:
    """Create a place for one test; end its operators and delete its namespaces afterwards.

    The operator must never have asked for more than the chart's rights.
    """
    assert control_plane.audit_log is not None
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    system = f"{name}-system"
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([_namespace(name), _namespace(system)]))
    accounts = Accounts(kubectl, control_plane.audit_log, tmp_path, [name], system)
    place = Place(kubectl, name, system, products, accounts, evidence.folder)
    yield place
    for operator in place.operators:
        operator.end()
    evidence.planted |= accounts.tokens()
    kubectl("delete", "namespace", name, system, "--wait=false", "--ignore-not-found")
    _release(kubectl, name)
    accounts.drop()
    assert refused(accounts.requests()) == []


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _release(kubectl: Kubectl, namespace: str) -> None:
    """Remove every finalizer: no operator runs any more to do it."""
    found = json.loads(kubectl("get", "jitops,secrets", "-n", namespace, "-o", "json"))["items"]
    for one in found:
        if one["metadata"].get("finalizers"):
            what = f"{one['kind'].lower()}/{one['metadata']['name']}"
            patch = '{"metadata": {"finalizers": null}}'
            kubectl("-n", namespace, "patch", what, "--type=merge", "-p", patch)
