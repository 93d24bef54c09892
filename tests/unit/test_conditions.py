"""From errors to conditions: the table of the design, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jitops.api.reasons import ConditionType, Reason
from jitops.core import errors
from jitops.core.contract.observation import ExtraCondition
from jitops.core.status.conditions import Verdict, conditions, find, judge
from jitops.core.status.error_rules import RULES
from jitops.core.status.requeue import Requeue, When

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INTERNAL = {errors.JitopsError, errors.IdBurnt, errors.Interrupted, *errors.Interrupted.__subclasses__()}

ROWS: list[tuple[errors.JitopsError, str, str, bool, bool, Requeue]] = [
    (errors.SpecInvalid("x"), "False", "InvalidConfiguration", True, False, Requeue.on_change()),
    (errors.DependencyNotReady("x"), "False", "DependencyNotReady", False, False, Requeue.slow()),
    (
        errors.DependencyNotReady("x", reason="DependencyNotFound", after=60.0),
        "False",
        "DependencyNotFound",
        False,
        False,
        Requeue.after(60.0),
    ),
    (
        errors.DependencyNotReady("x", reason="ReferenceNotPermitted"),
        "False",
        "ReferenceNotPermitted",
        False,
        False,
        Requeue.slow(),
    ),
    (errors.PreflightFailed("x"), "False", "InvalidConfiguration", True, False, Requeue.slow()),
    (errors.CredentialsRejected("x"), "False", "CredentialsInvalid", True, False, Requeue.on_change()),
    (errors.PermissionDenied("x"), "False", "PermissionDenied", True, False, Requeue.slow()),
    (errors.Unavailable("x"), "Unknown", "RemoteUnavailable", False, True, Requeue.backoff()),
    (errors.Unavailable("x", circuit_open=True), "Unknown", "CircuitOpen", False, True, Requeue.backoff()),
    (errors.RateLimited("x", after=7.0), "False", "Throttled", False, True, Requeue.after(7.0)),
    (errors.NotYet("x", after=3.0), "False", "Creating", False, True, Requeue.after(3.0)),
    (errors.NotYet("x", after=3.0, deleting=True), "False", "Deleting", False, True, Requeue.after(3.0)),
    (errors.Overtaken("x", after=1.0), "False", "Creating", False, True, Requeue.after(1.0)),
    (errors.AlreadyOwned("x"), "False", "Conflict", True, False, Requeue.slow()),
    (errors.AdoptionMismatch("x", paths=("name",)), "False", "AdoptionMismatch", True, False, Requeue.slow()),
    (errors.RemoteNotFound("x"), "False", "RemoteNotFound", True, False, Requeue.slow()),
    (errors.ManualActionRequired("x"), "False", "ManualActionRequired", True, False, Requeue.slow()),
    (errors.DeletionBlocked("x"), "False", "DeletionBlocked", True, False, Requeue.slow()),
    (errors.Thrashing("x"), "False", "Thrashing", True, False, Requeue.on_change()),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{type(row[0]).__name__}-{row[2]}")
def test_row(row: tuple[errors.JitopsError, str, str, bool, bool, Requeue]) -> None:
    """Each error becomes the condition, and asks for the next attempt, that the design says."""
    error, ready, reason, stalled, reconciling, requeue = row
    verdict = judge(error)
    assert (verdict.ready, verdict.reason, verdict.message) == (ready, reason, "x")
    assert (verdict.stalled, verdict.reconciling) == (stalled, reconciling)
    assert verdict.requeue == requeue


def test_every_error_has_its_row() -> None:
    """Whoever adds an error says how it reads; only those that never reach a user have none."""
    tree = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert tree - INTERNAL == set(RULES)
    assert tree - INTERNAL == {type(row[0]) for row in ROWS}


def test_defect() -> None:
    """What is in no row is a defect: retried with backoff, and its own words are not passed on."""
    verdict = judge(ValueError("words of a secret"))
    assert (verdict.ready, verdict.reason, verdict.requeue) == ("False", "InternalError", Requeue.backoff())
    assert verdict.reconciling
    assert "words" not in verdict.message
    assert "ValueError" in verdict.message


def test_stalled_is_where_only_a_person_can_help() -> None:
    """Nothing is both Stalled and Reconciling, and what is Stalled is not retried with backoff."""
    for error, *_ in ROWS:
        verdict = judge(error)
        assert not (verdict.stalled and verdict.reconciling)
        assert not (verdict.stalled and verdict.requeue.when in (When.BACKOFF, When.AFTER))


FINE = Verdict("Available", "all is well", ready="True", synced="True", resolved="True")


def written(before: Any, verdict: Verdict, *, generation: int = 1, later: float = 0) -> list[Any]:
    """Write conditions."""
    return conditions(before, verdict, generation, NOW + timedelta(seconds=later))


def test_fine_has_three_conditions() -> None:
    """What is abnormal is there only while it is true."""
    result = written((), FINE)
    assert [(c["type"], c["status"]) for c in result] == [
        ("Ready", "True"),
        ("Synced", "True"),
        ("ReferencesResolved", "True"),
    ]
    assert {c["observedGeneration"] for c in result} == {1}


def test_abnormal_conditions_go_again() -> None:
    """Stalled and DriftDetected leave with their cause."""
    stalled = written((), judge(errors.AdoptionMismatch("x", paths=("name",))))
    assert {c["type"] for c in stalled} == {"Ready", "Synced", "Stalled", "DriftDetected"}
    assert {c["type"] for c in written(stalled, FINE)} == {"Ready", "Synced", "ReferencesResolved"}


def test_transition_time_is_that_of_the_status() -> None:
    """The same again changes nothing at all; another message keeps the time; another status takes a new one."""
    first = written((), FINE)
    assert written(first, FINE, later=60) == first
    again = written(first, Verdict("Published", "else", ready="True", synced="True", resolved="True"), later=60)
    assert [c["lastTransitionTime"] for c in again] == [c["lastTransitionTime"] for c in first]
    broken = written(first, judge(errors.SpecInvalid("x")), later=60)
    ready = next(c for c in broken if c["type"] == "Ready")
    assert ready["lastTransitionTime"] == "2026-01-01T00:01:00Z"


def test_outage_leaves_what_it_does_not_know() -> None:
    """While the remote can't be reached, Synced and ReferencesResolved stay as they were."""
    first = written((), FINE)
    out = {c["type"]: c["status"] for c in written(first, judge(errors.Unavailable("x")))}
    assert out == {"Ready": "Unknown", "Synced": "True", "ReferencesResolved": "True", "Reconciling": "True"}


def test_messages_name_paths_only() -> None:
    """DriftDetected names the fields."""
    drift = written((), Verdict("DriftDetected", "x", ready="False", drift=("name", "extra.a")))
    found = next(c for c in drift if c["type"] == ConditionType.DRIFT_DETECTED)
    assert found["message"] == "differs at the remote: name, extra.a"
    assert found["reason"] == Reason.DRIFT_DETECTED


def test_find() -> None:
    """A condition that isn't there is empty."""
    assert find({"conditions": written((), FINE)}, "Ready")["status"] == "True"
    assert find({}, "Ready") == {}
    assert find({"conditions": None}, "Ready") == {}


def test_a_kind_has_conditions_of_its_own() -> None:
    """A contributed condition is written, survives a failure, and goes when the kind no longer reports it."""
    validated = ExtraCondition("Validated", "True", "TestsPassed", "3 tests passed")
    fine = Verdict("Available", "all is well", ready="True", synced="True", resolved="True", extra=(validated,))
    first = written((), fine)
    assert find({"conditions": first}, "Validated")["message"] == "3 tests passed"
    broken = written(first, judge(errors.SpecInvalid("x")))
    assert find({"conditions": broken}, "Validated")["status"] == "True"
    again = written(broken, Verdict("Available", "", ready="True", synced="True", resolved="True", extra=()))
    assert find({"conditions": again}, "Validated") == {}
