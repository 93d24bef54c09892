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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitops.core.kube import JSON, Resource
    from jitops.core.managed.outcome import Outcomes
    from jitops.core.managed.services import Services


class Resync(NamedTuple):
    """Asks for one comparison of all resources of a kind over one connection."""

    connection: Key
    kind: str


class Resyncer:
    """Finds out, for one connection and type, who is no longer at rest."""

    def __init__(self, services: Services, outcomes: Outcomes, *, reads_secrets: bool) -> None:
        self._s = services
        self._outcomes = outcomes
        self._reads_secrets = reads_secrets

    async def out_of_sync(self, resync: Resync) -> list[Key]:
        """Refresh the listing and name the resources that it, or their last outcome, leaves in need of a look.

        Where Secrets aren't watched, everyone is named: their outputs have to be read.
        """
        await self._s.kube.prune(resync.kind)
        line = self._s.connections.line(resync.connection)
        if line is not None and self._s.connections.error(resync.connection) is None:
            try:
                await line.client.snapshots[resync.kind].get(self._s.clock.monotonic())
            except errors.JitopsError as error:
                self._s.connection_reconciler.suspect(resync.connection, error)
                return []
        users = (resource.key for resource in self.users(resync))
        return [key for key in users if self._reads_secrets or not self._outcomes.rest.holds(key)]

    def users(self, resync: Resync) -> Iterator[Resource]:
        """Name the resources that a resync is about."""
        row = self._s.kinds.managed[resync.kind]
        for resource in self._s.kube.list(resync.kind):
            if connection_key(row, resource) == resync.connection:
                yield resource

    def period(self, resync: Resync, default: timedelta) -> float:
        """Give the seconds to the next one: the smallest that a resource asks for; 0: none wants it."""
        periods = (self.own_period(resync, resource, default) for resource in self.users(resync))
        return min((period for period in periods if period), default=0.0)

    def own_period(self, resync: Resync, resource: Resource, default: timedelta) -> float:
        """Give the seconds that one resource asks for, or its connection for it; 0: it wants none."""
        connection = self._s.kube.get(resync.connection)
        usual = asked(connection.spec, default) if connection else default
        return asked(resource.spec.get("management") or {}, usual).total_seconds()


def asked(block: JSON, default: timedelta) -> timedelta:
    """Read a `resyncPeriod` as written; what can't be read is refused elsewhere."""
    try:
        return read_duration(block["resyncPeriod"])
    except (KeyError, ValueError, TypeError):
        return default
