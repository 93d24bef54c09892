"""How the command line speaks: complaints of one line, exit codes, options that the environment can set too."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.exceptions import TyperException

from jitops.api.strings import read_duration

if TYPE_CHECKING:
    from jitops.runtime.settings import Settings

FAILED, REFUSED = 1, 2
"""Exit codes: what was asked did not come to be; it could not be asked like this."""
INTERRUPTED = 128 + 2
"""The exit code after Ctrl-C, as shells have it."""


def line(error: Exception) -> str:
    """Say in one line what an error says in several."""
    return " ".join(str(error.format_message() if isinstance(error, TyperException) else error).split())


def hint(error: TyperException) -> str:
    """Say where more is told about the command that was called wrongly."""
    context = getattr(error, "ctx", None)
    return f" Try: {context.command_path} --help" if context else ""


def tolerate_old_terminals() -> None:
    """Have a ? printed, and no traceback, where the terminal knows no ✓."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(*lines: str) -> None:
    """Tell a person what is wrong, without touching the output that programs read."""
    for said in filter(None, lines):
        typer.echo(f"jitops: {said}", err=True)


def fail(*lines: str, code: int = FAILED) -> NoReturn:
    """End the command with a complaint."""
    complain(*lines)
    raise typer.Exit(code)


def duration(text: str) -> timedelta:
    """Read an option as manifests have it."""
    try:
        return read_duration(text)
    except ValueError:
        raise typer.BadParameter("write a duration such as 90s, 10m or 1h30m, or 0") from None


def settable(name: str, text: str, *flags: str, **more: Any) -> Any:  # noqa: ANN401 - as typer's own
    """Declare an option that the environment may set too."""
    return typer.Option(*flags, help=f"{text} [env: JITOPS_{name}]", show_default=False, **more)


def settings_from(**options: Any) -> Settings:  # noqa: ANN401 - each field of Settings has its own type
    """Lay the options that were given over what the environment says; a port of 0 is none."""
    from jitops.runtime.settings import Settings  # noqa: PLC0415 - not before it is needed

    given = {name: value for name, value in options.items() if value is not None and value != ()}
    for port in given.keys() & {"probes_port", "metrics_port"}:
        given[port] = given[port] or None
    return replace(Settings.from_environment(), **given)
