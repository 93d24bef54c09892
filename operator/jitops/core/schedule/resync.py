"""The resync: one listing per connection and type, compared in memory; only what differs is reconciled.

At rest this is all that the remote and Kubernetes see of a thousand resources (laws 5 and 6).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from jitops.api.schema.strings import read_duration
from jitops.core import errors
from jitops.core.contract.kinds import connection_key
from jitops.core.kube import Key
from jitops.core.switches import is_paused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitops.core.kube import JSON, Resource
    from jitops.core.managed.services import Services


class Resync(NamedTuple):
    """Asks for one comparison of all resources of a kind over one connection."""

    connection: Key
    kind: str


class Resyncer:
    """Finds, for one connection and kind, the resources that are out of sync."""

    def __init__(self, services: Services, *, reads_secrets: bool) -> None:
        self._s = services
        self._reads_secrets = reads_secrets

    async def out_of_sync(self, resync: Resync) -> list[Key]:
        """Refresh the listing; return the resources that differ from it, or that did not converge.

        Where Secrets aren't watched, every resource is returned, because its outputs must be read.
        """
        await self._s.kube.prune(resync.kind)
        resource = self._s.kube.get(resync.connection)
        if resource is not None and is_paused(resource.annotations):
            return []  # All its resources are frozen, and are enqueued when the pause ends.
        connection = self._s.connections.open_connection(resync.connection)
        if connection is not None and self._s.connections.error(resync.connection) is None:
            try:
                await connection.client.snapshots[resync.kind].get(self._s.clock.monotonic())
            except errors.JitopsError as error:
                self._s.connection_reconciler.suspect(resync.connection, error)
                return []
        users = (resource.key for resource in self.users(resync))
        return [key for key in users if self._reads_secrets or not self._s.converged.holds(key)]

    def users(self, resync: Resync) -> Iterator[Resource]:
        """Return the resources that a resync is about."""
        kind = self._s.kinds.managed[resync.kind]
        for resource in self._s.kube.list(resync.kind):
            if connection_key(kind, resource) == resync.connection:
                yield resource

    def period(self, resync: Resync, default: timedelta) -> float:
        """Return the seconds to the next resync, the smallest period of any resource; 0: none wants one."""
        periods = (self.own_period(resync, resource, default) for resource in self.users(resync))
        return min((period for period in periods if period), default=0.0)

    def own_period(self, resync: Resync, resource: Resource, default: timedelta) -> float:
        """Return the seconds that one resource asks for, or its connection for it; 0: it wants none."""
        connection = self._s.kube.get(resync.connection)
        usual = resync_period(connection.spec, default) if connection else default
        return resync_period(resource.spec.get("management") or {}, usual).total_seconds()


def resync_period(block: JSON, default: timedelta) -> timedelta:
    """Read a `resyncPeriod` as written; an invalid one is refused elsewhere and means the default here."""
    try:
        return read_duration(block["resyncPeriod"])
    except (KeyError, ValueError, TypeError):
        return default
