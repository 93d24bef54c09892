"""The write keys of a stream: a pure decision from the status, the Secret and the console.

A client of the console makes the keys, with id and plaintext. The console stores a salted hash, and lists the id and
the hint that it was sent (docs/reference/jitsu.md section 4). The keys of jitops have the ids `<stem>p<n>` and
`<stem>s<n>`. All other keys are sent back as they were read.

A key is removed only on purpose: by a rotation or by the mode None. A key whose plaintext is lost gets a successor and
stays valid, marked as lost, because the sites that use it continue to send events.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jitops.core.clock import moment, stamp
from jitops.core.contract.observation import Expiry
from jitops.core.errors import Thrashing
from jitops.core.identity import number_of, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitsu.stream.wire import KeyRow

MARKS = {"public": "p", "private": "s"}
"""The letter in the id of a key, by its use."""
LENGTH = 32
"""The characters of a secret: 128 random bits in hexadecimal, as long as the console's own secrets."""
MOST_LOST = 10
"""How many lost keys of a use may be valid at a time: repeated deletions of the Secret must not fill the console."""


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
    lost: bool = False
    """Whether its plaintext is lost. It stays valid until a rotation retires it."""

    @classmethod
    def parse(cls, line: Mapping[str, JSON]) -> Entry:
        """Return the entry of a line in `status.keys.entries`."""
        until = line.get("retireAfter")
        retire_after, lost = moment(until) if until else None, bool(line.get("lost"))
        return cls(line["id"], line["use"], line["number"], retire_after, lost)

    @property
    def stem(self) -> str:
        """Return the part of the id that never changes."""
        return self.id.removesuffix(f"{MARKS[self.use]}{self.number}")

    def line(self) -> Mapping[str, JSON]:
        """Return the line for `status.keys.entries`."""
        retire_after = stamp(self.retire_after) if self.retire_after else None
        ends: dict[str, JSON] = {"retireAfter": retire_after, "lost": self.lost or None}
        known = {name: value for name, value in ends.items() if value is not None}
        return {"id": self.id, "use": self.use, "number": self.number, **known}


def entries_of(status: Mapping[str, JSON]) -> tuple[Entry, ...]:
    """Return the keys that a status remembers."""
    return tuple(Entry.parse(line) for line in (status.get("keys") or {}).get("entries") or ())


def expiries(status: Mapping[str, JSON]) -> tuple[Expiry, ...]:
    """Return when the keys of a status end that a rotation replaced."""
    replaced = ((entry, entry.retire_after) for entry in entries_of(status))
    return tuple(Expiry(f"the {entry.use} write key {entry.id}", at) for entry, at in replaced if at)


@dataclass(frozen=True, slots=True)
class Question:
    """The input of the decision about the keys of one use (public or private)."""

    use: str
    stem: str
    desired: bool
    """Whether there should be a key of this use."""
    frozen: bool
    """Whether no key may be made or removed (policy Observe, or the stream is being deleted)."""
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
    """The current key and all others that stay valid for now."""
    ended: frozenset[str] = frozenset()
    """The ids of the keys to remove."""
    rotated: bool = False
    """Whether the current key replaces another one because of a rotation."""
    lost: tuple[str, ...] = ()
    """The ids of the lost keys that status does not mark as lost yet."""
    contested: bool = False
    """Whether someone else overwrote or removed the current key, or restored one that was removed."""

    @property
    def write_key(self) -> str | None:
        """Return the write key, as an SDK is configured with it."""
        return f"{self.id}:{self.secret}" if self.id and self.secret else None

    def differs(self, remote: tuple[KeyRow, ...]) -> bool:
        """Return whether the console lacks the current key, by id and hint, or has a key to remove."""
        hints = {row.id: row.hint for row in remote}
        if self.secret is not None and self.id is not None and hints.get(self.id) != hint(self.secret):
            return True
        return bool(self.ended & hints.keys())

    def body(self, remote: tuple[KeyRow, ...]) -> list[Mapping[str, JSON]]:
        """Return the list to send: the keys that stay as they were read, and the current key with its secret."""
        kept = [row.sent() for row in remote if row.id != self.id and row.id not in self.ended]
        if self.id is None or self.secret is None:
            return kept
        return [*kept, {"id": self.id, "plaintext": self.secret, "hint": hint(self.secret)}]


def decide(q: Question, make: Callable[[], str] = generate) -> Ring:
    """Decide which key is current, which keys stay valid and for how long, and which are removed.

    Raises Thrashing where another key would be made although `MOST_LOST` lost keys are valid.
    """
    if q.frozen:
        return Ring(q.use, q.held_id, q.held_secret, q.known)
    if not q.desired:
        return Ring(q.use, ended=_given_up(q))
    held = _held(q)
    if held is not None and q.held_secret and _may_be_current(q, held):
        number, secret = held, q.held_secret
    else:
        _refuse_endless_loss(q)
        number, secret = _highest(q) + 1, make()
    chosen = Entry(numbered(q.stem, number, MARKS[q.use]), q.use, number)
    others = _others(q, chosen)
    entries = tuple(each for each in others if each.retire_after is None or each.retire_after > q.now)
    going_on = {each.id for each in (*entries, chosen)}
    return Ring(
        q.use,
        chosen.id,
        secret,
        (*entries, chosen),
        ended=_made(q) - going_on,
        rotated=q.rotating and any(each.retire_after is None for each in q.known if each.id != chosen.id),
        lost=_newly_lost(q, entries),
        contested=_is_contested(q, chosen, secret),
    )


def _held(q: Question) -> int | None:
    """Return the number of the key in the Secret. If its id was lost, it is found by the hint of its secret."""
    if q.held_id is None and q.held_secret is not None:
        alike = (row.id for row in q.remote if row.hint == hint(q.held_secret or ""))
        return next((n for id_ in alike if (n := number_of(q.stem, id_, MARKS[q.use])) is not None), None)
    return number_of(q.stem, q.held_id or "", MARKS[q.use])


def _may_be_current(q: Question, held: int) -> bool:
    """Return whether the Secret's key may be used.

    It may if a crash kept it out of status, or if status has it and no rotation replaced it: a Secret that was restored
    from a backup makes a lost key the current key again. If status does not have it, and the console has another
    plaintext under its id, that key belongs to another cluster and is never overwritten.
    """
    if held > _newest(q):
        hints = {number_of(q.stem, row.id, MARKS[q.use]): row.hint for row in q.remote}
        return hints.get(held, hint(q.held_secret or "")) == hint(q.held_secret or "")
    return not q.rotating and any(each.number == held and each.retire_after is None for each in q.known)


def _newest(q: Question) -> int:
    """Return the highest number in status. A lower number that is not in status was removed on purpose."""
    return max((entry.number for entry in q.known), default=-1)


def _at_console(q: Question) -> dict[str, int]:
    """Return the numbers of the keys of this stem and use that the console has, by id."""
    numbers = {row.id: number_of(q.stem, row.id, MARKS[q.use]) for row in q.remote}
    return {id_: number for id_, number in numbers.items() if number is not None}


def _made(q: Question) -> frozenset[str]:
    """Return the ids of all keys of this stem and use, of status and of the console."""
    return frozenset({*_at_console(q), *(entry.id for entry in q.known)})


def _highest(q: Question) -> int:
    """Return the highest number ever seen, so that no key id is used twice; -1 if there is none."""
    return max([_newest(q), *_at_console(q).values()])


def _others(q: Question, chosen: Entry) -> list[Entry]:
    """Return all keys but the current one: those in status, and those known to the console alone.

    A key is not in status if the cluster was lost, or a process was killed before it wrote the status.
    """
    newest = _newest(q)
    unknown = [Entry(id_, q.use, number) for id_, number in sorted(_at_console(q).items()) if number > newest]
    return [_without_plaintext(q, each) for each in (*q.known, *unknown) if each.id != chosen.id]


def _without_plaintext(q: Question, entry: Entry) -> Entry:
    """Return a key that is not current: a rotation retires it; without a rotation its plaintext was lost."""
    if entry.retire_after is not None:
        return entry
    if q.rotating:
        return replace(entry, retire_after=q.now + q.overlap)
    return replace(entry, lost=True)


def _newly_lost(q: Question, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    marked = {entry.id for entry in q.known if entry.lost}
    return tuple(entry.id for entry in entries if entry.lost and entry.id not in marked)


def _is_contested(q: Question, chosen: Entry, secret: str) -> bool:
    """Return whether the console differs although status says that it once held the right keys."""
    known = {entry.id for entry in q.known}
    hints = {row.id: row.hint for row in q.remote}
    restored = any(id_ not in known and number < _newest(q) for id_, number in _at_console(q).items())
    return restored or (chosen in q.known and hints.get(chosen.id) != hint(secret))


def _refuse_endless_loss(q: Question) -> None:
    lost = [entry for entry in q.known if entry.lost and entry.retire_after is None]
    if len(lost) >= MOST_LOST and not q.rotating:
        raise Thrashing(
            f"the {q.use} write key was lost {len(lost)} times, and all of these keys are still valid: find what"
            " deletes or edits the output Secret, then change spec.keys.rotate, which ends them after spec.keys.overlap"
        )


def _given_up(q: Question) -> frozenset[str]:
    """Return the keys to remove where no key is desired: the ones known to be made for this resource.

    After the loss of a cluster none are known. Its keys are not changed, as an import of the stream expects.
    """
    return _made(q) if q.known else frozenset(id_ for id_ in _at_console(q) if id_ == q.held_id)
