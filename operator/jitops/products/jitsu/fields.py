"""Field types and rules that several Jitsu kinds share."""

from typing import Annotated

from jitops.api.schema.model import Rule, matching
from jitops.api.schema.strings import DisplayName

ISO_DATE = matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*)?(-\d{2}:\d{2}|Z)?", "")
"""Strings that the console reads as dates, and then rejects where it expects a string."""

NO_DATE = Rule(
    cel=f"!{ISO_DATE.cel}",
    message="must not look like an ISO date: the console would read it as a date and reject it",
    check=lambda text: not ISO_DATE.check(text),
)
StreamName = Annotated[DisplayName, NO_DATE]


def adopted_by_id(what: str) -> Rule:
    """Return the rule that an object is adopted by its id: the console has no other way to identify it."""
    return Rule(
        cel="!has(self.management) || !has(self.management.adopt) || !has(self.management.adopt.mode)"
        " || self.management.adopt.mode == 'Never' || has(self.management.adopt.id)",
        message=f"a {what} is adopted by its id: set management.adopt.id",
        check=lambda spec: spec.management.adopt.mode == "Never" or spec.management.adopt.id is not None,
        field="management.adopt.id",
    )
