"""Rows of functions, with a hash in place of the code (docs/reference/jitsu.md section 4).

A listing has the code of all functions, which may be megabytes. Hashes are enough to compare.
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
"""The fields that are kept as hashes."""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A function as listed by the console; rows of an unchanged function are equal."""

    id: str
    fields: Mapping[str, str] = field(repr=False)
    """The remote fields that a spec can set; `code` and `draft` as hashes."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> FunctionRow:
        """Return the row of a function that the console returned, or that was sent."""
        return cls(str(body.get("id", "")), _fields(body))


def code_hash(code: str) -> str:
    """Return the length and SHA-256 of code."""
    content = code.encode("utf-8", "surrogatepass")
    return f"{len(content)}:{hashlib.sha256(content).hexdigest()}"


def function_updated(row: FunctionRow, body: Mapping[str, JSON]) -> FunctionRow:
    """Return the row after the console accepted this PUT: a merge, in which `UNSET` removes a field."""
    kept = {name: value for name, value in row.fields.items() if body.get(name) != UNSET}
    return FunctionRow(row.id, {**kept, **_fields(body)})


def _fields(body: Mapping[str, JSON]) -> dict[str, str]:
    given = {name: body[name] for name in FIELDS if isinstance(body.get(name), str) and body[name] != UNSET}
    return {name: code_hash(value) if name in HASHED else value for name, value in given.items()}


FUNCTION = ObjectType("function", "JitsuFunction", FunctionRow.parse, FunctionRow.parse, function_updated)
