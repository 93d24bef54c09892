"""`jitops run`: a replica beside kopf's tasks, and the order in which the two end.

At its end kopf adopts every task that was born after it started, waits 5 s and cancels it; it also takes SIGTERM for
itself. So we take SIGTERM back: the controller is drained and the Lease given up first, and only then is kopf stopped.
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
from jitops.runtime.process import FAREWELL, CannotStart, Replica
from jitops.runtime.settings import Settings
from jitops.runtime.telemetry import logs

log = logging.getLogger(__name__)

COLLECTIONS = (50_000, 20, 50)
"""How seldom Python looks for garbage in cycles; at its defaults that took a sixth of the CPU of a burst."""


def run(settings: Settings) -> None:
    """Run an operator until SIGTERM or SIGINT; SystemExit with 1 if it ends in any other way."""
    logs.configure(settings.log_level, settings.log_format)
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        runner.run(_run(settings))
    except CannotStart as error:
        raise SystemExit(f"jitops: {error}") from None
    finally:
        with contextlib.suppress(OSError):  # uvloop's, for a socket whose TLS the other side did not end
            runner.close()


async def _run(settings: Settings) -> None:
    replica = await Replica.assemble(settings)
    replica.discovery.watched = watch.watched_kinds
    stop_flag = asyncio.Event()
    end = _End(replica, stop_flag)
    replica.on_end = end.begin
    await replica.start()
    tasks = await _spawn(settings, replica, stop_flag)
    gc.freeze()  # what was imported stays, and need not be looked at again
    gc.set_threshold(*COLLECTIONS)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.begin)
    try:
        await kopf.run_tasks(tasks, ignored=asyncio.all_tasks() - set(tasks))
    except Exception as error:  # noqa: BLE001 - kopf has logged it; here it only decides how we end
        log.critical("kopf ended: %s", type(error).__name__)
        replica.failed = True
    finally:
        unasked = not stop_flag.is_set()
        await replica.stop()
        await asyncio.sleep(FAREWELL)
    if replica.failed or unasked:
        raise SystemExit(1)


async def _spawn(settings: Settings, replica: Replica, stop_flag: asyncio.Event) -> set[asyncio.Task[None]]:
    registry = kopf.OperatorRegistry()
    watch.register(registry, secrets=settings.secrets_watch)
    options = kopf.OperatorSettings()
    watch.configure(options, settings)
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=options,
        memo=kopf.Memo(cluster=replica.cluster),
        standalone=True,
        clusterwide=not settings.namespaced,
        namespaces=settings.namespaces,
        stop_flag=stop_flag,
    )
    return set(tasks)


class _End:
    """Ends the replica, then kopf; asked once more, kopf at once."""

    def __init__(self, replica: Replica, stop_flag: asyncio.Event) -> None:
        self._replica = replica
        self._stop_flag = stop_flag
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to end."""
        if self._task is None:
            self._task = asyncio.create_task(self._end(), name="ending")
        else:
            self._stop_flag.set()

    async def _end(self) -> None:
        log.info("ending: no new work is begun")
        try:
            await self._replica.stop()
        finally:
            self._stop_flag.set()
