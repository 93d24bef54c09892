"""Sealed values: digests of the console's values, which can be compared but not read.

Destinations and services contain credentials, and a listing does not show which fields are secret: the ones that the
console does not mask are in plain text (docs/reference/jitsu.md section 4). So jitops keeps only a digest of each
value, with a key that exists only in this process. No log or message can show a value.

A `Tree` has the structure of the object: a map of names to trees and leaves. A `Leaf` is the digest of a value that is
not a map.
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
"""The value that the console returns in place of a secret."""

_KEY = secrets.token_bytes(32)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """The digest of a value that is not a map. The console replaces lists as a whole, and merges maps."""

    digest: bytes = field(repr=False)
    masked: bool = False
    """Whether the value is the console's mask, so that the real one is not known."""


Tree: TypeAlias = Mapping[str, Union["Tree", Leaf]]


def seal(value: JSON) -> Tree | Leaf:
    """Return a value with each part sealed. Null entries of maps are left out."""
    if isinstance(value, dict):
        return {name: seal(each) for name, each in value.items() if each is not None}
    text = json.dumps(_as_javascript(normal(value)), sort_keys=True)
    return Leaf(hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256"), masked=value == MASK)


def seal_map(value: Mapping[str, JSON]) -> Tree:
    """Return a map with each entry sealed. Null entries are left out."""
    return {name: seal(each) for name, each in value.items() if each is not None}


def merged(stored: Tree, patch: Tree) -> Tree:
    """Return the result of the console's merge: maps entry by entry; any other value replaces the stored one."""
    after = dict(stored)
    for name, new in patch.items():
        old = after.get(name)
        after[name] = merged(old, new) if isinstance(old, Mapping) and isinstance(new, Mapping) else new
    return after


def leaves(tree: Tree, path: Path = ()) -> dict[Path, Leaf]:
    """Return all leaves by their paths."""
    found: dict[Path, Leaf] = {}
    for name, each in tree.items():
        found |= {(*path, name): each} if isinstance(each, Leaf) else leaves(each, (*path, name))
    return found


def dotted(path: Path) -> str:
    """Return a path with dots between the names; a dot inside a name becomes `~1`, as a slash in JSON Pointer."""
    return ".".join(name.replace("~", "~0").replace(".", "~1") for name in path)


def parted(text: str) -> Path:
    """Return the path of a text that `dotted` returned."""
    return tuple(name.replace("~1", ".").replace("~0", "~") for name in text.split("."))


def _as_javascript(value: JSON) -> JSON:
    """Return a value with 5.0 as 5: JavaScript makes no difference, and the console writes 5."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_as_javascript(each) for each in value]
        case dict():
            return {name: _as_javascript(each) for name, each in value.items()}
    return value
