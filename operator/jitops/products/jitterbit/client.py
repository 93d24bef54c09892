"""One Harmony organization over its REST service (docs/reference/jitterbit.md section 2): connector registrations.

Every call carries the account's token. A refusal that may mean a worn-out token is answered by one fresh
log-in and one more try, which is safe: what was refused took no effect. What failed otherwise is never repeated
here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import JitopsError, PermissionDenied, SpecInvalid
from jitops.products.jitterbit.adapter_contract import ApiContract
from jitops.products.jitterbit.errors import Faltered, Refused
from jitops.products.jitterbit.fields import GATEWAY_DOMAINS, REGION_HOSTS, Region
from jitops.products.jitterbit.gateway import Gateway
from jitops.products.jitterbit.session import BASE, Session
from jitops.products.jitterbit.wire import ConnectorRow
from jitops.remote.exchange import Answer, AnswerLost, segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jitops.core.clock import Clock
    from jitops.core.contract.client import LoginLedger
    from jitops.core.kube import JSON
    from jitops.products.jitterbit.session import Login
    from jitops.remote.client import Http


UNAUTHORIZED = 401
FORBIDDEN = 403
HARMLESS = re.compile(r"[\w-]{1,64}")
PLAIN = re.compile(r"[A-Za-z0-9]+")
"""Organizations whose name stands in the gateway's address as it is; what becomes of other characters is not known."""


class JitterbitClient:
    """The calls on one organization."""

    def __init__(  # noqa: PLR0913 - what an organization is reached by
        self,
        http: Http,
        session: Session,
        ledger: LoginLedger,
        clock: Clock,
        *,
        organization: str,
        region: Region | None,
        settle: float,
        contract: ApiContract,
        gateway: Gateway,
    ) -> None:
        self._http = http
        self._session = session
        self._ledger = ledger
        self.organization = organization
        self._name: str | None = None
        self._region = region
        self._path = f"{BASE}/orgs/{segment(self.organization)}/connector"
        self.clock = clock
        self.settle = timedelta(seconds=settle)
        """For how long after a registration the listing may not show it."""
        self.contract = contract
        """The adapter for Custom APIs; it may be none."""
        self.gateway = gateway
        self.connectors: Snapshot[ConnectorRow] = Snapshot(self._list, clock, settle=settle)

    @property
    def snapshots(self) -> Mapping[str, Snapshot[Any]]:
        """The listings, by our kind's name."""
        return {"Connector": self.connectors, "CustomAPI": self.contract.apis}

    @property
    def budget(self) -> Mapping[str, int]:
        """The calls that could be made at once, by method."""
        return self._http.budget

    @property
    def write_error(self) -> JitopsError | None:
        """The error that writes meet while the remote refuses them."""
        return self._http.write_error

    async def verify(self) -> Mapping[str, JSON]:
        """Prove that the log-in works, and that it may use the organization, in this region.

        A session that lasts proves nothing about today: a listing that failed is tried again.
        """
        told = (await self._session.login(self._http, self._ledger)).body
        organization = _organizations(told).get(self.organization, {})
        self._check_region(organization.get("orgZoneUrl") or told.get("serverUrl"))
        if not organization and told.get("orgAttrs"):
            raise SpecInvalid(
                "spec.organizationId: the account is no member of this organization, but of"
                f" {', '.join(filter(HARMLESS.fullmatch, _organizations(told))) or 'others'}"
            )
        if self.connectors.failing:
            await self.connectors.get(self.clock.monotonic())
        name = organization.get("orgName")
        self._name = name if isinstance(name, str) else None
        return {
            "id": self.organization,
            "organizationName": self._name,
            "host": self._http.host,
        }

    def gateway_base(self) -> str:
        """Give the default address of the organization's gateway (4.4); SpecInvalid where it can't be computed."""
        if self._region is None or not PLAIN.fullmatch(f"{self._name or '?'}{self.organization}"):
            raise SpecInvalid(
                "spec.baseUrl: the gateway's address can't be computed from the organization's name, id and region;"
                " copy it from a service URL in API Manager, such as https://Example123456.jitterbit.net"
            )
        return f"https://{self._name}{self.organization}.{GATEWAY_DOMAINS[self._region]}"

    async def register(self, name: str, version: str) -> ConnectorRow | None:
        """Register a connector; None when the answer bears no id or key, so that only the listing can tell (2.5)."""
        desired = {"name": name, "version": version}
        answer = await self._call("POST", self._path, body=desired, who=f"register {name} {version}")
        row = ConnectorRow.parse({**(answer.json or {}), **desired})
        if not (row.id and row.key and row.secret):
            return None
        self.connectors.record(row.id, row)
        return row

    async def remove(self, id_: str) -> None:
        """Delete a registration; that it is gone is seen in a later listing."""
        await self._call("DELETE", f"{self._path}/{segment(id_)}", who=f"remove {id_}")
        self.connectors.retract(id_)

    async def remove_payload(self, id_: str) -> None:
        """Delete the connector's UI description that agents uploaded (2.7)."""
        await self._call("DELETE", f"{self._path}/{segment(id_)}/sdk/delete", who=f"payload {id_}")

    async def validate(self, name: str, key: str, secret: str) -> bool:
        """Ask whether key and secret belong to the connector; the answer's form is not documented (2.8)."""
        body = {"name": name, "key": key, "secret": secret}
        path = f"{self._path}/validate/securityinfo"
        try:
            await self._call("PUT", path, body=body, who=f"validate {name}", secrets=(key, secret))
        except Refused:
            return False
        return True

    async def aclose(self) -> None:
        """Give up the connection; the session lives while others use it."""
        self._http.close()
        self.contract.close()
        self.gateway.close()

    async def _list(self) -> Mapping[str, ConnectorRow]:
        try:
            body = (await self._call("GET", self._path, who=f"list {self.organization}")).json or {}
        except Refused as refused:
            raise PermissionDenied(f"the organization's connectors can't be listed: {refused}") from None
        listed = body.get("registeredConnectorList")
        if listed is None and body.get("status") is True:
            listed = []
        if not isinstance(listed, list):
            raise AnswerLost("Harmony's answer is no listing")
        rows = [ConnectorRow.parse(row) for row in listed if isinstance(row, dict)]
        return {row.id: row for row in rows if row.id}

    async def _call(
        self, method: str, path: str, *, who: str, body: JSON = None, secrets: Iterable[str] = ()
    ) -> Answer:
        """Call with the session's token, and once more with a fresh one if that may have been the matter."""
        login = await self._session.login(self._http, self._ledger)

        async def send(login: Login) -> Answer:
            headers, hidden = {"authToken": login.token}, (login.token, *secrets, *self._keys())
            return await self._http.request(method, path, body=body, headers=headers, who=who, secrets=hidden)

        try:
            return await send(login)
        except (Refused, Faltered) as error:
            if not self._may_be_the_token(method, error):
                raise _final(error) from None
        self._session.refuse(login)
        try:
            return await send(await self._session.login(self._http, self._ledger))
        except Refused as refused:
            self._session.settle(method, refused)
            raise _final(refused) from None

    def _keys(self) -> Iterator[str]:
        """Give what is secret of the connectors that we know: a refusal may speak of any of them."""
        for row in self.connectors.rows.values():
            yield from (row.key, row.secret)

    def _may_be_the_token(self, method: str, error: Refused | Faltered) -> bool:
        """Tell whether a fresh token may cure it; a write that failed with a 5xx may have taken effect."""
        if isinstance(error, Faltered):
            return method == "GET"
        return not self._session.is_settled(method, error)

    def _check_region(self, zone: JSON) -> None:
        actual = region_of(zone)
        if actual and self._region and actual != self._region:
            raise SpecInvalid(
                f"spec.region: the organization lives in {actual}, not in {self._region}; set region to {actual}"
            )


def _organizations(told: Mapping[str, JSON]) -> dict[str, Mapping[str, JSON]]:
    """Give the account's organizations by id, as far as the log-in told them (2.3)."""
    listed = told.get("orgAttrs")
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(each.get("orgId")): each for each in found}


def region_of(address: JSON) -> Region | None:
    """Tell which region an address belongs to, if it is one of Harmony's."""
    try:
        host = urlsplit(address).hostname or "" if isinstance(address, str) else ""
    except ValueError:
        return None  # A bracket that opens no IPv6 address.
    names = {region: urlsplit(url).hostname or "" for region, url in REGION_HOSTS.items()}
    return next((region for region, name in names.items() if f".{host}".endswith(f".{name}")), None)


def _final(error: Refused | Faltered) -> JitopsError:
    """Say what a refusal means that no fresh token cures."""
    if isinstance(error, Refused) and error.status in {UNAUTHORIZED, FORBIDDEN}:
        return PermissionDenied(f"the account may not do this in the organization: {error}")
    return error
