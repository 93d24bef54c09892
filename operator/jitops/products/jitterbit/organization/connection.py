"""Opens the client of a JitterbitOrganization."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitops.core.errors import DependencyNotReady
from jitops.products.jitterbit.adapter_contract import ApiContract, classify_contract
from jitops.products.jitterbit.client import JitterbitClient, region_of
from jitops.products.jitterbit.errors import classify
from jitops.products.jitterbit.gateway import Gateway
from jitops.products.jitterbit.session import Account, Session
from jitops.remote.budget import limits_by_method
from jitops.remote.exchange import HttpConfig

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.client import Opening
    from jitops.remote.client import HttpPool


TOKEN = re.compile(r"[!-~]+")
NO_ADAPTER = (
    "spec.publication.mode: Adapter requires spec.apiAdapter of the JitterbitOrganization, the URL of a service that"
    " implements the contract of `jitops adapter-contract`; without one use Manual or Observe"
)
UNUSABLE = "adapterToken in the Secret of the JitterbitOrganization must be printable ASCII without spaces"


async def open_organization(opening: Opening, pool: HttpPool, clock: Clock) -> JitterbitClient:
    """Return the client of a JitterbitOrganization; no request is made yet."""
    spec, credentials = opening.spec, opening.credentials
    account = Account(spec.address, credentials["email"], credentials["password"])
    access = HttpConfig(
        base_url=spec.address,
        ca=opening.ca,
        account=account.email,
        classify=classify,
        connection=opening.key,
        secrets=(account.email, account.password),
        limits=limits_by_method(spec.limits),
    )
    session = pool.share(account, lambda: Session(account, clock))
    contract, gateway = open_contract(opening, pool, clock), Gateway(pool, spec.organization_id, opening.ca, clock)
    return JitterbitClient(
        pool.http(access),
        session,
        opening.ledger,
        clock,
        organization=spec.organization_id,
        region=spec.region or region_of(spec.host),
        settle=spec.settle,
        contract=contract,
        gateway=gateway,
    )


def open_contract(opening: Opening, pool: HttpPool, clock: Clock) -> ApiContract:
    """Return the client of the organization's adapter, or one that reports why there is none."""
    adapter, token = opening.spec.api_adapter, opening.credentials.get("adapterToken", "").strip()
    organization = opening.spec.organization_id
    if adapter is None:
        return ApiContract(DependencyNotReady(NO_ADAPTER), organization, clock)
    if token and not TOKEN.fullmatch(token):
        return ApiContract(DependencyNotReady(UNUSABLE), organization, clock)
    access = HttpConfig(
        base_url=adapter.base_url,
        ca=opening.ca,
        account=token,
        classify=classify_contract,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        secrets=(token,) if token else (),
    )
    return ApiContract(pool.http(access), organization, clock)
