"""The options of all tests, and fixtures for those that need a control plane (`jitops_sandbox.controlplane`)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from jitops.remote.transport import TIMEOUT
from jitops_sandbox.controlplane import ControlPlane, ControlPlaneUnavailable, Kubectl, running_control_plane
from jitops_sandbox.controlplane.goprogram import to_stderr

if TYPE_CHECKING:
    from collections.abc import Iterator


settings.register_profile("tests", deadline=None)  # How long an example takes says how busy the machine is.
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--build`, for the other build of the Jitsu console, and `--image`, which needs root."""
    parser.addoption("--build", choices=["A", "B"], default="A", help="the console's build where a test names none")
    parser.addoption("--image", action="store_true", help="build the image, and run the chart's pods from it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of the image without `--image`."""
    if not config.getoption("--image"):
        others = [item for item in items if item.get_closest_marker("image")]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


@pytest.fixture(autouse=True, scope="session")
def patient() -> Iterator[None]:
    """Make the HTTP client wait longer for a socket than in the operator: a busy machine opens hundreds slowly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TIMEOUT, "connect", 60.0)
        patch.setitem(TIMEOUT, "pool", 60.0)
        yield


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Run one control plane for the whole session; where that is impossible, fail with the reason."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def report(sentence: str) -> None:
        """Print at once why the first test takes minutes: pytest would wait until the test ends."""
        with capture.global_and_fixture_disabled():
            to_stderr(sentence)

    audit_log = tmp_path_factory.mktemp("control-plane") / "audit.log"
    try:
        with running_control_plane(audit_log=audit_log, report=report) as running:
            yield running
    except ControlPlaneUnavailable as unavailable:
        raise pytest.fail.Exception(str(unavailable), pytrace=False) from None


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """Return kubectl as the control plane's administrator."""
    return Kubectl(control_plane.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """Create a namespace for one test; delete it afterwards without waiting."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
