"""The demo on a real Kubernetes API server: `jitops run` as a process of its own, and kubectl for what a user does."""

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
from typing_extensions import override

from jitops import crds
from jitops.api.meta import GROUP, MANAGED_BY, MANAGER, RECONCILE_REQUESTED_AT
from jitops.core.kube import Resource
from jitops.kinds import KINDS
from jitops.local.documents import is_output, secret_of
from jitops.local.progress import in_order, print_line, row_of
from jitops_sandbox import Sandbox
from jitops_sandbox.controlplane import Kubectl, KubectlFailed, kubectl_path, running_control_plane
from jitops_sandbox.demo.story import DemoFailed, Stage, Story

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
    """Run the demo with a control plane of its own; raise DemoFailed if a step is not as it should be."""
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
        asyncio.run(_play(console, plane, Path(folder) / "operator.log"))


async def _play(console: Console, plane: ControlPlane, log: Path) -> None:
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
    print_line(console, "\nThe end of the operator's log:")
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines[-SHOWN_LOG_LINES:]:
        print_line(console, f"  {line}")


@asynccontextmanager
async def _operator(plane: ControlPlane, log: Path) -> AsyncIterator[Process]:
    """Run `jitops run` until the block ends, and check that it stops in order."""
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


class ClusterStage(Stage):
    """A cluster, used with kubectl."""

    how_applied = "kubectl apply -f examples -R"
    how_repaired = f"kubectl annotate … {RECONCILE_REQUESTED_AT}=…, instead of waiting for its resync"

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self.operator: Process | None = None

    async def install(self) -> None:
        """Install the CRDs."""
        await self._call("apply", "--server-side", "-f", "-", stdin="---\n".join(crds.files().values()))
        names = [f"crd/{kind.plural}.{GROUP}" for kind in KINDS]
        await self._call("wait", "--for=condition=Established", *names, f"--timeout={PATIENCE:.0f}s")

    @override
    async def apply(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        # `kubectl wait`, as a script would.
        await self._call("apply", "-f", "-", stdin=_text(manifests))
        wait = ("wait", "--for=condition=Ready", "jitops", "--all", f"--timeout={PATIENCE:.0f}s")
        await self._watched(self._call(*wait), progress)

    @override
    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        # Requests a reconcile, and waits until each resource has confirmed it and is Ready.
        token = f"demo-{time.time_ns()}"
        await self._call("annotate", "--overwrite", "jitops", "--all", f"{RECONCILE_REQUESTED_AT}={token}")

        async def answered() -> bool:
            resources = await self.resources()
            handled = all(one.status.get("lastHandledReconcileAt") == token for one in resources)
            return handled and all(row_of(one).ready == "True" for one in resources)

        await self._watched(self._until(answered), progress)

    @override
    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        # kubectl waits for the finalizers; the garbage collector deletes the outputs a little later.
        delete = self._call("delete", "-f", "-", f"--timeout={PATIENCE:.0f}s", stdin=_text(manifests))
        await self._watched(delete, progress)

        async def collected() -> bool:
            return not any(is_output(secret) for secret in await self.secrets())

        await self._watched(self._until(collected), progress)

    @override
    async def resources(self) -> list[Resource]:
        items = await self._items("jitops", "-A")
        return in_order(Resource.parse(item["kind"], item) for item in items)

    @override
    async def secrets(self) -> list[Secret]:
        return [secret_of(item) for item in await self._items("secrets", "-A", "-l", f"{MANAGED_BY}={MANAGER}")]

    async def _items(self, *what: str) -> list[dict[str, JSON]]:
        items: list[dict[str, JSON]] = json.loads(await self._call("get", *what, "-o", "json"))["items"]
        return items

    async def _call(self, *arguments: str, stdin: str | None = None) -> str:
        return await asyncio.to_thread(self._kubectl, *arguments, stdin=stdin)

    async def _until(self, holds: Callable[[], Coroutine[None, None, bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if await holds():
                    return
                await asyncio.sleep(POLL)

    async def _watched(self, goal: Coroutine[None, None, object], progress: Progress) -> None:
        """Show the resources until the goal is reached; raise DemoFailed if it isn't, or if the operator ends."""
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
