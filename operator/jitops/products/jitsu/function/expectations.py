"""The models of the tests of a function: `spec.tests`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from jitops.api.schema.model import ListMap, Model, Rule
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.strings import DisplayName

FREE = OpenMap()
FreeForm = Annotated[dict[str, JsonValue], Field(max_length=128), FREE]
MOST_TESTS = 32


class Expectation(Model):
    """The expected result of a run."""

    outcome: Literal["Passed", "Dropped", "Failed"] = "Passed"
    """The expected outcome. Passed: the function returns an event, several events or nothing. Dropped: it drops the
    event. Failed: it throws an error. Default: Passed."""
    event: FreeForm | None = None
    """Fields that the returned event must have. Values must be equal; maps are compared field by field. The event may
    have more fields. Of several events, one must match."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.event) || !has(self.outcome) || self.outcome == 'Passed'",
            message="an event is returned only with outcome Passed: remove the event, or set outcome to Passed",
            check=lambda expectation: expectation.event is None or expectation.outcome == "Passed",
            field="event",
        ),
    )


class FunctionTest(Model):
    """One test of a function: an event, and the expected result."""

    name: DisplayName
    """The name of the test, which messages refer to."""
    event: FreeForm
    """The event that the function receives."""
    options: FreeForm | None = None
    """The options that the function receives, as from a link. Default: none."""
    expect: Expectation = Expectation()
    """The expected result of the run. Default: no error."""


FunctionTests = Annotated[list[FunctionTest], Field(max_length=MOST_TESTS), ListMap("name")]
