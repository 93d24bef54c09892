"""What was last seen of our resources, whoever told: the watch, a listing, or the answer to a write of ours.

They arrive in any order, so versions decide. A resource that is gone stays gone: what is told of it late is ignored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from jitops.core.kube import Key, Resource

REMEMBERED = 10_000
"""How many of the gone are remembered, by UID."""


class Store:
    """The resources by kind and name, in the newest version that was seen."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[Key, Resource]] = defaultdict(dict)
        self._gone: dict[str, None] = {}

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._kinds[key.kind].get(key)

    def all(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind, in a collection of their own."""
        return list(self._kinds[kind].values())

    def count(self, kind: str) -> int:
        """Count the resources of a kind."""
        return len(self._kinds[kind])

    def put(self, resource: Resource) -> tuple[Resource | None, bool]:
        """Take in a version: return what was known before, and whether this is a newer one."""
        before = self.get(resource.key)
        newer = not self.knows(resource.key, resource.uid, resource.version)
        if newer:
            self._kinds[resource.key.kind][resource.key] = resource
        return before, newer

    def knows(self, key: Key, uid: str, version: int) -> bool:
        """Say whether this version tells nothing new: it, or a later one, was seen, or the resource is gone."""
        known = self.get(key)
        return uid in self._gone or (known is not None and version <= known.version)

    def drop(self, key: Key, uid: str) -> bool:
        """Forget a resource that is gone; False where this very one was not known, or another took its name."""
        self._gone[uid] = None
        if len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]
        known = self.get(key)
        if known is None or known.uid != uid:
            return False
        del self._kinds[key.kind][key]
        return True

    def missing(self, kind: str, listed: Collection[Key], version: int, namespaces: Iterable[str]) -> list[Resource]:
        """Name the resources that a listing of these namespaces (none: all) at a version should show, and doesn't."""
        scope = frozenset(namespaces)
        return [
            resource
            for key, resource in self._kinds[kind].items()
            if key not in listed and resource.version <= version and (not scope or key.namespace in scope)
        ]
