"""Who owns a remote object when several resources claim it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.contract.kinds import connection_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.index.claims import Claims
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
