"""`jitops apply`: manifests, without a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from jitops.cli.local_pass import (
    DEFAULT_DELETIONS,
    MaxDeletions,
    State,
    Timeout,
    Yes,
    carry_out,
    consent,
    refusals,
)
from jitops.cli.terminal import command_app, complain
from jitops.local.apply import prepare_apply
from jitops.local.folder import StateFolder
from jitops.local.manifests import load
from jitops.local.progress import console, print_line

app = command_app()


@app.command()
def apply(  # noqa: PLR0913 - one parameter for each option
    *,
    filename: Annotated[
        list[str],
        typer.Option(
            "-f",
            "--filename",
            metavar="<path|->",
            help="A file or folder of manifests, or - for standard input; repeatable.",
        ),
    ],
    state: State,
    init: Annotated[bool, typer.Option("--init", help="Create the state if it does not exist.")] = False,
    cluster_id: Annotated[
        str | None,
        typer.Option(
            metavar="<name>",
            help="The identity that marks the objects of this state; required for a new one, which keeps it.",
        ),
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what the manifests no longer contain.")] = False,
    yes: Yes = False,
    max_deletions: MaxDeletions = DEFAULT_DELETIONS,
    timeout: Timeout = 120,
) -> None:
    """Apply manifests without a cluster.

    Jitsu and Jitterbit are made to match the manifests. What the manifests no longer contain is kept, and deleted only
    with --prune. Ids and keys are written to STATE/outputs. Exit code 0: all is Ready; 1: something is not, or the
    state can't be written; 2: nothing was done, because the manifests, the state or the deletions were refused.
    """
    output = console()
    with refusals():
        loaded = load(*filename, state=state)
        complain(*loaded.skipped)
        with StateFolder.open(state, init=init, cluster_id=cluster_id) as folder:
            permitted = consent(output, max_deletions, yes=yes) if prune else None
            prepared = prepare_apply(loaded.manifests, folder, permitted)
            outcome = carry_out(prepared, output, timeout)
    kept = f", {len(prepared.kept.resources)} kept" if prepared.kept.resources else ""
    print_line(output, f"all is Ready: {len(outcome.rows)} resources{kept}")
