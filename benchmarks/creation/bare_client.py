"""The ceiling: the writes that jitops does for a stream, by a bare client that decides nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import aiohttp
import uvloop
from clients import kube_session

GROUP = "/apis/jitops.dev/v1alpha1"
WORKSPACE = os.environ["BENCH_WORKSPACE"]
WORKERS = 32


class Bare:
    """One watch, and for each new stream: finalizer, Secret, POST, status, event."""

    def __init__(self) -> None:
        self.kube, self.server = kube_session(os.environ["KUBECONFIG"])
        token = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
        self.console = aiohttp.ClientSession(os.environ["BENCH_JITSU"], headers=token)
        self.names: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()

    async def watch(self) -> None:
        """Queue every stream that appears."""
        url = f"{self.server}{GROUP}/jitsustreams?watch=true&allowWatchBookmarks=false"
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.kube.get(url, timeout=timeout) as answer:
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ADDED":
                    meta = event["object"]["metadata"]
                    self.names.put_nowait((meta["namespace"], meta["name"], meta["uid"]))

    async def work(self) -> None:
        """Do the writes of one stream after another."""
        while True:
            namespace, name, uid = await self.names.get()
            await self.serve(namespace, name, uid)

    async def serve(self, namespace: str, name: str, uid: str) -> None:
        """Do the writes of one stream."""
        url = f"{self.server}{GROUP}/namespaces/{namespace}/jitsustreams/{name}"
        remote_id = f"bare{uid.replace('-', '')}"
        await self._patch(url, {"metadata": {"finalizers": ["jitops.dev/finalizer"]}})
        await self._post(f"/api/v1/namespaces/{namespace}/secrets", _secret(name, uid))
        body = {"id": remote_id, "type": "stream", "workspaceId": WORKSPACE, "name": name}
        async with self.console.post(f"/api/{WORKSPACE}/config/stream", json=body) as answer:
            answer.raise_for_status()
        status = {"observedGeneration": 1, "id": remote_id, "conditions": [_condition("Ready"), _condition("Synced")]}
        await self._patch(f"{url}/status", {"status": status})
        await self._post(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", _event(namespace, name, uid))

    async def _patch(self, url: str, body: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        async with self.kube.patch(url, data=json.dumps(body), headers=headers) as answer:
            answer.raise_for_status()
            await answer.read()

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self.kube.post(self.server + path, json=body) as answer:
            answer.raise_for_status()
            await answer.read()


def _secret(name: str, uid: str) -> dict[str, Any]:
    owner = {"apiVersion": "jitops.dev/v1alpha1", "kind": "JitsuStream", "name": name, "uid": uid}
    keys = ("id", "publicWriteKey", "publicKeyId", "publicKeySecret", "privateWriteKey", "privateKeyId")
    data = dict.fromkeys(keys, base64.b64encode(uid.encode()).decode())
    return {"metadata": {"name": f"{name}-jitsustream", "ownerReferences": [owner]}, "data": data}


def _condition(kind: str) -> dict[str, str]:
    moment = "2026-01-01T00:00:00Z"
    return {"type": kind, "status": "True", "reason": "Available", "message": "", "lastTransitionTime": moment}


def _event(namespace: str, name: str, uid: str) -> dict[str, Any]:
    regarding = {"apiVersion": "jitops.dev/v1alpha1", "kind": "JitsuStream", "name": name, "namespace": namespace}
    return {
        "metadata": {"name": f"{name}.{uid[:8]}"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "bare",
        "reportingInstance": "bare",
        "action": "Create",
        "reason": "Created",
        "type": "Normal",
        "regarding": {**regarding, "uid": uid},
        "note": "created",
    }


async def main() -> None:
    """Serve until killed."""
    bare = Bare()
    await asyncio.gather(bare.watch(), *(bare.work() for _ in range(WORKERS)))


uvloop.run(main())
