"""Kopf's part: it signs in, discovers, lists and watches; the handlers pass on what it sees, and nothing more.

`on.event` swallows what a handler raises and replays what is stale, so handlers do nothing that can fail: the level-
triggered work is the controller's (docs/decisions/0001-kopf-watches.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import kopf

from jitops.api.meta import GROUP, TRUE, VERSION, WATCH
from jitops.core.kube import Key
from jitops.kinds import KINDS
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.settings import Settings
from jitops.runtime.telemetry import logs

CHUNK = 500
"""How many objects one page of kopf's first listing holds."""
WATCHED = ("secrets", "configmaps")


class Nothing(kopf.DiffBaseStorage, kopf.ProgressStorage):
    """Keeps no progress and no last state: kopf would build and compare both for every event, and we need neither."""

    def build(self, **_: object) -> Any:  # noqa: ANN401 - kopf's own types are private
        """Give no essence to compare."""
        return {}

    def fetch(self, **_: object) -> None:
        """Find nothing."""

    def store(self, **_: object) -> None:
        """Keep nothing."""

    def purge(self, **_: object) -> None:
        """Have nothing to remove."""

    def touch(self, **_: object) -> None:
        """Write nothing."""

    def clear(self, *, essence: Any) -> Any:  # noqa: ANN401
        """Have nothing to take out."""
        return essence


def register(registry: kopf.OperatorRegistry | None, *, secrets: bool) -> None:
    """Put our handlers on a registry (None: kopf's default one); they find the cluster in kopf's memo, as `cluster`."""
    kopf.on.login(registry=registry)(login)
    for info in KINDS:
        kopf.on.event(GROUP, VERSION, info.plural, registry=registry, when=is_news)(resource_event)
    if secrets:
        for plural in WATCHED:
            kopf.on.event("", "v1", plural, registry=registry)(input_event)


def configure(settings: kopf.OperatorSettings, ours: Settings) -> None:
    """Set kopf up for what it is to us."""
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.watching.chunk_size = CHUNK
    settings.scanning.disabled = ours.namespaced
    settings.persistence.diffbase_storage = settings.persistence.progress_storage = Nothing()
    for plural in WATCHED:
        settings.watching.label_selectors["", "v1", plural] = f"{WATCH}={TRUE}"
    logs.quieten()


async def login(memo: kopf.Memo, **_: object) -> kopf.AiohttpSession:
    """Give kopf a session of its own; it asks again after its credentials were refused."""
    api = memo.cluster.api
    if memo.get("signed_in"):
        await api.renew(time.monotonic())
    memo.signed_in = True
    memo.session = api.session()
    return kopf.AiohttpSession(server=api.url, aiohttp_session=memo.session)


def is_news(event: Mapping[str, Any], resource: Any, memo: kopf.Memo, **_: object) -> bool:  # noqa: ANN401 - kopf's
    """Leave out the echoes of our own writes, two of a new resource's three events: kopf's calls are dearer."""
    cluster: Cluster = memo.cluster
    cluster.heard = time.monotonic()
    return event["type"] == "DELETED" or not cluster.knows(resource.kind, event["object"])


async def resource_event(event: Mapping[str, Any], resource: Any, memo: kopf.Memo, **_: object) -> None:  # noqa: ANN401 - kopf's
    """Pass on what the watch says of one of our resources."""
    cluster: Cluster = memo.cluster
    body = event["object"]
    if event["type"] == "DELETED":
        meta = body["metadata"]
        cluster.lost(Key(resource.kind, meta["namespace"], meta["name"]), meta["uid"])
    else:
        cluster.seen(resource.kind, body)


async def input_event(event: Mapping[str, Any], resource: Any, memo: kopf.Memo, **_: object) -> None:  # noqa: ANN401 - kopf's
    """Pass on that a Secret or ConfigMap changed."""
    cluster: Cluster = memo.cluster
    cluster.heard = time.monotonic()
    cluster.input_seen(resource.kind, event["object"], deleted=event["type"] == "DELETED")


def watched_kinds() -> frozenset[str]:
    """Name the plurals that kopf watches now, by the names of its tasks: it tells of it in no other way."""
    prefix = "watcher for "
    names = (task.get_name() for task in asyncio.all_tasks())
    return frozenset(name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix))


def stop() -> None:
    """Stop kopf as it runs on this loop: ending any root task of its own does that, and this one does nothing else."""
    for task in asyncio.all_tasks():
        if task.get_name() == "stop-flag checker":
            task.cancel()
