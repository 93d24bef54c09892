"""Release all resources for an uninstallation: nothing remote is touched, nothing is lost, nothing stays blocked.

The semantics are those of Retain. Owner references are removed before finalizers, or the garbage collector would delete
Secrets whose values the remote never shows again. A released resource keeps its status, by which a later operator finds
its object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.core.contract.kinds import ManagedKind
from jitops.core.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.core.contract.kinds import KindRegistry
    from jitops.core.kube import Key, Kube, Resource
    from jitops.core.outputs.outputs import Outputs


@dataclass(frozen=True, slots=True)
class Released:
    """A released resource, with the remote object, the Secrets and the ConfigMaps that stay."""

    key: Key
    remote_id: str
    kept: tuple[str, ...]
    deleting: bool
    """It was being deleted and is deleted now; the remote object stays all the same."""


class Releaser:
    """Releases one resource at a time; a second release changes nothing."""

    def __init__(self, kinds: KindRegistry, kube: Kube, outputs: Iterable[Outputs[Any]]) -> None:
        self._kinds = kinds
        self._kube = kube
        self._outputs = tuple(outputs)

    def resources(self) -> list[Resource]:
        """Return every resource, users before connections; one without a finalizer may own a Secret too."""
        kinds = (*self._kinds.managed, *self._kinds.connections)
        return [resource for kind in kinds for resource in self._kube.list(kind)]

    def held(self) -> list[Resource]:
        """Return the resources that carry the finalizer."""
        return [resource for resource in self.resources() if meta.FINALIZER in resource.finalizers]

    async def release(self, resource: Resource) -> Released:
        """Release what a resource wrote, then the resource; Conflict: one of them was changed meanwhile."""
        row = self._kinds.row(resource.key.kind)
        if isinstance(row, ManagedKind):
            disowned = [await outputs.disown(row, resource, always=True) for outputs in self._outputs]
            kept = tuple(name for names in disowned for name in names)
        else:
            kept = await self._unmark(resource)
        others = tuple(each for each in resource.finalizers if each != meta.FINALIZER)
        if others != resource.finalizers:
            await self._kube.set_finalizers(resource, others)
        return Released(resource.key, resource.status.get("id") or "", kept, resource.deleting)

    async def _unmark(self, connection: Resource) -> tuple[str, ...]:
        """Remove the finalizer from the credentials Secret, under its present and its former name."""
        named = ((connection.spec.get("credentialsRef") or {}).get("name"), connection.status.get("credentialsSecret"))
        names = tuple(dict.fromkeys(name for name in named if name))
        return tuple([name for name in names if await self._unmarked(connection.key.namespace, name)])

    async def _unmarked(self, namespace: str, name: str) -> bool:
        secret = await self._kube.read_secret(namespace, name)
        if secret is None:
            return False
        others = tuple(each for each in secret.finalizers if each != meta.IN_USE_FINALIZER)
        if others != secret.finalizers:
            try:
                await self._kube.write_secret(secret.with_finalizers(others))
            except Conflict:
                if await self._kube.read_secret(namespace, name) is not None:
                    raise
        return True
