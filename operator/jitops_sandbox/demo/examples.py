"""The examples, with the addresses of this demo's sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jitops.local.manifests import Manifest, load
from jitops_sandbox.server import ADAPTER_PORT, GATEWAY_PORT, JITSU_PORT, JITTERBIT_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jitops.core.kube import JSON
    from jitops_sandbox import Sandbox


def folder() -> Path:
    """Return the examples that are shipped with the demo; in the repository, a link to its `examples`."""
    return Path(__file__).parent / "examples"


def examples(sandbox: Sandbox) -> list[Manifest]:
    """Return the examples with the addresses of a sandbox."""
    # The sandbox uses free ports, so that two demos can run at once.
    addresses = {
        f"http://127.0.0.1:{JITSU_PORT}": sandbox.jitsu_url,
        f"http://127.0.0.1:{JITTERBIT_PORT}": sandbox.jitterbit_url,
        f"http://127.0.0.1:{ADAPTER_PORT}": sandbox.adapter_url,
        f"http://127.0.0.1:{GATEWAY_PORT}": sandbox.gateway_url,
    }
    return [Manifest(one.key, _fitted(one.body, addresses), one.place) for one in load(folder()).manifests]


def _fitted(body: Mapping[str, JSON], addresses: Mapping[str, str]) -> Mapping[str, JSON]:
    if "spec" not in body:
        return body
    spec = {name: _turned(value, addresses) for name, value in body["spec"].items()}
    if body["kind"] == "JitterbitOrganization":
        # The sandbox's listing is never late, so a connector can be registered again without the wait of a minute.
        spec["settleSeconds"] = 0
    return {**body, "spec": spec}


def _turned(value: JSON, addresses: Mapping[str, str]) -> JSON:
    """Return a value with all addresses in it replaced by those of the sandbox."""
    if isinstance(value, dict):
        return {name: _turned(part, addresses) for name, part in value.items()}
    return addresses.get(value, value) if isinstance(value, str) else value


def as_drafts(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Return the manifests with each Custom API as a draft."""
    return [Manifest(one.key, _drafted(one.body), one.place) for one in manifests]


def _drafted(body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    if body["kind"] != "CustomAPI":
        return body
    publication = {**body["spec"]["publication"], "state": "Draft"}
    return {**body, "spec": {**body["spec"], "publication": publication}}
