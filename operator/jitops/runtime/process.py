"""One operator process: its parts assembled, started and stopped.

It does not know kopf: `app` runs it beside kopf's tasks, `handlers` inside `kopf run`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from jitops.core import errors
from jitops.core.clock import Clock, SystemClock
from jitops.core.managed.plan import OperatorPolicy
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller, Pace
from jitops.core.status.conditions import shows_pause
from jitops.kinds import registry
from jitops.remote.client import HttpPool
from jitops.runtime.cluster.discovery import Discovery
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import ApiServer, allow_writes
from jitops.runtime.leader_election import LeaderElector, LeaseLost
from jitops.runtime.settings import Settings
from jitops.runtime.startup import CannotStart, cluster_uid, connect
from jitops.runtime.telemetry.metrics import CONNECTION, Metrics
from jitops.runtime.telemetry.observers import Observers
from jitops.runtime.telemetry.probes import OVERDUE, STALLED, ProbeServer
from jitops.runtime.telemetry.tracing import start_tracing

log = logging.getLogger(__name__)

DRAIN = 25.0
"""Seconds for running reconciles to finish at the end; a pod has 30 by default."""
LAST_EVENTS = 2.0
"""Seconds for the events that still wait."""
CLOSING = 0.25
"""Seconds for closed connections to end their TLS; uvloop complains of connections that its own end cuts short."""
INTERVAL = 2.0


class OperatorProcess:
    """All parts of one process.

    It calls `on_end` when it can't go on. `failed` is then True for a failure, and False if a restart is wanted.
    """

    def __init__(self, settings: Settings, api: ApiServer, identity: str, clock: Clock | None = None) -> None:
        self._settings = settings
        self._api = api
        self._clock = clock or SystemClock()
        # Unique per process: after a crash, the same pod must wait for its own Lease as any other candidate.
        self._instance = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
        self._namespace = settings.operator_namespace or api.namespace
        self.elector = self._candidate() if settings.leader_election else None
        self.cluster = Cluster(api, self._clock, namespaces=settings.namespaces, instance=self._instance)
        self.cluster.gate = self.elector.may_write if self.elector else allow_writes
        self.metrics = Metrics()
        self._tracing = start_tracing()
        observer = Observers(self.metrics, self._tracing) if self._tracing else self.metrics
        self._pool = HttpPool(self._clock, may_write=self.cluster.gate, observer=observer)
        services = Services.assemble(
            registry(self._pool, self._clock), self.cluster, self._clock, identity=identity, namespace=self._namespace
        )
        self._services = replace(services, operator=_operator_policy(settings))
        self.controller = Controller(self._services, _pace(settings), observer)
        self.discovery = Discovery(api, restart=settings.namespaced)
        self._server = ProbeServer(self.liveness_problems, self.readiness_problems, self.metrics.text)
        self._leading_since: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping: asyncio.Task[None] | None = None
        self.failed = False
        self.on_end: Callable[[], None] = lambda: None
        self._connect_cluster()
        self._add_gauges()

    @classmethod
    async def assemble(cls, settings: Settings) -> OperatorProcess:
        """Return the process for the settings; raise CannotStart if the cluster or its identity is unknown."""
        api = await connect(settings)
        try:
            return cls(settings, api, settings.cluster_id or await cluster_uid(api))
        except BaseException:
            await api.aclose()
            raise

    async def start(self) -> None:
        """Serve the probes and become a candidate; raise CannotStart if a port is taken."""
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
        """Stop all parts in order. A second call waits for the first."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(), name="stopping")
        # Shielded, for kopf cancels whoever calls this after five seconds.
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        await self._drain()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.cluster.events.drain(LAST_EVENTS)
        # Only after the last write: the next leader starts at once.
        if self.elector is not None:
            await self.elector.release()
        await self._services.connections.aclose()
        await self._pool.aclose()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.end)
        await self._server.stop()
        await self._api.aclose()

    async def _drain(self) -> None:
        """Wait for the running reconciles to finish."""
        await self.controller.drain(DRAIN)
        if self.controller.longest():
            log.warning("some reconciles did not finish in time; the next start continues them")

    async def _lead(self) -> None:
        """Become the leader and work, for as long as this process holds the Lease."""
        if self.elector is None:
            await self._work()
            return
        await self.elector.acquire()
        # A task group, so that a lost Lease cancels the work, and a crash of the work ends the renewal.
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self.elector.renew(), name="renewing the Lease")
            await self._work()
            renewing.cancel()

    async def _work(self) -> None:
        """List everything, then run the controller."""
        # Listed after the Lease was won, with a consistent read: what the former leader wrote is seen.
        while True:
            try:
                await self.cluster.prime()
                break
            except errors.JitopsError as error:
                log.warning("the resources can't be read: %s", error)
                await asyncio.sleep(INTERVAL)
        self._leading_since = self._clock.monotonic()
        if self._settings.paused:
            log.warning("paused by --paused or JITOPS_PAUSED: nothing is written to any remote")
        await self.controller.run()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """End the process with a task that should run for ever, however it ended."""
        if self._stopping is not None:
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None and task.get_name() == "discovery":
            if not self.discovery.restart_needed:
                return
            log.info("the CRDs were installed; ending, so that the next start finds them")
        else:
            self.failed = True
            log.critical("%s ended: %s", task.get_name(), _describe(error))
        self.on_end()

    # Probes and metrics.

    def liveness_problems(self) -> Iterator[str]:
        """Yield the problems that a restart would cure."""
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

    def readiness_problems(self) -> Iterator[str]:
        """Yield what prevents reconciles, here or on the leader."""
        yield from self.discovery.readiness_problems()
        if self.elector is not None and not self.elector.is_leader and not self.elector.holder:
            yield "the Lease can't be read"
        elif self._leads() and self._leading_since is None:
            yield "the resources are being read"

    def _leads(self) -> bool:
        return self.elector is None or self.elector.is_leader

    def _candidate(self) -> LeaderElector:
        name = self._settings.lease_name
        return LeaderElector(self._api, self._clock, namespace=self._namespace, name=name, identity=self._instance)

    def _connect_cluster(self) -> None:
        """Report what the cluster sees to the controller and to the metrics."""
        self.cluster.on_change = self.controller.feed
        self.cluster.on_deleted = self.controller.on_deleted
        self.cluster.on_input = self.controller.changed
        self.cluster.events.on_event = self.metrics.count_event

    def _add_gauges(self) -> None:
        queue, gauge, now = self.controller.queue, self.metrics.gauge, self._clock.monotonic
        cluster = self.cluster
        gauge("jitops_queue_depth", "Keys that are due or being worked on.", lambda: queue.waiting(0))
        gauge("jitops_queue_oldest_seconds", "For how long the first key has been due.", queue.oldest)
        gauge("jitops_leader", "1 on the replica that works.", lambda: float(self._leads()))
        gauge(
            "jitops_seconds_since_last_event",
            "Seconds since the last event of the watch.",
            lambda: now() - cluster.last_watch_event,
        )
        self.metrics.gauges(
            "jitops_remote_budget_left",
            "Calls that a connection could make at once, if they are counted.",
            (*CONNECTION, "method"),
            self._services.connections.budgets,
        )
        self.metrics.gauges(
            "jitops_remote_breaker_open",
            "1 while calls to the host are refused because it failed too often.",
            ("host",),
            lambda: {(host,): float(is_open) for host, is_open in self._pool.breakers().items()},
        )
        self.metrics.gauges("jitops_paused_resources", "Resources that are paused.", ("kind",), self._paused_resources)

    def _paused_resources(self) -> Mapping[tuple[str, ...], float]:
        """Return by kind how many resources show that they are paused."""
        kinds, cluster = self._services.kinds.managed, self.cluster
        return {(kind,): float(sum(shows_pause(one.status) for one in cluster.list(kind))) for kind in kinds}


def _operator_policy(settings: Settings) -> OperatorPolicy:
    return OperatorPolicy(paused=settings.paused, deletion_policy=settings.deletion_policy)


def _pace(settings: Settings) -> Pace:
    return Pace(
        workers=settings.workers,
        slow_retry=settings.slow_retry.total_seconds(),
        resync=settings.resync_period,
        secrets_watched=settings.secrets_watch,
    )


def _describe(error: BaseException | None) -> str:
    """Return an error for the log: its message if jitops wrote it, else its name and place."""
    # The message of any other exception might repeat a secret value.
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_describe(inner) for inner in error.exceptions)
    if isinstance(error, asyncio.CancelledError):
        return "it was cancelled"
    if error is None or isinstance(error, errors.JitopsError | LeaseLost):
        return str(error or "it was not to end")
    return type(error).__name__ + "\n" + "".join(traceback.format_tb(error.__traceback__))
