"""A user with kubectl and a namespace on a real API server, beside a sandbox on the test's own event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import yaml
from tests.harness.manifests import manifest, secret_manifest
from tests.harness.waiting import PATIENCE, eventually

from jitops_sandbox import Sandbox
from jitops_sandbox.controlplane import Kubectl


class User:
    """A person with kubectl and a namespace."""

    def __init__(self, kubectl: Kubectl, namespace: str, sandbox: Sandbox) -> None:
        self._kubectl = kubectl
        self.namespace = namespace
        self.sandbox = sandbox

    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace, outside the loop that serves the sandbox."""
        return await asyncio.to_thread(self._kubectl, "--namespace", self.namespace, *arguments, stdin=stdin)

    async def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Apply manifests."""
        await self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))

    async def connect(self) -> None:
        """Apply a JitsuWorkspace and its Secret, with a token that has no rate limit."""
        credentials = self.sandbox.credentials
        spec = {
            "baseUrl": self.sandbox.jitsu_url,
            "workspace": credentials.workspace,
            "credentialsRef": {"name": "jitsu"},
        }
        await self.apply(
            secret_manifest("jitsu", {"apiKey": credentials.service_token}, None),
            manifest("JitsuWorkspace", "acme", spec, None),
        )

    async def stream(self, name: str, /, **spec: Any) -> None:
        """Apply a JitsuStream."""
        await self.apply(manifest("JitsuStream", name, {"workspaceRef": {"name": "acme"}, **spec}, None))

    async def get(self, kind: str, name: str) -> Any:
        """Read an object; None where there is none."""
        text = await self.kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text else None

    async def ready(self, name: str, *, kind: str = "jitsustream", within: float = PATIENCE) -> Any:
        """Wait until a resource is Ready; return it."""
        found: Any = None

        async def look() -> bool:
            nonlocal found
            found = await self.get(kind, name)
            conditions = (found or {}).get("status", {}).get("conditions", [])
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

        await eventually(look, f"{kind} {name} is Ready", within=within)
        return found

    async def gone(self, name: str, *, kind: str = "jitsustream") -> None:
        """Wait until the object does not exist any more."""

        async def look() -> bool:
            return await self.get(kind, name) is None

        await eventually(look, f"{kind} {name} is gone")

    def remote_streams(self) -> list[str]:
        """Return the ids of the streams at the remote."""
        return sorted(stream["id"] for stream in self.sandbox.jitsu.objects("stream"))
