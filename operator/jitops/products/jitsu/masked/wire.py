"""Rows of destinations and services, and how writes change them (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jitops.products.jitsu.masked.sealed import Leaf, Path, Tree, leaves, merged, seal_map
from jitops.products.jitsu.object_type import ObjectType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON

NO_FIELDS = frozenset({"id", "type", "workspaceId", "updatedAt"})
"""The parts of an object that no spec can set."""


@dataclass(frozen=True, slots=True)
class MaskedRow:
    """An object with secret values as listed by the console; rows of an unchanged object are equal."""

    id: str
    tree: Tree = field(repr=False)
    updated_at: str | None = field(default=None, compare=False)
    """When anyone last wrote to the object."""
    hidden_since: str | None = None
    """The same if a value is masked, else None. A later time may mean that a masked value changed."""
    predicted: bool = False
    """Whether the row was computed from a write: masks and time are not known yet."""
    written: bool = field(default=False, compare=False)
    """Whether the row was read after a write that contained all values of the spec."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> MaskedRow:
        """Return the row of an object that the console returned."""
        tree = seal_map({name: value for name, value in body.items() if name not in NO_FIELDS})
        masked = any(leaf.masked for leaf in leaves(tree).values())
        moment = body.get("updatedAt")
        at = moment if isinstance(moment, str) else None
        return cls(str(body.get("id", "")), tree, at, at if masked else None)

    def at(self, path: Path) -> Leaf | None:
        """Return the value at a path; None if there is none, or a map."""
        found: Tree | Leaf | None = self.tree
        for name in path:
            found = None if found is None or isinstance(found, Leaf) else found.get(name)
        return found if isinstance(found, Leaf) else None


def masked_created(body: Mapping[str, JSON]) -> MaskedRow:
    """Return the row after the console accepted this POST, without its defaults and masks."""
    return replace(MaskedRow.parse(body), predicted=True)


def masked_updated(row: MaskedRow, body: Mapping[str, JSON]) -> MaskedRow:
    """Return the row after the console accepted this PUT, which is a deep merge."""
    patch = MaskedRow.parse(body).tree
    return replace(row, tree=merged(row.tree, patch), predicted=True, written=False)


def masked_type(name: str, kind: str) -> ObjectType[MaskedRow]:
    """Return the type of an object whose secrets the console masks."""
    return ObjectType(name, kind, MaskedRow.parse, masked_created, masked_updated)
