"""The examples, with their addresses turned to the sandbox of this demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jitops
from jitops.local.manifests import Manifest, load
from jitops.sandbox.server import JITSU_PORT, JITTERBIT_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON
    from jitops.sandbox import Sandbox


def folder() -> Path:
    """Find the examples: inside an installed package, else beside the sources."""
    shipped = Path(__file__).parent / "examples"
    return shipped if shipped.is_dir() else Path(jitops.__file__).parents[2] / "examples"


def examples(sandbox: Sandbox) -> list[Manifest]:
    """Read the examples and fit them to this sandbox.

    Its ports are free ones, so that two demos don't get in each other's way. Its listing is never late, so that
    `settleSeconds` may be 0, and nobody has to wait a minute to see a connector registered again.
    """
    addresses = {
        f"http://127.0.0.1:{JITSU_PORT}": sandbox.jitsu_url,
        f"http://127.0.0.1:{JITTERBIT_PORT}": sandbox.jitterbit_url,
    }
    return [Manifest(one.key, _fitted(one.body, addresses), one.place) for one in load(folder())]


def _fitted(body: Mapping[str, JSON], addresses: Mapping[str, str]) -> Mapping[str, JSON]:
    if "spec" not in body:
        return body
    spec = {
        name: addresses.get(value, value) if isinstance(value, str) else value for name, value in body["spec"].items()
    }
    if body["kind"] == "JitterbitOrganization":
        spec["settleSeconds"] = 0
    return {**body, "spec": spec}
