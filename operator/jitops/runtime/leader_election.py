"""Leader election by a Lease; docs/decisions/0002-lease.md says why it is not kubernetes.aio's.

Each call ends within `CALL`. Writes are permitted until `DEADLINE` after the start of the last renewal that succeeded,
by the own clock. Others may take the Lease `DURATION` after the last change that they saw, by theirs. So a leader that
can't reach the API server stops writing before any other process starts, and no wall clocks are compared.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping

from jitops.core.clock import Clock
from jitops.core.errors import ClusterUnavailable, JitopsError
from jitops.core.kube import JSON
from jitops.runtime.cluster.session import ApiError, ApiServer

log = logging.getLogger(__name__)

DURATION = 10.0
DEADLINE = 7.0
PERIOD = 2.0
CALL = 2.0
NOT_FOUND, CONFLICT = 404, 409


class LeaseLost(Exception):
    """Another process holds the Lease now; this process must end."""


class LeaderElector:
    """One candidate. `acquire` returns once it leads, `renew` raises once it doesn't, `release` admits the next."""

    def __init__(self, api: ApiServer, clock: Clock, *, namespace: str, name: str, identity: str) -> None:
        self._api = api
        self._clock = clock
        self._name = name
        self._identity = identity
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._lease: Mapping[str, JSON] | None = None
        """The Lease as last seen; None if there is none, or none was seen yet."""
        self._changed = 0.0
        """The monotonic moment at which a change of it was last seen."""
        self._until = float("-inf")
        """The monotonic moment until which this process may write."""
        self._problem = ""

    @property
    def is_leader(self) -> bool:
        """Whether this process may write now."""
        return self._clock.monotonic() < self._until

    @property
    def holder(self) -> str:
        """The holder of the Lease as last seen; empty if there is none."""
        return (self._lease or {}).get("spec", {}).get("holderIdentity") or ""

    def may_write(self) -> None:
        """Raise ClusterUnavailable unless this process may write. Asked before each write, also at the remotes."""
        if not self.is_leader:
            raise ClusterUnavailable("this replica does not hold the Lease at the moment, so it writes nothing")

    async def acquire(self) -> None:
        """Return once this process holds the Lease."""
        while True:
            if await self._attempt():
                break
            await asyncio.sleep(PERIOD)
        log.info("leading: %s holds the Lease %s", self._identity, self._name)

    async def renew(self) -> None:
        """Renew the Lease for ever; raise LeaseLost when another process holds it."""
        while True:
            await asyncio.sleep(PERIOD)
            # An unreachable API server is not a loss: if nobody took the Lease meanwhile, this process leads again.
            if not await self._attempt() and self.holder not in {"", self._identity}:
                raise LeaseLost(f"{self.holder} took the Lease {self._name}")

    async def release(self) -> None:
        """Empty the Lease if this process holds it, so that the next need not wait; call it when all work has ended."""
        self._until = float("-inf")
        if self.holder == self._identity:
            await self._guarded(self._write(""))

    async def _attempt(self) -> bool:
        """Acquire or renew the Lease if possible, and return whether that succeeded."""
        # The deadline counts from the start of the call: others may have seen the change at any moment of it.
        started = self._clock.monotonic()
        if self.holder != self._identity and not await self._guarded(self._look()):
            return False
        if not self._is_free():
            return False
        if await self._guarded(self._write(self._identity)):
            self._until = started + DEADLINE
            return True
        await self._guarded(self._look())
        return False

    def _is_free(self) -> bool:
        """Return whether this process may take the Lease: nobody else holds it, or it did not change for too long."""
        if self._lease is None or self.holder in {"", self._identity}:
            return True
        duration = self._lease["spec"].get("leaseDurationSeconds") or DURATION
        return self._clock.monotonic() - self._changed >= duration

    async def _guarded(self, call: Coroutine[None, None, None]) -> bool:
        """Make one call within `CALL` and return whether it succeeded; log a problem once."""
        problem = ""
        try:
            async with asyncio.timeout(CALL):
                await call
        except TimeoutError:
            problem = f"the Kubernetes API does not answer within {CALL:.0f} s"
        except ApiError as error:
            # A conflict is normal: another candidate was faster.
            if error.status != CONFLICT:
                problem = error.message or f"HTTP {error.status}"
        except JitopsError as error:
            problem = str(error)
        else:
            self._problem = ""
            return True
        if problem not in {"", self._problem}:
            log.warning("the Lease %s: %s", self._name, problem)
        self._problem = problem
        return False

    async def _look(self) -> None:
        """Read the Lease."""
        try:
            lease = await self._api.request("GET", f"{self._collection}/{self._name}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            lease = None
        self._saw(lease)

    async def _write(self, holder: str) -> None:
        """Write the Lease over the version last seen; raise ApiError if another candidate was faster."""
        lease = self._renewed(holder)
        if self._lease is None:
            self._saw(await self._api.request("POST", self._collection, lease))
        else:
            self._saw(await self._api.request("PUT", f"{self._collection}/{self._name}", lease))

    def _saw(self, lease: Mapping[str, JSON] | None) -> None:
        if lease is None or self._lease is None or _version(lease) != _version(self._lease):
            self._changed = self._clock.monotonic()
        self._lease = lease

    def _renewed(self, holder: str) -> JSON:
        known = self._lease or {"metadata": {"name": self._name}, "spec": {}}
        # In UTC, as the API demands; for people only, since no candidate compares wall clocks.
        spec, now = known["spec"], self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        kept = holder in {"", spec.get("holderIdentity")}
        taken = {} if kept else {"acquireTime": now, "leaseTransitions": (spec.get("leaseTransitions") or 0) + 1}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": known["metadata"],
            "spec": {
                **spec,
                **taken,
                "holderIdentity": holder,
                "leaseDurationSeconds": int(DURATION),
                "renewTime": now,
            },
        }


def _version(lease: Mapping[str, JSON]) -> str:
    return str(lease["metadata"]["resourceVersion"])
