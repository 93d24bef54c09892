"""`jitops demo` shows both products managed, and fails with a sentence where what it shows isn't so."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from tests.harness.command_line import ENVIRONMENT

from jitops.core.kube import Secret
from jitops.local.manifests import Manifest
from jitops.local.progress import Progress
from jitops_sandbox import Fault, Sandbox
from jitops_sandbox.demo import DemoFailed
from jitops_sandbox.demo.local import LocalStage
from jitops_sandbox.demo.story import Stage, Story

CHECKED = (
    "JitsuStream default/website is at the product",
    "JitsuDestination default/warehouse is at the product",
    "JitsuService default/github is at the product",
    "JitsuFunction default/geo is at the product",
    "Connector default/crm is at the product",
    "Secret website-jitsustream holds 7 values",
    "CustomAPI default/customers is at the product: Custom API, draft",
    "a stand-in, not a Jitterbit API",
    "Custom API, draft: http://127.0.0.1:",
    "Custom API, published: http://127.0.0.1:",
    "CustomAPI customers is Ready: http://127.0.0.1:",
    "is called “Changed by hand” now",
    "is called “Website” again",
    "is registered in place of",
    "no resource, no Secret, and both products hold what people had made before, and no more",
    "A colleague has published the connector “Acme Tickets” 2 in the Connector Builder.",
    "Connector default/tickets is at the product",
    "Jitterbit-Connector-Secret: ••••••••",
    "12 headers, each activity with an id of the registration",
    "the links were deleted before what they link (2 of them)",
)


def demo(*options: str, seconds: float) -> str:
    """Run the demo as a user does, and give what it showed."""
    command = [sys.executable, "-m", "jitops", "demo", *options]
    done = subprocess.run(  # noqa: S603 - ours
        command, capture_output=True, text=True, env=ENVIRONMENT, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(sentence in done.stdout for sentence in CHECKED)
    assert done.stderr == ""
    return done.stdout


def test_without_a_cluster() -> None:
    """It says first that no cluster is needed, shows table and masked Secrets, repairs, deletes, and ends with 0."""
    shown = demo(seconds=60)
    assert shown.startswith("This demo needs no cluster")
    assert "KIND" in shown
    assert "JITSU_WRITE_KEY" in shown


@pytest.mark.cluster
@pytest.mark.usefixtures("control_plane")
def test_on_a_cluster() -> None:
    """The same is true on a real API server, with `jitops run` as a process and kubectl."""
    demo("--cluster", seconds=180)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Serve both products."""
    async with Sandbox.start() as running:
        yield running


async def told(stage: Stage, sandbox: Sandbox) -> str:
    """Tell the story on a stage, and give the sentence with which it fails."""
    console = Console(file=io.StringIO(), width=120)
    with pytest.raises(DemoFailed) as error:
        await Story(console, stage, sandbox).tell()
    return str(error.value)


class IdleOnRepair(LocalStage):
    """Does not look again."""

    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Do nothing."""


class IdleOnDelete(LocalStage):
    """Deletes nothing."""

    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Do nothing."""


class Forgetful(LocalStage):
    """Has lost its Secrets."""

    async def secrets(self) -> list[Secret]:
        """Give none."""
        return []


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (IdleOnRepair, "the stream's name is still “Changed by hand”."),
        (IdleOnDelete, "some resources still exist."),
        (Forgetful, "JitsuStream default/website has no Secret website-jitsustream."),
    ],
)
async def test_fails_when_it_is_not_so(
    stage: type[LocalStage], sentence: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """An operator that does not do what is shown is found out."""
    assert await told(stage(tmp_path / "state"), sandbox) == sentence


async def test_fails_when_the_products_do(sandbox: Sandbox, tmp_path: Path) -> None:
    """A resource that does not get Ready is named with its reason."""
    sandbox.faults.add(Fault(kind="error", status=403, body="{}", product="jitsu", path="/api/workspace*"))
    sentence = await told(LocalStage(tmp_path / "state"), sandbox)
    assert "JitsuWorkspace default/acme: not ready: PermissionDenied" in sentence
