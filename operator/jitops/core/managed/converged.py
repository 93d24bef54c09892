"""Who is at rest: which remote value each resource was last seen equal to, so that a resync compares in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitops.core.contract.kinds import connection_key

if TYPE_CHECKING:
    from jitops.core.connection.pool import Connections
    from jitops.core.kube import Key
    from jitops.core.managed.context import Work


@dataclass(frozen=True, slots=True)
class _Pose:
    connection: Key
    id: str
    remote: Any
    watched: bool
    """Whether a change of any input would wake the resource."""


class ConvergedCache:
    """The resources that need nothing, until the listing shows something else for them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._poses: dict[Key, _Pose] = {}

    def enter(self, work: Work) -> None:
        """Remember what the remote holds for a resource that is as it should be."""
        if work.observation is None:
            self.leave(work.resource.key)
            return
        connection, observation = connection_key(work.row, work.resource), work.observation
        self._poses[work.resource.key] = _Pose(connection, observation.id, observation.remote, work.inputs.watched)

    def leave(self, key: Key) -> None:
        """Forget a resource that needs something."""
        self._poses.pop(key, None)

    def holds(self, key: Key) -> bool:
        """Say whether a resource needs no look: the remote is as it was seen, and its inputs tell of changes."""
        pose = self._poses.get(key)
        return pose is not None and pose.watched and self.shown(key)

    def shown(self, key: Key) -> bool:
        """Say whether the listing, as it is in memory, still shows what was seen; no request is made."""
        pose = self._poses.get(key)
        line = self._connections.line(pose.connection) if pose else None
        if pose is None or line is None or self._connections.error(pose.connection) is not None:
            return False
        return bool(line.client.snapshots[key.kind].seen(pose.id) == pose.remote)
