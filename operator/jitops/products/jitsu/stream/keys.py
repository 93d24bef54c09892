"""Which write keys a stream should have: a pure decision over what status, Secret and console show.

The client makes the keys: id and plaintext; the console keeps a salted hash and shows the id and whatever hint it was
sent (docs/reference/jitsu.md section 4). Ours are told from others' by their ids, `<stem>p<n>` and `<stem>s<n>`;
others' are sent back as they were read.
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
LENGTH = 32


def generate() -> str:
    """Make the secret half of a write key: 128 random bits, as long as the console's own."""
    return secrets.token_hex(LENGTH // 2)


def hint(plaintext: str) -> str:
    """Shorten a secret as the console's pages do; by it a change made by others is visible."""
    return f"{plaintext[:3]}*{plaintext[-3:]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of ours as status remembers it."""

    id: str
    use: str
    number: int
    retire_after: datetime | None = None

    @classmethod
    def parse(cls, line: Mapping[str, JSON]) -> Entry:
        """Read a line of `status.keys.entries`."""
        until = line.get("retireAfter")
        return cls(line["id"], line["use"], line["number"], moment(until) if until else None)

    @property
    def stem(self) -> str:
        """The part of its id that never changes."""
        return self.id.removesuffix(f"{MARKS[self.use]}{self.number}")

    def line(self) -> Mapping[str, JSON]:
        """Write a line of `status.keys.entries`."""
        line: dict[str, JSON] = {"id": self.id, "use": self.use, "number": self.number}
        return {**line, "retireAfter": stamp(self.retire_after)} if self.retire_after else line


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the decision about one use (public, private) rests on."""

    use: str
    stem: str
    desired: bool
    """Whether we keep a key of this use at all."""
    frozen: bool
    """Nothing may be made or removed (policy Observe)."""
    rotating: bool
    """The rotation token changed since it was last acted on."""
    overlap: timedelta
    now: datetime
    held_id: str | None
    held_secret: str | None = field(repr=False)
    remote: tuple[KeyRow, ...]
    known: tuple[Entry, ...]
    """Ours of this use, as status remembers them."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one use as they should be."""

    use: str
    id: str | None = None
    secret: str | None = field(default=None, repr=False)
    entries: tuple[Entry, ...] = ()
    replaced: bool = False
    """A key took the place of another."""

    @property
    def write_key(self) -> str | None:
        """What an SDK is configured with."""
        return f"{self.id}:{self.secret}" if self.id and self.secret else None

    def differs(self, remote: tuple[KeyRow, ...], stem: str) -> bool:
        """Say whether the console's keys of ours are other ones, by id and hint."""
        ours = {row.id: row.hint for row in remote if number_of(stem, row.id, MARKS[self.use]) is not None}
        desired = {entry.id for entry in self.entries}
        if self.secret is not None and self.id is not None and ours.get(self.id) != hint(self.secret):
            return True
        return set(ours) - desired != set()

    def body(self, remote: tuple[KeyRow, ...], stem: str) -> list[Mapping[str, JSON]]:
        """Give the list to send: others' keys and our retiring ones as read, the current one with its secret."""
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
    """Decide which key is current, which go on for a while, and which go."""
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
    last = current.number if current else _highest(q)  # a rebuilt cluster knows its keys by the console alone
    replaced = last not in {-1, number}
    return Ring(q.use, chosen.id, secret, (*_retiring(q, chosen, current), chosen), replaced)


def _number(entry: Entry) -> int:
    return entry.number


def _held(q: Question) -> int | None:
    """Tell the number of the key in the Secret; where its id was lost, the hint of its plaintext tells."""
    if q.held_id is None and q.held_secret is not None:
        alike = (row.id for row in q.remote if row.hint == hint(q.held_secret or ""))
        return next((n for id_ in alike if (n := number_of(q.stem, id_, MARKS[q.use])) is not None), None)
    return number_of(q.stem, q.held_id or "", MARKS[q.use])


def _highest(q: Question) -> int:
    """Find the highest number ever seen, so that no key id is used twice."""
    remote = (number_of(q.stem, row.id, MARKS[q.use]) for row in q.remote)
    return max([entry.number for entry in q.known] + [n for n in remote if n is not None], default=-1)


def _retiring(q: Question, chosen: Entry, current: Entry | None) -> tuple[Entry, ...]:
    """Keep the old keys that go on working: in a rotation for the overlap; a lost one goes at once."""
    retiring = [entry for entry in q.known if entry.retire_after is not None and entry.id != chosen.id]
    if current is not None and current.id != chosen.id and q.rotating:
        retiring.append(Entry(current.id, q.use, current.number, q.now + q.overlap))
    return tuple(entry for entry in retiring if entry.retire_after and entry.retire_after > q.now)
