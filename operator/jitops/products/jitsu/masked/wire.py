"""Destinations and services as the console lists them, and what it makes of ours.

The console's rules: docs/reference/jitsu.md section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jitops.products.jitsu.masked.sealed import Leaf, Path, Tree, leaves, merged, seal_map
from jitops.products.jitsu.object_type import ObjectType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON

NO_FIELDS = frozenset({"id", "type", "workspaceId", "updatedAt"})


@dataclass(frozen=True, slots=True)
class MaskedRow:
    """An object some of whose values are secret; two readings of an unchanged one are equal."""

    id: str
    tree: Tree = field(repr=False)
    updated_at: str | None = field(default=None, compare=False)
    """When it was last written, by anyone."""
    hidden_since: str | None = None
    """The same, where masks hide what was written: another moment may mean another value."""
    predicted: bool = False
    """Not read, but made of what we sent: masks and moment are yet unknown."""
    written: bool = field(default=False, compare=False)
    """Seen after a write of ours, which all of our values were in."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> MaskedRow:
        """Read what the console shows."""
        tree = seal_map({name: value for name, value in body.items() if name not in NO_FIELDS})
        masked = any(leaf.masked for leaf in leaves(tree).values())
        moment = body.get("updatedAt")
        at = moment if isinstance(moment, str) else None
        return cls(str(body.get("id", "")), tree, at, at if masked else None)

    def at(self, path: Path) -> Leaf | None:
        """Find a value; None where there is none, or a map."""
        found: Tree | Leaf | None = self.tree
        for name in path:
            found = None if found is None or isinstance(found, Leaf) else found.get(name)
        return found if isinstance(found, Leaf) else None


def masked_created(body: Mapping[str, JSON]) -> MaskedRow:
    """Give the object that the console holds after it accepted this POST, but for defaults and masks."""
    return replace(MaskedRow.parse(body), predicted=True)


def masked_updated(row: MaskedRow, body: Mapping[str, JSON]) -> MaskedRow:
    """Give the object that the console holds after it accepted this PUT: a deep merge."""
    patch = MaskedRow.parse(body).tree
    return replace(row, tree=merged(row.tree, patch), predicted=True, written=False)


def masked_type(name: str, kind: str) -> ObjectType[MaskedRow]:
    """Return the type of an object whose secrets the console masks."""
    return ObjectType(name, kind, MaskedRow.parse, masked_created, masked_updated)
