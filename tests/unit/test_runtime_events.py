"""Events are told in their order, after what matters more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from tests.harness.manifests import resource

from jitops.api.reasons import EventReason
from jitops.core.clock import SystemClock
from jitops.core.kube import JSON, Event, Key
from jitops.runtime.cluster.events import EventRecorder
from jitops.runtime.cluster.session import ApiServer, allow_writes

SHOP = resource(Key("JitsuStream", "web", "shop"), uid="u")


class Server:
    """Takes events down."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def request(self, _method: str, _path: str, body: JSON, *, gate: Callable[[], None]) -> JSON:
        """Take one down."""
        gate()
        self.told.append(body["note"])
        return {}


def made(longest_wait: float = 30.0) -> tuple[Server, EventRecorder]:
    """Make events that reach a server."""
    server = Server()
    return server, EventRecorder(
        cast("ApiServer", server), SystemClock(), "one", allow_writes, longest_wait=longest_wait
    )


async def test_events_give_way_to_other_writes() -> None:
    """While something else is being written nothing is told; then all of it, in order."""
    server, told = made()
    with told.urgent():
        with told.urgent():
            for note in ("first", "second"):
                told.record(SHOP, Event(EventReason.CREATED, note))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)
        assert server.told == []
    await told.drain(1.0)
    assert server.told == ["first", "second"]


async def test_events_do_not_give_way_for_ever() -> None:
    """What has waited long enough is told though writing never ends."""
    server, told = made(longest_wait=0.02)
    with told.urgent():
        told.record(SHOP, Event(EventReason.CREATED, "late"))
        await told.drain(1.0)
    assert server.told == ["late"]
