"""The same controller as in a cluster, on a local store."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType, Reason
from jitops.core.contract.kinds import connection_key
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller
from jitops.core.status.conditions import find
from jitops.kinds import registry
from jitops.local.progress import in_order, row_of
from jitops.remote.client import HttpPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jitops.core.clock import Clock
    from jitops.core.kube import Key, Resource
    from jitops.local.store import LocalStore

OPERATOR_NAMESPACE = "jitops-system"
"""The namespace of the operator's own Secret, as in a cluster."""
DRAIN = 5.0
"""Seconds for running reconciles to finish when the pass ends."""

NEEDS_A_PERSON = frozenset(
    {
        Reason.DEPENDENCY_NOT_FOUND,
        Reason.REFERENCE_NOT_PERMITTED,
        Reason.RECONCILE_PAUSED,
        Reason.DRIFT_DETECTED,
    }
)
"""Reasons that waiting won't change though they aren't Stalled: in a cluster the missing object might still appear."""


@dataclass(frozen=True, slots=True)
class Running:
    """The controller and its store."""

    store: LocalStore
    services: Services
    controller: Controller
    task: asyncio.Task[None]
    kept: frozenset[Key]
    """The objects outside the manifests that stay as they are."""

    def resources(self) -> list[Resource]:
        """Return the resources that this pass is about, sorted."""
        return in_order(one for one in self.store.resources() if one.key not in self.kept)

    def is_referred_to(self, key: Key) -> bool:
        """Return whether a resource needs a Secret or ConfigMap, or is in a namespace."""
        if key.kind == "Namespace":
            return any(one.key.namespace == key.name for one in self.store.resources())
        held = any(one.key == key and one.finalizers for one in self.store.data_objects())
        return held or bool(self.services.references.dependents(key))

    def is_ready(self, resource: Resource) -> bool:
        """Return whether nothing is left to do for a resource."""
        return row_of(resource).ready == "True" and self.is_confirmed(resource)

    def is_confirmed(self, resource: Resource) -> bool:
        """Return whether this process has compared the resource with the remote; a paused one needs no comparison."""
        if row_of(resource).reason == Reason.RECONCILE_PAUSED:
            return True
        if self._is_connection(resource.key):
            connections = self.services.connections
            return connections.open_connection(resource.key) is not None and connections.error(resource.key) is None
        return self.services.converged.shown(resource.key)

    def may_heal(self, resource: Resource) -> bool:
        """Return whether further attempts may make a resource ready."""
        if find(resource.status, ConditionType.STALLED) or row_of(resource).reason in NEEDS_A_PERSON:
            return False
        if self._is_connection(resource.key):
            return True
        connection = self.store.get(connection_key(self.services.kinds.managed[resource.key.kind], resource))
        return connection is not None and (self.is_ready(connection) or self.may_heal(connection))

    def _is_connection(self, key: Key) -> bool:
        return key.kind in self.services.kinds.connections


@asynccontextmanager
async def running(
    store: LocalStore, clock: Clock, identity: str, kept: frozenset[Key] = frozenset()
) -> AsyncIterator[Running]:
    """Run the controller until the block ends, beginning with all resources of the store except those `kept`."""
    pool = HttpPool(clock)
    services = Services.assemble(registry(pool, clock), store, clock, identity=identity, namespace=OPERATOR_NAMESPACE)
    controller = Controller(services)
    idle = kept - _needed_connections(services, store, kept)
    controller.admits = lambda key: key not in idle
    store.on_change, store.on_deleted, store.on_input = controller.feed, controller.on_deleted, controller.changed
    for resource in in_order(store.resources()):
        controller.feed(None, resource)
    task = asyncio.create_task(controller.run())
    try:
        yield Running(store, services, controller, task, kept)
    finally:
        await controller.drain(DRAIN)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await services.connections.aclose()
        await pool.aclose()


def _needed_connections(services: Services, store: LocalStore, kept: frozenset[Key]) -> set[Key]:
    """Return the connections that serve given manifests; one that is being deleted isn't used any more."""
    managed = services.kinds.managed
    users = [one for one in store.resources() if one.key not in kept and one.key.kind in managed]
    used = {connection_key(managed[one.key.kind], one) for one in users}
    return {key for key in used if (found := store.get(key)) is not None and not found.deleting}
