"""The base of all models: strict parsing, and rules that the API server and Python check alike.

One `Rule` holds the three forms of a constraint: a CEL expression, a Python check and a message. From it follow

* the CRD: `__get_pydantic_json_schema__` adds the expression and the message to `x-kubernetes-validations`, so the API
  server rejects a bad resource when it is applied;
* the operator, the command line and the local store: `__get_pydantic_core_schema__` adds the check to pydantic's
  validation, which raises the same message.

A rule about one field is a marker of it (`Annotated[str, matching(…)]`). A rule about several fields, or about a
change, is in `rules` of the model. The tests check every case in Python and on a real API server, and compare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import pydantic
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import ErrorDetails

BROKEN_RULE = "broken_rule"
"""The type of pydantic error that carries the messages of rules."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint: a CEL expression for the API server, the same check in Python, and the message of both.

    As a marker of a field (`Annotated[str, Rule(…)]`) it is about the value of the field. In `rules` of a model it is
    about the whole object. A rule whose CEL uses `oldSelf` is about a change: it must be in `rules` of a spec, and its
    check gets the old object as second argument.
    """

    cel: str
    message: str
    """The fault and what to write instead. It is shown after the path of the field, and never has the value."""
    check: Callable[..., bool]
    """Returns whether the value, or the object, is valid."""
    field: str | None = None
    """For a rule of an object: the field (camelCase) that is reported as wrong. None: the object itself."""

    @property
    def transition(self) -> bool:
        """Return whether the rule compares with the object before the change."""
        return "oldSelf" in self.cel

    def manifest(self) -> dict[str, str]:
        """Return the rule as an entry of `x-kubernetes-validations`."""
        entry = {"rule": self.cel, "message": self.message}
        return entry if self.field is None else {**entry, "fieldPath": f".{self.field}"}

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        if self.transition:
            raise TypeError(f"{self.cel!r} compares with oldSelf: put it into the rules of the spec")
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_rules(handler(core), [self])

    def _checked(self, value: object) -> object:
        if not self.check(value):
            raise rejection((None, self.message))
        return value


def matching(pattern: str, message: str) -> Rule:
    """Return a rule that the whole string matches a pattern.

    The pattern must mean the same in RE2 (CEL) and in Python, and must not contain a single quote.
    """
    compiled = re.compile(pattern, re.ASCII)
    return Rule(
        cel=f"self.matches(r'^(?:{pattern})$')",
        message=message,
        check=lambda text: compiled.fullmatch(text) is not None,
    )


def keys_matching(pattern: str, message: str) -> Rule:
    """Return a rule that every key of a map matches a pattern, as in `matching`."""
    key = matching(pattern, message)
    return Rule(
        cel=f"self.all(k, {key.cel.replace('self', 'k', 1)})",
        message=message,
        check=lambda keys: all(map(key.check, keys)),
    )


def immutable(field: str, instead: str, *, unless: Rule | None = None) -> Rule:
    """Return a rule that `field` (camelCase) is not changed, removed or added; the message says what to do `instead`.

    The change is allowed if the rule `unless` holds for the new object.
    """
    same = f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    return Rule(
        cel=f"({unless.cel}) || ({same})" if unless else same,
        message=f"{field} can't be changed: {instead}",
        check=lambda new, old: (unless is not None and unless.check(new)) or _given(new, field) == _given(old, field),
        field=field,
    )


def _given(model: Model, alias: str) -> tuple[bool, object]:
    """Return whether a field was set, and its value: setting a field to its default is a change too, as in CEL."""
    name = next(name for name, info in type(model).model_fields.items() if info.validation_alias == alias)
    return name in model.model_fields_set, getattr(model, name)


def rejection(*sentences: tuple[str | None, str]) -> PydanticCustomError:
    """Return an error of messages, each with the field of the value that is wrong, or None for the value itself."""
    return PydanticCustomError(BROKEN_RULE, "the value is rejected", {"sentences": sentences})


def with_rules(schema: JsonSchemaValue, rules: Sequence[Rule]) -> JsonSchemaValue:
    """Return a node of a schema with rules added."""
    key = "x-kubernetes-validations"
    return {**schema, key: [*schema.get(key, []), *(rule.manifest() for rule in rules)]}


@dataclass(frozen=True, slots=True)
class ListMap:
    """Marks a list whose items are identified by one field, so that server-side apply merges it item by item."""

    key: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
        return {**handler(core), **keys}


class Model(pydantic.BaseModel):
    """The base of every model: frozen, camelCase in JSON, and as strict about types as the API server."""

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()
    """The rules between fields, and the rules about changes."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: object) -> object:
        """Remove known fields that are null, as the API server does."""
        if not isinstance(data, Mapping):
            return data
        known = {*cls.model_fields, *(info.validation_alias for info in cls.model_fields.values())}
        return {name: value for name, value in data.items() if value is not None or name not in known}

    @pydantic.model_validator(mode="after")
    def _check_rules(self) -> Self:
        broken = [rule for rule in self.rules if not rule.transition and not rule.check(self)]
        if broken:
            raise rejection(*((rule.field, rule.message) for rule in broken))
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        if cls.rules:
            resolved = handler.resolve_ref_schema(schema)
            resolved.update(with_rules(resolved, cls.rules))
        return schema


M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a spec: the path of the field, and what to write instead. Never the value: it may be a secret."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InvalidSpec(ValueError):
    """Raised for a spec that is not valid, with every problem that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def validate_spec(model: type[M], data: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> M:
    """Return the model of a spec; raise InvalidSpec if it, or the change from `old`, is not valid."""
    spec = _parse(model, data)
    before = None if old is None else _parse_old(model, old)
    if before is None:
        return spec
    broken = [rule for rule in model.rules if rule.transition and not rule.check(spec, before)]
    if broken:
        raise InvalidSpec(tuple(Problem(_path("spec", rule.field), rule.message) for rule in broken))
    return spec


def _parse(model: type[M], data: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(data, by_alias=True, by_name=False)
    except pydantic.ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        raise InvalidSpec(tuple(problem for detail in details for problem in _problems(detail))) from None


def _parse_old(model: type[M], old: Mapping[str, Any]) -> M | None:
    """Return the model of the stored spec; None if only an earlier version accepted it, and nothing can be compared."""
    try:
        return _parse(model, old)
    except InvalidSpec:
        return None


def _problems(detail: ErrorDetails) -> list[Problem]:
    where = "spec"
    for part in detail["loc"]:
        if part != "[key]":
            where = f"{where}[{part}]" if isinstance(part, int) else _path(where, part)
    context = detail.get("ctx", {})
    if detail["type"] == BROKEN_RULE:
        return [Problem(_path(where, field), message) for field, message in context["sentences"]]
    sentence = SENTENCES.get(detail["type"], "is not valid here; see `kubectl explain` for this field")
    return [Problem(where, sentence.format_map(context))]


def _path(where: str, field: str | None) -> str:
    return where if field is None else f"{where}.{field}"


SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; check the spelling, or remove it",
    "literal_error": "must be one of {expected}",
    "string_type": "must be a string; put numbers, dates, true and false in quotes",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "int_type": "must be a whole number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "list_type": "must be a list",
    "dict_type": "must be a map of names to values",
    "model_type": "must be an object with fields",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} items",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}
"""The messages for pydantic's own errors. They never repeat the value, which may be a secret."""
