"""The command line: all commands, with the line that `--help` shows, and what happens when one fails."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from typer.core import TyperGroup
from typer.exceptions import TyperException

from jitops.cli.deferred import Deferred, module, plugin
from jitops.cli.terminal import FAILED, HELP_NAMES, INTERRUPTED, complain, hint, line, tolerate_old_terminals

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Run the operator until SIGTERM.",
    "release": "Stop the operator and release all resources.",
    "apply": "Apply manifests without a cluster.",
    "destroy": "Delete everything that a local state records.",
    "import": "Write manifests for objects that exist already.",
    "crds": "Print the CustomResourceDefinitions.",
    "adapter-contract": "Print the OpenAPI contract of a Custom API adapter.",
    "version": "Print the version.",
}
"""The commands and the first line of their help, which `--help` lists without importing them."""
SANDBOX_COMMANDS = {
    "demo": "Show both products being managed, step by step.",
    "sandbox": "Serve stand-ins of both products on this machine.",
}
"""The commands of the distribution `jitops-sandbox`; listed here so that jitops alone can say how to install them."""

app = TyperGroup(
    name="jitops",
    help="Manage Jitterbit Harmony and Jitsu as Kubernetes resources.",
    commands=[
        *(Deferred(name, summary, module) for name, summary in COMMANDS.items()),
        *(Deferred(name, summary, plugin) for name, summary in SANDBOX_COMMANDS.items()),
    ],
    rich_markup_mode=None,  # its boxes cut the names of options short
    context_settings=HELP_NAMES,
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit; a user's mistake is one line on stderr, without a traceback."""
    tolerate_old_terminals()
    try:
        code = app.main(arguments, prog_name="jitops", standalone_mode=False)
    except TyperException as error:
        complain(line(error) + hint(error))
        code = error.exit_code
    except BrokenPipeError:
        # `| head` has ended: Python's flush at exit must not complain about the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    if code == INTERRUPTED:
        complain("interrupted")
    sys.exit(code or 0)
