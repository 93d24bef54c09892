"""Validation as in the console, which uses Zod (docs/reference/jitsu.md sections 3, 4): issues, defaults, stripping.

A schema is a mapping in the form that the console itself publishes under `/api/schema`: the part of JSON
Schema that its types use (`type`, `properties`, `required`, `enum`, `default`, `items`, `minimum`, `maximum`,
`anyOf` with null, `additionalProperties`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jitops_sandbox.answers import JSON

Schema = dict[str, Any]

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*)?(-\d{2}:\d{2}|Z)?")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
"""An address for a browser, roughly."""
SENTINEL = "__*$undef$*__"


class Undefined:
    """JavaScript's `undefined`: a key that exists in a merge, and nowhere else."""


UNDEFINED: Final = Undefined()


class Date(str):
    """A string that the console has turned into a Date, because it looks like an ISO date."""

    __slots__ = ()


@dataclass(slots=True)
class Parsed:
    """The result of a validation: the value with defaults and without unknown keys, and the issues."""

    value: Any
    issues: list[dict[str, Any]] = field(default_factory=list)


def parse(schema: Schema, value: object, path: tuple[str | int, ...] = ()) -> Parsed:
    """Return the result of a validation, as Zod's `safeParse` does."""
    parsed = Parsed(value)
    if value is UNDEFINED:
        _absent(schema, path, parsed)
    elif value is None and _nullable(schema):
        pass
    elif "anyOf" in schema:
        return parse(_other(schema), value, path)
    elif "enum" in schema:
        _enum(schema, value, path, parsed)
    else:
        _KINDS[_kind(schema)](schema, value, path, parsed)
    return parsed


def dated(value: object) -> object:
    """Return the value with each property that looks like an ISO date as a Date; not in lists (section 4)."""
    return _leaves(value, lambda leaf: Date(leaf) if isinstance(leaf, str) and ISO_DATE.fullmatch(leaf) else leaf)


def undefined(value: object) -> object:
    """Return the value with each property that is the sentinel string as `undefined` (section 4, PUT merge)."""
    return _leaves(value, lambda leaf: UNDEFINED if leaf == SENTINEL else leaf)


def cleaned(value: object) -> JSON:
    """Return the value without `undefined`, as JSON is written."""
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items() if item is not UNDEFINED}
    if isinstance(value, list):
        return [None if item is UNDEFINED else cleaned(item) for item in value]
    return value


def invalid_type(expected: str, received: str, path: tuple[str | int, ...]) -> dict[str, Any]:
    """Return the issue for a value of a wrong type, or for a missing value."""
    absent = received == "undefined"
    message = "Required" if absent else f"Expected {expected}, received {received}"
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": list(path),
        "message": message,
    }


def type_name(value: object) -> str:
    """Return Zod's name of a value's type."""
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return "object"


_NAMES: tuple[tuple[type, str], ...] = (
    (Undefined, "undefined"),
    (type(None), "null"),
    (Date, "date"),
    (str, "string"),
    (bool, "boolean"),
    (int, "number"),
    (float, "number"),
    (list, "array"),
)


def _leaves(value: object, change: Callable[[object], object]) -> object:
    if isinstance(value, list):
        return [_leaves(item, change) for item in value]
    if isinstance(value, dict):
        return {
            key: _leaves(item, change) if isinstance(item, (dict, list)) or item is None else change(item)
            for key, item in value.items()
        }
    return value


def _other(schema: Schema) -> Schema:
    """Return the alternative of a schema that is not null."""
    return next((one for one in schema["anyOf"] if one.get("type") != "null"), {})


def _kind(schema: Schema) -> str:
    if "anyOf" in schema:
        return _kind(_other(schema))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    return "date" if schema.get("format") == "date-time" else str(kind)


def _nullable(schema: Schema) -> bool:
    kind = schema.get("type")
    if isinstance(kind, list) and "null" in kind:
        return True
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _absent(schema: Schema, path: tuple[str | int, ...], parsed: Parsed) -> None:
    if "default" in schema:
        parsed.value = schema["default"]
        return
    options = _options(schema) if "enum" in schema else None
    parsed.issues.append(invalid_type(options or _kind(schema), "undefined", path))


def _options(schema: Schema) -> str:
    return " | ".join(f"'{option}'" for option in schema["enum"])


def _enum(schema: Schema, value: object, path: tuple[str | int, ...], parsed: Parsed) -> None:
    if not isinstance(value, str) or isinstance(value, Date):
        parsed.issues.append(invalid_type(_options(schema), type_name(value), path))
    elif value not in schema["enum"]:
        message = f"Invalid enum value. Expected {_options(schema)}, received '{value}'"
        issue: dict[str, Any] = {
            "received": value,
            "code": "invalid_enum_value",
            "options": list(schema["enum"]),
        }
        parsed.issues.append({**issue, "path": list(path), "message": message})


def _scalar(schema: Schema, value: object, path: tuple[str | int, ...], parsed: Parsed) -> None:
    expected, received = _kind(schema), type_name(value)
    if expected == "integer":
        expected = "number"
    if expected != received:
        parsed.issues.append(invalid_type(expected, received, path))
    elif schema.get("format") == "uri" and not URL.fullmatch(str(value)):
        issue = {"validation": "url", "code": "invalid_string", "message": "Invalid url"}
        parsed.issues.append({**issue, "path": list(path)})
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _range(schema, value, path, parsed)


def _range(schema: Schema, value: float, path: tuple[str | int, ...], parsed: Parsed) -> None:
    if schema.get("type") == "integer" and value != math.floor(value):
        message = "Expected integer, received float"
        issue = {"code": "invalid_type", "expected": "integer", "received": "float"}
        parsed.issues.append({**issue, "path": list(path), "message": message})
    for code, key, word, wrong in (
        ("too_small", "minimum", "greater", value < schema.get("minimum", -math.inf)),
        ("too_big", "maximum", "less", value > schema.get("maximum", math.inf)),
    ):
        if wrong:
            message = f"Number must be {word} than or equal to {schema[key]}"
            bound = {"code": code, key: schema[key], "type": "number", "inclusive": True, "exact": False}
            parsed.issues.append({**bound, "message": message, "path": list(path)})


def _date(_schema: Schema, value: object, path: tuple[str | int, ...], parsed: Parsed) -> None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        parsed.issues.append({"code": "invalid_date", "path": list(path), "message": "Invalid date"})
        return
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    parsed.value = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _anything(_schema: Schema, _value: object, _path: tuple[str | int, ...], _parsed: Parsed) -> None:
    return


def _array(schema: Schema, value: object, path: tuple[str | int, ...], parsed: Parsed) -> None:
    if not isinstance(value, list):
        parsed.issues.append(invalid_type("array", type_name(value), path))
        return
    items = [parse(schema.get("items", {}), item, (*path, index)) for index, item in enumerate(value)]
    parsed.value = [item.value for item in items]
    parsed.issues.extend(issue for item in items for issue in item.issues)


def _object(schema: Schema, value: object, path: tuple[str | int, ...], parsed: Parsed) -> None:
    if not isinstance(value, dict):
        parsed.issues.append(invalid_type("object", type_name(value), path))
        return
    properties: Mapping[str, Schema] = schema.get("properties", {})
    required = set(schema.get("required", ()))
    result: dict[str, Any] = {}
    for name, inner in properties.items():
        given = value.get(name, UNDEFINED)
        if given is UNDEFINED and name not in required and "default" not in inner:
            continue
        item = parse(inner, given, (*path, name))
        result[name] = item.value
        parsed.issues.extend(item.issues)
    _rest(schema, value, path, parsed, result)
    parsed.value = result


def _rest(
    schema: Schema, value: dict[str, Any], path: tuple[str | int, ...], parsed: Parsed, result: dict[str, Any]
) -> None:
    extra = schema.get("additionalProperties", False)
    for name, given in value.items():
        if name in schema.get("properties", {}) or extra is False or given is UNDEFINED:
            continue
        item = parse(extra if isinstance(extra, dict) else {}, given, (*path, name))
        result[name] = item.value
        parsed.issues.extend(item.issues)


_KINDS: dict[str, Callable[[Schema, object, tuple[str | int, ...], Parsed], None]] = {
    "string": _scalar,
    "number": _scalar,
    "integer": _scalar,
    "boolean": _scalar,
    "date": _date,
    "array": _array,
    "object": _object,
    "any": _anything,
}
