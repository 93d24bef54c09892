"""The resources that need nothing, each with the remote value it was last equal to: a resync compares in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitops.core.contract.kinds import connection_key

if TYPE_CHECKING:
    from jitops.core.connection.pool import Connections
    from jitops.core.kube import Key
    from jitops.core.managed.context import ReconcileContext


@dataclass(frozen=True, slots=True)
class _Converged:
    connection: Key
    id: str
    remote: Any
    watched: bool
    """Whether a change of any input would enqueue the resource."""


class ConvergedCache:
    """Remembers converged resources until the listing shows something else for them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._resources: dict[Key, _Converged] = {}

    def add(self, context: ReconcileContext) -> None:
        """Remember what the remote holds for a resource that matches its spec."""
        found, connection = context.found, connection_key(context.kind, context.resource)
        self._resources[context.resource.key] = _Converged(connection, found.id, found.remote, context.inputs.watched)

    def discard(self, key: Key) -> None:
        """Forget a resource that needs something, or no longer exists."""
        self._resources.pop(key, None)

    def holds(self, key: Key) -> bool:
        """Return whether a resource needs no reconcile: the remote is unchanged, and its inputs are watched."""
        known = self._resources.get(key)
        return known is not None and known.watched and self.shown(key)

    def shown(self, key: Key) -> bool:
        """Return whether the listing in memory still shows what was seen; no request is made."""
        known = self._resources.get(key)
        connection = self._connections.open_connection(known.connection) if known else None
        if known is None or connection is None or self._connections.error(known.connection) is not None:
            return False
        return bool(connection.client.snapshots[key.kind].seen(known.id) == known.remote)
