"""The types of destinations by their schemas, and configurations with every field set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jitops.products.jitsu.schemas import PUBLISHED, Schema, shipped

TYPES = sorted(Path(str(each)).stem for each in (PUBLISHED / "destination").iterdir())


def schema_of(type_: str) -> Schema:
    """Return the schema that the console publishes of a type."""
    schema = shipped(type_)
    assert schema is not None
    return schema


def value(node: Mapping[str, Any], number: int) -> Any:
    """Return a value that a schema allows; another one for each number."""
    if "enum" in node:
        return node["enum"][number % len(node["enum"])]
    match node["type"]:
        case "string":
            text = f'v{number} ü "quoted" value'
            return f"https://example.com/{number}" if node.get("format") == "uri" else text
        case "boolean":
            return number % 2 == 0
        case "number" | "integer":
            return 40 + number
        case "array":
            return [value(node["items"], number), value(node["items"], number + 1)]
    known = {name: value(each, number) for name, each in node["properties"].items()}
    return {**known, "a.b": f"{number}", f"only-{number}": "x"}


def values(type_: str, number: int) -> dict[str, Any]:
    """Return a configuration with every field set."""
    return {name: value(node, number) for name, node in schema_of(type_)["properties"].items()}
