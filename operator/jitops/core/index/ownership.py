"""Who owns a remote object when several resources claim it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.contract.kinds import ManagedKind, connection_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.index.claims import Claims
    from jitops.core.kube import JSON, Key, Kube, Resource


def place(row: ManagedKind, resource: Resource, kube: Kube) -> tuple[str, ...]:
    """Tell which workspace or organization a resource lives in; two connections may lead to the same one."""
    key = connection_key(row, resource)
    connection = kube.get(key)
    status = connection.status if connection else {}
    return (status.get("host", ""), status["id"]) if status.get("id") else key


def may_exist(status: Mapping[str, JSON]) -> bool:
    """Say whether a status tells of anything at the remote: an id, the intent to make one, or what was replaced."""
    return bool(status.get("id") or status.get("intent") or status.get("replaced"))


def contenders(row: ManagedKind, resource: Resource, found: frozenset[str], kube: Kube, index: Claims) -> list[Key]:
    """Name the resources that manage, at the same place, what this one is about to claim, and came first."""
    claimants = index.claimants(resource.key.kind, row.claims(resource) | found)
    others = [other for key in claimants if key != resource.key and (other := kube.get(key))]
    here = place(row, resource, kube)
    return [
        other.key
        for other in others
        if _first(other, resource) and not _observes(row, other) and place(row, other, kube) == here
    ]


def _observes(row: ManagedKind, resource: Resource) -> bool:
    return row.observes(resource) or (resource.spec.get("management") or {}).get("policy") == "Observe"


def _first(other: Resource, resource: Resource) -> bool:
    """Tell who came first: the one whose status tells of something at the remote, else the older one."""
    holds = may_exist(other.status), may_exist(resource.status)
    if holds[0] != holds[1]:
        return holds[0]
    return (other.created, other.key) < (resource.created, resource.key)
