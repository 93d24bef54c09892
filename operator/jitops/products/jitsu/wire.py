"""Jitsu's objects as the console writes them, and what it makes of ours (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
