"""Events, told in the background: one task, a bounded queue; what can't be told is dropped and never missed.

They are the least urgent thing that is written, so they give way to everything else, for some time at most: what is
created a thousand at a time is Ready sooner, and told of afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator

from jitops.core.clock import Clock
from jitops.core.errors import JitopsError
from jitops.core.kube import JSON, Event, Resource
from jitops.runtime.cluster.codec import event_body
from jitops.runtime.cluster.session import ApiServer, Refusal

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
LONGEST_WAIT = 30.0
"""Seconds for which an event gives way to other writes."""


class Events:
    """Tells events, in their order, as fast as the API server takes them."""

    def __init__(
        self,
        api: ApiServer,
        clock: Clock,
        instance: str,
        gate: Callable[[], None],
        *,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._api = api
        self._longest_wait = longest_wait
        self._gate = gate
        self._clock = clock
        self._instance = instance
        self._waiting: asyncio.Queue[tuple[float, JSON]] = asyncio.Queue(MOST_WAITING)
        self._urgent = 0
        self._free = asyncio.Event()
        self._free.set()
        self._task: asyncio.Task[None] | None = None
        self.on_tell: Callable[[Resource, Event], None] = lambda _resource, _event: None

    def tell(self, resource: Resource, event: Event) -> None:
        """Take an event; drop it when too many wait."""
        self.on_tell(resource, event)
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait((time.monotonic(), event_body(resource, event, self._instance, self._clock.now())))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="events")

    @contextlib.contextmanager
    def urgent(self) -> Iterator[None]:
        """Have events give way to what is written in here."""
        self._urgent += 1
        self._free.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._free.set()

    async def drain(self, limit: float) -> None:
        """Tell what waits, `limit` seconds at most, and end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), limit)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            told, body = await self._waiting.get()
            try:
                await self._give_way(told)
                await self._send(body)
            finally:
                self._waiting.task_done()

    async def _give_way(self, told: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), told + self._longest_wait - time.monotonic())

    async def _send(self, body: JSON) -> None:
        """Send one; a namespace that ends, a name that is taken, a Lease that isn't ours: all the same here."""
        path = f"/apis/events.k8s.io/v1/namespaces/{body['metadata']['namespace']}/events"
        try:
            await self._api.request("POST", path, body, gate=self._gate)
        except (Refusal, JitopsError) as error:
            log.debug("event %s dropped: %s", body["reason"], type(error).__name__)
