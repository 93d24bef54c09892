"""A real API server with our CRDs, both products in the sandbox, and what a user does with them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from jitops import crds
from jitops.api.meta import API_VERSION
from jitops.kinds import KINDS
from jitops_sandbox import Sandbox
from jitops_sandbox.controlplane import ControlPlane, Kubectl

PATIENCE = 60.0


async def eventually(
    check: Callable[[], Awaitable[object]], what: str, *, within: float = PATIENCE, every: float = 0.2
) -> None:
    """Wait until a check comes true."""
    end = time.monotonic() + within
    while not await check():
        assert time.monotonic() < end, f"not within {within:.0f} s: {what}"
        await asyncio.sleep(every)


class User:
    """Someone with kubectl and a namespace."""

    def __init__(self, kubectl: Kubectl, namespace: str, sandbox: Sandbox) -> None:
        self._kubectl = kubectl
        self.namespace = namespace
        self.sandbox = sandbox

    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace, without holding up the loop that serves the sandbox."""
        return await asyncio.to_thread(self._kubectl, "--namespace", self.namespace, *arguments, stdin=stdin)

    async def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Apply manifests."""
        await self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))

    async def connect(self) -> None:
        """Apply a JitsuWorkspace with its Secret, under a token that has no budget."""
        credentials = self.sandbox.credentials
        await self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "jitsu", "labels": {"jitops.dev/watch": "true"}},
                "stringData": {"apiKey": credentials.service_token},
            },
            {
                "apiVersion": API_VERSION,
                "kind": "JitsuWorkspace",
                "metadata": {"name": "acme"},
                "spec": {
                    "baseUrl": self.sandbox.jitsu_url,
                    "workspace": credentials.workspace,
                    "credentialsRef": {"name": "jitsu"},
                },
            },
        )

    async def stream(self, name: str, /, **spec: Any) -> None:
        """Apply a JitsuStream."""
        manifest = {
            "kind": "JitsuStream",
            "metadata": {"name": name},
            "spec": {"workspaceRef": {"name": "acme"}, **spec},
        }
        await self.apply({"apiVersion": API_VERSION, **manifest})

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
        """Wait until there is no such object any more."""

        async def look() -> bool:
            return await self.get(kind, name) is None

        await eventually(look, f"{kind} {name} is gone")

    def remote_streams(self) -> list[str]:
        """Name the streams at the remote."""
        return sorted(stream["id"] for stream in self.sandbox.jitsu.objects("stream"))


@pytest.fixture(scope="session")
def definitions(kubectl: Kubectl) -> None:
    """Have our CRDs in the API server."""
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(crds.manifests()))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Run both products."""
    async with Sandbox.start() as running:
        yield running


@pytest.fixture
def user(
    definitions: None,  # noqa: ARG001 - it has to have been asked for
    kubectl: Kubectl,
    namespace: str,
    sandbox: Sandbox,
) -> Iterator[User]:
    """Give a user, whose resources are let go afterwards, whatever became of them."""
    yield User(kubectl, namespace, sandbox)
    kinds = ",".join([*(info.plural for info in KINDS), "secrets"])
    template = "{range .items[?(@.metadata.finalizers)]}{.kind}/{.metadata.name} {end}"
    held = kubectl("get", kinds, "-n", namespace, "-o", f"jsonpath={template}").split()
    if held:
        kubectl("patch", *held, "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


@pytest.fixture
def environment(control_plane: ControlPlane, user: User) -> dict[str, str]:
    """Give the settings of an operator that serves the user's namespace alone."""
    return {
        "JITOPS_KUBECONFIG": str(control_plane.kubeconfig),
        "JITOPS_NAMESPACES": user.namespace,
        "JITOPS_OPERATOR_NAMESPACE": user.namespace,
        "JITOPS_CLUSTER_ID": user.namespace,
        "JITOPS_LOG_LEVEL": "debug",
    }
