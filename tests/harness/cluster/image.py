"""The image, built where there is neither a container engine nor a registry, and a pod that runs from it.

buildah needs no daemon. The base is made from Debian (`debootstrap`), as the Dockerfile accepts any base. A container
is the image's root, mounted read-only in a mount namespace of its own, with the ServiceAccount's files where a kubelet
puts them; its user, entry point and environment are the image's.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from tests.harness.cluster.pod import Container
from tests.harness.repository import ROOT

from jitops_sandbox.controlplane.goprogram import cache_folder

PACKAGES = "python3,python3-venv,ca-certificates"
SERVICE_ACCOUNT = "run/secrets/kubernetes.io/serviceaccount"
"""Debian's /var/run is a link to /run; followed from outside it would lead out of the image."""
NAMESPACED = """
set -e
root=$1 secrets=$2 place=$3
shift 3
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$secrets" "$place"
for shell in bash dash; do mount --bind /dev/null "$root/usr/bin/$shell"; done
mount -o remount,bind,ro "$root"
exec "$@"
"""
"""Runs in a mount namespace of its own, in which the image's shells are gone; by `exec` signals reach the program."""


class NoImage(Exception):
    """The image can't be built here; the message says what is missing, or what failed."""


@dataclass(frozen=True)
class Image:
    """A built image: the folder with its files, and its configuration."""

    root: Path
    user: str
    entrypoint: tuple[str, ...]
    environment: dict[str, str]

    def command(self, *arguments: str, secrets: Path, environment: dict[str, str] | None = None) -> list[str]:
        """Return the command that runs the image's entry point with arguments, as a container would."""
        pairs = [f"{name}={value}" for name, value in {**self.environment, **(environment or {})}.items()]
        chroot = [str(shutil.which("chroot")), f"--userspec={self.user}", str(self.root)]
        outside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", NAMESPACED, "sh"]
        inside = ["env", "-i", *pairs, *chroot, *self.entrypoint, *arguments]
        return [*outside, str(self.root), str(secrets), f"{self.root}/{SERVICE_ACCOUNT}", *inside]

    def start(self, container: Container) -> subprocess.Popen[bytes]:
        """Start a pod's container: with the ServiceAccount's files, and the API server named as in a cluster."""
        cluster = yaml.safe_load(container.server_kubeconfig.read_text(encoding="utf-8"))["clusters"][0]["cluster"]
        secrets = container.folder / "serviceaccount"
        secrets.mkdir()
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        for name, text in (("token", container.token), ("ca.crt", authority), ("namespace", container.namespace)):
            (secrets / name).write_text(text, encoding="utf-8")
            (secrets / name).chmod(0o444)
        server = urlsplit(cluster["server"])
        where = {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
        command = self.command(*container.arguments, secrets=secrets, environment={**where, **container.environment})
        with container.log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - as above


class Buildah:
    """buildah with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self._store = ("--storage-driver", "vfs", "--root", str(folder / "store"), "--runroot", str(folder / "run"))

    def __call__(self, *arguments: str) -> str:
        """Run one command to its end."""
        return _run("buildah", *self._store, *arguments, BUILDAH_ISOLATION="chroot")


def build_image(folder: Path, report: Callable[[str], None]) -> Image:
    """Build the Dockerfile on Debian of this machine's release; raise NoImage where that is impossible."""
    _check()
    buildah = Buildah(folder)
    base = _base(folder, report)
    report("building the image")
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(base), "/")
    buildah("commit", "--quiet", container, "base")
    buildah("rm", container)
    mounts = [part for path in _pip_settings(folder) for part in ("--volume", f"{path}:ro")]
    buildah("bud", "--quiet", *mounts, "--build-arg", "BASE=localhost/base", "--tag", "jitops", str(ROOT))
    config = json.loads(buildah("inspect", "--type", "image", "jitops"))["OCIv1"]["config"]
    root = Path(buildah("mount", buildah("from", "localhost/jitops")))
    (root / SERVICE_ACCOUNT).mkdir(parents=True)
    environment = dict(pair.split("=", 1) for pair in config["Env"])
    return Image(root, config["User"], tuple(config["Entrypoint"]), environment)


def _check() -> None:
    missing = [name for name in ("buildah", "debootstrap", "unshare") if shutil.which(name) is None]
    if missing:
        raise NoImage(f"the image can't be built without {', '.join(missing)}: apt-get install buildah debootstrap")
    if os.geteuid() != 0:
        raise NoImage("the image can be built like this by root alone; elsewhere use an engine: make image")


def _base(folder: Path, report: Callable[[str], None]) -> Path:
    """Return the base image's files, made once a machine: a Debian with Python and nothing else."""
    release = _release()
    kept = cache_folder() / f"base-{release}.tar"
    if not kept.exists():
        report(f"fetching Debian {release} for the image's base, once")
        target = folder / "debian"
        mirror = _run(
            "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release}"
        )
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, str(target), mirror.split()[0])
        shutil.rmtree(target / "var" / "cache" / "apt")
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        _run("tar", "--create", "--file", str(unfinished), "--directory", str(target), ".")
        unfinished.replace(kept)
        shutil.rmtree(target)
    return kept


def _release() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def _pip_settings(folder: Path) -> Iterator[str]:
    """Yield the mounts that give the build this machine's settings of pip, and the files that they name."""
    lines = _run(sys.executable, "-m", "pip", "config", "list").splitlines()
    pairs = [line.partition("=") for line in lines]
    settings = {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, _, value in pairs}
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "pip.conf").write_text(f"[global]\n{text}", encoding="utf-8")
    yield f"{folder / 'pip.conf'}:/etc/pip.conf"
    paths = {part for value in settings.values() for part in value.split() if Path(part).is_absolute()}
    yield from (f"{path}:{path}" for path in sorted(paths) if Path(path).exists())


def _run(*command: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - programs named above
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoImage(f"{' '.join(command[:4])} …: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}")
    return done.stdout.strip()
