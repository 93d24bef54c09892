"""Events, told in the background: one task, a bounded queue; what can't be told is dropped and never missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from jitops.core.clock import Clock
from jitops.core.errors import JitopsError
from jitops.core.kube import JSON, Event, Resource
from jitops.runtime.apiserver import ApiServer, Refusal
from jitops.runtime.wire import event_body

log = logging.getLogger(__name__)

MOST_WAITING = 2000


class Events:
    """Tells events, in their order, as fast as the API server takes them."""

    def __init__(self, api: ApiServer, clock: Clock, instance: str, gate: Callable[[], None]) -> None:
        self._api = api
        self._gate = gate
        self._clock = clock
        self._instance = instance
        self._waiting: asyncio.Queue[JSON] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self.on_tell: Callable[[Resource, Event], None] = lambda _resource, _event: None

    def tell(self, resource: Resource, event: Event) -> None:
        """Take an event; drop it when too many wait."""
        self.on_tell(resource, event)
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(event_body(resource, event, self._instance, self._clock.now()))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="events")

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
            body = await self._waiting.get()
            try:
                await self._send(body)
            finally:
                self._waiting.task_done()

    async def _send(self, body: JSON) -> None:
        """Send one; a namespace that ends, a name that is taken, a Lease that isn't ours: all the same here."""
        path = f"/apis/events.k8s.io/v1/namespaces/{body['metadata']['namespace']}/events"
        try:
            await self._api.request("POST", path, body, gate=self._gate)
        except (Refusal, JitopsError) as error:
            log.debug("event %s dropped: %s", body["reason"], type(error).__name__)
