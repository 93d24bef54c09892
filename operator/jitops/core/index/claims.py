"""An index of claims, so that no resource has to search all others for the one that claims the same object."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.core.contract.kinds import KindRegistry
    from jitops.core.kube import Key, Resource


class Claims:
    """Maps a kind and a claim to the resources that make it."""

    def __init__(self, kinds: KindRegistry) -> None:
        self._kinds = kinds
        self._made: dict[Key, frozenset[str]] = {}
        self._claimants: dict[tuple[str, str], set[Key]] = defaultdict(set)

    def declare(self, resource: Resource) -> None:
        """Record what a resource claims now."""
        row = self._kinds.managed.get(resource.key.kind)
        claims = row.claims(resource) if row else frozenset()
        if claims == self._made.get(resource.key, frozenset()):
            return
        self.forget(resource.key)
        self._made[resource.key] = claims
        for claim in claims:
            self._claimants[resource.key.kind, claim].add(resource.key)

    def forget(self, key: Key) -> None:
        """Forget a resource that was deleted."""
        for claim in self._made.pop(key, frozenset()):
            claimants = self._claimants[key.kind, claim]
            claimants.discard(key)
            if not claimants:
                del self._claimants[key.kind, claim]

    def claimants(self, kind: str, claims: Iterable[str]) -> list[Key]:
        """Return the resources of a kind that make any of these claims."""
        return sorted({key for claim in claims for key in self._claimants.get((kind, claim), ())})
