"""The demo without a cluster: the resources are in a folder, as with `jitops apply`."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.core.clock import SystemClock
from jitops.local.absent import Absent, Consent
from jitops.local.apply import Prepared, prepare_apply, prepare_destroy
from jitops.local.folder import StateFolder
from jitops.local.progress import in_order, print_line
from jitops.local.store import LocalStore
from jitops_sandbox import Sandbox
from jitops_sandbox.demo.story import DemoFailed, Stage, Story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from rich.console import Console

    from jitops.core.kube import Resource, Secret
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress

PATIENCE = 60.0
CLUSTER_ID = "demo"


def run_locally(console: Console) -> None:
    """Run the demo on a folder; raise DemoFailed if a step is not as it should be."""
    print_line(
        console,
        "This demo needs no cluster and no account: it runs the operator's own code over a folder of manifests,",
    )
    print_line(console, "against stand-ins of Jitsu and Jitterbit Harmony that speak real HTTP on this machine.")
    with tempfile.TemporaryDirectory(prefix="jitops-demo-") as folder:
        asyncio.run(_play(console, LocalStage(Path(folder) / "state")))


async def _play(console: Console, stage: LocalStage) -> None:
    async with Sandbox.start() as sandbox:
        await Story(console, stage, sandbox).tell()


class LocalStage(Stage):
    """A local store, opened for each step as `jitops apply` does."""

    how_applied = f"jitops apply -f examples --state … --init --cluster-id {CLUSTER_ID}"
    how_repaired = "the same jitops apply once more"

    def __init__(self, state: Path) -> None:
        self._state = state

    @override
    async def apply(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        with self._folder() as folder:
            await self._run(prepare_apply(manifests, folder), progress)

    @override
    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        # Each pass compares everything.
        await self.apply(manifests, progress)

    @override
    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        # As `jitops destroy` does, but nobody is asked: the demo created all of it.
        permitted = Consent(most=len(manifests), show=_unshown, ask=_agreed)
        with self._folder() as folder:
            await self._run(prepare_destroy(folder, permitted), progress)

    @override
    async def resources(self) -> list[Resource]:
        return in_order(self._store().resources())

    @override
    async def secrets(self) -> list[Secret]:
        return self._store().secrets()

    def _store(self) -> LocalStore:
        with self._folder() as folder:
            return LocalStore(SystemClock(), folder)

    def _folder(self) -> AbstractContextManager[StateFolder]:
        return StateFolder.open(self._state, init=True, cluster_id=CLUSTER_ID)

    async def _run(self, prepared: Prepared, progress: Progress) -> None:
        outcome = await prepared.run(progress, timeout=PATIENCE)
        if not outcome.complete:
            raise DemoFailed("; ".join(outcome.complaints()))
        self._check_modes()

    def _check_modes(self) -> None:
        """Check that no other user of this machine can read the state."""
        for path in (self._state, *self._state.rglob("*")):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise DemoFailed(f"{path} can be read by others.")


def _unshown(absent: Absent) -> None:
    """Show nothing: the progress does."""


def _agreed(absent: Absent) -> bool:
    """Agree to the deletions."""
    return bool(absent)
