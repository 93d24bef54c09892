"""`kopf run -m jitops.handlers`: the same operator, started as kopf's users start theirs.

Settings are read from the environment, `JITOPS_*` (see `runtime.settings`). The handlers themselves, one `on.event` for
each kind, are in `runtime.watch`. Here the process is started before kopf watches, and stopped after kopf did.
"""

from __future__ import annotations

import asyncio

import kopf

from jitops.runtime import watch
from jitops.runtime.process import CLOSING, OperatorProcess
from jitops.runtime.settings import Settings
from jitops.runtime.startup import CannotStart

watch.register(None, secrets=Settings.from_environment().secrets_watch)


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: object) -> None:
    """Start the process, which then waits for the Lease."""
    try:
        own = _settings(settings)
        watch.configure(settings, own)
        memo.process = await OperatorProcess.assemble(own)
        await memo.process.start()
    except (CannotStart, ValueError) as error:
        raise kopf.PermanentError(str(error)) from None
    memo.cluster = memo.process.cluster
    memo.process.discovery.watched = watch.watched_kinds
    memo.process.on_end = watch.stop


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: object) -> None:
    """Stop the process: drain the controller and release the Lease."""
    await memo.process.stop()
    await asyncio.sleep(CLOSING)
    # A cleanup that fails is the only way to an exit code of 1; kopf then leaves the session open.
    if memo.process.failed:
        await memo.session.close()
        raise kopf.PermanentError("the controller ended; the log says why")


def _settings(kopf_settings: kopf.OperatorSettings) -> Settings:
    settings = Settings.from_environment()
    if kopf_settings.peering.clusterwide == settings.namespaced:
        raise CannotStart("JITOPS_NAMESPACES and kopf's --namespace must name the same namespaces")
    return settings
