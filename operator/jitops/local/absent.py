"""What a state holds and the manifests do not: it is kept, or deleted with the user's consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.core.clock import SystemClock
from jitops.core.contract.kinds import connection_key
from jitops.core.errors import JitopsError
from jitops.core.managed.plan import OperatorPolicy, policies_of
from jitops.kinds import JITSU, JITTERBIT
from jitops.local.progress import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from jitops.core.kube import Key, Resource
    from jitops.local.store import LocalStore

MAX_DELETIONS = 5
"""How many resources one pass deletes unless more is permitted."""
NOTHING_DONE = "nothing was done"
MANAGED = {kind.info.kind: kind for kind in (*JITSU, *JITTERBIT)}


class DeletionsRefused(JitopsError):
    """What would be deleted was not permitted; the message says what permits it."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The resources, and the users' Secrets, ConfigMaps and Namespaces, that the manifests do not contain."""

    resources: Sequence[Resource] = ()
    others: Sequence[Key] = ()
    remaining: frozenset[Key] = frozenset()
    """The resources whose deletion leaves the remote object, or that never had one."""

    @classmethod
    def of(cls, store: LocalStore, desired: Collection[Key]) -> Absent:
        """Compare a store with the keys of the manifests."""
        resources = in_order(one for one in store.resources() if one.key not in desired)
        others = [key for key in store.user_objects() if key not in desired]
        return cls(resources, others, frozenset(one.key for one in resources if _leaves_remote(store, one)))

    def __bool__(self) -> bool:
        return bool(self.resources or self.others)

    @property
    def keys(self) -> frozenset[Key]:
        """Return the keys of the resources."""
        return frozenset(one.key for one in self.resources)

    def kept(self) -> list[str]:
        """Return one line for each object, for a pass that keeps them."""
        begun = {one.key for one in self.resources if one.deleting}
        usual, other = "not in the manifests; --prune deletes it", "its deletion was begun, and goes on with --prune"
        return [f"kept: {name} ({other if key in begun else usual})" for key, name in self._named()]

    def deleted(self) -> list[str]:
        """Return one line for each object, for a pass that deletes them."""
        return [f"to be deleted: {name}{self._note(key)}" for key, name in self._named()]

    def _named(self) -> list[tuple[Key, str]]:
        ids = {one.key: f", remote id {one.status['id']}" for one in self.resources if one.status.get("id")}
        keys = [*(one.key for one in self.resources), *self.others]
        return [(key, f"{key}{ids.get(key, '')}") for key in keys]

    def _note(self, key: Key) -> str:
        if key in self.remaining:
            return " (nothing is deleted at the product)"
        return " (as soon as nothing uses it)" if key in self.others else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The user's permission to delete."""

    most: int = MAX_DELETIONS
    """More resources than these are never deleted in one pass."""
    show: Callable[[Absent], None]
    """Show what would be deleted; called before anything is refused or asked."""
    ask: Callable[[Absent], bool]
    """Return whether the user agrees; asked only if there is anything to delete. May raise DeletionsRefused."""

    def require(self, absent: Absent) -> None:
        """Raise DeletionsRefused unless these deletions are permitted."""
        count = len(absent.resources)
        self.show(absent)
        if count > self.most:
            raise DeletionsRefused(
                f"{count} resources would be deleted, more than --max-deletions {self.most} permits, and"
                f" {NOTHING_DONE}: check the manifests and --state, and raise --max-deletions if all of them are to go"
            )
        if absent and not self.ask(absent):
            raise DeletionsRefused(f"the deletions were declined, and {NOTHING_DONE}")


def _leaves_remote(store: LocalStore, resource: Resource) -> bool:
    """Return whether the resource's deletion deletes nothing at the product."""
    kind = MANAGED.get(resource.key.kind)
    if kind is None:
        return True
    connection = store.get(connection_key(kind, resource))
    policies = policies_of(kind, resource, connection, OperatorPolicy(), SystemClock().now())
    return policies.leaves_remote or bool(kind.out_of_reach(resource))
