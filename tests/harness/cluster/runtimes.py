"""How a pod's container becomes a process: from this Python environment, or from the image that was built."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.harness.cluster.node import Container

from jitops_sandbox.controlplane import write_token_kubeconfig


class Environment:
    """Runs the program of this Python environment, with the pod's arguments, environment and token."""

    def start(self, container: Container) -> subprocess.Popen[bytes]:
        """Start `jitops` as a user without settings of his own would."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JITOPS_", "KUBECONFIG"))}
        kubeconfig = write_token_kubeconfig(container.server_kubeconfig, container.token, container.folder / "token")
        environment = {**kept, **container.environment, "JITOPS_KUBECONFIG": str(kubeconfig)}
        with container.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this Python, our own program
                [sys.executable, "-m", "jitops", *container.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )  # fmt: skip
