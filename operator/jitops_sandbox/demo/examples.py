"""The examples, with their addresses turned to the sandbox of this demo."""

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
    """Read the examples and fit them to this sandbox.

    Its ports are free ones, so that two demos don't get in each other's way. Its listing is never late, so that
    `settleSeconds` may be 0, and nobody has to wait a minute to see a connector registered again.
    """
    addresses = {
        f"http://127.0.0.1:{JITSU_PORT}": sandbox.jitsu_url,
        f"http://127.0.0.1:{JITTERBIT_PORT}": sandbox.jitterbit_url,
        f"http://127.0.0.1:{ADAPTER_PORT}": sandbox.adapter_url,
        f"http://127.0.0.1:{GATEWAY_PORT}": sandbox.gateway_url,
    }
    return [Manifest(one.key, _fitted(one.body, addresses), one.place) for one in load(folder())]


def _fitted(body: Mapping[str, JSON], addresses: Mapping[str, str]) -> Mapping[str, JSON]:
    if "spec" not in body:
        return body
    spec = {name: _turned(value, addresses) for name, value in body["spec"].items()}
    if body["kind"] == "JitterbitOrganization":
        spec["settleSeconds"] = 0
    return {**body, "spec": spec}


def _turned(value: JSON, addresses: Mapping[str, str]) -> JSON:
    """Turn an address, also one inside of an object, to the sandbox."""
    if isinstance(value, dict):
        return {name: _turned(part, addresses) for name, part in value.items()}
    return addresses.get(value, value) if isinstance(value, str) else value


def as_drafts(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Give the manifests with each Custom API kept as a draft."""
    return [Manifest(one.key, _drafted(one.body), one.place) for one in manifests]


def _drafted(body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    if body["kind"] != "CustomAPI":
        return body
    publication = {**body["spec"]["publication"], "state": "Draft"}
    return {**body, "spec": {**body["spec"], "publication": publication}}
