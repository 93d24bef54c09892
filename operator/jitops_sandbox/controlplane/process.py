"""The control plane as a process in a folder of its own, which ends with the block that uses it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jitops_sandbox.controlplane.build import ControlPlaneUnavailable, control_plane_binary
from jitops_sandbox.controlplane.goprogram import to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_TO_START = 120.0
"""It needs 3 s; a machine that is busy compiling may need many times that."""

SECONDS_TO_STOP = 10.0

GARBAGE = "400"
"""Go collects garbage when the heap has grown by this percentage: it saves a tenth of the CPU for some 200 MB."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """
    A running control plane.

    `kubeconfig` is the administrator's. `audit_log` holds one JSON line for each stage of each request of a client,
    without bodies; count those with stage ResponseComplete, and watches when they start, with ResponseStarted.
    """

    kubeconfig: Path
    server: str
    audit_log: Path | None
    pid: int


@contextmanager
def running_control_plane(
    *, audit_log: Path | None = None, report: Callable[[str], None] = to_stderr
) -> Iterator[ControlPlane]:
    """
    Run a control plane with only its default namespaces until the block ends.

    It ends with this process too, even if that is killed: it watches the pipe at its standard input. It has a session
    of its own, so that Ctrl-C does not reach it before the cleanup has ended.
    """
    program = control_plane_binary(report)
    with tempfile.TemporaryDirectory(prefix="jitops-") as folder:
        command = [str(program), "--dir", folder]
        if audit_log is not None:
            command += ["--audit-log", str(audit_log.absolute())]
        log = Path(folder) / "log"
        with _started(command, log) as process:
            ready = _wait_ready(process, log)
            yield ControlPlane(Path(ready["kubeconfig"]), ready["server"], audit_log, process.pid)


@contextmanager
def _started(command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the process with an open pipe as its input, and make sure that it ends with the block."""
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(  # noqa: S603 - our own program, built from the sources beside this file
            command,
            env={"GOGC": GARBAGE, **os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Close the pipe, which asks the process to end, and kill it if it doesn't."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_ready(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """Return the line that the control plane prints when it is ready.

    Raises ControlPlaneUnavailable if it ends before.
    """
    limit = threading.Timer(SECONDS_TO_START, process.kill)
    limit.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        limit.cancel()
    if not line:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() or ["nothing"]
        raise ControlPlaneUnavailable(f"The control plane did not start; its last words were “{lines[-1]}”.")
    announced: dict[str, str] = json.loads(line)
    return announced
