"""Masked secrets: shown as a mask, and kept when a client sends the mask back (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitops_sandbox.answers import JSON

    Path = tuple[str, ...]

MASK = "__MASKED_BY_JITSU__"


def masked(value: dict[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Return the value with a mask at each path that exists, even for an empty string."""
    for path in paths:
        value = _changed(value, path, lambda _found: MASK)
    return value


def without_masks(value: dict[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Return the value without the masks that a client sent, so that a merge keeps the stored secrets."""
    for path in paths:
        value = _changed(value, path, lambda found: None if found == MASK else found)
    return value


def unmasked(value: JSON, original: JSON) -> JSON:
    """Return the value with each mask replaced by the original's value at the same path (`cloneId`)."""
    if value == MASK:
        return original if original is not None else value
    if isinstance(value, dict):
        known = original if isinstance(original, dict) else {}
        return {name: unmasked(item, known.get(name)) for name, item in value.items()}
    return value


def _changed(value: dict[str, Any], path: Path, change: Callable[[JSON], JSON]) -> dict[str, Any]:
    """Return the mapping with the value at a path changed, if it exists; a change to None removes it."""
    name, rest = path[0], path[1:]
    if name not in value:
        return value
    if rest:
        inner = value[name]
        return {**value, name: _changed(inner, rest, change)} if isinstance(inner, dict) else value
    changed = change(value[name])
    kept = {key: item for key, item in value.items() if key != name} if changed is None else None
    return {**value, name: changed} if kept is None else kept
