"""`jitops run` as users run it: a process of its own, told by options and signals, heard by its log and exit code."""

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
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def ask(port: int, path: str) -> str | None:
    """Ask a port of probes and metrics; None when nothing answers, or it says no."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PROBE_SECONDS) as answer:
            told: str = answer.read().decode()
    except OSError:
        return None
    return told


@dataclass
class Operator:
    """One process of the operator; started by `start`, it writes its log, and at its end its metrics, to files."""

    kubeconfig: Path
    log: Path
    options: tuple[str, ...] = ()
    lease: str = "jitops"
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> Operator:
        """Start the process; a second start after its end goes on in the same log."""
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
        """Keep settings of this shell out: a test names what it sets."""
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
        """Ask the port of probes and metrics; None when nothing answers, or it says no."""
        return ask(self.port, path)

    def metric(self, name: str) -> float | None:
        """Read one metric without labels; None when nothing answers."""
        lines = (self.ask("/metrics") or "").splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), None)

    def is_at_rest(self) -> bool:
        """Tell whether it has read everything, and nothing is left to be done now."""
        return self.ask("/readyz") is not None and self.metric("jitops_queue_depth") == 0

    def leads(self) -> bool:
        """Tell whether it holds the Lease by its own account."""
        return self.metric("jitops_leader") == 1

    def keep_metrics(self) -> None:
        """Add what it measured so far to a file beside the log."""
        with self.log.with_suffix(".metrics").open("a", encoding="utf-8") as kept:
            kept.write(self.ask("/metrics") or "")

    def freeze(self) -> None:
        """Halt it where it stands."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it with SIGKILL, between any two instructions."""
        self.process.kill()
        self.process.wait(SECONDS_TO_STOP)

    def terminate(self) -> int:
        """Ask it to end, and give its exit code."""
        self.keep_metrics()
        self.process.terminate()
        return self.process.wait(SECONDS_TO_STOP)

    def end(self) -> None:
        """End it if it still runs; to end in any other way than in order is a failure."""
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
        """Quote the end of the log."""
        return "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-last:])
