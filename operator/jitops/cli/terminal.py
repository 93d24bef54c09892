"""What all commands share: how they are declared, complaints of one line, exit codes."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import NoReturn

import typer
from typer.exceptions import TyperException

HELP_NAMES = {"help_option_names": ["-h", "--help"]}
"""The options that print the help of a command."""
FAILED, REFUSED = 1, 2
"""Exit codes: the command failed; it was called in a way that cannot work."""
INTERRUPTED = 128 + 2
"""The exit code after Ctrl-C, as in shells."""


def command_app() -> typer.Typer:
    """Return a `Typer` for one command, or a group of them, whose help is plain text."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=HELP_NAMES)


def line(error: Exception) -> str:
    """Return the message of an error as one line."""
    return " ".join(str(error.format_message() if isinstance(error, TyperException) else error).split())


def hint(error: TyperException) -> str:
    """Return which help to read after a command was called wrongly."""
    context = getattr(error, "ctx", None)
    return f" Try: {context.command_path} --help" if context else ""


def tolerate_old_terminals() -> None:
    """Print a ? for a character such as ✓ that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(*lines: str) -> None:
    """Print lines to stderr, which keeps stdout for the output that programs read."""
    for text in filter(None, lines):
        typer.echo(f"jitops: {text}", err=True)


def fail(*lines: str, code: int = FAILED) -> NoReturn:
    """End the command with lines on stderr and an exit code."""
    complain(*lines)
    raise typer.Exit(code)
