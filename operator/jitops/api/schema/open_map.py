"""Maps with fields that the schema does not declare, and the names that they must not contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic_core import CoreSchema, core_schema

from jitops.api.schema.model import Rule, rejection, with_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

LIST_OF_OBJECTS = {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
LIST_OF_STRINGS = {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True, slots=True, eq=False)
class OpenMap:
    """Marks a map with values of any type, and lists the names that it must not contain.

    CEL only sees fields that the schema declares. So the rejected names are declared, with the type that users would
    write, and then rejected by a rule.
    """

    rejected: Mapping[str, JsonSchemaValue] = field(default_factory=dict)
    """The names that the map must not contain, each with its schema."""
    why: str = ""
    """Why, as the predicate of a sentence about one name: "has a field of its own in this spec"."""

    @property
    def rule(self) -> Rule:
        """Return the rule that rejects the names."""
        return Rule(
            cel=" && ".join(f"!has(self.{name})" for name in self.rejected),
            message=f"must not contain {', '.join(self.rejected)}: each {self.why}",
            check=lambda fields: not any(name in fields for name in self.rejected),
        )

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kept = {name: value for name, value in handler(core).items() if name != "additionalProperties"}
        properties = {
            name: {**schema, "description": f"Not allowed here: it {self.why}."}
            for name, schema in self.rejected.items()
        }
        opened = {**kept, "properties": properties, "x-kubernetes-preserve-unknown-fields": True}
        return with_rules(opened, [self.rule]) if self.rejected else opened

    def _checked(self, value: Mapping[str, object]) -> Mapping[str, object]:
        if self.rejected and not self.rule.check(value):
            raise rejection((None, self.rule.message))
        return value
