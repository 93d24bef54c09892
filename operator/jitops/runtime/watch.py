"""The watch, by kopf: it authenticates, discovers, lists and watches; the handlers store what it delivers.

`on.event` swallows what a handler raises and replays outdated events. So the handlers do nothing that can fail; the
controller does the work, level-triggered (docs/decisions/0001-kopf-watches.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import kopf
from typing_extensions import override

from jitops.api.meta import GROUP, TRUE, VERSION, WATCH
from jitops.core.kube import JSON, Key
from jitops.kinds import KINDS
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.settings import Settings
from jitops.runtime.telemetry import logs

CHUNK = 500
"""How many objects one page of kopf's first listing holds."""
WATCHED = ("secrets", "configmaps")


class NoStorage(kopf.DiffBaseStorage, kopf.ProgressStorage):
    """Stores neither progress nor a last state: kopf would build and compare both for each event, for no use here."""

    @override
    def build(self, **_: object) -> kopf.BodyEssence:
        return {}

    @override
    def fetch(self, **_: object) -> None:
        pass

    @override
    def store(self, **_: object) -> None:
        pass

    @override
    def purge(self, **_: object) -> None:
        pass

    @override
    def touch(self, **_: object) -> None:
        pass

    @override
    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


def register(registry: kopf.OperatorRegistry | None, *, secrets: bool) -> None:
    """Add the handlers to a registry (None: kopf's default one); they find the cluster in kopf's memo, as `cluster`."""
    kopf.on.login(registry=registry)(login)
    for info in KINDS:
        kopf.on.event(GROUP, VERSION, info.plural, registry=registry, when=is_news)(resource_event)
    if secrets:
        for plural in WATCHED:
            kopf.on.event("", "v1", plural, registry=registry)(input_event)


def configure(kopf_settings: kopf.OperatorSettings, settings: Settings) -> None:
    """Configure kopf to watch and do nothing else."""
    # Events are sent by `runtime.cluster.events`.
    kopf_settings.posting.enabled = False
    # Peering freezes operators of equal priority; the Lease elects instead.
    kopf_settings.peering.standalone = True
    kopf_settings.watching.chunk_size = CHUNK
    # With Roles alone kopf may not list CRDs and namespaces, and would ask for them for 54 s.
    kopf_settings.scanning.disabled = settings.namespaced
    kopf_settings.persistence.diffbase_storage = kopf_settings.persistence.progress_storage = NoStorage()
    # Filtered by the API server, so that no other Secret ever reaches this process.
    for plural in WATCHED:
        kopf_settings.watching.label_selectors["", "v1", plural] = f"{WATCH}={TRUE}"
    logs.quieten()


async def login(memo: kopf.Memo, **_: object) -> kopf.AiohttpSession:
    """Return a session for kopf. It asks again after its credentials were refused, and then they are renewed."""
    api = memo.cluster.api
    if memo.get("signed_in"):
        await api.renew(time.monotonic())
    memo.signed_in = True
    memo.session = api.session()
    return kopf.AiohttpSession(server=api.url, aiohttp_session=memo.session)


def is_news(event: Mapping[str, JSON], resource: kopf.Resource, memo: kopf.Memo, **_: object) -> bool:
    """Return whether to call the handler for an event of a custom resource."""
    # Two of a new resource's three events are echoes of own writes, and a handler's call is a good part of the cost of
    # an event in kopf.
    cluster: Cluster = memo.cluster
    cluster.last_watch_event = time.monotonic()
    return event["type"] == "DELETED" or not cluster.knows(resource.kind or "", event["object"])


async def resource_event(event: Mapping[str, JSON], resource: kopf.Resource, memo: kopf.Memo, **_: object) -> None:
    """Store an event of a custom resource."""
    cluster: Cluster = memo.cluster
    body = event["object"]
    if event["type"] == "DELETED":
        meta = body["metadata"]
        cluster.resource_deleted(Key(resource.kind or "", meta["namespace"], meta["name"]), meta["uid"])
    else:
        cluster.resource_seen(resource.kind or "", body)


async def input_event(event: Mapping[str, JSON], resource: kopf.Resource, memo: kopf.Memo, **_: object) -> None:
    """Report the change of a Secret or ConfigMap."""
    cluster: Cluster = memo.cluster
    cluster.last_watch_event = time.monotonic()
    cluster.input_seen(resource.kind or "", event["object"], deleted=event["type"] == "DELETED")


def watched_kinds() -> frozenset[str]:
    """Return the plurals that kopf watches now."""
    # The names of its tasks are the only sign of it.
    prefix = "watcher for "
    names = (task.get_name() for task in asyncio.all_tasks())
    return frozenset(name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix))


def stop() -> None:
    """Stop kopf on the running loop."""
    # kopf has no public way to stop it from inside. It ends when any of its root tasks does, and this one has no other
    # purpose.
    for task in asyncio.all_tasks():
        if task.get_name() == "stop-flag checker":
            task.cancel()
