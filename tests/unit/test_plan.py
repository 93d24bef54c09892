"""The decision, over every situation there is."""

from __future__ import annotations

import itertools

import pytest

from jitops.core.contract.observation import Change
from jitops.core.managed.plan import Action, Policies, Situation, plan

NAME, KEY = Change("name"), Change("keys.public", generated=True)
NONE: tuple[Change, ...] = ()
BOOLS = (False, True)


def every_situation() -> list[Situation]:
    """Give all combinations of everything that a decision rests on."""
    policies = [
        Policies(observe_only=o, adopt=a, retain=r, report_drift=d, paused_by=("somebody",) if p else (), released=f)
        for o, a, r, d, p, f in itertools.product(BOOLS, ("Never", "Match", "Override"), BOOLS, BOOLS, BOOLS, BOOLS)
    ]
    changes = (NONE, (NAME,), (KEY,), (NAME, KEY))
    return [
        Situation(p, deleting=d, exists=e, owned=e and o, applied=s, changes=c if e else NONE)
        for p, d, e, o, s, c in itertools.product(policies, BOOLS, BOOLS, BOOLS, BOOLS, changes)
    ]


EVERY = every_situation()
WRITES = {Action.CREATE, Action.UPDATE, Action.ADOPT, Action.DELETE}


def test_what_is_not_ours_is_never_deleted_or_updated() -> None:
    """Law 3: only an adoption, where it was asked for, touches what we did not make."""
    for s in EVERY:
        if not s.owned and s.exists:
            action = plan(s).action
            assert action not in {Action.UPDATE, Action.DELETE, Action.CREATE}
            assert action is not Action.ADOPT or s.policies.adopt != "Never"


def test_observing_and_pausing_write_nothing() -> None:
    """Observe never writes, and neither does a paused resource."""
    for s in EVERY:
        if s.policies.observe_only or s.policies.paused:
            assert plan(s).action not in WRITES


def test_match_writes_nothing_that_differs() -> None:
    """`adopt: Match` adopts only an object that equals the spec; what we generate ourselves doesn't count."""
    for s in EVERY:
        if plan(s).action is Action.ADOPT and s.policies.adopt == "Match":
            assert NAME not in s.changes


def test_deletion_always_has_an_end() -> None:
    """Law 4: a deletion deletes or releases, and does nothing only while paused."""
    for s in EVERY:
        if s.deleting:
            action = plan(s).action
            assert action in {Action.DELETE, Action.RELEASE} or (action is Action.NOTHING and s.policies.paused)


@pytest.mark.parametrize("leaving", ["retain", "released", "observe_only"])
def test_what_is_to_stay_stays(leaving: str) -> None:
    """Retain, release and Observe let go without deleting, paused or not."""
    for s in EVERY:
        if s.deleting and getattr(s.policies, leaving):
            assert plan(s).action is Action.RELEASE


def test_equal_and_ours_needs_nothing() -> None:
    """Law 5: nothing is written where nothing differs."""
    for s in EVERY:
        if s.exists and s.owned and not s.changes and not s.deleting:
            assert plan(s).action is Action.NOTHING
            assert plan(s).drift == ()


def test_every_difference_is_carried_out_or_told() -> None:
    """No difference of what a person set is passed over in silence."""
    for s in EVERY:
        if NAME in s.changes and not s.deleting and not s.policies.paused:
            decided = plan(s)
            assert NAME in decided.changes or "name" in decided.drift


def test_report_holds_drift_alone() -> None:
    """Under Report, drift of an applied spec is reported and not corrected; generated values are still written."""
    policies = Policies(report_drift=True)
    ours = {"exists": True, "owned": True}
    assert plan(Situation(policies, **ours, applied=True, changes=(NAME,))).action is Action.REPORT
    assert plan(Situation(policies, **ours, applied=False, changes=(NAME,))).action is Action.UPDATE
    both = plan(Situation(policies, **ours, applied=True, changes=(NAME, KEY)))
    assert (both.action, both.changes, both.drift) == (Action.UPDATE, (KEY,), ("name",))
    own = plan(Situation(policies, **ours, applied=True, changes=(KEY,)))
    assert (own.action, own.drift) == (Action.UPDATE, ())


def test_what_is_missing_is_made() -> None:
    """Absence means creation, or a report under Observe."""
    assert plan(Situation(Policies())).action is Action.CREATE
    assert plan(Situation(Policies(observe_only=True))).action is Action.REPORT
