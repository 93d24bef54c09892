"""What the commands on a local state share: consent to deletions, progress, complaints, exit codes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jitops.cli.terminal import FAILED, REFUSED, complain, fail
from jitops.local.absent import MAX_DELETIONS, NOTHING_DONE, Absent, Consent, DeletionsRefused
from jitops.local.manifests import ManifestsRefused
from jitops.local.progress import print_line, progress
from jitops.local.state import FolderBroken, FolderBusy, FolderUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from jitops.local.apply import Outcome, Prepared
    from jitops.local.folder import StateFolder

State = Annotated[
    Path, typer.Option(help="The folder that records which objects were created; keep it, and keep it private.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Delete without asking.")]
MaxDeletions = Annotated[
    int,
    typer.Option(
        min=0, metavar="<number>", help="Refuse if more resources than these would be deleted, whatever else is given."
    ),
]
Timeout = Annotated[float, typer.Option(min=1, metavar="<seconds>", help="Seconds to wait until all is done.")]
DEFAULT_DELETIONS = MAX_DELETIONS


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with its lines and exit code for whatever can't be applied, deleted, or used as state."""
    try:
        yield
    except ManifestsRefused as error:
        complain(*error.skipped)
        fail(*error.faults, code=REFUSED)
    except DeletionsRefused as error:
        fail(str(error), code=REFUSED)
    except FolderUnusable as error:
        fail(str(error), code=FAILED if isinstance(error, FolderBusy | FolderBroken) else REFUSED)


def consent(output: Console, most: int, *, yes: bool) -> Consent:
    """Return the consent that shows what would be deleted, and asks on a terminal unless `yes` was given."""

    def ask(absent: Absent) -> bool:
        return yes or _answered_yes(len(absent.resources) + len(absent.others))

    return Consent(most=most, ask=ask, show=lambda absent: _print(output, absent.deleted()))


def carry_out(prepared: Prepared, output: Console, timeout: float) -> Outcome:
    """Run a prepared pass, and end the command with a line for each thing that is missing."""
    warn_of_strays(prepared.folder)
    _print(output, prepared.kept.kept())
    with progress(output) as shown:
        outcome = asyncio.run(prepared.run(shown, timeout=timeout))
    if not outcome.complete:
        fail(*outcome.complaints())
    return outcome


def warn_of_strays(folder: StateFolder) -> None:
    """Print a warning for each file in the state that jitops did not write."""
    complain(*(f"warning: {path} was not written by jitops, and is left as it is" for path in folder.strays))


def _answered_yes(count: int) -> bool:
    """Return the user's answer; only y and yes mean yes."""
    what = "1 object" if count == 1 else f"{count} objects"
    if sys.stdin is None or not sys.stdin.isatty():
        raise DeletionsRefused(
            f"{what} would be deleted, and without a terminal nobody can be asked: repeat with --yes to delete what is"
            f" listed; {NOTHING_DONE}"
        )
    typer.echo(f"Delete {what}? [y/N] ", err=True, nl=False)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print(output: Console, lines: list[str]) -> None:
    for line in lines:
        print_line(output, line)
