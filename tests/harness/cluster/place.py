"""A place for one test: namespaces for resources and for the operator, kubectl, products and audit log."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from tests.harness.cluster.operator_process import Operator
from tests.harness.cluster.products import Products
from tests.harness.cluster.rights import Accounts
from tests.harness.repository import EXAMPLES
from tests.harness.waiting import PATIENCE

from jitops_sandbox.controlplane import Kubectl

Manifest = dict[str, Any]

JITSU, JITTERBIT = EXAMPLES / "jitsu", EXAMPLES / "jitterbit"
FIRST = "0[12]-*.yaml"
"""The examples of most tests: the connections, the stream and the connector."""
EVERY = "*.yaml"
MADE = ((JITSU, EVERY), (JITTERBIT, FIRST), (JITTERBIT, "*-customapi.yaml"))
ADDRESSES = ("http://127.0.0.1:7710", "http://127.0.0.1:7720", "http://127.0.0.1:7730", "http://127.0.0.1:7740")
"""The sandbox's addresses in the examples; in tests it listens on free ports."""
STREAM, CONNECTOR = "jitsustream/website", "connector/crm"
STREAM_SECRET, CONNECTOR_SECRET = "website-jitsustream", "crm-connector"
KUBERNETES_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass
class Place:
    """The namespaces, accounts and products of one test."""

    kubectl: Kubectl
    namespace: str
    system: str
    """The operator's own namespace."""
    products: Products
    accounts: Accounts
    """The accounts of this place's operators, with the chart's rights and nothing more."""
    folder: Path
    operators: list[Operator] = field(default_factory=list)
    _heard: int = 0

    # The operator.

    def operator(
        self,
        *options: str,
        kubeconfig: Path | None = None,
        clusterwide: bool = False,
        lease: str | None = None,
        **environment: str,
    ) -> Operator:
        """Start an operator for this place, or for all namespaces; its Lease has its account's name by default."""
        scope = ("--cluster-id", self.namespace) if clusterwide else self._scope()
        log = self.folder / f"{self.namespace}-{len(self.operators)}.log"
        options = (*scope, "--operator-namespace", self.system, *options)
        lease = lease or ("jitops-wide" if clusterwide else "jitops")
        used = kubeconfig or self.kubeconfig(clusterwide=clusterwide)
        operator = Operator(used, log, options, lease, environment)
        self.operators.append(operator)
        return operator.start()

    def kubeconfig(self, *, clusterwide: bool = False) -> Path:
        """Return the kubeconfig with the operator's token."""
        return self.accounts.get(clusterwide=clusterwide).kubeconfig

    def _scope(self) -> tuple[str, ...]:
        namespaces = (f"--namespace={name}" for name in self.accounts.namespaces)
        return (*namespaces, "--cluster-id", self.namespace)

    def at(self, namespace: str) -> Place:
        """Return a place in another namespace, with the same products and operators."""
        return replace(self, namespace=namespace)

    # What a user does.

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace of the resources."""
        return self.kubectl("--namespace", self.namespace, *arguments, stdin=stdin)

    def apply(self, manifests: Iterable[Manifest], *options: str) -> None:
        """Apply manifests."""
        self("apply", *options, "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def examples(self, *folders: Path, files: str = FIRST, **specs: Mapping[str, Any]) -> list[Manifest]:
        """Return examples with the sandbox's addresses; `files` is a glob, `specs` sets fields by kind."""
        return [
            {**one, "spec": {**one["spec"], **specs[one["kind"]]}} if one["kind"] in specs else one
            for folder in folders or (JITSU, JITTERBIT)
            for one in yaml.safe_load_all(self.example_text(folder, files))
        ]

    def all_text(self) -> str:
        """Return all examples as one text, except the Builder's, which waits for a person and is never deleted."""
        return "---\n".join(self.example_text(folder, files) for folder, files in MADE)

    def example_text(self, folder: Path, files: str = FIRST) -> str:
        """Return the examples of a folder as one text, with the sandbox's addresses."""
        text = "---\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob(files)))
        sandbox = self.products.sandbox
        actual = (sandbox.jitsu_url, sandbox.jitterbit_url, sandbox.adapter_url, sandbox.gateway_url)
        for written, ours in zip(ADDRESSES, actual, strict=True):
            text = text.replace(written, ours)
        return text

    def annotate(self, what: str, **annotations: str) -> None:
        """Set annotations of jitops; underscores become dashes."""
        pairs = [f"jitops.dev/{name.replace('_', '-')}={value}" for name, value in annotations.items()]
        self("annotate", "--overwrite", what, *pairs)

    def patch(self, what: str, patch: Mapping[str, Any]) -> None:
        """Merge a patch into an object."""
        self("patch", what, "--type=merge", "-p", json.dumps(patch))

    def wait_ready(self, *what: str, seconds: float = PATIENCE) -> float:
        """Wait with `kubectl wait`; return the seconds that it took."""
        began = time.monotonic()
        self("wait", "--for=condition=Ready", f"--timeout={seconds:.0f}s", *(what or ("jitops", "--all")))
        return time.monotonic() - began

    # What a user sees.

    def get(self, what: str) -> Manifest:
        """Read an object; empty when there is none."""
        text = self("get", what, "--ignore-not-found", "-o", "json")
        found: Manifest = json.loads(text) if text.strip() else {}
        return found

    def items(self, what: str) -> list[Manifest]:
        """Read all objects of a kind."""
        found: list[Manifest] = json.loads(self("get", what, "-o", "json"))["items"]
        return found

    def condition(self, what: str, kind: str = "Ready") -> Manifest:
        """Return a condition; empty when there is none."""
        conditions = self.get(what).get("status", {}).get("conditions") or ()
        return next((one for one in conditions if one["type"] == kind), {})

    def ready(self, what: str) -> bool:
        """Return whether an object is Ready now."""
        return self.condition(what).get("status") == "True"

    def values(self, secret: str) -> dict[str, str]:
        """Return a Secret's values; empty when there is no Secret."""
        data: dict[str, str] = self.get(f"secret/{secret}").get("data") or {}
        return {name: base64.b64decode(value).decode() for name, value in data.items()}

    def events(self, name: str = "website", kind: str | None = None) -> list[tuple[str, str]]:
        """Return reason and note of the events about an object, oldest first."""
        about = f"--field-selector=involvedObject.name={name}" + (f",involvedObject.kind={kind}" if kind else "")
        found = json.loads(self("get", "events", about, "-o", "json"))["items"]
        return [
            (one["reason"], one["message"])
            for one in sorted(found, key=lambda one: one["metadata"]["creationTimestamp"])
        ]

    # What the Secrets are worth at the products.

    def stream_whole(self, secret: str = STREAM_SECRET) -> bool:
        """Return whether the Secret has the id of the only stream, and keys that open it."""
        values, streams = self.values(secret), self.products.streams()
        if [one["id"] for one in streams] != [values.get("id")]:
            return False
        stored = self.products.stored(values["id"])
        public = values.get("publicWriteKey") or values.get("JITSU_WRITE_KEY")
        return all(
            written == f"{values[f'{use}KeyId']}:{values[f'{use}KeySecret']}"
            and opens(stored, use, values[f"{use}KeyId"], values[f"{use}KeySecret"])
            for use, written in (("public", public), ("private", values["privateWriteKey"]))
        )

    def connector_whole(self, secret: str = CONNECTOR_SECRET) -> bool:
        """Return whether the Secret is complete, and has id, key and secret of the only registration."""
        values, rows = self.values(secret), self.products.connectors()
        complete = {"endpointEntityId", "functionEntityStartId", "functionEntityEndId", "MANIFEST.MF"} <= values.keys()
        return complete and [{name: row[name] for name in ("id", "key", "secret")} for row in rows] == [
            {name: values[name] for name in ("id", "key", "secret")}
        ]

    # What the audit log says.

    def listen(self) -> None:
        """Start to count the operator's requests."""
        self._heard = self.accounts.audit_log.stat().st_size

    def heard(self) -> list[Manifest]:
        """Return the operator's requests since `listen`."""
        return self.accounts.requests(self._heard)

    def kubernetes_writes(self, *, lease: bool = False) -> Counter[str]:
        """Count the operator's writes since `listen`, as `verb resource[/subresource] name`, except to the Lease."""
        counted: Counter[str] = Counter()
        for event in self.heard():
            target = event.get("objectRef", {})
            if event["verb"] in KUBERNETES_WRITES and (lease or target["resource"] != "leases"):
                path = "/".join(part for part in (target["resource"], target.get("subresource")) if part)
                # A new event's name is made up; the object it is about stands before the first dot.
                name = target.get("name", "").partition(".")[0]
                counted[f"{event['verb']} {path} {name}".rstrip()] += 1
        return counted


def opens(stored: Mapping[str, Any], use: str, key_id: str, plaintext: str) -> bool:
    """Return whether the console accepts a write key, by the salted hash that it holds."""
    for key in stored.get(f"{use}Keys") or ():
        if key["id"] == key_id:
            salt, _, digest = key["hash"].partition(".")
            return bool(hashlib.sha512(f"{plaintext}{salt}sandbox".encode()).hexdigest() == digest)
    return False
