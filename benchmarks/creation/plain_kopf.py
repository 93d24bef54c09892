"""The plain kopf operator that jitops is measured against: on.create, on.delete, one Secret, one POST.

With PLAIN_CLIENTS=ours it uses the clients that jitops uses (one aiohttp session for Kubernetes, the aiohttp transport
for httpx), so that the design is compared and not the clients.
"""

from __future__ import annotations

import base64
import os
import secrets
from typing import Any

import aiohttp
import httpx
import kopf
from clients import kube_session
from httpx_aiohttp import AiohttpTransport
from kubernetes.aio import client, config

OURS = os.environ.get("PLAIN_CLIENTS") == "ours"
CONSOLE = os.environ["BENCH_JITSU"]
HEADERS = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
WORKSPACE = os.environ["BENCH_WORKSPACE"]
PATIENCE = 60.0
"""Kopf runs all handlers at once: with httpx's 5 s some calls would fail, to be tried again a minute later."""


@kopf.on.startup()
async def start(memo: kopf.Memo, **_: Any) -> None:
    """Make the clients."""
    transport = AiohttpTransport(client=aiohttp.ClientSession()) if OURS else None
    memo.http = httpx.AsyncClient(base_url=CONSOLE, headers=HEADERS, transport=transport, timeout=PATIENCE)
    if OURS:
        memo.session, memo.server = kube_session(os.environ["KUBECONFIG"])
    else:
        await config.load_kube_config(os.environ["KUBECONFIG"])
        memo.core = client.CoreV1Api()


@kopf.on.create("jitops.dev", "v1alpha1", "jitsustreams")
async def create(name: str, namespace: str | None, uid: str, memo: kopf.Memo, **_: Any) -> dict[str, str]:
    """Make a Secret and a stream."""
    plaintext = secrets.token_hex(16)
    remote_id = f"plain{uid.replace('-', '')}"
    await _write_secret(memo, namespace, f"{name}-jitsustream", {"id": remote_id, "publicWriteKey": plaintext})
    key = {"id": f"{remote_id}p0", "plaintext": plaintext}
    body = {"id": remote_id, "type": "stream", "workspaceId": WORKSPACE, "name": name, "publicKeys": [key]}
    answer = await memo.http.post(f"/api/{WORKSPACE}/config/stream", json=body)
    answer.raise_for_status()
    return {"id": remote_id}


@kopf.on.delete("jitops.dev", "v1alpha1", "jitsustreams")
async def delete(status: kopf.Status, memo: kopf.Memo, **_: Any) -> None:
    """Remove the stream."""
    remote_id = status.get("create", {}).get("id")
    await memo.http.delete(f"/api/{WORKSPACE}/config/stream/{remote_id}")


async def _write_secret(memo: kopf.Memo, namespace: str | None, name: str, values: dict[str, str]) -> None:
    data: dict[str, bytes | str] = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    if OURS:
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
        url = f"{memo.server}/api/v1/namespaces/{namespace}/secrets"
        async with memo.session.post(url, json=body) as answer:
            answer.raise_for_status()
    else:
        meta = client.V1ObjectMeta(name=name)
        await memo.core.create_namespaced_secret(namespace, client.V1Secret(metadata=meta, data=data))
