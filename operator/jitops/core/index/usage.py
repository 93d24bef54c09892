"""The resources that use an object and so block its deletion, found by name or by remote id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jitops.core.clock import moment
from jitops.core.errors import DeletionBlocked, NotYet
from jitops.core.index.ownership import has_owned_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from jitops.api.managed import ManagedSpec
    from jitops.core.contract.kinds import KindRegistry
    from jitops.core.index.references import References
    from jitops.core.kube import Kube, Resource

CURE = "delete these first, or set spec.management.cascade to Cascade or Orphan"
"""The cure where the kind has cascade rules."""
SHOWN = 5
"""How many resources a message names."""
LOOK_AGAIN = 5.0
"""Seconds between two checks of an object that is being created."""
UNDER_WAY = timedelta(seconds=60)
"""How long an intent without an id may still lead to an object."""
PATIENCE = 60.0
"""Seconds until the next check of a user; its deletion usually enqueues the resource earlier."""


@dataclass(frozen=True, slots=True)
class Referrers:
    """The resources whose objects use, or may use, an object: those being deleted, and those staying."""

    going: tuple[Resource, ...] = ()
    staying: tuple[Resource, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Return the remote ids of the users that stay."""
        return frozenset(str(one.status["id"]) for one in self.staying if one.status.get("id"))

    def require_way(self, cascade: str, cure: str, now: datetime) -> None:
        """Raise NotYet or DeletionBlocked while users must be deleted first.

        Users that are being deleted go first. Users that stay block the deletion, unless the policy says otherwise. An
        object that is being created at this moment is waited for, so that it can be deleted too.
        """
        if self.going:
            raise NotYet(
                f"waits for {_named(self.going)}, which is being deleted too and uses it", after=PATIENCE, deleting=True
            )
        if self.staying and cascade == "Strict":
            raise DeletionBlocked(f"still used by {_named(self.staying)}: {cure}")
        coming = [one for one in self.staying if _is_under_way(one, now)]
        if coming:
            raise NotYet(f"waits until {_named(coming)} is created, to delete it too", after=LOOK_AGAIN, deleting=True)


def referrers(resource: Resource, kinds: KindRegistry, kube: Kube, references: References) -> Referrers:
    """Return the users of a resource. A user without an object will see the deletion and create none."""
    found = {one.key: one for one in (*_by_name(resource, kinds, kube, references), *_by_id(resource, kinds, kube))}
    users = [one for one in found.values() if has_owned_object(one) and one.key != resource.key]
    return Referrers(
        going=tuple(one for one in users if one.deleting),
        staying=tuple(one for one in users if not one.deleting),
    )


def _by_name(resource: Resource, kinds: KindRegistry, kube: Kube, references: References) -> Iterator[Resource]:
    for key in references.dependents(resource.key):
        other = kube.get(key)
        if other is not None and key.kind in kinds.managed:
            inputs = kinds.managed[key.kind].inputs(other)
            if any(each.entry is None and each.target == resource.key for each in inputs):
                yield other


def _by_id(resource: Resource, kinds: KindRegistry, kube: Kube) -> Iterator[Resource]:
    id_ = resource.status.get("id")
    for kind, row in kinds.managed.items():
        if id_ and row.uses is not None:
            yield from (other for other in kube.list(kind) if id_ in row.uses(other))


def _is_under_way(resource: Resource, now: datetime) -> bool:
    intent = resource.status.get("intent")
    return not resource.status.get("id") and intent is not None and now - moment(intent["at"]) < UNDER_WAY


def has_cascade_rules(spec: ManagedSpec) -> bool:
    """Return whether a kind has cascade rules."""
    return "cascade" in type(spec.management).model_fields


def _named(resources: Iterable[Resource]) -> str:
    names = sorted(str(one.key) for one in resources)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
