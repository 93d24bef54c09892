"""`jitops release`: what an uninstallation runs first."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from jitops.cli import options
from jitops.cli.terminal import REFUSED, fail


def release(  # noqa: PLR0913 - what an operator is told
    *,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    namespaces: options.Namespaces = None,
    operator_namespace: options.OperatorNamespace = None,
    leader_election: options.LeaderElection = None,
    deployment: Annotated[
        str | None, typer.Option(help="The operator's Deployment, to be scaled to nothing first.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="How many seconds it may take.")] = 300,
) -> None:
    """Stop the operator and let go of all resources; nothing is deleted at the remotes, and no Secret.

    Finalizers and owner references of ours are taken off. A later operator takes all up again. Done twice, it is done
    once. Exit code 1: something is still held; the message says what is in the way.
    """
    given = {name: value for name, value in locals().items() if name not in {"deployment", "timeout"}}
    try:
        settings = options.settings_from(**given)
    except ValueError as error:
        fail(str(error), code=REFUSED)
    from jitops.runtime.telemetry import logs  # noqa: PLC0415 - only for this command
    from jitops.runtime.uninstall import ReleaseFailed, lines  # noqa: PLC0415
    from jitops.runtime.uninstall import release as let_go  # noqa: PLC0415

    logs.configure(settings.log_level, settings.log_format)
    try:
        released = asyncio.run(let_go(settings, deployment=deployment, limit=timeout))
    except ReleaseFailed as error:
        fail(str(error))
    typer.echo("\n".join(lines(released)))
    typer.echo(f"let go of {len(released)} resources; nothing was deleted at the remotes")
