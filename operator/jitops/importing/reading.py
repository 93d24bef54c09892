"""Reads a Jitsu workspace for an import: one listing per type, nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops.api.base import validate_spec
from jitops.api.jitsu import JitsuWorkspaceSpec
from jitops.core.client import Opening
from jitops.core.clock import SystemClock
from jitops.core.kube import Key
from jitops.importing.jitsu import KINDS, Import, workspace
from jitops.importing.names import Names
from jitops.vendors.http import HttpPool
from jitops.vendors.jitsu.client import open_workspace

if TYPE_CHECKING:
    from jitops.importing.jitsu import Manifest

TYPES = (*KINDS, "link")


class NoLedger:
    """Counts no log-ins: an API key has none."""

    async def attempt(self) -> None:
        """Let it pass."""

    async def withdrawn(self) -> None:
        """Let it pass."""

    async def accepted(self) -> None:
        """Let it pass."""


async def read_jitsu(url: str, slug: str, api_key: str) -> list[Manifest]:
    """Give the manifests of a workspace; raises errors.JitopsError, and InvalidSpec for what can't be an address."""
    spec = validate_spec(JitsuWorkspaceSpec, {"baseUrl": url, "workspace": slug, "credentialsRef": {"name": "import"}})
    pool, clock = HttpPool(SystemClock()), SystemClock()
    opening = Opening(Key("JitsuWorkspace", "", slug), spec, {"apiKey": api_key}, None, NoLedger())
    try:
        client = await open_workspace(opening, pool, clock)
        facts = await client.verify()
        listing: dict[str, list[Any]] = {type_: await client.objects(type_) for type_ in TYPES}
    finally:
        await pool.aclose()
    name = Names().name("JitsuWorkspace", str(facts.get("slug") or facts.get("workspaceName") or ""), slug)
    return [*workspace(name, slug, url), *Import(Names(), name).manifests(listing)]
