"""The client of one Harmony organization (docs/reference/jitterbit.md section 2): connector registrations.

Every call sends the token of the account. If a rejection may mean an expired token, the client logs in once and tries
once more. This is safe, since a rejected call had no effect. No other failure is tried again here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import JitopsError, PermissionDenied, SpecInvalid
from jitops.products.jitterbit.adapter_contract import ApiContract
from jitops.products.jitterbit.errors import Failed, Rejected
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
"""A name and id that the gateway's URL has unchanged. How Jitterbit writes other characters is not known."""


class JitterbitClient:
    """The calls on one organization."""

    def __init__(  # noqa: PLR0913 - the parts of a connection, each opened by `organization.connection`
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
        """How long the listing may not have a new registration yet."""
        self.contract = contract
        """The adapter for Custom APIs, or the reason why there is none."""
        self.gateway = gateway
        self.connectors: Snapshot[ConnectorRow] = Snapshot(self._list, clock, settle=settle)

    @property
    def snapshots(self) -> Mapping[str, Snapshot[Any]]:
        """Return the listings, by the names of the kinds."""
        return {"Connector": self.connectors, "CustomAPI": self.contract.apis}

    @property
    def budget(self) -> Mapping[str, int]:
        """Return how many calls could be made at once, by method."""
        return self._http.budget

    @property
    def write_error(self) -> JitopsError | None:
        """Return the error of a Harmony that currently rejects writes; None otherwise."""
        return self._http.write_error

    async def verify(self) -> Mapping[str, JSON]:
        """Check that the login works, and that the account may use the organization in this region.

        An existing session proves nothing about now, so a listing that failed is tried again.
        """
        account = (await self._session.login(self._http, self._ledger)).body
        organization = _organizations(account).get(self.organization, {})
        self._check_region(organization.get("orgZoneUrl") or account.get("serverUrl"))
        if not organization and account.get("orgAttrs"):
            raise SpecInvalid(
                "spec.organizationId: the account is not a member of this organization, only of"
                f" {', '.join(filter(HARMLESS.fullmatch, _organizations(account))) or 'others'}"
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
        """Return the default URL of the gateway (section 4.4); SpecInvalid if it can't be computed."""
        if self._region is None or not PLAIN.fullmatch(f"{self._name or '?'}{self.organization}"):
            raise SpecInvalid(
                "spec.baseUrl: is required, as the gateway's URL can't be computed from the organization's name, id and"
                " region; copy it from a service URL in API Manager, such as https://Example123456.jitterbit.net"
            )
        return f"https://{self._name}{self.organization}.{GATEWAY_DOMAINS[self._region]}"

    async def register(self, name: str, version: str) -> ConnectorRow | None:
        """Register a connector; None if the answer has no id or key, which only the listing has then (section 2.5)."""
        desired = {"name": name, "version": version}
        answer = await self._call("POST", self._path, body=desired, who=f"register {name} {version}")
        row = ConnectorRow.parse({**(answer.json or {}), **desired})
        if not (row.id and row.key and row.secret):
            return None
        self.connectors.record(row.id, row)
        return row

    async def remove(self, id_: str) -> None:
        """Delete a registration; a later listing shows whether it is deleted."""
        await self._call("DELETE", f"{self._path}/{segment(id_)}", who=f"remove {id_}")
        self.connectors.retract(id_)

    async def remove_payload(self, id_: str) -> None:
        """Delete the UI description of the connector that agents uploaded (section 2.7)."""
        await self._call("DELETE", f"{self._path}/{segment(id_)}/sdk/delete", who=f"payload {id_}")

    async def validate(self, name: str, key: str, secret: str) -> bool:
        """Return whether key and secret belong to the connector (section 2.8 has no format of the answer)."""
        body = {"name": name, "key": key, "secret": secret}
        path = f"{self._path}/validate/securityinfo"
        try:
            await self._call("PUT", path, body=body, who=f"validate {name}", secrets=(key, secret))
        except Rejected:
            return False
        return True

    async def aclose(self) -> None:
        """Close the connection; the session is kept while other connections use it."""
        self._http.close()
        self.contract.close()
        self.gateway.close()

    async def _list(self) -> Mapping[str, ConnectorRow]:
        try:
            body = (await self._call("GET", self._path, who=f"list {self.organization}")).json or {}
        except Rejected as rejected:
            raise PermissionDenied(f"the organization's connectors can't be listed: {rejected}") from None
        listed = body.get("registeredConnectorList")
        if listed is None and body.get("status") is True:
            listed = []
        if not isinstance(listed, list):
            raise AnswerLost("Harmony's answer is not a list")
        rows = [ConnectorRow.parse(row) for row in listed if isinstance(row, dict)]
        return {row.id: row for row in rows if row.id}

    async def _call(
        self, method: str, path: str, *, who: str, body: JSON = None, secrets: Iterable[str] = ()
    ) -> Answer:
        """Make a call with the session's token, and once more with a fresh token if the first may have expired."""
        login = await self._session.login(self._http, self._ledger)

        async def send(login: Login) -> Answer:
            headers, hidden = {"authToken": login.token}, (login.token, *secrets, *self._keys())
            return await self._http.request(method, path, body=body, headers=headers, who=who, secrets=hidden)

        try:
            return await send(login)
        except (Rejected, Failed) as error:
            if not self._may_be_the_token(method, error):
                raise _final(error) from None
        self._session.discard(login)
        try:
            return await send(await self._session.login(self._http, self._ledger))
        except Rejected as rejected:
            self._session.note_futile(method, rejected)
            raise _final(rejected) from None

    def _keys(self) -> Iterator[str]:
        """Yield the keys and secrets of all known connectors: an error answer may have any of them."""
        for row in self.connectors.rows.values():
            yield from (row.key, row.secret)

    def _may_be_the_token(self, method: str, error: Rejected | Failed) -> bool:
        """Return whether a fresh token may help; a write that failed with a 5xx may have had an effect."""
        if isinstance(error, Failed):
            return method == "GET"
        return not self._session.is_futile(method, error)

    def _check_region(self, zone: JSON) -> None:
        actual = region_of(zone)
        if actual and self._region and actual != self._region:
            raise SpecInvalid(
                f"spec.region: the organization is in {actual}, not in {self._region}; set region to {actual}"
            )


def _organizations(account: Mapping[str, JSON]) -> dict[str, Mapping[str, JSON]]:
    """Return the organizations of the account by id, as far as the answer to the login has them (section 2.3)."""
    listed = account.get("orgAttrs")
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(each.get("orgId")): each for each in found}


def region_of(address: JSON) -> Region | None:
    """Return the region of a URL of Harmony; None for any other address."""
    try:
        host = urlsplit(address).hostname or "" if isinstance(address, str) else ""
    except ValueError:
        return None  # For example a bracket without an IPv6 address.
    names = {region: urlsplit(url).hostname or "" for region, url in REGION_HOSTS.items()}
    return next((region for region, name in names.items() if f".{host}".endswith(f".{name}")), None)


def _final(error: Rejected | Failed) -> JitopsError:
    """Return the error of a call that a fresh token does not help."""
    if isinstance(error, Rejected) and error.status in {UNAUTHORIZED, FORBIDDEN}:
        return PermissionDenied(f"the account may not do this in the organization: {error}")
    return error
