"""Keeps secrets out of every sentence that leaves this layer.

What a remote says is untrusted text that may repeat what was sent to it (docs/reference/jitsu.md section 3): it is
cleaned of the values we know, of control characters, and cut to a length that a condition can show, in this
order, so that no cut leaves half a secret behind.
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
"""Shorter values are no secrets, and masking them would leave no readable word."""
SHORTEST_LINE = 12
"""A line of a value that has several is masked by itself from this length on."""
LONGEST_TEXT = 600
LONGEST_INPUT = 20_000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Redactor:
    """The secret values one connection knows; its `repr` tells only how many."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self.add(*values)

    def add(self, *values: str) -> None:
        """Register values that must never be seen."""
        self._values.update(value for value in values if len(value) >= SHORTEST)

    def discard(self, *values: str) -> None:
        """Forget values that no longer open anything."""
        self._values.difference_update(values)

    def clean(self, text: str, extra: Iterable[str] = ()) -> str:
        """Return the text on one line, without any known or `extra` value, and not too long."""
        masked = _masked(text[:LONGEST_INPUT], self._spelled(extra))
        return shorten(CONTROL.sub(" ", masked).strip())

    def hide(self, value: JSON, extra: Iterable[str] = ()) -> JSON:
        """Return a JSON value without any known or `extra` value in its strings, which are not cut."""
        return _hidden(value, self._spelled(extra))

    def hiding(self, extra: Iterable[str]) -> Callable[[JSON], JSON]:
        """Give `hide` for the values of one request."""
        return partial(self.hide, extra=extra)

    def _spelled(self, extra: Iterable[str]) -> list[str]:
        """Give all forms of all values, the longest first: one may be part of another."""
        known = {*self._values, *(value for value in extra if len(value) >= SHORTEST)}
        return sorted({spelling for value in known for spelling in _spellings(value)}, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._values)} values>"


def shorten(text: str, longest: int = LONGEST_TEXT) -> str:
    """Cut a text that is too long to be read in a condition."""
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
    """Give the forms in which a remote may repeat a value: plain, its lines, in JSON, in a URL, in base64."""
    yield value
    yield from (line for line in value.splitlines() if len(line) >= SHORTEST_LINE)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
    yield base64.b64encode(value.encode()).decode().rstrip("=")
