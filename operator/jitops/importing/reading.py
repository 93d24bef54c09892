"""Reading of a remote for an import: only listings, no writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops.api.schema.model import validate_spec
from jitops.core.clock import SystemClock
from jitops.core.contract.client import Opening
from jitops.core.kube import Key
from jitops.importing.jitsu import KINDS, Import, workspace
from jitops.importing.jitterbit import connectors, organization
from jitops.importing.manifests import Imported
from jitops.importing.names import Names
from jitops.products.jitsu.workspace.connection import open_workspace
from jitops.products.jitsu.workspace.spec import JitsuWorkspaceSpec
from jitops.products.jitterbit.organization.connection import open_organization
from jitops.products.jitterbit.organization.spec import JitterbitOrganizationSpec
from jitops.remote.client import HttpPool

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = (*KINDS, "link")
UNNAMED = {"credentialsRef": {"name": "import"}}
"""A value for the connection's spec, which requires one; its manifest gets another."""


class NoLedger:
    """Counts no log-ins: an API key has none, and an import makes only one."""

    async def attempt(self) -> None:
        """Do nothing."""

    async def withdrawn(self) -> None:
        """Do nothing."""

    async def accepted(self) -> None:
        """Do nothing."""


async def read_jitsu(url: str, slug: str, api_key: str) -> Imported:
    """Return the manifests of a workspace; raise JitopsError, or InvalidSpec for an invalid address or slug."""
    spec = validate_spec(JitsuWorkspaceSpec, {"baseUrl": url, "workspace": slug, **UNNAMED})
    pool, clock = HttpPool(SystemClock()), SystemClock()
    opening = Opening(Key("JitsuWorkspace", "", slug), spec, {"apiKey": api_key}, None, NoLedger())
    try:
        client = await open_workspace(opening, pool, clock, types=())
        facts = await client.verify()
        listing: dict[str, list[Any]] = {type_: await client.objects(type_) for type_ in TYPES}
        for type_ in {str(found.get("destinationType")) for found in listing["destination"]}:
            await client.schemas.load(type_)
    finally:
        await pool.aclose()
    name = Names().name("JitsuWorkspace", str(facts.get("slug") or facts.get("workspaceName") or ""), slug)
    made = Import(Names(), name, client.schemas.get)
    return Imported([*workspace(name, slug, url), *made.manifests(listing)], notes=made.notes)


async def read_jitterbit(where: Mapping[str, str], id_: str, email: str, password: str) -> Imported:
    """Return the manifests of an organization's connectors; `where` is its region or host. Raises as `read_jitsu`.

    It makes one log-in. Harmony counts it if it is refused.
    """
    spec = {**where, "organizationId": id_}
    checked = validate_spec(JitterbitOrganizationSpec, {**spec, **UNNAMED})
    pool, clock = HttpPool(SystemClock()), SystemClock()
    login = {"email": email, "password": password}
    opening = Opening(Key("JitterbitOrganization", "", id_), checked, login, None, NoLedger())
    try:
        client = await open_organization(opening, pool, clock)
        facts = await client.verify()
        rows = (await client.connectors.get()).rows.values()
    finally:
        await pool.aclose()
    name = Names().name("JitterbitOrganization", str(facts.get("organizationName") or ""), id_)
    found = connectors(rows, Names(), name)
    return Imported([*organization(name, spec, email), *found.manifests], found.comments, found.notes)
