"""Values as the console reads and writes them, for specs and bodies alike (docs/reference/jitsu.md section 4)."""

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
"""The value that removes a field of a stream in a PUT."""


def normal(value: JSON) -> JSON:
    """Write dates inside a value in one form: the console takes ISO dates for moments, and may write them anew."""
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


def refuse_unstorable(value: JSON, path: str = "") -> None:
    """Refuse texts that PostgreSQL's jsonb can't keep (section 4): the console fails then as if it had no database."""
    match value:
        case str() if not _is_storable(value):
            raise SpecInvalid(f"{path}: holds a character that the console's database can't keep (NUL, or no Unicode)")
        case list():
            for index, each in enumerate(value):
                refuse_unstorable(each, f"{path}[{index}]")
        case dict():
            for name, each in value.items():
                refuse_unstorable(name, f"{path or 'the object'} has a name that")
                refuse_unstorable(each, f"{path}.{name}" if path else name)


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
