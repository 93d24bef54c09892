"""`jitops release`: the step before an uninstallation."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from jitops.cli.options import Only, grouped
from jitops.cli.terminal import command_app, fail
from jitops.runtime import uninstall
from jitops.runtime.settings import Settings
from jitops.runtime.telemetry import logs

app = command_app()

OPTIONS = Only(("kubeconfig", "context", "namespaces", "operator_namespace", "leader_election"))


@app.command()
@grouped
def release(
    *,
    settings: Annotated[Settings, OPTIONS],
    deployment: Annotated[
        str | None, typer.Option(help="The operator's Deployment, which is scaled to zero first.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="The time limit in seconds.")] = 300,
) -> None:
    """Stop the operator and release all resources.

    No remote object is deleted. The finalizers and owner references of jitops are removed; Secrets stay. An operator
    that is installed later manages all resources again. The command can be repeated. Exit code 1: something could not
    be released; the message says why.
    """
    logs.configure(settings.log_level, settings.log_format)
    try:
        released = asyncio.run(uninstall.release(settings, deployment=deployment, limit=timeout))
    except uninstall.ReleaseFailed as error:
        fail(str(error))
    typer.echo("\n".join(uninstall.lines(released)))
    typer.echo(f"released {len(released)} resources; nothing was deleted at the remotes")
