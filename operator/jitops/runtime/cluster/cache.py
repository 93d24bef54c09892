"""The resources as last seen, from any source: the watch, a listing, or the answer to a write of this process.

They arrive in any order, so versions decide. A deleted resource stays deleted: what arrives of it later is ignored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from jitops.core.kube import Key, Resource

REMEMBERED = 10_000
"""How many deleted resources are remembered, by UID."""


class ResourceCache:
    """The resources by kind and name, each in the newest version seen."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[Key, Resource]] = defaultdict(dict)
        # kopf handles two objects of one name in two tasks, in any order: a deletion is about a UID, not a name.
        self._deleted: dict[str, None] = {}

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._kinds[key.kind].get(key)

    def all(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind, as a copy."""
        return list(self._kinds[kind].values())

    def count(self, kind: str) -> int:
        """Return the number of resources of a kind."""
        return len(self._kinds[kind])

    def put(self, resource: Resource) -> tuple[Resource | None, bool]:
        """Store a version; return what was known before, and whether this version is newer."""
        before = self.get(resource.key)
        newer = not self.knows(resource.key, resource.uid, resource.version)
        if newer:
            self._kinds[resource.key.kind][resource.key] = resource
        return before, newer

    def knows(self, key: Key, uid: str, version: int) -> bool:
        """Return whether this version is no news: it or a later one was seen, or the resource is deleted."""
        known = self.get(key)
        return uid in self._deleted or (known is not None and version <= known.version)

    def drop(self, key: Key, uid: str) -> bool:
        """Remove a deleted resource; return False if it was not known, or another resource has its name."""
        self._deleted[uid] = None
        if len(self._deleted) > REMEMBERED:
            del self._deleted[next(iter(self._deleted))]
        known = self.get(key)
        if known is None or known.uid != uid:
            return False
        del self._kinds[key.kind][key]
        return True

    def missing(self, kind: str, listed: Collection[Key], version: int, namespaces: Iterable[str]) -> list[Resource]:
        """Return the resources that a listing at a version should contain, and doesn't: they were deleted.

        `namespaces` are the ones covered by the listing; without any it covers all.
        """
        scope = frozenset(namespaces)
        # A resource newer than the listing was created after it.
        return [
            resource
            for key, resource in self._kinds[kind].items()
            if key not in listed and resource.version <= version and (not scope or key.namespace in scope)
        ]
