"""An index of references, so that a change enqueues exactly the resources that refer to it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jitops.api.schema.reference import find_references
from jitops.core.contract.kinds import KindRegistry, ManagedKind, connection_key, output_config_map, output_secret
from jitops.core.kube import Key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.core.kube import Resource


class References:
    """Maps targets to their dependents and back; the watch keeps it current."""

    def __init__(self, kinds: KindRegistry) -> None:
        self._kinds = kinds
        self._targets: dict[Key, frozenset[Key]] = {}
        self._dependents: dict[Key, set[Key]] = defaultdict(set)

    def declare(self, resource: Resource) -> None:
        """Record what a resource refers to, from its present spec."""
        targets = frozenset(self.targets(resource))
        if targets == self._targets.get(resource.key):
            return
        self.forget(resource.key)
        self._targets[resource.key] = targets
        for target in targets:
            self._dependents[target].add(resource.key)

    def forget(self, key: Key) -> frozenset[Key]:
        """Forget a resource that was deleted; return what it referred to."""
        targets = self._targets.pop(key, frozenset())
        for target in targets:
            self._dependents[target].discard(key)
            if not self._dependents[target]:
                del self._dependents[target]
        return targets

    def dependents(self, target: Key) -> frozenset[Key]:
        """Return the resources that refer to a target."""
        return frozenset(self._dependents.get(target, ()))

    def targets(self, resource: Resource) -> Iterable[Key]:
        """Return what a resource refers to: its connection, outputs and inputs, or a connection's credentials."""
        row, namespace = self._kinds.row(resource.key.kind), resource.key.namespace
        targets = [Key(kind, namespace, name) for _, kind, name, _ in find_references(row.info.spec, resource.spec)]
        if isinstance(row, ManagedKind):
            targets.append(connection_key(row, resource))
            outputs = (("Secret", output_secret(row, resource)), ("ConfigMap", output_config_map(row, resource)))
            targets.extend(Key(kind, namespace, name) for kind, name in outputs if name)
        return targets
