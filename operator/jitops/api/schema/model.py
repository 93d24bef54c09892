"""What all models share: strict parsing, rules that hold in Python as in the API server, clear refusals."""

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

OURS = "ours"
"""The type of pydantic error that carries sentences of ours."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in two languages: CEL for the API server, a Python check for the local store and the operator.

    As a marker of a field (`Annotated[str, Rule(…)]`) it speaks of the field's value; in a model's `rules` it
    speaks of the whole object, and `field` (camelCase) names the part that the refusal points at. A rule with
    `oldSelf` holds on changes only, gets the old object as the check's second argument, and stands in the
    `rules` of a spec.
    """

    cel: str
    message: str
    check: Callable[..., bool]
    field: str | None = None

    @property
    def transition(self) -> bool:
        """Tell whether the rule compares with what was there before."""
        return "oldSelf" in self.cel

    def manifest(self) -> dict[str, str]:
        """Give the rule as an entry of `x-kubernetes-validations`."""
        entry = {"rule": self.cel, "message": self.message}
        return entry if self.field is None else {**entry, "fieldPath": f".{self.field}"}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        if self.transition:
            raise TypeError(f"{self.cel!r} compares with oldSelf: put it into the rules of the spec")
        return core_schema.no_info_after_validator_function(self._obey, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_rules(handler(core), [self])

    def _obey(self, value: object) -> object:
        if not self.check(value):
            raise refusal((None, self.message))
        return value


def matching(pattern: str, message: str) -> Rule:
    """Ask that a whole string matches; the pattern means the same to RE2 and Python, and holds no quote."""
    compiled = re.compile(pattern, re.ASCII)
    return Rule(
        cel=f"self.matches(r'^(?:{pattern})$')",
        message=message,
        check=lambda text: compiled.fullmatch(text) is not None,
    )


def keys_matching(pattern: str, message: str) -> Rule:
    """Ask the same of every key of a map."""
    key = matching(pattern, message)
    return Rule(
        cel=f"self.all(k, {key.cel.replace('self', 'k', 1)})",
        message=message,
        check=lambda keys: all(map(key.check, keys)),
    )


def immutable(field: str, instead: str, *, unless: Rule | None = None) -> Rule:
    """Refuse a change of `field` (camelCase), also its removal and return; say what to do `instead`.

    A new object of which `unless` is true may change it.
    """
    same = f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    return Rule(
        cel=f"({unless.cel}) || ({same})" if unless else same,
        message=f"{field} can't be changed: {instead}",
        check=lambda new, old: (unless is not None and unless.check(new)) or _given(new, field) == _given(old, field),
        field=field,
    )


def _given(model: Model, alias: str) -> tuple[bool, object]:
    name = next(name for name, info in type(model).model_fields.items() if info.validation_alias == alias)
    return name in model.model_fields_set, getattr(model, name)


def refusal(*sentences: tuple[str | None, str]) -> PydanticCustomError:
    """Make an error of sentences, each about a field of the value at hand or (None) the value itself."""
    return PydanticCustomError(OURS, "the value is refused", {"sentences": sentences})


def with_rules(schema: JsonSchemaValue, rules: Sequence[Rule]) -> JsonSchemaValue:
    """Add rules to a node of a schema."""
    key = "x-kubernetes-validations"
    return {**schema, key: [*schema.get(key, []), *(rule.manifest() for rule in rules)]}


@dataclass(frozen=True, slots=True)
class ListMap:
    """Marks a list whose items are told apart by one field, so that server-side apply merges it by item."""

    key: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
        return {**handler(core), **keys}


class Model(pydantic.BaseModel):
    """The base of every model: frozen, camelCase in JSON, as strict about types as the API server."""

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
    """What must hold between the fields, and on changes."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: object) -> object:
        """Take a known field that is null for absent, as the API server does."""
        if not isinstance(data, Mapping):
            return data
        known = {*cls.model_fields, *(info.validation_alias for info in cls.model_fields.values())}
        return {name: value for name, value in data.items() if value is not None or name not in known}

    @pydantic.model_validator(mode="after")
    def _obey(self) -> Self:
        broken = [rule for rule in self.rules if not rule.transition and not rule.check(self)]
        if broken:
            raise refusal(*((rule.field, rule.message) for rule in broken))
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
    """One thing that is wrong: the field by its path, and what to write instead; never the value."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InvalidSpec(ValueError):
    """A spec that can't be accepted, with every problem that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def validate_spec(model: type[M], data: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> M:
    """Turn the spec of a manifest into its model, or raise InvalidSpec; with `old`, judge the change too."""
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
    """Read what was stored; what only an earlier version accepted has nothing to be compared with."""
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
    if detail["type"] == OURS:
        return [Problem(_path(where, field), message) for field, message in context["sentences"]]
    sentence = SENTENCES.get(detail["type"], "is not valid here; see `kubectl explain` for this field")
    return [Problem(where, sentence.format_map(context))]


def _path(where: str, field: str | None) -> str:
    return where if field is None else f"{where}.{field}"


SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; check the spelling, or take it out",
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
"""What pydantic finds, in sentences that never repeat the value (it may be a secret)."""
