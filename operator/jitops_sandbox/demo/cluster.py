"""The demo on a real Kubernetes API server: `jitops run` as a process of its own, and kubectl as a user's hands."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from jitops import crds
from jitops.api.meta import GROUP, MANAGED_BY, MANAGER, RECONCILE_REQUESTED_AT
from jitops.core.kube import Resource
from jitops.kinds import KINDS
from jitops.local.documents import is_output, secret_of
from jitops.local.progress import in_order, print_line, row_of
from jitops_sandbox import Sandbox
from jitops_sandbox.controlplane import Kubectl, KubectlFailed, kubectl_path, running_control_plane
from jitops_sandbox.demo.story import DemoFailed, Story

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from rich.console import Console

    from jitops.core.kube import JSON, Secret
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress
    from jitops_sandbox.controlplane import ControlPlane

PATIENCE = 60.0
POLL = 0.3
SECONDS_TO_STOP = 40.0
SHOWN_LOG_LINES = 40


def run_on_cluster(console: Console) -> None:
    """Run the demo from the control plane's start to its end; DemoFailed says what was not as it should be."""
    print_line(
        console, "This demo runs the operator on a real Kubernetes API server, and kubectl does what you would do."
    )
    print_line(
        console, "Jitsu and Jitterbit Harmony are stand-ins that speak real HTTP on this machine: no account is needed."
    )
    kubectl_path()
    with (
        tempfile.TemporaryDirectory(prefix="jitops-demo-") as folder,
        running_control_plane(report=lambda sentence: print_line(console, sentence)) as plane,
    ):
        print_line(console, f"The API server is at {plane.server}.")
        asyncio.run(_told(console, plane, Path(folder) / "operator.log"))


async def _told(console: Console, plane: ControlPlane, log: Path) -> None:
    try:
        async with Sandbox.start() as sandbox:
            stage = ClusterStage(Kubectl(plane.kubeconfig))
            await stage.install()
            async with _operator(plane, log) as stage.operator:
                await Story(console, stage, sandbox).tell()
    except (DemoFailed, KubectlFailed) as error:
        _quote(console, log)
        raise DemoFailed(str(error)) from None


def _quote(console: Console, log: Path) -> None:
    print_line(console, "\nThe operator's last words:")
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines[-SHOWN_LOG_LINES:]:
        print_line(console, f"  {line}")


@asynccontextmanager
async def _operator(plane: ControlPlane, log: Path) -> AsyncIterator[Process]:
    """Run `jitops run` until the block ends, then see that it stops in order."""
    settings = ("--kubeconfig", str(plane.kubeconfig), "--probes-port", "0", "--metrics-port", "0")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITOPS_")}
    with log.open("w", encoding="utf-8") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jitops", "run", *settings,
            stdin=asyncio.subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment,
        )  # fmt: skip
    try:
        yield process
    finally:
        code = await _stopped(process)
    if code != 0:
        raise DemoFailed(f"jitops run ended with the exit code {code}")


async def _stopped(process: Process) -> int:
    if process.returncode is None:
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), SECONDS_TO_STOP)
    except TimeoutError:
        process.kill()
        return await process.wait()


class ClusterStage:
    """A cluster, through kubectl."""

    how_applied = "kubectl apply -f examples -R"
    how_repaired = f"kubectl annotate … {RECONCILE_REQUESTED_AT}=… spares waiting for its resync"

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self.operator: Process | None = None

    async def install(self) -> None:
        """Bring the CRDs to the cluster."""
        await self._call("apply", "--server-side", "-f", "-", stdin="---\n".join(crds.files().values()))
        names = [f"crd/{kind.plural}.{GROUP}" for kind in KINDS]
        await self._call("wait", "--for=condition=Established", *names, f"--timeout={PATIENCE:.0f}s")

    async def apply(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Apply with kubectl, and wait as a script does, with `kubectl wait`."""
        await self._call("apply", "-f", "-", stdin=_text(manifests))
        wait = ("wait", "--for=condition=Ready", "jitops", "--all", f"--timeout={PATIENCE:.0f}s")
        await self._watched(self._call(*wait), progress)

    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:  # noqa: ARG002 - the stage's
        """Ask for a reconcile now, and wait until every resource has answered and is Ready."""
        token = f"demo-{time.time_ns()}"
        await self._call("annotate", "--overwrite", "jitops", "--all", f"{RECONCILE_REQUESTED_AT}={token}")

        async def answered() -> bool:
            resources = await self.resources()
            handled = all(one.status.get("lastHandledReconcileAt") == token for one in resources)
            return handled and all(row_of(one).ready == "True" for one in resources)

        await self._watched(self._until(answered), progress)

    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Delete with kubectl, which waits for the finalizers; the garbage collector takes the outputs a bit later."""
        delete = self._call("delete", "-f", "-", f"--timeout={PATIENCE:.0f}s", stdin=_text(manifests))
        await self._watched(delete, progress)

        async def collected() -> bool:
            return not any(is_output(secret) for secret in await self.secrets())

        await self._watched(self._until(collected), progress)

    async def resources(self) -> list[Resource]:
        """Read all resources."""
        items = await self._items("jitops", "-A")
        return in_order(Resource.parse(item["kind"], item) for item in items)

    async def secrets(self) -> list[Secret]:
        """Read the Secrets that the operator wrote."""
        return [secret_of(item) for item in await self._items("secrets", "-A", "-l", f"{MANAGED_BY}={MANAGER}")]

    async def _items(self, *what: str) -> list[dict[str, JSON]]:
        items: list[dict[str, JSON]] = json.loads(await self._call("get", *what, "-o", "json"))["items"]
        return items

    async def _call(self, *arguments: str, stdin: str | None = None) -> str:
        return await asyncio.to_thread(self._kubectl, *arguments, stdin=stdin)

    async def _until(self, holds: Callable[[], Coroutine[None, None, bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await holds():  # noqa: ASYNC110 - kubectl has no event to wait for
                await asyncio.sleep(POLL)

    async def _watched(self, goal: Coroutine[None, None, object], progress: Progress) -> None:
        """Show how things are until the goal is reached; DemoFailed if it isn't, or if the operator ends."""
        reaching = asyncio.create_task(goal)
        try:
            while not (await asyncio.wait([reaching], timeout=POLL))[0]:
                progress.show([row_of(resource) for resource in await self.resources()])
                if self.operator is not None and self.operator.returncode is not None:
                    raise DemoFailed("jitops run has ended")
            await reaching
        except (KubectlFailed, TimeoutError) as error:
            raise DemoFailed("; ".join([*await self._complaints(), *str(error).splitlines()])) from None
        finally:
            reaching.cancel()
        progress.show([row_of(resource) for resource in await self.resources()])

    async def _complaints(self) -> list[str]:
        rows = [row_of(resource) for resource in await self.resources()]
        return [row.sentence() for row in rows if row.ready != "True"]


def _text(manifests: Sequence[Manifest]) -> str:
    return yaml.safe_dump_all([dict(manifest.body) for manifest in manifests])
