"""The evidence of an end-to-end run: all that it shows anyone, in one folder.

Watches record every version of every resource, event and Secret, so that even a value shown for a moment is found. A
watch that the API server ends, as it does with slow readers, is started again. The operators' logs and metrics are in
the same folder.
"""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.cluster.findings import Search

from jitops.api.meta import MANAGED_BY, MANAGER
from jitops.kinds import KINDS
from jitops_sandbox.controlplane import Kubectl, kubectl_path

SHOWN = ("events.events.k8s.io", "leases", "configmaps", *(f"{kind.plural}.jitops.dev" for kind in KINDS))
"""What anyone may read: it must never contain a secret."""
PUBLIC = frozenset(
    {
        "id",
        "publicKeyId",
        "privateKeyId",
        "endpointEntityId",
        "functionEntityStartId",
        "functionEntityEndId",
        "url",
        "baseUrl",
    }
)
"""The values of output Secrets that are in status, too."""
WHOLE = frozenset({"MANIFEST.MF"})
"""A text that contains other values; it is not searched for as a whole."""
SHORTEST = 8
MOST_WATCHES = 10
"""How often a watch is started: one that ends at once shows nothing."""


@dataclass
class Evidence:
    """The folder of a run, the watches that fill it, and the planted secrets."""

    folder: Path
    planted: set[str] = field(default_factory=set)
    _watches: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _keepers: dict[str, threading.Thread] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def watch(self, kubectl: Kubectl) -> None:
        """Record each version of every object from now on."""
        for resource in SHOWN:
            self._follow(kubectl, resource, self.folder / f"{resource}.watch")
        self._follow(kubectl, "secrets", self.folder / "secrets.private", "-l", f"{MANAGED_BY}={MANAGER}")

    def _follow(self, kubectl: Kubectl, resource: str, file: Path, *options: str) -> None:
        command = [str(kubectl_path()), "--kubeconfig", str(kubectl.kubeconfig), "get", resource, "-A", "-o", "json"]
        command += ["--watch", "--output-watch-events"]
        file.touch()
        keeper = threading.Thread(target=self._keep, args=(resource, [*command, *options], file), daemon=True)
        self._keepers[resource] = keeper
        keeper.start()

    def _keep(self, resource: str, command: list[str], file: Path) -> None:
        """Watch, and start again when the watch ends too early."""
        for _ in range(MOST_WATCHES):
            if self._ended.is_set():
                return
            with file.open("ab") as kept:
                self._watches[resource] = watch = subprocess.Popen(  # noqa: S603 - kubectl
                    command, stdin=subprocess.DEVNULL, stdout=kept, stderr=subprocess.DEVNULL
                )
            watch.wait()

    def unwatch(self) -> list[str]:
        """End the watches; return the resources whose watch had failed before."""
        given_up = [resource for resource, keeper in self._keepers.items() if not keeper.is_alive()]
        self._ended.set()
        while any(keeper.is_alive() for keeper in self._keepers.values()):
            for watch in self._watches.values():
                watch.terminate()
            for keeper in self._keepers.values():
                keeper.join(0.1)
        return given_up

    def secrets(self) -> set[str]:
        """Return the planted secrets, and every secret value that an output Secret ever had."""
        made = set[str]()
        for secret in _documents((self.folder / "secrets.private").read_text(encoding="utf-8")):
            values = {
                name: base64.b64decode(value).decode() for name, value in (secret["object"].get("data") or {}).items()
            }
            public = {value for name, value in values.items() if name in PUBLIC}
            for name, value in values.items():
                if name not in WHOLE and value not in public:
                    made.add(value.rpartition(":")[2])  # A write key is `id:secret`.
        return {secret for secret in self.planted | made if len(secret) >= SHORTEST}

    def findings(self) -> list[str]:
        """Return each secret, and each trace of a defect, with the lines around it and secrets masked."""
        return Search(self.secrets()).through(self.folder)


def _documents(text: str) -> Iterator[dict[str, dict[str, dict[str, str]]]]:
    """Yield each JSON document of a text; the last one may be incomplete."""
    decoder, place = json.JSONDecoder(), 0
    while (place := _next(text, place)) < len(text):
        try:
            document, place = decoder.raw_decode(text, place)
        except ValueError:
            return
        yield document


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
