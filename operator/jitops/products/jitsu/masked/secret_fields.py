"""Values from Secrets in the free-form configuration of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.masked.sealed import MASK, Path, dotted
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from jitops.core.kube import JSON

SECRET = "secretConfig"  # noqa: S105 - the name of a field
PLACEHOLDER = "<the console does not show it: put it here>"
"""The value that an import writes into a Secret in place of one that the console masks."""
MARKERS = {MASK: "the mask that the console shows in place of a secret", UNSET: "a marker of the console"}
"""Values that the console does not store, with what they are."""


def without_nulls(free: Mapping[str, JSON]) -> dict[str, Any]:
    """Return a copy without null entries, at any depth: the console rejects null (section 4)."""
    return {
        name: without_nulls(each) if isinstance(each, Mapping) else each
        for name, each in free.items()
        if each is not None
    }


def with_secrets(free: Mapping[str, JSON], secrets: Mapping[Path, JSON], root: str) -> dict[str, Any]:
    """Return a configuration with secrets added at their paths; SpecInvalid if a path is set already."""
    result = without_nulls(free)
    for path, value in secrets.items():
        holder = _holder(result, path, root)
        if path[-1] in holder:
            where = f"spec.{root}.{dotted(path)}"
            raise SpecInvalid(f"{where}: is also set by spec.{SECRET}; remove it from one of them")
        holder[path[-1]] = value
    return result


def _holder(result: dict[str, Any], path: Path, root: str) -> dict[str, Any]:
    holder = result
    for depth, name in enumerate(path[:-1], 1):
        holder = holder.setdefault(name, {})
        if not isinstance(holder, dict):
            where = f"spec.{root}.{dotted(path[:depth])}"
            raise SpecInvalid(f"{where}: must be a map, as spec.{SECRET} sets {dotted(path)} in it")
    return holder


def reject_markers(values: Mapping[str, JSON]) -> None:
    """Raise SpecInvalid if one of the values, by path, is a marker that the console does not store as a value."""
    for path, value in values.items():
        if isinstance(value, str) and value in MARKERS:
            raise SpecInvalid(f"spec.{path}: must not be {MARKERS[value]}; set the real value")


def reject_placeholders(inputs: Mapping[str, str]) -> None:
    """Raise SpecInvalid if a Secret still has the placeholder of an import; the console keeps the real value then."""
    for path, value in inputs.items():
        if value == PLACEHOLDER:
            raise SpecInvalid(f"spec.{path}: the Secret still has the placeholder of the import; set the real value")
