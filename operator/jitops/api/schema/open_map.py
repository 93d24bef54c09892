"""Maps of fields that we don't know, with the names that must stay out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import CoreSchema, core_schema

from jitops.api.schema.model import Rule, refusal, with_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

LIST_OF_OBJECTS = {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
LIST_OF_STRINGS = {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True, slots=True, eq=False)
class OpenMap:
    """Marks a map with values of any kind, and says which names must stay out of it, and why.

    CEL sees nothing of what a schema doesn't declare, so the refused names are declared, with the type that
    people would write, and then refused with a sentence.
    """

    refused: Mapping[str, JsonSchemaValue]
    why: str

    @property
    def rule(self) -> Rule:
        """Give the refusal as a rule."""
        return Rule(
            cel=" && ".join(f"!has(self.{name})" for name in self.refused),
            message=f"must leave out {', '.join(self.refused)}: each {self.why}",
            check=lambda fields: not any(name in fields for name in self.refused),
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.no_info_after_validator_function(self._obey, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kept = {name: value for name, value in handler(core).items() if name != "additionalProperties"}
        properties = {
            name: {**schema, "description": f"Not allowed here: it {self.why}."}
            for name, schema in self.refused.items()
        }
        opened = {**kept, "properties": properties, "x-kubernetes-preserve-unknown-fields": True}
        return with_rules(opened, [self.rule]) if self.refused else opened

    def _obey(self, value: Mapping[str, object]) -> Mapping[str, object]:
        if self.refused and not self.rule.check(value):
            raise refusal((None, self.rule.message))
        return value
