"""Leader election by a Lease of our own handling (docs/decisions/0002-lease.md says why not kubernetes.aio's).

Every call ends within `CALL`. Writes are permitted until `DEADLINE` after the start of the last renewal that
succeeded, by our own clock; others may take the Lease `DURATION` after its last change that they saw, by theirs.
So a leader that can't reach the API server stops writing before anyone else starts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping

from jitops.core.clock import Clock
from jitops.core.errors import ClusterUnavailable, JitopsError
from jitops.core.kube import JSON
from jitops.runtime.cluster.session import ApiServer, Refusal

log = logging.getLogger(__name__)

DURATION = 10.0
DEADLINE = 7.0
PERIOD = 2.0
CALL = 2.0
NOT_FOUND, CONFLICT = 404, 409


class LeaseLost(Exception):
    """Another replica holds the Lease now; this process must end."""


class Elector:
    """One candidate. `acquire` returns when it leads, `keep` renews until it doesn't, `release` lets others in."""

    def __init__(self, api: ApiServer, clock: Clock, *, namespace: str, name: str, identity: str) -> None:
        self._api = api
        self._clock = clock
        self._name = name
        self._identity = identity
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._lease: Mapping[str, JSON] | None = None
        """The Lease as last seen; None: there is none, or we don't know."""
        self._changed = 0.0
        """The monotonic moment at which we saw it change."""
        self._until = float("-inf")
        self._trouble = ""

    @property
    def leads(self) -> bool:
        """Say whether we may write now."""
        return self._clock.monotonic() < self._until

    @property
    def holder(self) -> str:
        """Name who held the Lease when it was last seen; empty: nobody."""
        return (self._lease or {}).get("spec", {}).get("holderIdentity") or ""

    def may_write(self) -> None:
        """Raise where we may not write: asked before every write, here and at the remotes."""
        if not self.leads:
            raise ClusterUnavailable("this replica does not hold the Lease at the moment, so it writes nothing")

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        while not await self._attempt():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(PERIOD)
        log.info("leading: %s holds the Lease %s", self._identity, self._name)

    async def keep(self) -> None:
        """Renew for ever; LeaseLost when another holds the Lease."""
        while True:
            await asyncio.sleep(PERIOD)
            if not await self._attempt() and self.holder not in {"", self._identity}:
                raise LeaseLost(f"{self.holder} took the Lease {self._name}")

    async def release(self) -> None:
        """Empty the Lease, if it is ours, so that the next one need not wait; to be called when all work has ended."""
        self._until = float("-inf")
        if self.holder == self._identity:
            await self._guarded(self._write(""))

    async def _attempt(self) -> bool:
        """Renew or take the Lease if we may; whatever is in the way leaves things as they were."""
        started = self._clock.monotonic()
        if self.holder != self._identity and not await self._guarded(self._look()):
            return False
        if not self._free():
            return False
        if await self._guarded(self._write(self._identity)):
            self._until = started + DEADLINE
            return True
        await self._guarded(self._look())
        return False

    def _free(self) -> bool:
        """Say whether the Lease is ours to take, by what we saw of it and for how long it did not change."""
        if self._lease is None or self.holder in {"", self._identity}:
            return True
        duration = self._lease["spec"].get("leaseDurationSeconds") or DURATION
        return self._clock.monotonic() - self._changed >= duration

    async def _guarded(self, call: Coroutine[None, None, None]) -> bool:
        """Make one call in its time; what went wrong is logged when it is news."""
        trouble = ""
        try:
            async with asyncio.timeout(CALL):
                await call
        except TimeoutError:
            trouble = f"the Kubernetes API does not answer within {CALL:.0f} s"
        except Refusal as refusal:
            if refusal.status != CONFLICT:
                trouble = refusal.message or f"HTTP {refusal.status}"
        except JitopsError as error:
            trouble = str(error)
        else:
            self._trouble = ""
            return True
        if trouble not in {"", self._trouble}:
            log.warning("the Lease %s: %s", self._name, trouble)
        self._trouble = trouble
        return False

    async def _look(self) -> None:
        try:
            lease = await self._api.request("GET", f"{self._collection}/{self._name}")
        except Refusal as refusal:
            if refusal.status != NOT_FOUND:
                raise
            lease = None
        self._saw(lease)

    async def _write(self, holder: str) -> None:
        """Write the Lease over the version that we know; Refusal if another one was faster."""
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
