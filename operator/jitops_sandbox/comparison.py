"""Comparison of a recorded answer with a live one, under the rules of docs/reference/jitsu.md section 11.

Values that the server creates (link and workspace ids, moments, salted hashes, a new API key) are bound at their first
appearance in an answer: recorded value to live value. From then on the recorded value is replaced by the live one, in
answers and in the requests that repeat it. A value that an earlier request sent belongs to the client, and is never
bound.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jitops_sandbox.answers import JSON

TRACE = "<stack trace>"
TRACES = frozenset({"stack", "details"})
IGNORED = frozenset({"lastUsed", "resetAt"})
MOMENTS = frozenset({"createdAt", "updatedAt"})
CREATED_KEY = frozenset({"id", "plaintext", "hint"})
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
HASH = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{128}")
WORKSPACE = re.compile(r"c[a-z0-9]{24}")
LINK = re.compile(r"(c[a-z0-9]{24}-.{0,4}-.{0,4}-)[A-Za-z0-9]{6}", re.DOTALL)
SECONDS = re.compile(r"\d+ seconds")
PRESENT = ("etag", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")
EXACT = ("content-type", "location", "x-ratelimit-limit")
SHORTEST_BOUND = 8
"""Shorter bound values are replaced only if they are the whole string."""
LONGEST_SHOWN = 200
"""Characters of a value in a difference."""

Path = tuple[str | int, ...]


@dataclass
class Bindings:
    """The values bound so far, and the values that the client has sent."""

    bound: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def translate(self, value: JSON) -> JSON:
        """Return a recorded value with its bound parts replaced by the live ones."""
        if isinstance(value, dict):
            return {key: self.translate(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        if not isinstance(value, str):
            return value
        if value in self.bound:
            return self.bound[value]
        for recorded, live in self.bound.items():
            if len(recorded) >= SHORTEST_BOUND and recorded in value:
                value = value.replace(recorded, live)
        return value

    def remember(self, sent: object) -> None:
        """Record the strings of a request: they belong to the client unless they were bound before."""
        self.sent.update(text for text in _strings(sent) if text not in self.bound)

    def makes(self, path: Path, recorded: str, *, key_made: bool) -> re.Pattern[str] | None:
        """Return the pattern of the live value for a recorded string that the server created; None for any other."""
        name = path[-1] if path else ""
        if recorded in self.sent or recorded in self.bound:
            return None
        if key_made and name in CREATED_KEY:
            return re.compile(".+")
        if name in MOMENTS:
            return MOMENT
        if name == "hash":
            return HASH
        if name == "id":
            link = LINK.fullmatch(recorded)
            return re.compile(re.escape(link[1]) + "[A-Za-z0-9]{6}") if link else WORKSPACE
        return None


@dataclass
class Comparison:
    """Compares one answer and collects what differs, each as `where: recorded … live …`."""

    bindings: Bindings
    key_made: bool = False
    differences: list[str] = field(default_factory=list)

    def headers(self, recorded: Mapping[str, str], live: Mapping[str, str]) -> None:
        """Compare the relevant headers: some by value, some by presence."""
        then = {name.lower(): value for name, value in recorded.items()}
        now = {name.lower(): value for name, value in live.items()}
        for name in EXACT:
            self._same((name,), self.bindings.translate(then.get(name)), now.get(name))
        for name in PRESENT:
            self._same((name,), name in then, name in now)

    def body(self, recorded: JSON, live: JSON, path: Path = ("body",)) -> None:
        """Compare bodies, and bind the values that the server created."""
        if isinstance(recorded, dict) and isinstance(live, dict):
            self._objects(recorded, live, path)
        elif isinstance(recorded, list) and isinstance(live, list):
            self._lists(recorded, live, path)
        elif isinstance(recorded, str) and isinstance(live, str):
            self._strings(recorded, live, path)
        else:
            self._same(path, recorded, live)

    def _objects(self, recorded: dict[str, Any], live: dict[str, Any], path: Path) -> None:
        for name in recorded.keys() ^ live.keys():
            self._same((*path, name), name in recorded, name in live)
        for name in recorded.keys() & live.keys() - IGNORED:
            if name in TRACES:
                self._trace(recorded[name], live[name], (*path, name))
            elif name != "stackArray":
                self.body(recorded[name], live[name], (*path, name))

    def _lists(self, recorded: list[Any], live: list[Any], path: Path) -> None:
        self._same((*path, "length"), len(recorded), len(live))
        for index, (then, now) in enumerate(zip(recorded, live, strict=False)):
            self.body(then, now, (*path, index))

    def _trace(self, recorded: str, live: str, path: Path) -> None:
        """Compare the text before the stack trace."""
        head = self.bindings.translate(recorded.partition(f"\n    {TRACE}")[0])
        if not live.startswith(head):
            self._same(path, head, live)

    def _strings(self, recorded: str, live: str, path: Path) -> None:
        if recorded not in self.bindings.bound and recorded != live:
            pattern = self.bindings.makes(path, recorded, key_made=self.key_made)
            if pattern is not None and pattern.fullmatch(live):
                self.bindings.bound[recorded] = live
                return
        if path[-1] == "message":
            recorded, live = SECONDS.sub("N seconds", recorded), SECONDS.sub("N seconds", live)
        self._same(path, self.bindings.translate(recorded), live)

    def _same(self, path: Path, recorded: object, live: object) -> None:
        if recorded != live:
            where = ".".join(str(part) for part in path)
            self.differences.append(f"{where}: recorded {_brief(recorded)}, live {_brief(live)}")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
