"""Run the queue: workers, backoff, resync, drain.

The watch feeds resources in. A change puts their key on the queue. At most `Pace.workers` keys are worked on at a time,
each by one worker.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from jitops.api import meta
from jitops.core import errors
from jitops.core.contract.kinds import connection_key
from jitops.core.index.ownership import has_owned_object
from jitops.core.kube import Key
from jitops.core.managed.reconciler import Reconciler
from jitops.core.schedule.queue import QueueClosed, WorkQueue
from jitops.core.schedule.resync import Resync, Resyncer, resync_period
from jitops.core.status.conditions import Result
from jitops.core.status.requeue import Requeue, When
from jitops.core.status.writer import log_defect
from jitops.core.switches import is_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitops.core.kube import Resource
    from jitops.core.managed.services import Services

log = logging.getLogger(__name__)

Task = Key | Resync

DEADLINE = 120.0
"""Seconds after which one reconcile is given up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, and how often again (seconds)."""

    workers: int = 32
    slow_retry: float = 300.0
    backoff_base: float = 1.0
    backoff_cap: float = 300.0
    resync: timedelta = timedelta(minutes=10)
    secrets_watched: bool = True


class Observer(Protocol):
    """Observes each piece of work, for metrics and traces."""

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Return a context around one piece of work, so that its remote requests can be attributed to it."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Record one finished piece of work."""


class NoObserver:
    """Observes nothing."""

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Return a context that does nothing."""
        del action, key
        return nullcontext()

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Record nothing."""


class Controller:
    """Keeps all watched resources reconciled."""

    def __init__(self, services: Services, pace: Pace | None = None, observer: Observer | None = None) -> None:
        self._s = services
        self._pace = pace or Pace()
        self._observer = observer or NoObserver()
        self.queue: WorkQueue[Task] = WorkQueue(services.clock)
        self.reconciler = Reconciler(services)
        self._resyncer = Resyncer(services, reads_secrets=not self._pace.secrets_watched)
        self._failures: dict[Task, int] = defaultdict(int)
        self._running: dict[asyncio.Task[None], float] = {}
        self.finished = services.clock.monotonic()
        """The monotonic moment at which a key was last finished (for liveness)."""
        self.admits: Callable[[Key], bool] = lambda _: True
        """Whether a resource may be worked on; others only remain known, so that references to them resolve."""
        services.connection_reconciler.enqueue = self.queue.add

    def feed(self, before: Resource | None, resource: Resource) -> None:
        """Accept a resource from the watch; `before` is its version known so far."""
        self._s.references.declare(resource)
        self._s.claims.declare(resource)
        if before is None or is_news(before, resource):
            self._failures.pop(resource.key, None)
            self.queue.add(resource.key)
        pause_changed = before is not None and is_paused(before.annotations) != is_paused(resource.annotations)
        if pause_changed and resource.key.kind in self._s.kinds.connections:
            self.changed(resource.key)
        if before is not None and _concerns_dependents(before, resource):
            self.changed(resource.key)
        if before is not None and _frees_targets(before, resource):
            self._freed(self._s.references.targets(resource))

    def on_deleted(self, key: Key) -> None:
        """Accept a deletion: enqueue the resource, its dependents, and the resources that waited for its end."""
        self.queue.add(key)
        self._s.claims.forget(key)
        self._freed(self._s.references.forget(key))
        self.changed(key)

    def _freed(self, targets: Iterable[Key]) -> None:
        """Enqueue the targets that waited for the end of a user, and the connections that lost their last user."""
        for target in targets:
            found = self._s.kube.get(target)
            unused = target.kind in self._s.kinds.connections and not self._s.connection_reconciler.users(target)
            if found is not None and (found.deleting or unused):
                self.queue.add(target)

    def changed(self, target: Key, but: Key | None = None) -> None:
        """Accept a change of a connection, Secret or ConfigMap: enqueue its dependents, except `but`."""
        for key in self._s.references.dependents(target) - {but}:
            self.queue.add(key)

    async def run(self) -> None:
        """Hand keys to workers until drained or cancelled; raises if the queue or the workers themselves fail."""
        slots = asyncio.Semaphore(self._pace.workers)
        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                try:
                    key, due = await self.queue.take()
                except QueueClosed:
                    return
                worker = group.create_task(self._work(key, due))
                self._running[worker] = self._s.clock.monotonic()
                worker.add_done_callback(self._running.pop)
                worker.add_done_callback(lambda _: slots.release())

    async def step(self) -> None:
        """Work on one key that is due, or wait for one: for a caller who runs the controller by hand."""
        await self._work(*await self.queue.take())

    async def drain(self, limit: float) -> None:
        """Stop taking keys, and wait up to `limit` seconds for those being worked on."""
        self.queue.close()
        if self._running:
            await asyncio.wait(self._running, timeout=limit)

    def longest(self) -> float:
        """Return for how many seconds the oldest running reconcile has been running (0: none is)."""
        now = self._s.clock.monotonic()
        return max((now - started for started in self._running.values()), default=0.0)

    async def _work(self, key: Task, due: float) -> None:
        with self._observer.working(*_described(key)):
            result = await self._attempt(key, due)
        self._schedule(key, result.requeue)

    async def _attempt(self, key: Task, due: float) -> Result:
        started = self._s.clock.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                result = await self._dispatch(key, due)
        except TimeoutError:
            result = Result(Requeue.backoff(), "Timeout")
        except Exception as error:  # noqa: BLE001 - the failure of one key must not stop the others
            log_defect(key, error)
            log.warning("%s: %s", key, error if isinstance(error, errors.JitopsError) else type(error).__name__)
            result = Result(Requeue.backoff(), type(error).__name__)
        finally:
            self.queue.done(key)
        self.finished = self._s.clock.monotonic()
        self._observer.reconciled(key.kind, result.outcome, self.finished - started)
        return result

    async def _dispatch(self, key: Task, due: float) -> Result:
        if isinstance(key, Resync):
            return await self._resync(key)
        if not self.admits(key):
            return Result(Requeue.on_change(), "NotAdmitted")
        try:
            if key.kind in self._s.kinds.connections:
                return await self._connection(key)
            self._arm(key)
            return await self.reconciler.reconcile(key, due)
        except errors.Conflict:
            await self._s.kube.refresh(key)
            return Result(Requeue.backoff(first_at_once=True), "Conflict")
        except errors.NamespaceTerminating:
            return Result(Requeue.slow(), "NamespaceTerminating")

    async def _connection(self, key: Key) -> Result:
        """Reconcile a connection, and again after its period, which is its resync."""
        result = await self._s.connection_reconciler.reconcile(key)
        resource = self._s.kube.get(key)
        period = resync_period(resource.spec, self._pace.resync).total_seconds() if resource else 0.0
        if result.requeue.when is When.ON_CHANGE and period:
            return Result(Requeue.after(_jittered(period)), result.outcome)
        return result

    def _arm(self, key: Key) -> None:
        """Schedule the resync of a resource's connection and kind, at the latest when this resource asks for it."""
        resource = self._s.kube.get(key)
        if resource is None:
            return
        resync = Resync(connection_key(self._s.kinds.managed[key.kind], resource), key.kind)
        period = self._resyncer.own_period(resync, resource, self._pace.resync)
        if period:
            self.queue.add(resync, _jittered(period))

    def _schedule_resync(self, resync: Resync) -> None:
        period = self._resyncer.period(resync, self._pace.resync)
        if period:
            self.queue.add(resync, _jittered(period))

    async def _resync(self, resync: Resync) -> Result:
        try:
            for key in await self._resyncer.out_of_sync(resync):
                self.queue.add(key)
        finally:
            self._schedule_resync(resync)
        return Result(Requeue.on_change())

    def _schedule(self, key: Task, requeue: Requeue) -> None:
        if requeue.when is not When.BACKOFF:
            self._failures.pop(key, None)
        match requeue.when:
            case When.SLOW:
                self.queue.add(key, min(_jittered(self._pace.slow_retry), requeue.at_most))
            case When.AFTER:
                self.queue.add(key, requeue.seconds)
            case When.BACKOFF:
                self.queue.add(key, self._pause(key, requeue))
            case When.ON_CHANGE:
                pass

    def _pause(self, key: Task, requeue: Requeue) -> float:
        """Return a random pause that doubles with each failure in a row, within the limits."""
        self._failures[key] += 1
        if requeue.first_at_once and self._failures[key] == 1:
            return 0.0
        doubled = self._pace.backoff_base * 2 ** min(self._failures[key] - 1, 16)
        pause = random.uniform(0, min(self._pace.backoff_cap, doubled))  # noqa: S311 - jitter
        return min(pause, requeue.at_most)


def _described(task: Task) -> tuple[str, Key]:
    """Return the action and its key; a resync is for the resources of a kind over one connection."""
    if isinstance(task, Resync):
        return "resync", task.connection._replace(kind=task.kind)
    return "reconcile", task


def is_news(before: Resource, after: Resource) -> bool:
    """Return whether a new version holds more than what jitops wrote itself."""
    return (
        before.uid != after.uid
        or before.generation != after.generation
        or before.deleting != after.deleting
        or before.annotations != after.annotations
        or (meta.FINALIZER in before.finalizers and meta.FINALIZER not in after.finalizers)
    )


def _concerns_dependents(before: Resource, after: Resource) -> bool:
    """Return whether dependents must be enqueued: the spec, the deletion or the remote state changed."""
    return (
        before.generation != after.generation
        or before.deleting != after.deleting
        or any(before.status.get(name) != after.status.get(name) for name in ("id", "syncedGeneration"))
    )


def _frees_targets(before: Resource, after: Resource) -> bool:
    """Return whether a resource no longer needs what it refers to."""
    freed = meta.FINALIZER in before.finalizers and meta.FINALIZER not in after.finalizers
    return freed or (has_owned_object(before) and not has_owned_object(after))


def _jittered(period: float) -> float:
    """Return the period plus up to 20%, so that resyncs that started together spread out."""
    return period * random.uniform(1.0, 1.2)  # noqa: S311 - jitter
