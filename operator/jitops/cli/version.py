"""`jitops version`."""

from __future__ import annotations

import typer

import jitops
from jitops.cli.terminal import command_app

app = command_app()


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"jitops {jitops.__version__}")
