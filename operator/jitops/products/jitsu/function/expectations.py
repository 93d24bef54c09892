"""The tests of a function: `spec.tests`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from jitops.api.schema.model import ListMap, Model, Rule
from jitops.api.schema.open_map import OpenMap
from jitops.api.schema.strings import DisplayName

FREE = OpenMap(refused={}, why="")
FreeForm = Annotated[dict[str, JsonValue], Field(max_length=128), FREE]
MOST_TESTS = 32


class Expectation(Model):
    """How a run is to end."""

    outcome: Literal["Passed", "Dropped", "Failed"] = "Passed"
    """Passed: the function returns an event, or several, or nothing. Dropped: it says that the event goes no further.
    Failed: it throws. Default: Passed."""
    event: FreeForm | None = None
    """Fields that the returned event must have, compared by value, maps field by field; others may be there too. Of
    several events one must have them."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.event) || !has(self.outcome) || self.outcome == 'Passed'",
            message="there is an event only where the outcome is Passed: take the event out, or set outcome to Passed",
            check=lambda expectation: expectation.event is None or expectation.outcome == "Passed",
            field="event",
        ),
    )


class FunctionTest(Model):
    """One event that the function is run on."""

    name: DisplayName
    """What the test is called in messages."""
    event: FreeForm
    """The event, as the function gets it."""
    options: FreeForm | None = None
    """The function's options, as a link gives them. Default: none."""
    expect: Expectation = Expectation()
    """How the run is to end. Default: without an error."""


FunctionTests = Annotated[list[FunctionTest], Field(max_length=MOST_TESTS), ListMap("name")]
