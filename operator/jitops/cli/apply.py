"""`jitops apply`: a folder of manifests, without a cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from jitops.cli.terminal import FAILED, REFUSED, command_app, fail
from jitops.local.apply import apply as apply_manifests
from jitops.local.folder import FolderBroken, FolderBusy, FolderUnusable, StateFolder
from jitops.local.manifests import ManifestsRefused, load
from jitops.local.progress import console, print_line, progress

app = command_app()


@app.command()
def apply(
    *,
    filename: Annotated[Path, typer.Option("-f", "--filename", help="The folder (or file) of manifests.")],
    state: Annotated[
        Path, typer.Option(help="The folder that records which objects were created; keep it, and keep it private.")
    ],
    cluster_id: Annotated[
        str | None, typer.Option(help="The identity that marks these objects as made here. Default: the state's.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until all is Ready.")] = 120,
) -> None:
    """Apply a folder of manifests without a cluster.

    Jitsu and Jitterbit are made to match the manifests. Objects whose manifest was removed from the folder are deleted.
    Ids and keys are written to STATE/outputs. Exit code 0: all is Ready; 1: something is not; 2: nothing was done,
    because the manifests can't be applied.
    """
    output = console()
    try:
        manifests = load(filename, skip=state.absolute())
        with StateFolder.open(state) as folder, progress(output) as shown:
            outcome = asyncio.run(apply_manifests(manifests, folder, shown, cluster_id=cluster_id, timeout=timeout))
    except ManifestsRefused as error:
        fail(*error.faults, code=REFUSED)
    except FolderUnusable as error:
        fail(str(error), code=FAILED if isinstance(error, FolderBusy | FolderBroken) else REFUSED)
    if not outcome.complete:
        fail(*outcome.complaints())
    print_line(output, f"all is Ready: {len(outcome.rows)} resources")
