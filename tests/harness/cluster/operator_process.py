"""`jitops run` as users run it: a process with options and signals, a log and an exit code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_TO_STOP = 40.0
PROBE_SECONDS = 5.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def ask(port: int, path: str) -> str | None:
    """Read a path of the probes' port; None without an answer, or when it is an error."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PROBE_SECONDS) as answer:
            told: str = answer.read().decode()
    except OSError:
        return None
    return told


@dataclass
class Operator:
    """One process of the operator; it writes its log to a file, and its metrics when it ends."""

    kubeconfig: Path
    log: Path
    options: tuple[str, ...] = ()
    lease: str = "jitops"
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> Operator:
        """Start the process; a second start appends to the same log."""
        assert self._process is None or self._process.returncode is not None, "it runs already"
        ports = ("--probes-port", str(self.port), "--metrics-port", str(self.port))
        command = [sys.executable, "-m", "jitops", "run", "--kubeconfig", str(self.kubeconfig), *ports]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, our own program
                [*command, "--log-level", "debug", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment(),
            )  # fmt: skip
        return self

    def _environment(self) -> dict[str, str]:
        """Return this process's environment without the settings of jitops."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JITOPS_", "KUBECONFIG"))}
        return {**kept, "JITOPS_LEASE_NAME": self.lease, **self.environment}

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process, running or ended."""
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.poll()

    def ask(self, path: str) -> str | None:
        """Read a path of the probes' port; None without an answer, or when it is an error."""
        return ask(self.port, path)

    def metric(self, name: str) -> float | None:
        """Return one metric without labels; None without an answer."""
        lines = (self.ask("/metrics") or "").splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), None)

    def is_at_rest(self) -> bool:
        """Return whether it is ready and its queue is empty."""
        return self.ask("/readyz") is not None and self.metric("jitops_queue_depth") == 0

    def leads(self) -> bool:
        """Return whether its metrics say that it leads."""
        return self.metric("jitops_leader") == 1

    def keep_metrics(self) -> None:
        """Append its metrics to a file beside the log."""
        with self.log.with_suffix(".metrics").open("a", encoding="utf-8") as kept:
            kept.write(self.ask("/metrics") or "")

    def freeze(self) -> None:
        """Suspend the process."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume the process."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait(SECONDS_TO_STOP)

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.keep_metrics()
        self.process.terminate()
        return self.process.wait(SECONDS_TO_STOP)

    def end(self) -> None:
        """End the process if it still runs; fail unless its exit code is 0."""
        if self._process is None or self._process.poll() is not None:
            return
        self.thaw()
        try:
            code = self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the operator in {SECONDS_TO_STOP:.0f} s") from None
        assert code == 0, f"the operator ended with {code}: {self.words()}"

    def words(self, last: int = 30) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-last:])
