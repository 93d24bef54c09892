"""Which write keys a stream should have: a pure decision over what status, Secret and console show.

The client makes the keys: id and plaintext; the console keeps a salted hash and shows the id and whatever hint it was
sent (docs/reference/jitsu.md section 4). Ours are told from others' by their ids, `<stem>p<n>` and `<stem>s<n>`;
others' are sent back as they were read.

A key ends only on purpose: by a rotation or by the mode None. A key whose plaintext is lost gets a successor and stays
valid, marked as lost, because the sites that carry it go on sending events.
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
LENGTH = 32
MOST_LOST = 10
"""How many lost keys of a use may be valid at a time: something that deletes the Secret again and again has an end."""


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
    lost: bool = False
    """Whether its plaintext is lost; it stays valid until a rotation retires it."""

    @classmethod
    def parse(cls, line: Mapping[str, JSON]) -> Entry:
        """Read a line of `status.keys.entries`."""
        until = line.get("retireAfter")
        retire_after, lost = moment(until) if until else None, bool(line.get("lost"))
        return cls(line["id"], line["use"], line["number"], retire_after, lost)

    @property
    def stem(self) -> str:
        """The part of its id that never changes."""
        return self.id.removesuffix(f"{MARKS[self.use]}{self.number}")

    def line(self) -> Mapping[str, JSON]:
        """Write a line of `status.keys.entries`."""
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
    ended: frozenset[str] = frozenset()
    """The ids that must not be at the console any more."""
    rotated: bool = False
    """The key replaces another one, because somebody asked for a rotation."""
    lost: tuple[str, ...] = ()
    """The ids whose plaintext is lost, and that status does not mark so yet."""
    contested: bool = False
    """Someone else overwrote or removed the current key, or restored one that had ended."""

    @property
    def write_key(self) -> str | None:
        """What an SDK is configured with."""
        return f"{self.id}:{self.secret}" if self.id and self.secret else None

    def differs(self, remote: tuple[KeyRow, ...]) -> bool:
        """Return whether the console lacks the current key, by id and hint, or still has an ended one."""
        hints = {row.id: row.hint for row in remote}
        if self.secret is not None and self.id is not None and hints.get(self.id) != hint(self.secret):
            return True
        return bool(self.ended & hints.keys())

    def body(self, remote: tuple[KeyRow, ...]) -> list[Mapping[str, JSON]]:
        """Return the list to send: all that goes on as it was read, then the current key with its secret."""
        kept = [row.sent() for row in remote if row.id != self.id and row.id not in self.ended]
        if self.id is None or self.secret is None:
            return kept
        return [*kept, {"id": self.id, "plaintext": self.secret, "hint": hint(self.secret)}]


def decide(q: Question, make: Callable[[], str] = generate) -> Ring:
    """Decide which key is current, which stay valid, for how long, and which end.

    Raises Thrashing rather than make another key while `MOST_LOST` lost ones are valid.
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
    """Tell the number of the key in the Secret; where its id was lost, the hint of its plaintext tells."""
    if q.held_id is None and q.held_secret is not None:
        alike = (row.id for row in q.remote if row.hint == hint(q.held_secret or ""))
        return next((n for id_ in alike if (n := number_of(q.stem, id_, MARKS[q.use])) is not None), None)
    return number_of(q.stem, q.held_id or "", MARKS[q.use])


def _may_be_current(q: Question, held: int) -> bool:
    """Return whether the Secret's key may be used.

    It may if a crash kept it out of status, or if status has it and no rotation ended it: a Secret that was restored
    from a backup makes a lost key the current one again. If the console has another plaintext under its id, and status
    knows nothing of it, then that is the key of another cluster: it is never overwritten.
    """
    if held > _newest(q):
        hints = {number_of(q.stem, row.id, MARKS[q.use]): row.hint for row in q.remote}
        return hints.get(held, hint(q.held_secret or "")) == hint(q.held_secret or "")
    return not q.rotating and any(each.number == held and each.retire_after is None for each in q.known)


def _newest(q: Question) -> int:
    """Return the highest number in status; a lower one that is not there was ended on purpose."""
    return max((entry.number for entry in q.known), default=-1)


def _at_console(q: Question) -> dict[str, int]:
    """Return the numbers of the keys of this stem and use that the console has, by id."""
    numbers = {row.id: number_of(q.stem, row.id, MARKS[q.use]) for row in q.remote}
    return {id_: number for id_, number in numbers.items() if number is not None}


def _made(q: Question) -> frozenset[str]:
    """Return the ids of all keys of this stem and use, of status and of the console."""
    return frozenset({*_at_console(q), *(entry.id for entry in q.known)})


def _highest(q: Question) -> int:
    """Find the highest number ever seen, so that no key id is used twice."""
    return max([_newest(q), *_at_console(q).values()])


def _others(q: Question, chosen: Entry) -> list[Entry]:
    """Return the keys beside the current one: those of status, and those that status never heard of.

    Status knows nothing of a key if the cluster was lost, or a process died before it wrote the status.
    """
    newest = _newest(q)
    unknown = [Entry(id_, q.use, number) for id_, number in sorted(_at_console(q).items()) if number > newest]
    return [_without_plaintext(q, each) for each in (*q.known, *unknown) if each.id != chosen.id]


def _without_plaintext(q: Question, entry: Entry) -> Entry:
    """Return a key that is not current any more: a rotation retires it, anything else means that it was lost."""
    if entry.retire_after is not None:
        return entry
    if q.rotating:
        return replace(entry, retire_after=q.now + q.overlap)
    return replace(entry, lost=True)


def _newly_lost(q: Question, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    marked = {entry.id for entry in q.known if entry.lost}
    return tuple(entry.id for entry in entries if entry.lost and entry.id not in marked)


def _is_contested(q: Question, chosen: Entry, secret: str) -> bool:
    """Return whether the console differs though status says that it was as it should be."""
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
    """Return what ends because no key is desired: what jitops is known to have made for this resource.

    Of a cluster that was lost nothing is known. Its keys are left alone, as an import of the stream expects.
    """
    return _made(q) if q.known else frozenset(id_ for id_ in _at_console(q) if id_ == q.held_id)
