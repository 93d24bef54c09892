"""Whether a manifest that an import wrote will be taken: by the kind's own rules, and by the schema of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops.api.schema.model import InvalidSpec, Problem, validate_spec
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.function.spec import JitsuFunctionSpec
from jitops.products.jitsu.link.spec import JitsuLinkSpec
from jitops.products.jitsu.masked.validation import Check
from jitops.products.jitsu.schemas import masked_fields
from jitops.products.jitsu.service.spec import JitsuServiceSpec
from jitops.products.jitsu.stream.spec import JitsuStreamSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.api.schema.model import Model
    from jitops.core.kube import JSON
    from jitops.products.jitsu.schemas import Schema

MODELS: Mapping[str, type[Model]] = {
    "JitsuStream": JitsuStreamSpec,
    "JitsuFunction": JitsuFunctionSpec,
    "JitsuDestination": JitsuDestinationSpec,
    "JitsuService": JitsuServiceSpec,
    "JitsuLink": JitsuLinkSpec,
}
DECISIVE = frozenset({"name", "management", "code", "codeFrom", "config", "credentials", "secretConfig"})
"""The optional fields that a resource can't do without, as they would not stay as they are at the console."""


class Unfit(Exception):
    """Why there can be no resource for an object; for people."""


def fit(kind: str, spec: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out the fields that the kind does not take, and say which and why; Unfit if that is not enough."""
    try:
        validate_spec(MODELS[kind], spec)
    except InvalidSpec as error:
        loose = [problem for problem in error.problems if _is_loose(kind, problem)]
        if not loose:
            raise Unfit(str(error)) from None
        left = {name: value for name, value in spec.items() if name not in {_top(problem) for problem in loose}}
        fitting, more = fit(kind, left)
        return fitting, [*map(str, loose), *more]
    return spec, []


def refuse_config(type_: str, config: Mapping[str, JSON], schema: Schema | None) -> None:
    """Refuse a destination that its type's schema of today would refuse, as any change of it would be."""
    if schema is None:
        return
    try:
        Check(schema, "config", (), masked_fields(type_)).refuse(config)
    except SpecInvalid as error:
        raise Unfit(f"the schema of its type has changed since it was made: {error}") from None


def _is_loose(kind: str, problem: Problem) -> bool:
    fields = {info.validation_alias or name: info for name, info in MODELS[kind].model_fields.items()}
    field = fields.get(_top(problem))
    return field is not None and not field.is_required() and _top(problem) not in DECISIVE


def _top(problem: Problem) -> str:
    """Name the field of the spec in which the problem lies."""
    return problem.field.removeprefix("spec.").partition(".")[0].partition("[")[0]
