"""Redaction: no sentence leaves this package with a secret in it.

The text of a remote is untrusted and may repeat what was sent to it (docs/reference/jitsu.md section 3). First the
known values are masked, then control characters are removed, and then it is cut to a length that a condition can show:
in another order, a cut could leave half a secret.
"""

from __future__ import annotations

import base64
import json
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jitops.core.kube import JSON

MASK = "***"
SHORTEST = 4
"""Shorter values are not masked: no readable word would be left."""
SHORTEST_LINE = 12
"""A line of a value with several lines is masked by itself from this length on."""
LONGEST_TEXT = 600
LONGEST_INPUT = 20_000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Redactor:
    """The secret values one connection knows; its `repr` shows only how many."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self.add(*values)

    def add(self, *values: str) -> None:
        """Add values that must never be shown."""
        self._values.update(value for value in values if len(value) >= SHORTEST)

    def discard(self, *values: str) -> None:
        """Forget values that are no longer valid."""
        self._values.difference_update(values)

    def clean(self, text: str, extra: Iterable[str] = ()) -> str:
        """Return the text as one line of at most `LONGEST_TEXT`, with all known and `extra` values masked."""
        masked = _masked(text[:LONGEST_INPUT], self._spelled(extra))
        return shorten(CONTROL.sub(" ", masked).strip())

    def hide(self, value: JSON, extra: Iterable[str] = ()) -> JSON:
        """Return a JSON value with all known and `extra` values masked in its strings, which are not cut."""
        return _hidden(value, self._spelled(extra))

    def hiding(self, extra: Iterable[str]) -> Callable[[JSON], JSON]:
        """Return `hide` with the values of one request as `extra`."""
        return partial(self.hide, extra=extra)

    def _spelled(self, extra: Iterable[str]) -> list[str]:
        """Return all spellings of all values, the longest first."""
        # One value may be part of another: if the shorter were masked first, the rest of the longer would stay.
        known = {*self._values, *(value for value in extra if len(value) >= SHORTEST)}
        return sorted({spelling for value in known for spelling in _spellings(value)}, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._values)} values>"


def shorten(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return the text, cut if it is too long for a condition."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _masked(text: str, spellings: Iterable[str]) -> str:
    for spelling in spellings:
        text = text.replace(spelling, MASK)
    return text


def _hidden(value: JSON, spellings: list[str]) -> JSON:
    match value:
        case str():
            return _masked(value, spellings)
        case list():
            return [_hidden(each, spellings) for each in value]
        case dict():
            return {name: _hidden(each, spellings) for name, each in value.items()}
    return value


def _spellings(value: str) -> Iterator[str]:
    """Yield the spellings in which a remote may repeat a value: plain, its lines, in JSON, in a URL, in base64."""
    yield value
    yield from (line for line in value.splitlines() if len(line) >= SHORTEST_LINE)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
    yield base64.b64encode(value.encode()).decode().rstrip("=")
