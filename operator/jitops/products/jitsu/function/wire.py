"""Functions as the console writes them, their code told by its hash (docs/reference/jitsu.md section 4).

A listing holds the code of all functions, megabytes of it: what is kept of it is enough to compare.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.products.jitsu.object_type import ObjectType
from jitops.products.jitsu.wire import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON

FIELDS = ("name", "code", "kind", "slug", "description", "draft", "version", "origin")
HASHED = frozenset({"code", "draft"})


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A function; two readings of an unchanged one are equal."""

    id: str
    fields: Mapping[str, str] = field(repr=False)
    """The remote fields that a spec can set, `code` and `draft` by their hash."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> FunctionRow:
        """Read what the console lists."""
        return cls(str(body.get("id", "")), _fields(body))


def code_hash(code: str) -> str:
    """Stand for code by its length and its SHA-256."""
    content = code.encode("utf-8", "surrogatepass")
    return f"{len(content)}:{hashlib.sha256(content).hexdigest()}"


def function_updated(row: FunctionRow, body: Mapping[str, JSON]) -> FunctionRow:
    """Give the function that the console holds after it accepted this PUT: a merge, the sentinel removes."""
    kept = {name: value for name, value in row.fields.items() if body.get(name) != UNSET}
    return FunctionRow(row.id, {**kept, **_fields(body)})


def _fields(body: Mapping[str, JSON]) -> dict[str, str]:
    given = {name: body[name] for name in FIELDS if isinstance(body.get(name), str) and body[name] != UNSET}
    return {name: code_hash(value) if name in HASHED else value for name, value in given.items()}


FUNCTION = ObjectType("function", "JitsuFunction", FunctionRow.parse, FunctionRow.parse, function_updated)
