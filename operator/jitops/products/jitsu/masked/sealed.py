"""Values of the console's objects in a form that can be compared and never be shown.

Destinations and services hold credentials, and which of their fields are secret no listing tells: unmasked ones come
in clear (docs/reference/jitsu.md section 4). So of every value only a digest is kept, under a key that this process
forgets.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union

from jitops.products.jitsu.wire import normal

if TYPE_CHECKING:
    from jitops.core.kube import JSON

MASK = "__MASKED_BY_JITSU__"
"""What the console shows in place of a secret."""

_KEY = secrets.token_bytes(32)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is no map: lists are replaced as a whole, maps are merged."""

    digest: bytes = field(repr=False)
    masked: bool = False


Tree: TypeAlias = Mapping[str, Union["Tree", Leaf]]


def seal(value: JSON) -> Tree | Leaf:
    """Seal a value, maps entry by entry; an entry that is null is none."""
    if isinstance(value, dict):
        return {name: seal(each) for name, each in value.items() if each is not None}
    text = json.dumps(_as_javascript(normal(value)), sort_keys=True)
    return Leaf(hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256"), masked=value == MASK)


def seal_map(value: Mapping[str, JSON]) -> Tree:
    """Seal the entries of a map."""
    return {name: seal(each) for name, each in value.items() if each is not None}


def merged(stored: Tree, patch: Tree) -> Tree:
    """Merge as the console does: maps entry by entry, anything else replaces what was there."""
    after = dict(stored)
    for name, new in patch.items():
        old = after.get(name)
        both = isinstance(old, Mapping) and isinstance(new, Mapping)
        after[name] = merged(old, new) if both else new  # type: ignore[arg-type] # both are maps
    return after


def leaves(tree: Tree, path: Path = ()) -> dict[Path, Leaf]:
    """Give all values by their paths."""
    found: dict[Path, Leaf] = {}
    for name, each in tree.items():
        found |= {(*path, name): each} if isinstance(each, Leaf) else leaves(each, (*path, name))
    return found


def dotted(path: Path) -> str:
    """Write a path with dots; a dot inside a name is written `~1`, as JSON Pointer writes its slash."""
    return ".".join(name.replace("~", "~0").replace(".", "~1") for name in path)


def parted(text: str) -> Path:
    """Read a path that `dotted` wrote."""
    return tuple(name.replace("~1", ".").replace("~0", "~") for name in text.split("."))


def _as_javascript(value: JSON) -> JSON:
    """Write whole numbers without a point, wherever they are."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_as_javascript(each) for each in value]
        case dict():
            return {name: _as_javascript(each) for name, each in value.items()}
    return value
