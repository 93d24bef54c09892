"""Events, sent in the background by one task from a bounded queue; an event that can't be sent is dropped.

They are the least urgent writes, so they wait for all others, 30 s at most: of a thousand resources created at once,
all are Ready sooner, and their events follow.
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
from jitops.runtime.cluster.session import ApiError, ApiServer

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
LONGEST_WAIT = 30.0
"""Seconds for which an event waits for other writes."""


class EventRecorder:
    """Sends events, in their order, as fast as the API server accepts them."""

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
        self.on_event: Callable[[Resource, Event], None] = lambda _resource, _event: None

    def record(self, resource: Resource, event: Event) -> None:
        """Queue an event, or drop it if too many wait."""
        self.on_event(resource, event)
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait((time.monotonic(), event_body(resource, event, self._instance, self._clock.now())))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="events")

    @contextlib.contextmanager
    def urgent(self) -> Iterator[None]:
        """Return a context during which events wait."""
        self._urgent += 1
        self._free.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._free.set()

    async def drain(self, limit: float) -> None:
        """Send the waiting events, for `limit` seconds at most, and stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), limit)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            recorded, body = await self._waiting.get()
            try:
                await self._wait_for_others(recorded)
                await self._send(body)
            finally:
                self._waiting.task_done()

    async def _wait_for_others(self, recorded: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), recorded + self._longest_wait - time.monotonic())

    async def _send(self, body: JSON) -> None:
        """Send one event, or drop it."""
        path = f"/apis/events.k8s.io/v1/namespaces/{body['metadata']['namespace']}/events"
        try:
            await self._api.request("POST", path, body, gate=self._gate)
        # Dropped alike: the namespace is terminating, the event exists already, or this process lost the Lease.
        except (ApiError, JitopsError) as error:
            log.debug("event %s dropped: %s", body["reason"], type(error).__name__)
