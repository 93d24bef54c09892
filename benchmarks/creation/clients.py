"""A bare aiohttp session for a kubeconfig with a service account's token, and such a kubeconfig."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from jitops_sandbox.controlplane import Kubectl

ACCOUNT = "bench"
SUBJECT = f"default:{ACCOUNT}"


def with_token(kubeconfig: Path, folder: Path) -> Path:
    """Write a kubeconfig that signs in as operators in a cluster do: by token; a client certificate costs a signature.

    All contestants use it; the account may do everything.
    """
    kubectl = Kubectl(kubeconfig)
    kubectl("create", "serviceaccount", ACCOUNT, "--namespace=default")
    kubectl(
        "create", "clusterrolebinding", ACCOUNT, "--clusterrole=cluster-admin", f"--serviceaccount=default:{ACCOUNT}"
    )
    token = kubectl("create", "token", ACCOUNT, "--namespace=default", "--duration=24h").strip()
    loaded = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    loaded["users"][0]["user"] = {"token": token}
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(loaded), encoding="utf-8")
    return path


def kube_session(kubeconfig: str, agent: str | None = None) -> tuple[aiohttp.ClientSession, str]:
    """Open a session as the kubeconfig's first user; return it with the server's address."""
    loaded = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    cluster, user = loaded["clusters"][0]["cluster"], loaded["users"][0]["user"]
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=_authority(cluster)), limit=0)
    headers = {"Authorization": f"Bearer {user['token']}", **({"User-Agent": agent} if agent else {})}
    return aiohttp.ClientSession(connector=connector, headers=headers), cluster["server"]


def _authority(cluster: dict[str, Any]) -> str:
    if "certificate-authority-data" in cluster:
        return base64.b64decode(cluster["certificate-authority-data"]).decode()
    return Path(cluster["certificate-authority"]).read_text(encoding="utf-8")
