"""How the command line speaks: complaints of one line, exit codes."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import NoReturn

import typer
from typer.exceptions import TyperException

HELP_NAMES = {"help_option_names": ["-h", "--help"]}
"""How every command is asked for its help."""
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
