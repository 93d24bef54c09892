"""The options of all tests, and fixtures for those that need a control plane (`jitops_sandbox.controlplane`)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from jitops_sandbox.controlplane import ControlPlane, ControlPlaneUnavailable, Kubectl, running_control_plane
from jitops_sandbox.controlplane.goprogram import to_stderr

if TYPE_CHECKING:
    from collections.abc import Iterator


settings.register_profile("tests", deadline=None)  # How long an example takes says how busy the machine is.
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be against the other build of the Jitsu console, and the image be asked for, which needs root."""
    parser.addoption("--build", choices=["A", "B"], default="A", help="the console's build where a test names none")
    parser.addoption("--image", action="store_true", help="build the image, and run the chart's pods from it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the image where it isn't asked for."""
    if not config.getoption("--image"):
        others = [item for item in items if item.get_closest_marker("image")]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Run one control plane for the whole session; where there can be none, the tests fail with a sentence."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def report(sentence: str) -> None:
        """Show at once why the first test takes minutes: pytest would keep it until the test is over."""
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
    """Speak to the control plane as its administrator."""
    return Kubectl(control_plane.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """Make a namespace for one test, and have it deleted afterwards without waiting for the end."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
