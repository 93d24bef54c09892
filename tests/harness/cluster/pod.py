"""A Pod on the node of the tests, its container, and the ways to start it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.harness.cluster.operator_process import ask


class Runtime(Protocol):
    """The way to start a pod's container as a process."""

    def start(self, container: Container) -> subprocess.Popen[bytes]:
        """Start the container; its output goes to its log."""


@dataclass(frozen=True)
class Container:
    """What a runtime needs to start a container."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    namespace: str
    token: str
    server_kubeconfig: Path
    folder: Path
    """A folder of its own."""
    log: Path


@dataclass
class Pod:
    """A Pod, and its process."""

    name: str
    revision: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    ready: bool = False
    ending: float | None = None

    @property
    def running(self) -> bool:
        """Return whether the process runs."""
        return self.process.poll() is None

    def ask(self, path: str) -> str | None:
        """Read a path of the probes' port; None without an answer, or when it is an error."""
        return ask(self.port, path)
