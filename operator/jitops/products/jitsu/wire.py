"""Values that the console accepts, in specs and bodies, and how it changes them (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from jitops.api.schema.model import Rule, matching
from jitops.api.schema.strings import DisplayName
from jitops.core.errors import SpecInvalid

if TYPE_CHECKING:
    from jitops.core.kube import JSON

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(-\d{2}:\d{2}|Z)?")
UNSET = "__*$undef$*__"
"""The value that removes a field in a PUT, where null is an error."""


def normal(value: JSON) -> JSON:
    """Return a value with all ISO dates in one form: the console parses them, and may format them differently."""
    match value:
        case str() if ISO_DATE.fullmatch(value):
            return _moment(value)
        case list():
            return [normal(each) for each in value]
        case dict():
            return {name: normal(each) for name, each in value.items()}
    return value


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reject_unstorable(value: JSON, path: str = "") -> None:
    """Raise SpecInvalid for strings that PostgreSQL's jsonb can't store (section 4).

    Sent to the console, they cause the same error as a database that is down.
    """
    match value:
        case str() if not _is_storable(value):
            raise SpecInvalid(
                f"{path}: contains a character that the console's database can't store (NUL, or not valid Unicode)"
            )
        case list():
            for index, each in enumerate(value):
                reject_unstorable(each, f"{path}[{index}]")
        case dict():
            for name, each in value.items():
                reject_unstorable(name, f"{path or 'the object'} has a name that")
                reject_unstorable(each, f"{path}.{name}" if path else name)


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


DATE_TEXT = matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*)?(-\d{2}:\d{2}|Z)?", "")
"""Strings that the console reads as dates, and then rejects where it expects a string."""

NO_DATE = Rule(
    cel=f"!{DATE_TEXT.cel}",
    message="must not look like an ISO date: the console would read it as a date and reject it",
    check=lambda text: not DATE_TEXT.check(text),
)
StreamName = Annotated[DisplayName, NO_DATE]


def adopted_by_id(what: str) -> Rule:
    """Return the rule that an object is adopted by its id: the console has no other way to identify it."""
    return Rule(
        cel="!has(self.management) || !has(self.management.adopt) || !has(self.management.adopt.mode)"
        " || self.management.adopt.mode == 'Never' || has(self.management.adopt.id)",
        message=f"a {what} is adopted by its id: set management.adopt.id",
        check=lambda spec: spec.management.adopt.mode == "Never" or spec.management.adopt.id is not None,
        field="management.adopt.id",
    )
