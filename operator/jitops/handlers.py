"""`kopf run -m jitops.handlers`: the same operator, started the way kopf's users start theirs.

Settings come from the environment, `JITOPS_*` (see `runtime.settings`). The handlers themselves, one `on.event` for
each kind, stand in `runtime.watch`; here the controller is started before kopf watches, and drained after it stopped.
"""

from __future__ import annotations

import asyncio

import kopf

from jitops.runtime import watch
from jitops.runtime.process import FAREWELL, CannotStart, Replica
from jitops.runtime.settings import Settings

watch.register(None, secrets=Settings.from_environment().secrets_watch)


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: object) -> None:
    """Start the replica, which then waits for the Lease."""
    try:
        ours = _settings(settings)
        watch.configure(settings, ours)
        memo.replica = await Replica.assemble(ours)
        await memo.replica.start()
    except (CannotStart, ValueError) as error:
        raise kopf.PermanentError(str(error)) from None
    memo.cluster = memo.replica.cluster
    memo.replica.discovery.watched = watch.watched_kinds
    memo.replica.on_end = watch.stop


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: object) -> None:
    """Drain the controller and give up the Lease; a crash must show in the exit code."""
    await memo.replica.stop()
    await asyncio.sleep(FAREWELL)
    if memo.replica.failed:
        await memo.session.close()  # which kopf leaves open after a cleanup that fails
        raise kopf.PermanentError("the controller ended; the log says why")


def _settings(kopfs: kopf.OperatorSettings) -> Settings:
    settings = Settings.from_environment()
    if kopfs.peering.clusterwide == settings.namespaced:
        raise CannotStart("JITOPS_NAMESPACES and kopf's --namespace must name the same namespaces")
    return settings
