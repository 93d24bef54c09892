"""The demo without a cluster: the resources live in a folder, as with `jitops apply`."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jitops.core.clock import SystemClock
from jitops.local.apply import apply
from jitops.local.folder import StateFolder
from jitops.local.progress import in_order, print_line
from jitops.local.store import LocalStore
from jitops_sandbox import Sandbox
from jitops_sandbox.demo.story import DemoFailed, Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from jitops.core.kube import Resource, Secret
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress

PATIENCE = 60.0


def run_locally(console: Console) -> None:
    """Run the demo from the sandbox's start to its end; DemoFailed says what was not as it should be."""
    print_line(
        console,
        "This demo needs no cluster and no account: it runs the operator's own code over a folder of manifests,",
    )
    print_line(console, "against stand-ins of Jitsu and Jitterbit Harmony that speak real HTTP on this machine.")
    with tempfile.TemporaryDirectory(prefix="jitops-demo-") as folder:
        asyncio.run(_told(console, LocalStage(Path(folder) / "state")))


async def _told(console: Console, stage: LocalStage) -> None:
    async with Sandbox.start() as sandbox:
        await Story(console, stage, sandbox).tell()


class LocalStage:
    """A local store, opened anew for each step as `jitops apply` does."""

    how_applied = "jitops apply -f examples --state …"
    how_repaired = "the same jitops apply once more"

    def __init__(self, state: Path) -> None:
        self._state = state

    async def apply(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Make one pass and wait until all is Ready."""
        with StateFolder.open(self._state) as folder:
            outcome = await apply(manifests, folder, progress, timeout=PATIENCE)
        if not outcome.complete:
            raise DemoFailed("; ".join(outcome.complaints()))
        self._check_modes()

    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Make another pass: it compares everything."""
        await self.apply(manifests, progress)

    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:  # noqa: ARG002 - the stage's
        """Apply nothing: what is no longer among the manifests is deleted."""
        await self.apply([], progress)

    async def resources(self) -> list[Resource]:
        """Read all resources."""
        return in_order(self._store().resources())

    async def secrets(self) -> list[Secret]:
        """Read all Secrets."""
        return self._store().secrets()

    def _store(self) -> LocalStore:
        with StateFolder.open(self._state) as folder:
            return LocalStore(SystemClock(), folder)

    def _check_modes(self) -> None:
        """See that nobody else on this machine can read what the state holds."""
        for path in (self._state, *self._state.rglob("*")):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise DemoFailed(f"{path} can be read by others.")
