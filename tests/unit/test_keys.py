"""Which write keys a stream should have: the decision, alone and over whole histories with crashes in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from jitops.core.identity import number_of
from jitops.products.jitsu.stream.keys import Entry, Question, Ring, decide, generate, hint
from jitops.products.jitsu.stream.wire import KeyRow

STEM = "shopabcdefghijklmnop"
START = datetime(2026, 1, 1, tzinfo=UTC)
THEIRS = KeyRow("theirs", "the*irs")


def entry(number: int, retire_after: datetime | None = None) -> Entry:
    """Give a public key of ours as status remembers it."""
    return Entry(f"{STEM}p{number}", "public", number, retire_after)


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
    assert (ring.id, ring.secret, ring.replaced) == (f"{STEM}p0", "made", False)
    assert ring.write_key == f"{STEM}p0:made"
    assert ring.entries == (entry(0),)


def test_after_a_crash_the_secret_counts() -> None:
    """What is in the Secret and not yet in status is what is sent."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held")
    assert (ring.id, ring.secret, ring.replaced) == (f"{STEM}p0", "held", False)


def test_at_rest() -> None:
    """Status, Secret and console agree: nothing differs."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held", known=(entry(0),), remote=(row(0, "held"), THEIRS))
    assert not ring.differs((row(0, "held"), THEIRS), STEM)
    assert (ring.secret, ring.replaced) == ("held", False)


def test_lost_plaintext() -> None:
    """A key whose plaintext is gone is replaced at once, under a number that was never used."""
    ring = ask(known=(entry(0),), remote=(row(0), row(3)))
    assert (ring.id, ring.secret, ring.replaced) == (f"{STEM}p4", "made", True)
    assert ring.entries == (entry(4),)
    assert [key["id"] for key in ring.body((row(0), row(3), THEIRS), STEM)] == ["theirs", f"{STEM}p4"]


def test_lost_id() -> None:
    """A plaintext whose id is gone is recognised by its hint; one that fits nowhere counts as lost."""
    ring = ask(held_secret="held", known=(entry(2),), remote=(row(1, "other"), row(2, "held")))
    assert (ring.id, ring.secret, ring.replaced) == (f"{STEM}p2", "held", False)
    assert ask(held_secret="held", known=(entry(2),), remote=(row(2, "other"),)).id == f"{STEM}p3"


def test_rotation() -> None:
    """A new key beside the old one, which retires after the overlap."""
    ring = ask(rotating=True, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.replaced) == (f"{STEM}p1", "made", True)
    assert ring.entries == (entry(0, START + timedelta(hours=1)), entry(1))
    sent = ring.body((row(0, "held"), THEIRS), STEM)
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
    assert later.differs((row(0), row(1, "held")), STEM)


def test_overlap_of_nothing() -> None:
    """Without overlap the old key goes at once."""
    ring = ask(rotating=True, overlap=timedelta(0), held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert [each.number for each in ring.entries] == [1]


def test_no_key_wanted() -> None:
    """Ours goes, others' stay, and nothing is published."""
    ring = ask(desired=False, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.write_key, ring.entries) == (None, None, None, ())
    assert ring.differs((row(0, "held"),), STEM)
    assert ring.body((row(0, "held"), THEIRS), STEM) == [{"id": "theirs", "hint": "the*irs"}]
    assert not ring.differs((THEIRS,), STEM)


def test_observing() -> None:
    """Under Observe nothing is made, whatever is lost or asked; what is held is kept."""
    ring = ask(frozen=True, desired=False, rotating=True, held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert (ring.id, ring.secret, ring.replaced, ring.entries) == (f"{STEM}p0", "held", False, (entry(0),))
    assert ask(frozen=True, desired=False, known=(entry(0),)).secret is None


def test_changed_hint_shows() -> None:
    """Another plaintext under our id is a difference."""
    ring = ask(held_id=f"{STEM}p0", held_secret="held", known=(entry(0),))
    assert ring.differs((row(0, "other"),), STEM)
    assert ring.differs((KeyRow(f"{STEM}p0"),), STEM)
    assert ring.differs((), STEM)


def test_key_without_hint_is_sent_back_without() -> None:
    """Others' keys are sent back as they were read."""
    assert ask(desired=False).body((KeyRow("bare"),), STEM) == [{"id": "bare"}]


def test_uses_do_not_mix() -> None:
    """A private key is none of the public ones."""
    ring = ask(held_id=f"{STEM}s0", held_secret="held", remote=(KeyRow(f"{STEM}s0", hint("held")),))
    assert (ring.id, ring.secret) == (f"{STEM}p0", "made")


def test_entries_are_written_and_read_back() -> None:
    """Status loses nothing of an entry."""
    for each in (entry(3), entry(3, START)):
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
    done: int = 0
    now: datetime = START
    used: dict[str, str] = field(default_factory=dict)
    expected: set[str] = field(default_factory=set)
    """Ids that must go on working, since their overlap is not over."""

    def reconcile(self, steps: int) -> None:
        """Decide, then write Secret, console and status, as far as so many steps go."""
        rows = tuple(KeyRow(id_, hint(plaintext)) for id_, plaintext in self.console.items())
        question = replace(
            BLANK,
            rotating=self.token != self.done,
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
        if steps > 1 and ring.differs(rows, STEM):
            body = ring.body(rows, STEM)
            ids = [str(key["id"]) for key in body]
            self.console = {id_: self.secret["secret"] if id_ == ring.id else self.console[id_] for id_ in ids}
        if steps > 2:
            self.known, self.done = ring.entries, self.token


ACTS = st.lists(
    st.tuples(st.sampled_from(["rotate", "lose", "wait", "nothing"]), st.integers(0, 3)), min_size=1, max_size=25
)


@settings(max_examples=300)
@given(ACTS)
def test_histories(acts: list[tuple[str, int]]) -> None:
    """Whatever is rotated, lost and killed: in the end the Secret's key works, at most one other is on its way out."""
    history = History(console={"theirs": "their-own"})
    for act, steps in acts:
        match act:
            case "rotate":
                history.token += 1
            case "lose":
                history.secret = {}
            case "wait":
                history.now += timedelta(minutes=40)
        history.reconcile(steps)
        assert history.console["theirs"] == "their-own"
    history.reconcile(3)
    assert history.console[history.secret["id"]] == history.secret["secret"]
    ours = [id_ for id_ in history.console if number_of(STEM, id_, "p") is not None]
    assert set(ours) <= {each.id for each in history.known}
    before = (dict(history.secret), dict(history.console), history.known)
    history.reconcile(3)
    assert before == (history.secret, history.console, history.known), "there is no rest"
    history.now += timedelta(hours=2)
    history.reconcile(3)
    assert set(history.console) == {"theirs", history.secret["id"]}


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
