"""Values out of Secrets, put at their paths into the free-form part of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.masked.sealed import MASK, Path, dotted
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from jitops.core.kube import JSON

SECRET = "secretConfig"  # noqa: S105 - the name of a field
PLACEHOLDER = "<the console does not show it: put it here>"  # what an import writes into a Secret
NO_VALUES = {MASK: "what the console shows in place of a secret", UNSET: "a sign of the console's own"}


def without_nulls(free: Mapping[str, JSON]) -> dict[str, Any]:
    """Copy a map, and take an entry that is null for absent: the console refuses null (section 4)."""
    return {
        name: without_nulls(each) if isinstance(each, Mapping) else each
        for name, each in free.items()
        if each is not None
    }


def filled(free: Mapping[str, JSON], secrets: Mapping[Path, JSON], root: str) -> dict[str, Any]:
    """Put secrets at their paths; SpecInvalid says which place is taken."""
    result = without_nulls(free)
    for path, value in secrets.items():
        holder = _holder(result, path, root)
        if path[-1] in holder:
            where = f"spec.{root}.{dotted(path)}"
            raise SpecInvalid(f"{where}: is set by spec.{SECRET} too; take it out of one of the two")
        holder[path[-1]] = value
    return result


def _holder(result: dict[str, Any], path: Path, root: str) -> dict[str, Any]:
    holder = result
    for depth, name in enumerate(path[:-1], 1):
        holder = holder.setdefault(name, {})
        if not isinstance(holder, dict):
            where = f"spec.{root}.{dotted(path[:depth])}"
            raise SpecInvalid(f"{where}: must be a map, since spec.{SECRET} sets {dotted(path)} in it")
    return holder


def refuse_signs(values: Mapping[str, JSON]) -> None:
    """Refuse what the console would not take for a value, by the path at which it stands."""
    for path, value in values.items():
        if isinstance(value, str) and value in NO_VALUES:
            raise SpecInvalid(f"spec.{path}: is no value but {NO_VALUES[value]}; put the real value there")


def refuse_placeholders(inputs: Mapping[str, str]) -> None:
    """Refuse to send what an import put in the place of a secret; until then, the console keeps the real one."""
    for path, value in inputs.items():
        if value == PLACEHOLDER:
            raise SpecInvalid(f"spec.{path}: the Secret still has the import's placeholder; put the real value there")
