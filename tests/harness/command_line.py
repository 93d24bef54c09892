"""The sandbox in a process of its own, and a user's folders, for tests of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.harness.manifests import Manifest, manifest, secret_manifest

import jitops
from jitops.cli.app import main

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(jitops.__file__).parents[1])}
"""Makes `python -m jitops` find the sources under test."""

FREE_PORTS = [word for name in ("jitsu", "jitterbit", "adapter", "gateway") for word in (f"--{name}-port", "0")]
"""Options of a sandbox on free ports."""


@contextmanager
def served_sandbox() -> Iterator[Remote]:
    """Run `jitops sandbox` on free ports."""
    command = [sys.executable, "-m", "jitops", "sandbox", *FREE_PORTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        yield Remote(**json.loads(process.stdout.readline()))
        process.terminate()


@dataclass
class Remote:
    """Both products in a process of their own, through their admin prefix."""

    jitsu: str
    jitterbit: str
    adapter: str
    gateway: str
    credentials: Mapping[str, str]

    def _ask(self, method: str, what: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.jitsu}/_sandbox/{what}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def reset(self) -> None:
        """Empty both products, and forget faults and requests."""
        for what in ("state", "faults", "requests"):
            self._ask("DELETE", what)

    def streams(self) -> dict[str, dict[str, Any]]:
        """Return the streams of the console by id."""
        state = self._ask("GET", "state")
        return {one["id"]: one for one in state["jitsu"]["objects"].get("stream", [])}

    def connectors(self) -> list[str]:
        """Return the ids of the registered connectors."""
        return [one["id"] for one in self._ask("GET", "state")["jitterbit"]["connectors"]]

    def rename(self, stream: str, name: str) -> None:
        """Rename a stream as somebody does in the console."""
        self._ask("PATCH", f"objects/{stream}", {"name": name})

    def fault(self, **fault: Any) -> None:
        """Add a fault."""
        self._ask("POST", "faults", fault)

    def clear_faults(self) -> None:
        """Cancel the faults that were ordered."""
        self._ask("DELETE", "faults")

    def requests(self) -> list[str]:
        """Return all requests, as method and path."""
        asked = self._ask("GET", "requests?all=true")["requests"]
        return [f"{one['method']} {one['path']}" for one in asked]

    def writes(self) -> list[str]:
        """Return the requests that change something, except log-ins."""
        return [one for one in self.requests() if not one.startswith("GET") and not one.endswith("/login")]

    def forget_requests(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "requests")


@dataclass
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of the error output."""
        return self.err.splitlines()


class Site:
    """A user's folder of manifests, and the state beside it."""

    def __init__(self, place: Path, remote: Remote, capture: pytest.CaptureFixture[str]) -> None:
        self.manifests = place / "manifests"
        self.manifests.mkdir()
        self.state = place / "state"
        self.cluster_id = "site"
        self._remote = remote
        self._capture = capture

    def write(self, name: str, *documents: Mapping[str, Any]) -> None:
        """Write a file of manifests."""
        (self.manifests / name).write_text(yaml.safe_dump_all(documents))

    def write_all(self) -> None:
        """Write manifests for one object of each product, with their connections."""
        self.write("jitsu.yaml", self.login("jitsu", apiKey=self._remote.credentials["api_key"]), self.workspace())
        self.write("stream.yaml", self.stream())
        harmony = {name: self._remote.credentials[name] for name in ("email", "password")}
        self.write("jitterbit.yaml", self.login("harmony", **harmony), self.organization())
        self.write("connector.yaml", self.connector())

    def apply(self, *options: str, sources: Sequence[Path | str] = ()) -> Result:
        """Run `jitops apply` on the folder of manifests, or on other sources; a missing state is created."""
        named = [word for source in sources or (self.manifests,) for word in ("-f", str(source))]
        created = ("--init", "--cluster-id", self.cluster_id)
        return self.run("apply", *named, "--state", str(self.state), *created, *options)

    def destroy(self, *options: str) -> Result:
        """Run `jitops destroy`."""
        return self.run("destroy", "--state", str(self.state), *options)

    def run(self, *arguments: str) -> Result:
        """Run a command in this process."""
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = self._capture.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, captured.out, captured.err)

    def output(self, secret: str, namespace: str = "default") -> dict[str, str]:
        """Read the files of an output Secret."""
        folder = self.state / "outputs" / namespace / secret
        return {file.name: file.read_bytes().decode() for file in folder.iterdir()} if folder.is_dir() else {}

    def outputs(self) -> dict[str, bytes]:
        """Read all files of the outputs."""
        return {str(one): one.read_bytes() for one in (self.state / "outputs").rglob("*") if one.is_file()}

    def objects(self) -> dict[str, str]:
        """Read the state's documents."""
        return {str(file.relative_to(self.state)): file.read_text() for file in self.state.rglob("*.json")}

    @staticmethod
    def login(name: str, **values: str) -> Manifest:
        """Return a Secret."""
        return secret_manifest(name, values, None, watched=False)

    def workspace(self, **spec: Any) -> Manifest:
        """Return a JitsuWorkspace."""
        usual = {"baseUrl": self._remote.jitsu, "workspace": "acme", "credentialsRef": {"name": "jitsu"}}
        return manifest("JitsuWorkspace", "acme", {**usual, **spec}, None)

    def organization(self, **spec: Any) -> Manifest:
        """Return a JitterbitOrganization whose listing is trusted at once."""
        usual = {"host": self._remote.jitterbit, "organizationId": "100200", "credentialsRef": {"name": "harmony"}}
        return manifest("JitterbitOrganization", "acme", {**usual, "settleSeconds": 0, **spec}, None)

    @staticmethod
    def stream(name: str = "shop", **spec: Any) -> Manifest:
        """Return a JitsuStream."""
        return manifest("JitsuStream", name, {"workspaceRef": {"name": "acme"}, **spec}, None)

    @staticmethod
    def connector(**spec: Any) -> Manifest:
        """Return a Connector."""
        return manifest("Connector", "crm", {"organizationRef": {"name": "acme"}, "version": "1.0.0", **spec}, None)
