"""The write keys of a stream: a pure decision from the status, the Secret and the console.

A client of the console makes the keys, with id and plaintext. The console stores a salted hash, and lists the id and
the hint that it was sent (docs/reference/jitsu.md section 4). The keys of jitops have the ids `<stem>p<n>` and
`<stem>s<n>`. All other keys are sent back as they were read.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jitops.core.clock import moment, stamp
from jitops.core.identity import number_of, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitsu.stream.wire import KeyRow

MARKS = {"public": "p", "private": "s"}
"""The letter in the id of a key, by its use."""
LENGTH = 32
"""The characters of a secret: 128 random bits in hexadecimal, as long as the console's own secrets."""


def generate() -> str:
    """Return a new random secret for a write key."""
    return secrets.token_hex(LENGTH // 2)


def hint(plaintext: str) -> str:
    """Return the hint of a secret, as the console's pages show it. A change by others changes the hint."""
    return f"{plaintext[:3]}*{plaintext[-3:]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key made by jitops, as recorded in `status.keys.entries`."""

    id: str
    use: str
    number: int
    retire_after: datetime | None = None

    @classmethod
    def parse(cls, line: Mapping[str, JSON]) -> Entry:
        """Return the entry of a line in `status.keys.entries`."""
        until = line.get("retireAfter")
        return cls(line["id"], line["use"], line["number"], moment(until) if until else None)

    @property
    def stem(self) -> str:
        """Return the part of the id that never changes."""
        return self.id.removesuffix(f"{MARKS[self.use]}{self.number}")

    def line(self) -> Mapping[str, JSON]:
        """Return the line for `status.keys.entries`."""
        line: dict[str, JSON] = {"id": self.id, "use": self.use, "number": self.number}
        return {**line, "retireAfter": stamp(self.retire_after)} if self.retire_after else line


@dataclass(frozen=True, slots=True)
class Question:
    """The input of the decision about the keys of one use (public or private)."""

    use: str
    stem: str
    desired: bool
    """Whether there should be a key of this use."""
    frozen: bool
    """Whether no key may be made or removed (policy Observe)."""
    rotating: bool
    """Whether `spec.keys.rotate` changed since it was last acted on."""
    overlap: timedelta
    now: datetime
    held_id: str | None
    """The id of the key in the output Secret."""
    held_secret: str | None = field(repr=False)
    """The secret of the key in the output Secret."""
    remote: tuple[KeyRow, ...]
    known: tuple[Entry, ...]
    """The keys of this use made by jitops, as recorded in status."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The decision: the keys of one use as they should be."""

    use: str
    id: str | None = None
    """The id of the current key; None: there is none."""
    secret: str | None = field(default=None, repr=False)
    entries: tuple[Entry, ...] = ()
    """The current key and the keys that will be removed later."""
    replaced: bool = False
    """Whether the current key replaces another key."""

    @property
    def write_key(self) -> str | None:
        """Return the write key, as an SDK is configured with it."""
        return f"{self.id}:{self.secret}" if self.id and self.secret else None

    def differs(self, remote: tuple[KeyRow, ...], stem: str) -> bool:
        """Return whether the console has other jitops keys than these, by id and hint."""
        made = {row.id: row.hint for row in remote if number_of(stem, row.id, MARKS[self.use]) is not None}
        desired = {entry.id for entry in self.entries}
        if self.secret is not None and self.id is not None and made.get(self.id) != hint(self.secret):
            return True
        return set(made) - desired != set()

    def body(self, remote: tuple[KeyRow, ...], stem: str) -> list[Mapping[str, JSON]]:
        """Return the list to send: the keys of others and the old keys as read, the current key with its secret."""
        kept = [_as_read(row) for row in remote if self._keeps(row, stem)]
        if self.id is None or self.secret is None:
            return kept
        return [*kept, {"id": self.id, "plaintext": self.secret, "hint": hint(self.secret)}]

    def _keeps(self, row: KeyRow, stem: str) -> bool:
        foreign = number_of(stem, row.id, MARKS[self.use]) is None
        return foreign or (row.id != self.id and row.id in {entry.id for entry in self.entries})


def _as_read(row: KeyRow) -> Mapping[str, JSON]:
    return {"id": row.id} if row.hint is None else {"id": row.id, "hint": row.hint}


def decide(q: Question, make: Callable[[], str] = generate) -> Ring:
    """Decide which key is current, which old keys keep working for a while, and which are removed."""
    if q.frozen:
        return Ring(q.use, q.held_id, q.held_secret, q.known)
    if not q.desired:
        return Ring(q.use)
    current = max((entry for entry in q.known if entry.retire_after is None), key=_number, default=None)
    floor = (current.number + q.rotating) if current else 0
    held = _held(q)
    if held is not None and held >= floor and q.held_secret:
        number, secret = held, q.held_secret
    else:
        number, secret = max(floor, _highest(q) + 1), make()
    chosen = Entry(numbered(q.stem, number, MARKS[q.use]), q.use, number)
    last = current.number if current else _highest(q)  # In a rebuilt cluster only the console knows the keys.
    replaced = last not in {-1, number}
    return Ring(q.use, chosen.id, secret, (*_retiring(q, chosen, current), chosen), replaced)


def _number(entry: Entry) -> int:
    return entry.number


def _held(q: Question) -> int | None:
    """Return the number of the key in the Secret. If its id was lost, it is found by the hint of its secret."""
    if q.held_id is None and q.held_secret is not None:
        alike = (row.id for row in q.remote if row.hint == hint(q.held_secret or ""))
        return next((n for id_ in alike if (n := number_of(q.stem, id_, MARKS[q.use])) is not None), None)
    return number_of(q.stem, q.held_id or "", MARKS[q.use])


def _highest(q: Question) -> int:
    """Return the highest number ever seen, so that no key id is used twice; -1 if there is none."""
    remote = (number_of(q.stem, row.id, MARKS[q.use]) for row in q.remote)
    return max([entry.number for entry in q.known] + [n for n in remote if n is not None], default=-1)


def _retiring(q: Question, chosen: Entry, current: Entry | None) -> tuple[Entry, ...]:
    """Return the old keys that keep working: after a rotation for the overlap. A lost key is removed at once."""
    retiring = [entry for entry in q.known if entry.retire_after is not None and entry.id != chosen.id]
    if current is not None and current.id != chosen.id and q.rotating:
        retiring.append(Entry(current.id, q.use, current.number, q.now + q.overlap))
    return tuple(entry for entry in retiring if entry.retire_after and entry.retire_after > q.now)
