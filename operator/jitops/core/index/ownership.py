"""Who claims a remote object, and who owns it when several resources do.

The index of claims spares each resource the search through all others for one that claims the same object.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.contract.kinds import connection_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.contract.kinds import KindRegistry, ManagedKind
    from jitops.core.kube import JSON, Key, Kube, Resource


def place(kind: ManagedKind, resource: Resource, kube: Kube) -> tuple[str, ...]:
    """Return the workspace or organization of a resource; two connections may lead to the same one."""
    key = connection_key(kind, resource)
    connection = kube.get(key)
    status = connection.status if connection else {}
    return (status.get("host", ""), status["id"]) if status.get("id") else key


def may_exist(status: Mapping[str, JSON]) -> bool:
    """Return whether a status mentions anything at the remote: an id, an intent, or a replaced object."""
    return bool(status.get("id") or status.get("intent") or status.get("replaced"))


def contenders(kind: ManagedKind, resource: Resource, found: frozenset[str], kube: Kube, index: Claims) -> list[Key]:
    """Return the resources that manage, at the same place, what this one is about to claim, and that came first."""
    claimants = index.claimants(resource.key.kind, kind.claims(resource) | found)
    others = [other for key in claimants if key != resource.key and (other := kube.get(key))]
    here = place(kind, resource, kube)
    return [
        other.key
        for other in others
        if _is_first(other, resource) and not kind.only_observes(other) and place(kind, other, kube) == here
    ]


def _is_first(other: Resource, resource: Resource) -> bool:
    """Return whether the other came first: its status mentions a remote object, or else it is older."""
    holds = may_exist(other.status), may_exist(resource.status)
    if holds[0] != holds[1]:
        return holds[0]
    return (other.created, other.key) < (resource.created, resource.key)


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


def has_owned_object(resource: Resource) -> bool:
    """Return whether a resource has, or may have, an owned object at the remote."""
    return may_exist(resource.status) and meta.FINALIZER in resource.finalizers
