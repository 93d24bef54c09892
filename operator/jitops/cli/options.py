"""Options in groups: a parameter of a command whose type is a group becomes one option for each of its fields.

A group is `Settings`, or a dataclass whose fields carry a `typer.Option` each. The options of settings are made from
the fields, so that name, help and environment variable of an option always agree with its setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import timedelta
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

import typer

from jitops.cli.terminal import REFUSED, fail
from jitops.runtime.settings import InvalidSetting, Settings, variable

ENVIRONMENT_ONLY = {"lease_name"}
"""The settings that no option sets."""
FLAGS = {"namespaces": ("-n", "--namespace")}
"""The flags of settings that are lists: the option is repeated, and each names one item."""
METAVARS: dict[object, str] = {int: "<number>", timedelta: "<duration>", Path: "<path>", str: "<name>"}


@dataclass(frozen=True)
class Only:
    """A marker of a parameter of type `Settings`: the settings that are options of the command."""

    names: tuple[str, ...]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the options of its groups in place of the groups."""
    parameters = signature(command, eval_str=True).parameters
    groups = {name: options for name, one in parameters.items() if (options := _options(one.annotation))}

    @wraps(command)
    def ungrouped(**given: object) -> None:
        for name, options in groups.items():
            values = {option: given.pop(option) for option in options}
            given[name] = _group(parameters[name].annotation, values)
        command(**given)

    flat = [option for name, one in parameters.items() for option in groups.get(name, {name: one}).values()]
    ungrouped.__dict__["__signature__"] = Signature(flat)  # typer makes its options of this
    return ungrouped


def _options(annotation: object) -> Mapping[str, Parameter]:
    """Return the options of a group by the names of its fields; none for a type that is no group."""
    kind, *marks = get_args(annotation) or (annotation,)
    if kind is Settings:
        chosen = next((mark.names for mark in marks if isinstance(mark, Only)), tuple(Settings.model_fields))
        return {name: _setting(name) for name in chosen if name not in ENVIRONMENT_ONLY}
    if isinstance(kind, type) and is_dataclass(kind):
        return signature(kind, eval_str=True).parameters
    return {}


def _group(annotation: object, values: Mapping[str, object]) -> object:
    kind = (get_args(annotation) or (annotation,))[0]
    return _settings(values) if kind is Settings else kind(**values)


def _setting(name: str) -> Parameter:
    """Return the option of a setting; its text is read by the setting, like that of the variable."""
    field = Settings.model_fields[name]
    kind: type[object] = bool if field.annotation is bool else list[str] if name in FLAGS else str
    option = typer.Option(
        *FLAGS.get(name, ()),
        help=f"{field.description} [env: {variable(name)}]",
        metavar=_metavar(field.annotation),
        show_default=False,
    )
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])


def _metavar(annotation: object) -> str | None:
    """Return how the help names the value of an option; None for a flag, which has no value."""
    if get_origin(annotation) is Literal:
        return f"<{'|'.join(get_args(annotation))}>"
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    return METAVARS.get(kinds[0])


def _settings(values: Mapping[str, object]) -> Settings:
    """Return the settings, the given options before the environment; a mistake ends the command with one line."""
    given = {name: value for name, value in values.items() if value not in (None, [])}
    try:
        return Settings.from_environment(**given)
    except InvalidSetting as error:
        if error.setting not in given:
            fail(str(error), code=REFUSED)
        flag = FLAGS.get(error.setting, (f"--{error.setting.replace('_', '-')}",))[-1]
        raise typer.BadParameter(error.reason, param_hint=repr(flag)) from None
