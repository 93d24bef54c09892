"""A bare aiohttp session for a kubeconfig with a client certificate."""

from __future__ import annotations

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import yaml


def kube_session(kubeconfig: str, agent: str | None = None) -> tuple[aiohttp.ClientSession, str]:
    """Open a session as the kubeconfig's first user; return it with the server's address."""
    loaded = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    cluster, user = loaded["clusters"][0]["cluster"], loaded["users"][0]["user"]
    context = ssl.create_default_context(cadata=_text(cluster, "certificate-authority"))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in ("client-certificate", "client-key"):
            path = Path(folder) / name
            path.write_text(_text(user, name), encoding="utf-8")
            paths.append(str(path))
        context.load_cert_chain(*paths)
    connector = aiohttp.TCPConnector(ssl=context, limit=64)
    headers = {"User-Agent": agent} if agent else {}
    return aiohttp.ClientSession(connector=connector, headers=headers), cluster["server"]


def _text(block: dict[str, Any], name: str) -> str:
    if f"{name}-data" in block:
        return base64.b64decode(block[f"{name}-data"]).decode()
    return Path(block[name]).read_text(encoding="utf-8")
