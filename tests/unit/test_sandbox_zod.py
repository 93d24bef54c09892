"""The sandbox validates as Zod does: issues, defaults, stripping, dates (docs/reference/jitsu.md sections 3 and 4)."""

from __future__ import annotations

from typing import Any

import pytest

from jitops_sandbox.jitsu import schemas, zod

SENTINEL = "__*$undef$*__"
STRING = {"type": "string"}


def issues(schema: zod.Schema, value: object) -> list[str]:
    """Give the messages of a validation, each with its path."""
    found = zod.parse(schema, value).issues
    return [f"{'.'.join(map(str, one['path']))}: {one['message']}" for one in found]


FREQUENCY = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 1440}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (STRING, zod.UNDEFINED, "Required"),
        (STRING, None, "Expected string, received null"),
        (STRING, 1, "Expected string, received number"),
        (STRING, True, "Expected string, received boolean"),
        (STRING, [], "Expected string, received array"),
        (STRING, {}, "Expected string, received object"),
        ({"type": "number"}, "1", "Expected number, received string"),
        (FREQUENCY, 0, "Number must be greater than or equal to 1"),
        (FREQUENCY, 1441, "Number must be less than or equal to 1440"),
        (FREQUENCY, 1.5, "Expected integer, received float"),
        ({**STRING, "format": "uri"}, "nowhere", "Invalid url"),
        ({"type": "number"}, True, "Expected number, received boolean"),
        ({"type": "boolean"}, 0, "Expected boolean, received number"),
        ({"type": "array", "items": STRING}, "x", "Expected array, received string"),
        ({"type": "object"}, "x", "Expected object, received string"),
        ({"type": "integer"}, 1.5, "Expected integer, received float"),
        ({"type": "number", "minimum": 1}, 0, "Number must be greater than or equal to 1"),
        ({"type": "number", "maximum": 1}, 2, "Number must be less than or equal to 1"),
        (schemas.choice("a", "b"), "c", "Invalid enum value. Expected 'a' | 'b', received 'c'"),
        (schemas.choice("a", "b"), 1, "Expected 'a' | 'b', received number"),
        (schemas.MAYBE_DATE, "tomorrow", "Invalid date"),
    ],
)
def test_a_wrong_value_has_zods_words(schema: zod.Schema, value: object, message: str) -> None:
    """Each wrong value is one issue with the message that Zod gives."""
    assert issues(schema, value) == [f": {message}"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (schemas.MAYBE_STRING, None),
        (schemas.MAYBE_DATE, None),
        (schemas.MAYBE_DATE, "2026-01-02T03:04:05Z"),
        (FREQUENCY, 5),
        (FREQUENCY, None),
        ({**STRING, "format": "uri"}, "https://a.example.com/hook"),
        ({}, object()),
    ],
)
def test_a_right_value_has_no_issue(schema: zod.Schema, value: object) -> None:
    """Null passes where the schema says so, and anything where it says nothing."""
    assert issues(schema, value) == []


def test_issues_come_in_the_order_of_the_schema_with_their_paths() -> None:
    """All issues are found at once, and an item of a list is named by its index."""
    given = {"id": 1, "type": "stream", "workspaceId": "w", "domains": ["a", 2], "publicKeys": [{}]}
    assert issues(schemas.STREAM, given) == [
        "id: Expected string, received number",
        "name: Required",
        "domains.1: Expected string, received number",
        "publicKeys.0.id: Required",
    ]


def test_defaults_are_filled_in_and_unknown_fields_are_stripped_or_kept() -> None:
    """A notification gets its defaults and loses unknown fields; a stream keeps them."""
    ids = {"id": "i", "type": "t", "workspaceId": "w", "name": "n"}
    notification = zod.parse(schemas.NOTIFICATION, {**ids, "marker": 1}).value
    assert notification["recurringAlertsPeriodHours"] == 168
    assert "marker" not in notification
    assert zod.parse(schemas.STREAM, {**ids, "marker": 1}).value == {**ids, "marker": 1}


def test_only_properties_become_dates_or_undefined() -> None:
    """ISO strings and sentinels count as properties of objects, at any depth, not as items of lists."""
    moment = "2026-01-02T03:04:05Z"
    given: dict[str, Any] = {"a": moment, "b": {"c": SENTINEL, "d": None}, "e": [moment, SENTINEL, {"f": moment}]}
    dated = zod.dated(given)
    assert isinstance(dated, dict)
    assert isinstance(dated["a"], zod.Date)
    assert not isinstance(dated["e"][0], zod.Date)
    assert isinstance(dated["e"][2]["f"], zod.Date)
    undefined = zod.undefined(given)
    assert zod.cleaned(undefined) == {"a": moment, "b": {"d": None}, "e": [moment, SENTINEL, {"f": moment}]}


def test_a_moment_is_stored_in_milliseconds() -> None:
    """A date field is written as JavaScript writes it."""
    assert zod.parse(schemas.MAYBE_DATE, "2020-01-01T00:00:00Z").value == "2020-01-01T00:00:00.000Z"
