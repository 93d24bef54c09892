"""How fast 1,000 streams become Ready: jitops, a bare client (the ceiling), and a plain kopf operator, interleaved.

`python benchmarks/creation [--streams 1000] [--rounds 3]` needs the control plane (built on the first run) and prints
medians and ratios. All use a service token, which has no budget.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from clients import kube_session, with_token
from measure import CREATOR, Audit, Usage
from rich.console import Console
from rich.table import Table

from jitops.crds import manifests
from jitops_sandbox.controlplane import Kubectl, running_control_plane

HERE = Path(__file__).parent
CREATED_AT_ONCE = 250
PATIENCE = 300.0
CALM = 3
"""So many half seconds without a write make a round's end; the time itself is read from the audit log."""
STILL = 4096
RELEASED = '{"metadata": {"finalizers": null}}'
JITOPS, BARE, PLAIN, PLAIN_OURS = "jitops", "bare client", "plain kopf", "plain kopf, our clients"


@dataclass(frozen=True)
class Run:
    """What one contestant did in one round."""

    per_second: float
    cpu_ms: float
    peak: float
    kube: dict[str, float]
    remote: dict[str, float]


class Bench:
    """One control plane and one sandbox, and the contestants on them in turn."""

    def __init__(self, kubeconfig: Path, audit: Path, sandbox: dict[str, Any], streams: int) -> None:
        self.kubeconfig, self.audit, self.sandbox, self.streams = kubeconfig, audit, sandbox, streams
        self.kubectl = Kubectl(kubeconfig)
        self.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(manifests()))
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")

    def run(self, name: str, namespace: str) -> Run:
        """Let one contestant serve a namespace of its own."""
        self._admin("DELETE", "state")
        self._admin("DELETE", "requests")
        self.kubectl("create", "namespace", namespace)
        self._connect(namespace)
        with self._operator(name, namespace) as process:
            asyncio.run(self._create(namespace, "warm", 1))
            self._wait(1)
            before, since = Usage.of(process.pid), self.audit.stat().st_size
            calls = self._calls()
            asyncio.run(self._create(namespace, "stream", self.streams))
            self._wait(self.streams + 1)
            after = Usage.of(process.pid)
        audit = Audit.read(self.audit, since, namespace)
        self._clean(namespace)
        return self._result(audit, after.cpu - before.cpu, after.peak, self._calls() - calls)

    def _result(self, audit: Audit, cpu: float, peak: float, calls: Counter[str]) -> Run:
        each = self.streams
        return Run(
            per_second=each / audit.seconds,
            cpu_ms=cpu / each * 1000,
            peak=peak,
            kube={verb: count / each for verb, count in sorted(audit.requests.items())},
            remote={method: count / each for method, count in sorted(calls.items()) if count > 0},
        )

    @contextmanager
    def _operator(self, name: str, namespace: str) -> Iterator[subprocess.Popen[bytes]]:
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "BENCH_JITSU": self.sandbox["jitsu"],
            "BENCH_TOKEN": self.sandbox["credentials"]["service_token"],
            "BENCH_WORKSPACE": self.sandbox["credentials"]["workspace_id"],
            "PLAIN_CLIENTS": "ours" if name == PLAIN_OURS else "usual",
            "PYTHONPATH": str(HERE),
        }
        with tempfile.TemporaryFile() as log:
            command = self._command(name, namespace)
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                yield process
            except TimeoutError:
                log.seek(0)
                sys.stderr.write(log.read().decode()[-4000:])
                raise
            finally:
                process.terminate()
                process.wait(60)

    def _command(self, name: str, namespace: str) -> list[str]:
        python = sys.executable
        if name == JITOPS:
            serving = ["--namespace", namespace, "--cluster-id", "bench", "--operator-namespace", namespace]
            ports = ["--probes-port", "0", "--metrics-port", "0"]
            return [python, "-m", "jitops", "run", "--kubeconfig", str(self.kubeconfig), *serving, *ports]
        if name == BARE:
            return [python, str(HERE / "bare_client.py")]
        return [python, "-m", "kopf", "run", str(HERE / "plain_kopf.py"), "--namespace", namespace, "--standalone"]

    def _connect(self, namespace: str) -> None:
        meta = {"name": "acme", "namespace": namespace}
        token = {"apiKey": self.sandbox["credentials"]["service_token"]}
        spec = {"baseUrl": self.sandbox["jitsu"], "workspace": "acme", "credentialsRef": {"name": "acme"}}
        workspace = {"apiVersion": "jitops.dev/v1alpha1", "kind": "JitsuWorkspace", "metadata": meta, "spec": spec}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": token}
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([secret, workspace]))

    async def _create(self, namespace: str, prefix: str, count: int) -> None:
        session, server = kube_session(str(self.kubeconfig), CREATOR)
        url = f"{server}/apis/jitops.dev/v1alpha1/namespaces/{namespace}/jitsustreams"
        slots = asyncio.Semaphore(CREATED_AT_ONCE)

        async def one(number: int) -> None:
            meta = {"name": f"{prefix}-{number}"}
            body = {"apiVersion": "jitops.dev/v1alpha1", "kind": "JitsuStream", "metadata": meta}
            spec = {"workspaceRef": {"name": "acme"}, "domains": [f"{prefix}{number}.example.com"]}
            async with slots, session.post(url, json={**body, "spec": spec}) as answer:
                answer.raise_for_status()
                await answer.read()

        async with session:
            await asyncio.gather(*map(one, range(count)))

    def _wait(self, count: int) -> None:
        """Wait until the console holds them all and the audit log hardly grows any more."""
        limit, calm, size = time.monotonic() + PATIENCE, 0, -1
        while calm < CALM:
            if time.monotonic() > limit:
                raise TimeoutError(f"only {self._calls()['POST']} of {count} streams were made")
            time.sleep(0.5)
            now = self.audit.stat().st_size
            calm = calm + 1 if self._calls()["POST"] >= count and now - size < STILL else 0
            size = now

    def _calls(self) -> Counter[str]:
        """Count the console's calls by method since the round began."""
        counts: Counter[str] = Counter()
        for call, count in self._admin("GET", "requests")["counts"].items():
            counts[call.split()[1]] += count
        return counts

    def _admin(self, method: str, what: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.sandbox['jitsu']}/_sandbox/{what}", method=method)
        with urllib.request.urlopen(request) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def _clean(self, namespace: str) -> None:
        """Forget the round, so that the next contestant finds both servers as empty as this one did."""
        self.kubectl("delete", "namespace", namespace, "--wait=false")
        for plural in ("jitsustreams", "jitsuworkspaces"):
            names = self.kubectl("get", plural, "-n", namespace, "-o", "name").split()
            asyncio.run(self._strip(namespace, plural, [name.partition("/")[2] for name in names]))
        held = ("get", "secret/acme", "-n", namespace, "--ignore-not-found", "-o", "jsonpath={.metadata.finalizers}")
        if self.kubectl(*held):
            self.kubectl("patch", "secret/acme", "-n", namespace, "--type=merge", "-p", RELEASED)
        self.kubectl("wait", "--for=delete", f"namespace/{namespace}", "--timeout=300s")

    async def _strip(self, namespace: str, plural: str, names: list[str]) -> None:
        session, server = kube_session(str(self.kubeconfig), CREATOR)
        url = f"{server}/apis/jitops.dev/v1alpha1/namespaces/{namespace}/{plural}"
        headers = {"Content-Type": "application/merge-patch+json"}
        slots = asyncio.Semaphore(CREATED_AT_ONCE)

        async def one(name: str) -> None:
            async with slots, session.patch(f"{url}/{name}", data=RELEASED, headers=headers) as answer:
                await answer.read()

        async with session:
            await asyncio.gather(*map(one, names))


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _sandbox() as sandbox:
        audit = Path(folder) / "audit.log"
        with running_control_plane(audit_log=audit) as plane:
            bench = Bench(with_token(plane.kubeconfig, Path(folder)), audit, sandbox, options.streams)
            runs: dict[str, list[Run]] = {name: [] for name in (JITOPS, BARE, PLAIN, PLAIN_OURS)}
            for number in range(options.rounds):
                for order, name in enumerate(runs):
                    runs[name].append(bench.run(name, f"round{number}-{order}"))
                    Console(stderr=True).print(f"round {number + 1}: {name}: {runs[name][-1]}")
    _print(runs)


@contextmanager
def _sandbox() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "jitops", "sandbox", "--jitsu-port", "0", "--jitterbit-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def _print(runs: dict[str, list[Run]]) -> None:
    table = Table(
        "", "streams/s", "of plain kopf", "CPU ms each", "peak MiB", "Kubernetes requests each", "remote calls each"
    )
    base = statistics.median(run.per_second for run in runs[PLAIN])
    for name, rounds in runs.items():
        speed = statistics.median(run.per_second for run in rounds)
        last = rounds[-1]
        table.add_row(
            name,
            f"{speed:.1f}",
            f"{speed / base:.2f}",
            f"{statistics.median(run.cpu_ms for run in rounds):.1f}",
            f"{statistics.median(run.peak for run in rounds):.0f}",
            "\n".join(f"{count:.2f} {verb}" for verb, count in last.kube.items()),
            "\n".join(f"{count:.2f} {method}" for method, count in last.remote.items()),
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
