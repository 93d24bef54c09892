"""One replica: the port, the remotes, the controller, the Lease and the probes, put together, started and ended.

It knows nothing of kopf: `app` runs it beside kopf's tasks, `handlers` inside `kopf run`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
import uuid
from collections.abc import Callable, Iterator

from jitops.core import errors
from jitops.core.clock import Clock, SystemClock
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller, Pace
from jitops.kinds import registry
from jitops.remote.client import HttpPool
from jitops.runtime.cluster.auth import NoClusterConfigured
from jitops.runtime.cluster.discovery import Discovery
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import ApiServer, allow_writes
from jitops.runtime.leader_election import Elector, LeaseLost
from jitops.runtime.settings import Settings
from jitops.runtime.telemetry.metrics import CONNECTION, Metrics
from jitops.runtime.telemetry.observers import Together
from jitops.runtime.telemetry.probes import OVERDUE, STALLED, Server
from jitops.runtime.telemetry.tracing import tracing

log = logging.getLogger(__name__)

DRAIN = 25.0
"""Seconds for what is being worked on when the end is asked for; a pod has 30 by default."""
LAST_EVENTS = 2.0
FAREWELL = 0.25
"""Seconds for closed connections to end their TLS; uvloop complains of those that its own end cuts short."""
ATTEMPTS = 30
"""How often the start asks an API server that is out of reach, at intervals of two seconds."""
INTERVAL = 2.0


class CannotStart(Exception):
    """Something is set wrongly, or the API server is out of reach; the message says what."""


class Replica:
    """Everything one process needs. `on_end` is called when it can't go on; `failed` tells a failure from a restart."""

    def __init__(self, settings: Settings, api: ApiServer, identity: str, clock: Clock | None = None) -> None:
        self._clock = clock = clock or SystemClock()
        namespace = settings.operator_namespace or api.namespace
        instance = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
        self.elector = (
            Elector(api, clock, namespace=namespace, name=settings.lease_name, identity=instance)
            if settings.leader_election
            else None
        )
        self.metrics = Metrics()
        self.cluster = Cluster(api, clock, namespaces=settings.namespaces, instance=instance)
        self.cluster.gate = self.elector.may_write if self.elector else allow_writes
        self._tracing = tracing()
        observer = Together(self.metrics, self._tracing) if self._tracing else self.metrics
        self._pool = HttpPool(clock, may_write=self.cluster.gate, observer=observer)
        self._services = Services.assemble(
            registry(self._pool, clock), self.cluster, clock, identity=identity, namespace=namespace
        )
        self.controller = Controller(self._services, _pace(settings), observer)
        self.cluster.events.on_tell = self.metrics.told
        self.cluster.on_change = self.controller.feed
        self.cluster.on_deleted = self.controller.on_deleted
        self.cluster.on_input = self.controller.changed
        self.discovery = Discovery(api, restart=settings.namespaced)
        self._settings = settings
        self._api = api
        self._server = Server(self.liveness_problems, self.shortcomings, self.metrics.text)
        self._leading_since: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping: asyncio.Task[None] | None = None
        self.failed = False
        self.on_end: Callable[[], None] = lambda: None
        self._measure()

    @classmethod
    async def assemble(cls, settings: Settings) -> Replica:
        """Find the cluster and what identifies it, and put the parts together; CannotStart says what is missing."""
        if settings.namespaced and not settings.cluster_id:
            raise CannotStart(
                "with namespaces named, a cluster id must be set too (--cluster-id or JITOPS_CLUSTER_ID):"
                " the UID of kube-system, which it would be otherwise, can't be read with Roles alone"
            )
        try:
            api = await ApiServer.connect(settings.kubeconfig, settings.context)
        except NoClusterConfigured as error:
            raise CannotStart(str(error)) from None
        try:
            return cls(settings, api, settings.cluster_id or await _cluster_uid(api))
        except BaseException:
            await api.aclose()
            raise

    async def start(self) -> None:
        """Serve the probes, and set out to lead."""
        try:
            await self._server.start(self._settings.probes_port, self._settings.metrics_port)
        except OSError as error:
            await self.stop()
            raise CannotStart(f"the probes can't be served: {error.strerror}") from None
        for name, work in (("leading", self._lead()), ("discovery", self.discovery.run())):
            task = asyncio.create_task(work, name=name)
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    async def stop(self) -> None:
        """End in order: what is being worked on, what is still to be told, the Lease; asked twice, it ends once."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(), name="stopping")
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        await self._drain()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.cluster.events.drain(LAST_EVENTS)
        if self.elector is not None:
            await self.elector.release()
        await self._services.connections.aclose()
        await self._pool.aclose()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.end)
        await self._server.stop()
        await self._api.aclose()

    async def _drain(self) -> None:
        """Let what is being worked on finish."""
        await self.controller.drain(DRAIN)
        if self.controller.longest():
            log.warning("not everything that was being worked on has finished; the next start takes it up")

    async def _lead(self) -> None:
        """Hold the Lease, read the world, and work: in this order, and only while the Lease is ours."""
        if self.elector is None:
            await self._work()
            return
        await self.elector.acquire()
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self.elector.keep(), name="renewing the Lease")
            await self._work()
            keeping.cancel()

    async def _work(self) -> None:
        """Read everything, now that the Lease is ours, and work: what a former leader wrote is seen, nothing older."""
        while True:
            try:
                await self.cluster.prime()
                break
            except errors.JitopsError as error:
                log.warning("the resources can't be read: %s", error)
                await asyncio.sleep(INTERVAL)
        self._leading_since = self._clock.monotonic()
        await self.controller.run()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Take the process along with a task that should have gone on, however it ended."""
        if self._stopping is not None:
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None and task.get_name() == "discovery":
            if not self.discovery.restart_needed:
                return
            log.info("the definitions of our resources have come; ending, to start anew with them")
        else:
            self.failed = True
            log.critical("%s ended: %s", task.get_name(), _words(error))
        self.on_end()

    # What is told of it.

    def liveness_problems(self) -> Iterator[str]:
        """Say what a restart would cure."""
        now, controller = self._clock.monotonic(), self.controller
        if any(task.done() for task in self._tasks if task.get_name() == "leading"):
            yield "the controller ended"
        if self._leading_since is None:
            return
        idle = now - max(controller.finished, self._leading_since)
        if controller.queue.oldest() > STALLED and idle > STALLED:
            yield f"keys are due, and none was finished for {idle:.0f} s"
        if controller.longest() > OVERDUE:
            yield f"a reconcile has been running for {controller.longest():.0f} s"

    def shortcomings(self) -> Iterator[str]:
        """Say what is missing for the work to be done, here or by the replica that leads."""
        yield from self.discovery.shortcomings()
        if self.elector is not None and not self.elector.leads and not self.elector.holder:
            yield "the Lease can't be read"
        elif (self.elector is None or self.elector.leads) and self._leading_since is None:
            yield "the resources are being read"

    def _measure(self) -> None:
        queue, gauge, now = self.controller.queue, self.metrics.gauge, self._clock.monotonic
        gauge("jitops_queue_depth", "Keys that are due or being worked on.", lambda: queue.waiting(0))
        gauge("jitops_queue_oldest_seconds", "For how long the first key has been due.", queue.oldest)
        gauge("jitops_leader", "1 on the replica that works.", lambda: float(self._leads()))
        self.metrics.gauges(
            "jitops_remote_budget_left",
            "Calls that a connection could make at once, where they are counted.",
            (*CONNECTION, "method"),
            self._services.connections.budgets,
        )
        self.metrics.gauges(
            "jitops_remote_breaker_open",
            "1 for a host that failed too often to be asked now.",
            ("host",),
            lambda: {(host,): float(is_open) for host, is_open in self._pool.breakers().items()},
        )
        gauge("jitops_seconds_since_last_event", "Since the watch told anything.", lambda: now() - self.cluster.heard)

    def _leads(self) -> bool:
        return self.elector is None or self.elector.leads


def _pace(settings: Settings) -> Pace:
    return Pace(
        workers=settings.workers,
        slow_retry=settings.slow_retry.total_seconds(),
        resync=settings.resync_period,
        secrets_watched=settings.secrets_watch,
    )


async def _cluster_uid(api: ApiServer) -> str:
    """Identify the cluster by its kube-system namespace."""
    cluster, trouble = Cluster(api, SystemClock()), ""
    for _ in range(ATTEMPTS):
        try:
            uid = await cluster.namespace_uid("kube-system")
        except errors.PermissionDenied as error:
            raise CannotStart(f"{error}; allow it, or set a cluster id (--cluster-id or JITOPS_CLUSTER_ID)") from None
        except errors.JitopsError as error:
            trouble = str(error)
        else:
            if uid:
                return uid
            raise CannotStart("there is no namespace kube-system: set a cluster id (--cluster-id or JITOPS_CLUSTER_ID)")
        log.warning("waiting for the Kubernetes API: %s", trouble)
        await asyncio.sleep(INTERVAL)
    raise CannotStart(trouble)


def _words(error: BaseException | None) -> str:
    """Tell of an error: our own in their words, others by name and place, for their words might repeat a value."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_words(inner) for inner in error.exceptions)
    if isinstance(error, asyncio.CancelledError):
        return "it was cancelled"
    if error is None or isinstance(error, errors.JitopsError | LeaseLost):
        return str(error or "it was not to end")
    return type(error).__name__ + "\n" + "".join(traceback.format_tb(error.__traceback__))
