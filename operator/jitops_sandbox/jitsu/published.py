"""The console's published facts about destinations: schemas, link options, and the fields that are passwords.

The files are the console's own answers under `/api/schema` (docs/reference/jitsu.md sections 4 and 5) and the masked
fields as measured. The files of the destinations are part of the operator.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.zod import Schema

OPERATORS = files("jitops.products.jitsu") / "published"
PLACES = {"destination": OPERATORS, "link": files("jitops_sandbox.jitsu") / "published"}


@cache
def destination(kind: str) -> Schema | None:
    """Return the schema of a destination type, or None if the console knows no such type."""
    found = destination_as_published(kind)
    return None if found is None else _resolved(found)


def destination_as_published(kind: str) -> Schema | None:
    """Return the same schema as the console answers it."""
    return _read("destination", kind)


@cache
def link_options(kind: str) -> Schema:
    """Return the schema of a link's `data`: `sync`, or a push to a destination of this type."""
    schema = _resolved(_read("link", kind) or {})
    return dict(schema.get("properties", {}).get("data", {}))


def masked_fields(kind: object) -> tuple[str, ...]:
    """Return the fields of a destination type that are passwords in the console's metadata."""
    return tuple(_masked().get(str(kind), ()))


@cache
def _masked() -> dict[str, list[str]]:
    return dict(json.loads((OPERATORS / "masked.json").read_text("utf-8")))


@cache
def _read(directory: str, kind: str) -> Schema | None:
    if not kind.replace("-", "").isalnum():
        return None
    file = PLACES[directory] / directory / f"{kind}.json"
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else None


def _resolved(schema: Schema) -> Schema:
    """Return a schema with each `$ref` replaced by its target."""

    def replaced(value: JSON) -> JSON:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return replaced(_pointed(schema, value["$ref"]))
        return {name: replaced(item) for name, item in value.items()}

    return dict(replaced(schema))


def _pointed(schema: Schema, reference: str) -> JSON:
    found: Any = schema
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
