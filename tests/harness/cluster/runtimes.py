"""Pods from this Python environment, as the image may not be built here."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.harness.cluster.pod import Container

from jitops_sandbox.controlplane import write_token_kubeconfig


class Environment:
    """Runs the program of this Python environment, with the pod's arguments, environment and token."""

    def start(self, container: Container) -> subprocess.Popen[bytes]:
        """Start `jitops` without the settings of this process's environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JITOPS_", "KUBECONFIG"))}
        kubeconfig = write_token_kubeconfig(container.server_kubeconfig, container.token, container.folder / "token")
        environment = {**kept, **container.environment, "JITOPS_KUBECONFIG": str(kubeconfig)}
        with container.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this Python, our own program
                [sys.executable, "-m", "jitops", *container.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )  # fmt: skip
