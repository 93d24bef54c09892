"""`jitops run`: the operator."""

from __future__ import annotations

from jitops.cli.options import grouped
from jitops.cli.terminal import command_app
from jitops.runtime.app import run as run_operator
from jitops.runtime.settings import Settings

app = command_app()


@app.command()
@grouped
def run(*, settings: Settings) -> None:
    """Run the operator until SIGTERM.

    In a cluster it uses the pod's service account, elsewhere a kubeconfig.
    """
    run_operator(settings)
