"""Which write keys a stream should have: the decision, alone and over whole histories with crashes in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitops.core.errors import Thrashing
from jitops.core.identity import number_of
from jitops.products.jitsu.stream.keys import MOST_LOST, Entry, Question, Ring, decide, generate, hint
from jitops.products.jitsu.stream.wire import KeyRow

STEM = "shopabcdefghijklmnop"
START = datetime(2026, 1, 1, tzinfo=UTC)
THEIRS = KeyRow("theirs", "the*irs")


def entry(number: int, retire_after: datetime | None = None, *, lost: bool = False) -> Entry:
    """Give a public key of ours as status remembers it."""
    return Entry(f"{STEM}p{number}", "public", number, retire_after, lost)


def row(number: int, secret: str = "") -> KeyRow:
    """Give a public key of ours as the console shows it."""
    return KeyRow(f"{STEM}p{number}", hint(secret))


BLANK = Question(
    use="public",
    stem=STEM,
    desired=True,
    frozen=False,
    rotating=False,
    overlap=timedelta(hours=1),
    now=START,
    held_id=None,
    held_secret=None,
    remote=(),
    known=(),
)


def ask(**parts: object) -> Ring:
    """Decide about a question that is blank but for these parts."""
    return decide(replace(BLANK, **parts), make=lambda: "made")  # type: ignore[arg-type]


def test_generated_secrets() -> None:
    """They are long, and never the same."""
    made = {generate() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {32}


def test_first_key() -> None:
    """Nothing anywhere: the first key is made."""
    ring = ask()
    assert (ring.id, ring.secret, ring.rotated) == (f"{STEM}p0", "made", False)
    assert ring.write_key == f"{STEM}p0:made"
    assert ring.entries == (entry(0),)


def test_after_a_crash_the_secret_counts() -> None:
    """What is in the Secret and not yet in status is what is sent."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held")
    assert (ring.id, ring.secret, ring.rotated) == (f"{STEM}p0", "held", False)


def test_at_rest() -> None:
    """Status, Secret and console agree: nothing differs."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held", known=(entry(0),), remote=(row(0, "held"), THEIRS))
    assert not ring.differs((row(0, "held"), THEIRS))
    assert (ring.secret, ring.rotated) == ("held", False)


def test_lost_plaintext() -> None:
    """A key whose plaintext is gone gets a successor under a number that was never used, and stays valid."""
    ring = ask(known=(entry(0),), remote=(row(0), row(3), THEIRS))
    assert (ring.id, ring.secret, ring.rotated) == (f"{STEM}p4", "made", False)
    assert ring.entries == (entry(0, lost=True), entry(3, lost=True), entry(4))
    assert ring.lost == (f"{STEM}p0", f"{STEM}p3")
    sent = [key["id"] for key in ring.body((row(0), row(3), THEIRS))]
    assert sent == [f"{STEM}p0", f"{STEM}p3", "theirs", f"{STEM}p4"]


def test_loss_is_reported_once() -> None:
    """What status marks as lost is at rest."""
    known = (entry(0, lost=True), entry(1))
    ring = ask(known=known, held_id=f"{STEM}p1", held_secret="held", remote=(row(0), row(1, "held")))
    assert (ring.entries, ring.lost, ring.rotated) == (known, (), False)
    assert not ring.differs((row(0), row(1, "held")))


def test_rotation_retires_lost_keys() -> None:
    """The lost key and the current one go on for the overlap from the rotation on; with none they end at once."""
    asked = {
        "rotating": True,
        "known": (entry(0, lost=True), entry(1)),
        "held_id": f"{STEM}p1",
        "held_secret": "held",
        "remote": (row(0), row(1, "held")),
    }
    until = START + timedelta(hours=1)
    ring = ask(**asked)
    assert ring.entries == (entry(0, until, lost=True), entry(1, until), entry(2))
    assert (ring.rotated, ring.lost, ring.ended) == (True, (), frozenset())
    at_once = ask(**asked, overlap=timedelta(0))
    assert at_once.entries == (entry(2),)
    assert at_once.ended == {f"{STEM}p0", f"{STEM}p1"}


def test_loss_found_in_a_rotation() -> None:
    """A key that is lost when a rotation is asked for retires with it: nothing is marked or reported as lost."""
    ring = ask(rotating=True, known=(entry(0),), remote=(row(0),))
    assert ring.entries == (entry(0, START + timedelta(hours=1)), entry(1))
    assert (ring.rotated, ring.lost) == (True, ())


def test_lost_cluster() -> None:
    """Keys of this stem that status never heard of are lost, and stay valid."""
    ring = ask(remote=(row(0), row(2)))
    assert ring.entries == (entry(0, lost=True), entry(2, lost=True), entry(3))
    assert (ring.rotated, ring.ended) == (False, frozenset())


def test_ended_key_that_is_back() -> None:
    """A key below those in status was ended on purpose; if it is at the console again, it is removed again."""
    asked = {"known": (entry(2),), "held_id": f"{STEM}p2", "held_secret": "held"}
    remote = (row(0), row(2, "held"))
    ring = ask(**asked, remote=remote)
    assert ring.differs(remote)
    assert ring.entries == (entry(2),)
    assert [key["id"] for key in ring.body(remote)] == [f"{STEM}p2"]


def test_key_of_another_cluster() -> None:
    """Another plaintext under the id that a new key would have is left alone: the new key takes the next number."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held", remote=(row(0, "other"),))
    assert (ring.id, ring.entries) == (f"{STEM}p1", (entry(0, lost=True), entry(1)))


def test_restored_secret() -> None:
    """A lost key whose Secret is back is current again; one that retires is not."""
    held = {"held_id": f"{STEM}p0", "held_secret": "held", "remote": (row(0, "held"), row(1))}
    ring = ask(**held, known=(entry(0, lost=True), entry(1)))
    assert (ring.id, ring.entries, ring.lost) == (f"{STEM}p0", (entry(1, lost=True), entry(0)), (f"{STEM}p1",))
    retiring = ask(**held, known=(entry(0, START + timedelta(hours=1)), entry(1)))
    assert (retiring.id, retiring.lost) == (f"{STEM}p2", (f"{STEM}p1",))


def test_too_many_lost_keys() -> None:
    """No further key is made, unless a rotation ends the others; what is held needs none."""
    lost = tuple(entry(number, lost=True) for number in range(MOST_LOST))
    known = (*lost, entry(MOST_LOST))
    with pytest.raises(Thrashing, match=r"spec\.keys\.rotate"):
        ask(known=known)
    assert len(ask(known=known, rotating=True).entries) == MOST_LOST + 2
    assert ask(known=known, held_id=f"{STEM}p{MOST_LOST}", held_secret="held").entries == known
    assert len(ask(known=known[1:]).entries) == MOST_LOST + 1


def test_lost_id() -> None:
    """A plaintext whose id is gone is recognised by its hint; one that fits nowhere counts as lost."""
    ring = ask(held_secret="held", known=(entry(2),), remote=(row(1, "other"), row(2, "held")))
    assert (ring.id, ring.secret, ring.rotated) == (f"{STEM}p2", "held", False)
    assert ask(held_secret="held", known=(entry(2),), remote=(row(2, "other"),)).id == f"{STEM}p3"


def test_rotation() -> None:
    """A new key beside the old one, which retires after the overlap."""
    ring = ask(rotating=True, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.rotated) == (f"{STEM}p1", "made", True)
    assert ring.entries == (entry(0, START + timedelta(hours=1)), entry(1))
    sent = ring.body((row(0, "held"), THEIRS))
    assert sent == [
        {"id": f"{STEM}p0", "hint": hint("held")},
        {"id": "theirs", "hint": "the*irs"},
        {"id": f"{STEM}p1", "plaintext": "made", "hint": hint("made")},
    ]


def test_rotation_after_a_crash() -> None:
    """The new key that is in the Secret already is the one; there is no third."""
    ring = ask(rotating=True, held_id=f"{STEM}p1", held_secret="new", known=(entry(0),), remote=(row(0), row(1, "new")))
    assert (ring.id, ring.secret) == (f"{STEM}p1", "new")
    assert [each.number for each in ring.entries] == [0, 1]


def test_retirement() -> None:
    """An old key goes when its time has come, not a moment before."""
    known = (entry(0, START + timedelta(seconds=1)), entry(1))
    held = {"held_id": f"{STEM}p1", "held_secret": "held", "known": known}
    assert [each.number for each in ask(**held).entries] == [0, 1]
    later = ask(**held, now=START + timedelta(seconds=1))
    assert [each.number for each in later.entries] == [1]
    assert later.differs((row(0), row(1, "held")))


def test_overlap_of_nothing() -> None:
    """Without overlap the old key goes at once."""
    ring = ask(rotating=True, overlap=timedelta(0), held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert [each.number for each in ring.entries] == [1]


def test_no_key_wanted() -> None:
    """Ours goes, others' stay, and nothing is published."""
    ring = ask(desired=False, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.write_key, ring.entries) == (None, None, None, ())
    assert ring.differs((row(0, "held"),))
    assert ring.body((row(0, "held"), THEIRS)) == [{"id": "theirs", "hint": "the*irs"}]
    assert not ring.differs((THEIRS,))


def test_no_key_wanted_of_a_lost_cluster() -> None:
    """Where nothing tells that a key was made for this resource but its stem, it is left alone."""
    ring = ask(desired=False, remote=(row(0), THEIRS))
    assert not ring.differs((row(0), THEIRS))
    assert ask(desired=False, held_id=f"{STEM}p0", held_secret="held", remote=(row(0),)).ended == {f"{STEM}p0"}
    assert ask(desired=False, known=(entry(0),), remote=(row(0), row(1))).ended == {f"{STEM}p0", f"{STEM}p1"}


def test_observing() -> None:
    """Under Observe nothing is made, whatever is lost or asked; what is held is kept."""
    ring = ask(frozen=True, desired=False, rotating=True, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.rotated, ring.entries) == (f"{STEM}p0", "held", False, (entry(0),))
    assert ask(frozen=True, desired=False, known=(entry(0),)).secret is None


def test_contested_keys() -> None:
    """What others overwrote, removed or restored is contested; a new key, a loss, a rotation and its end are not."""
    held = {"held_id": f"{STEM}p1", "held_secret": "held", "known": (entry(1),)}
    mine = row(1, "held")
    assert ask(**held, remote=(row(1, "other"),)).contested
    assert ask(**held).contested
    assert ask(**held, remote=(mine, row(0))).contested
    assert not ask(**held, remote=(mine, THEIRS)).contested
    assert not ask(**held, remote=(mine, row(2))).contested
    assert not ask(**held, remote=(mine,), rotating=True).contested
    assert not ask(known=(entry(1),), remote=(mine,)).contested
    ending = {**held, "known": (entry(0, START), entry(1))}
    assert not ask(**ending, remote=(row(0), mine)).contested
    assert not ask().contested
    assert not ask(held_id=f"{STEM}p0", held_secret="held").contested


def test_changed_hint_shows() -> None:
    """Another plaintext under our id is a difference."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert ring.differs((row(0, "other"),))
    assert ring.differs((KeyRow(f"{STEM}p0"),))
    assert ring.differs(())


def test_key_without_hint_is_sent_back_without() -> None:
    """Others' keys are sent back as they were read."""
    assert ask(desired=False).body((KeyRow("bare"),)) == [{"id": "bare"}]


def test_uses_do_not_mix() -> None:
    """A private key is none of the public ones."""
    ring = ask(held_id=f"{STEM}s0", held_secret="held", remote=(KeyRow(f"{STEM}s0", hint("held")),))
    assert (ring.id, ring.secret) == (f"{STEM}p0", "made")


def test_entries_are_written_and_read_back() -> None:
    """Status loses nothing of an entry."""
    for each in (entry(3), entry(3, START), entry(3, lost=True), entry(3, START, lost=True)):
        assert Entry.parse(each.line()) == each


def test_secrets_do_not_show() -> None:
    """Neither question nor answer shows a plaintext in its `repr`."""
    question = replace(BLANK, held_id=f"{STEM}p0", held_secret="plaintext")
    assert "plaintext" not in repr(question) + repr(decide(question))


# Whole histories


@dataclass
class History:
    """A stream's public keys in Secret, console and status, as a process that may die leaves them."""

    made: Iterator[int] = field(default_factory=itertools.count)
    secret: dict[str, str] = field(default_factory=dict)
    console: dict[str, str] = field(default_factory=dict)
    known: tuple[Entry, ...] = ()
    token: int = 0
    done: int | None = None
    now: datetime = START
    used: dict[str, str] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    """The ids of the keys that were reported as lost."""

    def reconcile(self, steps: int) -> None:
        """Decide, then write Secret, console and status, as far as so many steps go."""
        rows = tuple(KeyRow(id_, hint(plaintext)) for id_, plaintext in self.console.items())
        question = replace(
            BLANK,
            rotating=bool(self.known) and self.token != self.done,
            now=self.now,
            held_id=self.secret.get("id"),
            held_secret=self.secret.get("secret"),
            remote=rows,
            known=self.known,
        )
        ring = decide(question, make=lambda: f"secret-{next(self.made)}")
        assert ring.id is not None
        assert ring.secret is not None
        if steps > 0:
            self.secret = {"id": ring.id, "secret": ring.secret}
            known = self.used.setdefault(ring.id, ring.secret)
            assert known == ring.secret or ring.id not in self.console, "one id with two plaintexts"
            self.used[ring.id] = ring.secret
        if steps > 1 and ring.differs(rows):
            body = ring.body(rows)
            ids = [str(key["id"]) for key in body]
            self.console = {id_: self.secret["secret"] if id_ == ring.id else self.console[id_] for id_ in ids}
        if steps > 2:
            self.known, self.done = ring.entries, self.token
            self.reported |= set(ring.lost)

    def ours(self) -> dict[str, str]:
        """Show the console's keys of ours."""
        return {id_: secret for id_, secret in self.console.items() if number_of(STEM, id_, "p") is not None}

    def happens(self, act: str) -> None:
        """Let something happen between two reconciles."""
        match act:
            case "rotate":
                self.token += 1
            case "lose":
                self.secret = {}
            case "lose status":
                self.known, self.done = (), None
            case "lose all":
                self.secret, self.known, self.done = {}, (), None
            case "wait":
                self.now += timedelta(minutes=40)


def histories(*names: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Draw what happens, each time with how far the reconcile after it gets."""
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, 3)), min_size=1, max_size=25)


@settings(max_examples=300)
@given(histories("rotate", "lose", "lose status", "lose all", "wait", "nothing"))
def test_histories(acts: list[tuple[str, int]]) -> None:
    """Whatever is rotated, lost and killed: the Secret's key works in the end, and a rotation ends all others."""
    history = History(console={"theirs": "their-own"})
    for act, steps in acts:
        history.happens(act)
        try:
            history.reconcile(steps)
        except Thrashing:
            history.token += 1
        assert history.console["theirs"] == "their-own"
    history.token += 1
    history.reconcile(3)
    assert history.console[history.secret["id"]] == history.secret["secret"]
    assert history.ours().keys() <= {each.id for each in history.known}
    before = (dict(history.secret), dict(history.console), history.known)
    history.reconcile(3)
    assert before == (history.secret, history.console, history.known), "there is no rest"
    history.token += 1
    history.reconcile(3)
    history.now += timedelta(hours=2)
    history.reconcile(3)
    assert set(history.console) == {"theirs", history.secret["id"]}


@settings(max_examples=300)
@given(histories("lose", "lose status", "lose all", "wait", "nothing"))
def test_without_a_rotation_no_key_ends(acts: list[tuple[str, int]]) -> None:
    """Every key that the console ever accepted goes on working, and each that the Secret lacks was reported."""
    history, accepted = History(console={"theirs": "their-own"}), {"theirs": "their-own"}
    for act, steps in acts:
        history.happens(act)
        try:
            history.reconcile(steps)
        except Thrashing:
            break
        accepted |= history.console
        assert history.console == accepted
    else:
        history.reconcile(3)
    lost = history.ours().keys() - {history.secret.get("id")}
    assert lost - {each.id for each in history.known if not each.lost} <= history.reported


@settings(max_examples=300)
@given(histories("lose", "rotate", "wait", "nothing"))
def test_a_rotated_key_ends_in_time(acts: list[tuple[str, int]]) -> None:
    """What status says is over is over after the next reconcile that gets as far as the console."""
    history = History()
    for act, steps in acts:
        history.happens(act)
        over = {each.id for each in history.known if each.retire_after and each.retire_after <= history.now}
        try:
            history.reconcile(steps)
        except Thrashing:
            break
        if steps > 1:
            assert not over & history.console.keys()


@given(st.integers(0, 3), st.integers(0, 3))
def test_crashes_in_a_rotation_make_no_third_pair(first: int, second: int) -> None:
    """Two deaths anywhere in a rotation: the old key and one new one, both working."""
    history = History()
    history.reconcile(3)
    old = dict(history.secret)
    history.token += 1
    for steps in (first, second, 3):
        history.reconcile(steps)
    assert len(history.console) == 2
    assert history.console[old["id"]] == old["secret"]
    assert history.console[history.secret["id"]] == history.secret["secret"]
