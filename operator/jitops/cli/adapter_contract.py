"""`jitops adapter-contract`: the contract between jitops and a user's adapter for Custom APIs."""

from __future__ import annotations

import typer

from jitops.cli.terminal import command_app
from jitops.products.jitterbit.adapter_contract import contract

app = command_app()


@app.command()
def adapter_contract() -> None:
    """Print the OpenAPI contract of a Custom API adapter.

    The contract is defined by jitops; Jitterbit has no such API.
    """
    typer.echo(contract(), nl=False)
