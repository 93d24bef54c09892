"""`jitops run`: an operator process beside kopf's tasks, and the order in which the two end.

At its end kopf adopts every task created after its own start, waits 5 s and cancels it; it also handles SIGTERM itself.
So this module handles SIGTERM instead: it drains the controller, releases the Lease, and only then stops kopf.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal

import kopf
import uvloop

from jitops.runtime import watch
from jitops.runtime.process import CLOSING, OperatorProcess
from jitops.runtime.settings import Settings
from jitops.runtime.startup import CannotStart
from jitops.runtime.telemetry import logs

log = logging.getLogger(__name__)

COLLECTIONS = (50_000, 20, 50)
"""Thresholds of Python's collector of cycles; with its defaults it took a sixth of the CPU of a burst."""


def run(settings: Settings) -> None:
    """Run an operator until SIGTERM or SIGINT; raise SystemExit with 1 if it ends in any other way."""
    logs.configure(settings.log_level, settings.log_format)
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        runner.run(_run(settings))
    except CannotStart as error:
        raise SystemExit(f"jitops: {error}") from None
    finally:
        # uvloop raises it for a socket whose TLS the other side did not end.
        with contextlib.suppress(OSError):
            runner.close()


async def _run(settings: Settings) -> None:
    process = await OperatorProcess.assemble(settings)
    process.discovery.watched = watch.watched_kinds
    stop_flag = asyncio.Event()
    end = _End(process, stop_flag)
    process.on_end = end.begin
    await process.start()
    tasks = await _spawn(settings, process, stop_flag)
    # What was imported lives until the end, so the collector need not visit it again.
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    # After kopf's tasks were created: they install kopf's own handlers.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.begin)
    try:
        await kopf.run_tasks(tasks, ignored=asyncio.all_tasks() - set(tasks))
    except Exception as error:  # noqa: BLE001 - kopf has logged it; here it only decides the exit code
        log.critical("kopf ended: %s", type(error).__name__)
        process.failed = True
    finally:
        unasked = not stop_flag.is_set()
        await process.stop()
        await asyncio.sleep(CLOSING)
    if process.failed or unasked:
        raise SystemExit(1)


async def _spawn(settings: Settings, process: OperatorProcess, stop_flag: asyncio.Event) -> set[asyncio.Task[None]]:
    """Start kopf's tasks and return them."""
    registry = kopf.OperatorRegistry()
    watch.register(registry, secrets=settings.secrets_watch)
    options = kopf.OperatorSettings()
    watch.configure(options, settings)
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=options,
        memo=kopf.Memo(cluster=process.cluster),
        standalone=True,
        clusterwide=not settings.namespaced,
        namespaces=settings.namespaces,
        stop_flag=stop_flag,
    )
    return set(tasks)


class _End:
    """Ends the process, then kopf. Asked a second time, it ends kopf at once."""

    def __init__(self, process: OperatorProcess, stop_flag: asyncio.Event) -> None:
        self._process = process
        self._stop_flag = stop_flag
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to end."""
        if self._task is None:
            self._task = asyncio.create_task(self._end(), name="ending")
        else:
            self._stop_flag.set()

    async def _end(self) -> None:
        log.info("ending: no new reconcile is started")
        try:
            await self._process.stop()
        finally:
            self._stop_flag.set()
