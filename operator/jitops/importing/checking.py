"""Checks of an imported manifest: by the rules of its kind, and by the schema of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops.api.schema.model import InvalidSpec, Problem, validate_spec
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.function.spec import JitsuFunctionSpec
from jitops.products.jitsu.link.spec import JitsuLinkSpec
from jitops.products.jitsu.masked.validation import ConfigCheck
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
"""The optional fields that an import must not leave out: without them the resource would change the object."""


class Unfit(Exception):
    """No resource can describe an object; the message says why."""


def fit(kind: str, spec: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a spec without the fields that its kind refuses, and the reason for each.

    Raises Unfit if the kind refuses the rest, too.
    """
    try:
        validate_spec(MODELS[kind], spec)
    except InvalidSpec as error:
        loose = [problem for problem in error.problems if _is_loose(kind, problem)]
        if not loose:
            raise Unfit(str(error)) from None
        accepted = {name: value for name, value in spec.items() if name not in {_top(problem) for problem in loose}}
        fitting, more = fit(kind, accepted)
        return fitting, [*map(str, loose), *more]
    return spec, []


def refuse_config(type_: str, config: Mapping[str, JSON], schema: Schema | None) -> None:
    """Raise Unfit if the current schema of the type refuses a destination."""
    # The console would refuse any change of such an object.
    if schema is None:
        return
    try:
        ConfigCheck(schema, "config", (), masked_fields(type_)).validate(config)
    except SpecInvalid as error:
        raise Unfit(f"the schema of its type has changed since it was made: {error}") from None


def _is_loose(kind: str, problem: Problem) -> bool:
    fields = {info.validation_alias or name: info for name, info in MODELS[kind].model_fields.items()}
    field = fields.get(_top(problem))
    return field is not None and not field.is_required() and _top(problem) not in DECISIVE


def _top(problem: Problem) -> str:
    """Return the top field of the spec that has the problem."""
    return problem.field.removeprefix("spec.").partition(".")[0].partition("[")[0]
