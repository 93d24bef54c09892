"""Strict parsing, rules in two languages, and refusals that help without telling secrets."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pytest
from pydantic import TypeAdapter
from tests.harness.cases.mutations import Path, places, replaced
from tests.harness.cases.specs import CASES, Case
from tests.harness.cases.streams import FULL_STREAM

from jitops.api.schema.model import InvalidSpec, Model, Problem, Rule, immutable, validate_spec
from jitops.kinds import KINDS

SPECS = {kind.kind: kind.spec for kind in KINDS}


def problems(case: Case) -> list[Problem]:
    """Judge a case as the local store and the operator do."""
    try:
        validate_spec(SPECS[case.kind], case.spec, case.old)
    except InvalidSpec as refusal:
        return list(refusal.problems)
    return []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_table(case: Case) -> None:
    """Each spec of the table is accepted, or refused for just the field that is to blame."""
    assert [problem.field for problem in problems(case)] == ([] if case.field is None else [case.field])


def test_names_of_cases_are_unique() -> None:
    """A failing case can be found by its name."""
    names = [(case.kind, case.name, case.old is None) for case in CASES]
    assert len(set(names)) == len(names)


def test_every_refusal_is_a_sentence() -> None:
    """No refusal falls back on "see kubectl explain": each says what to write."""
    vague = [str(problem) for case in CASES for problem in problems(case) if "kubectl" in problem.message]
    assert vague == []


SECRET = "hunter2 §: ¡never shown!\n"


@pytest.mark.parametrize("planted", [SECRET, [SECRET], {"a": SECRET}, 4242424242424242424242], ids=type)
@pytest.mark.parametrize("path", tuple(places(FULL_STREAM)), ids=str)
def test_refusals_never_tell_the_value(path: Path, planted: object) -> None:
    """Whatever stands wherever in a spec, the refusal repeats neither text nor number."""
    spec = replaced(FULL_STREAM, path, planted)
    try:
        validate_spec(SPECS["JitsuStream"], spec)
    except InvalidSpec as refusal:
        told = f"{refusal} {refusal!r} {refusal.__cause__} {refusal.problems}"
        assert "hunter2" not in told
        assert "4242" not in told


def test_all_problems_are_told_at_once() -> None:
    """A user mends a spec in one go."""
    with pytest.raises(InvalidSpec) as caught:
        validate_spec(SPECS["JitsuStream"], {"domains": ["a b"], "shard": "1", "unknown": True})
    assert [problem.field for problem in caught.value.problems] == [
        "spec.workspaceRef",
        "spec.domains[0]",
        "spec.shard",
        "spec.unknown",
    ]
    assert "spec.shard: must be a whole number" in str(caught.value)


def test_several_broken_rules_of_one_object_are_told_at_once() -> None:
    """Rules between fields are no exception to that."""
    spec = {
        "workspaceRef": {"name": "a"},
        "outputs": {"secret": {"keys": {"nope": "id", "id": "publicKeyId"}}},
    }
    case = Case("two rules", "JitsuStream", spec)
    assert len(problems(case)) == 2


def test_what_only_an_earlier_version_accepted_can_be_mended() -> None:
    """A stored spec that is no longer valid doesn't stand in the way of a valid one."""
    assert problems(Case("x", "Connector", {"organizationRef": {"name": "a"}, "version": "2"}, {"bad": 1})) == []


class Small(Model):
    """A model for the tests."""

    kept: str | None = None
    """A field that stays."""
    rules: ClassVar[tuple[Rule, ...]] = (immutable("kept", "make another one"),)


@pytest.mark.parametrize(
    ("new", "old", "fine"),
    [
        ({}, {}, True),
        ({"kept": "a"}, {"kept": "a"}, True),
        ({"kept": "b"}, {"kept": "a"}, False),
        ({}, {"kept": "a"}, False),
        ({"kept": "a"}, {}, False),
        ({"kept": None}, {}, True),
    ],
)
def test_immutable_holds_through_removal_and_return(new: dict[str, Any], old: dict[str, Any], fine: bool) -> None:
    """A field that can't be changed can't be dropped or added either, and null means absent."""
    try:
        validate_spec(Small, new, old)
        accepted = True
    except InvalidSpec:
        accepted = False
    assert accepted is fine


def test_a_rule_on_changes_is_no_marker_of_a_field() -> None:
    """A rule that would never be checked is a mistake that shows at once."""
    marked = Annotated[str, immutable("kept", "make another one")]
    with pytest.raises(TypeError, match="rules of the spec"):
        TypeAdapter(marked)


def test_models_can_be_made_in_code() -> None:
    """Code uses Python's names, and gets the same checks."""
    assert Small(kept="a").model_dump(by_alias=True) == {"kept": "a"}
    with pytest.raises(ValueError, match="valid string"):
        Small.model_validate({"kept": 1})
