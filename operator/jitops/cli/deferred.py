"""Commands that are imported when they are called, so that nobody waits for kopf to read a version."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand
from typer.main import get_command
from typing_extensions import override

from jitops.cli.terminal import REFUSED, fail

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

PLUGINS = "jitops.commands"
"""The group of entry points by which other distributions add commands; each names a `typer.Typer`."""


class Deferred(TyperCommand):
    """A command that is only a name and a line of help until it is called."""

    def __init__(self, name: str, summary: str, load: Callable[[str], typer.Typer]) -> None:
        super().__init__(name, help=summary)
        self._load = load

    @override
    def make_context(self, info_name: str | None, *arguments: Any, **more: Any) -> Any:
        # The context refers to the imported command, which therefore is the one that is invoked.
        return get_command(self._load(str(self.name))).make_context(info_name, *arguments, **more)


def module(command: str) -> typer.Typer:
    """Return a command of this package: the `app` of the module with its name."""
    name = command.replace("-", "_") + ("_" if iskeyword(command) else "")
    app: typer.Typer = import_module(f"jitops.cli.{name}").app
    return app


def plugin(command: str) -> typer.Typer:
    """Return a command of another distribution, or end with a line that says how to install it."""
    points = list(entry_points(group=PLUGINS, name=command))
    if points:
        app: typer.Typer = points[0].load()
        return app
    return fail(f"`jitops {command}` is not installed: pip install 'jitops[sandbox]'", code=REFUSED)
