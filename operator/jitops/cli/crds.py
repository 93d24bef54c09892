"""`jitops crds`: the CustomResourceDefinitions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitops import crds as generator
from jitops.cli.terminal import command_app, fail

app = command_app()


@app.command()
def crds(
    *,
    write: Annotated[Path | None, typer.Option(file_okay=False, help="Write them into this folder.")] = None,
    check: Annotated[
        Path | None, typer.Option(file_okay=False, help="Fail if a file of this folder is outdated.")
    ] = None,
) -> None:
    """Print the CustomResourceDefinitions.

    They are generated from the models of the kinds.
    """
    if write and check:
        raise typer.BadParameter("use either --write or --check, not both")
    if write:
        generator.write(write)
    elif check:
        if outdated := generator.current(check):
            fail(f"{check} differs from the models: {', '.join(outdated)}; run `make crds`")
    else:
        typer.echo("---\n".join(generator.files().values()), nl=False)
