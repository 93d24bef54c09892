"""Who stands in the way of a deletion: resources of ours that use what is to be deleted, by name or by remote id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.errors import DeletionBlocked, NotYet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.api.common import ManagedSpec
    from jitops.core.adapter import Kinds, Row
    from jitops.core.kube import Kube, Resource

CURE = "delete these first, or set spec.management.cascade to Cascade or Orphan"
"""What to do where the kind has cascade rules."""
SHOWN = 5
"""How many of them a message names."""
PATIENCE = 60.0
"""Seconds until we look again for one whose end wakes us anyhow, if it refers to us by name."""


@dataclass(frozen=True, slots=True)
class Referrers:
    """Those that made, or may have made, something which uses an object: being deleted, or here to stay."""

    going: tuple[Resource, ...] = ()
    staying: tuple[Resource, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Give the remote ids of what those have that stay."""
        return frozenset(str(one.status["id"]) for one in self.staying if one.status.get("id"))

    def make_way(self, cascade: str, cure: str) -> None:
        """Let those go first that are going; the others are in the way, unless the policy says otherwise."""
        if self.going:
            raise NotYet(
                f"waits for {_named(self.going)}: being deleted too, and uses it", after=PATIENCE, deleting=True
            )
        if self.staying and cascade == "Strict":
            raise DeletionBlocked(f"still used by {_named(self.staying)}: {cure}")


def referrers(resource: Resource, kinds: Kinds, kube: Kube) -> Referrers:
    """Find who uses a resource."""
    found = [other for kind, row in kinds.managed.items() for other in kube.list(kind) if _uses(row, other, resource)]
    return Referrers(
        going=tuple(one for one in found if one.deleting),
        staying=tuple(one for one in found if not one.deleting),
    )


def has_something(resource: Resource) -> bool:
    """Say whether a resource has, or may have, something at the remote that is ours."""
    begun = resource.status.get("id") or resource.status.get("intent")
    return bool(begun) and meta.FINALIZER in resource.finalizers


def cascades(spec: ManagedSpec) -> bool:
    """Say whether a kind has cascade rules."""
    return "cascade" in type(spec.management).model_fields


def _uses(row: Row, other: Resource, resource: Resource) -> bool:
    """Tell whether another resource uses one; what has made nothing by now will find us going, and make nothing."""
    if not has_something(other) or other.key == resource.key:
        return False
    named = any(each.entry is None and each.target == resource.key for each in row.inputs(other))
    return named or resource.status.get("id") in row.uses(other)


def _named(resources: Iterable[Resource]) -> str:
    names = sorted(str(one.key) for one in resources)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
