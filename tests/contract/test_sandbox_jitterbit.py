"""The sandbox's Harmony: what is documented, and each switch in each position (docs/reference/jitterbit.md 2)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness.clock import TurnedClock

from jitops_sandbox import Fault, Sandbox, Switches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BASE = "/jitterbit-cloud-restful-service/"
ORGANIZATION = "100200"


class Client:
    """A client of the Cloud RESTful Service."""

    def __init__(self, sandbox: Sandbox, http: httpx.AsyncClient, clock: TurnedClock) -> None:
        self.sandbox = sandbox
        self.http = http
        self.clock = clock

    async def log_in(self, email: str | None = None, password: str | None = None) -> httpx.Response:
        """Log in and use the token from here on."""
        credentials = self.sandbox.credentials
        body = {"email": email or credentials.email, "password": password or credentials.password}
        answered = await self.http.put("user/login", json=body)
        if answered.headers["content-type"].startswith("application/json"):
            token = answered.json().get("authenticationToken")
            self.http.headers.update({"authToken": token} if token else {})
        return answered

    async def register(self, name: str = "Demo", version: str = "1.0.0") -> httpx.Response:
        """Register a connector."""
        return await self.http.post(f"orgs/{ORGANIZATION}/connector", json={"name": name, "version": version})

    async def listed(self) -> dict[str, Any]:
        """Give the whole body of the listing."""
        return dict((await self.http.get(f"orgs/{ORGANIZATION}/connector")).json())

    async def delete(self, connector_id: str, rest: str = "") -> httpx.Response:
        """Delete a registration, or with a rest of the path its payload."""
        return await self.http.delete(f"orgs/{ORGANIZATION}/connector/{connector_id}{rest}")


@asynccontextmanager
async def harmony(**switches: Any) -> AsyncIterator[Client]:
    """Run a sandbox with these switches and give a client that is logged in."""
    clock = TurnedClock()
    async with (
        Sandbox.start(clock=clock, switches=Switches(**switches)) as sandbox,
        httpx.AsyncClient(base_url=sandbox.jitterbit_url + BASE) as http,
    ):
        client = Client(sandbox, http, clock)
        await client.log_in()
        yield client


async def test_login_names_organizations_host_and_lifetime() -> None:
    """A login answers the token, its lifetime, the organizations with their zone, and the right host."""
    async with harmony() as client:
        body = (await client.log_in()).json()
        assert body["status"] is True
        assert body["sessionTimeoutInSeconds"] == 14400
        zone = client.sandbox.jitterbit_url
        assert body["orgAttrs"] == [{"orgId": ORGANIZATION, "orgName": "Acme", "orgZoneUrl": zone}]
        assert body["serverUrl"] == zone


async def test_the_bare_login_of_older_readings() -> None:
    """Two switches take `status` and `orgAttrs` out of the login's answer."""
    async with harmony(login_has_status=False, login_has_organizations=False) as client:
        assert not {"status", "orgAttrs"} & (await client.log_in()).json().keys()


async def test_register_list_validate_delete() -> None:
    """The documented round: fresh ids as strings, the secret in the listing, validation, both deletions."""
    async with harmony() as client:
        row = (await client.register()).json()
        assert row["operation"] == "Register a connector"
        first, last = int(row["functionEntityStartId"]), int(row["functionEntityEndId"])
        assert (first, last) == (int(row["endpointEntityId"]) + 1, int(row["endpointEntityId"]) + 99)
        listed = (await client.listed())["registeredConnectorList"]
        same = {key: value for key, value in row.items() if key not in ("status", "operation")}
        assert listed == [{**same, "name": "Demo", "version": "1.0.0"}]
        asked = {"name": "Demo", "key": row["key"], "secret": row["secret"]}
        validate = f"orgs/{ORGANIZATION}/connector/validate/securityinfo"
        assert (await client.http.put(validate, json=asked)).json()["status"] is True
        wrong = await client.http.put(validate, json={**asked, "secret": "wrong"})
        assert wrong.json()["status"] is False
        assert (await client.delete(row["id"], "/sdk/delete")).json()["status"] is True
        assert (await client.delete(row["id"])).json()["status"] is True
        assert (await client.listed())["registeredConnectorList"] == []


@pytest.mark.parametrize(
    ("position", "status", "rows"), [("accept", 200, 2), ("rejected_with_200", 200, 1), ("conflict", 409, 1)]
)
async def test_duplicate_name(position: str, status: int, rows: int) -> None:
    """The same name and version again makes a second row, or is refused in one of two ways."""
    async with harmony(duplicate_name=position) as client:
        await client.register()
        again = await client.register()
        assert again.status_code == status
        assert again.json()["status"] is (position == "accept")
        assert len(client.sandbox.jitterbit.connectors()) == rows
        assert (await client.register(version="2.0.0")).json()["status"] is True


@pytest.mark.parametrize(("position", "status"), [("rejected_with_200", 200), ("conflict", 409)])
async def test_in_use_delete(position: str, status: int) -> None:
    """A connector that a project uses keeps registration and payload."""
    async with harmony(in_use_delete=position) as client:
        row = (await client.register()).json()
        client.sandbox.jitterbit.connector(row["id"]).used = True
        for rest in ("/sdk/delete", ""):
            refused = await client.delete(row["id"], rest)
            assert (refused.status_code, refused.json()["status"]) == (status, False)
        client.sandbox.jitterbit.connector(row["id"]).used = False
        assert (await client.delete(row["id"])).json()["status"] is True


@pytest.mark.parametrize(("position", "status"), [("unauthorized", 401), ("rejected_with_200", 200)])
async def test_bad_token(position: str, status: int) -> None:
    """A token that has expired, or never was, is refused in one of two ways; a new login heals it."""
    async with harmony(bad_token=position, session_timeout_seconds=60) as client:
        client.clock.seconds += 61
        refused = await client.http.get(f"orgs/{ORGANIZATION}/connector")
        assert (refused.status_code, refused.json()["status"]) == (status, False)
        await client.log_in()
        assert (await client.listed())["status"] is True
        client.sandbox.jitterbit.sessions.end_all()
        assert (await client.http.get(f"orgs/{ORGANIZATION}/connector")).json()["status"] is False


async def test_sliding_and_single_sessions() -> None:
    """With the switches on, a call prolongs the session, and a second login ends the first."""
    async with harmony(sliding_sessions=True, single_session=True, session_timeout_seconds=60) as client:
        for _ in range(3):
            client.clock.seconds += 50
            assert (await client.listed())["status"] is True
        first = client.http.headers["authToken"]
        await client.log_in()
        client.http.headers["authToken"] = first
        assert (await client.http.get(f"orgs/{ORGANIZATION}/connector")).status_code == 401


@pytest.mark.parametrize(("position", "status"), [("unauthorized", 401), ("rejected_with_200", 200)])
async def test_five_refused_logins_lock_the_account(position: str, status: int) -> None:
    """After five wrong passwords even the right one is refused, for thirty minutes; every try is counted."""
    async with harmony(bad_password=position) as client:
        for _ in range(5):
            refused = await client.log_in(password="wrong")
            assert (refused.status_code, refused.json()["status"]) == (status, False)
        assert client.sandbox.jitterbit.sessions.locked(client.sandbox.credentials.email)
        assert (await client.log_in()).json()["status"] is False
        client.clock.seconds += 1801
        assert (await client.log_in()).json()["status"] is True
        assert client.sandbox.jitterbit.sessions.attempts["operator@example.com"] == 8


async def test_an_accepted_login_starts_the_count_anew() -> None:
    """Four wrong passwords, a right one and four wrong ones lock nothing; a changed password counts at once."""
    async with harmony() as client:
        for _ in range(2):
            for _ in range(4):
                await client.log_in(password="wrong")
            assert (await client.log_in()).json()["status"] is True
        client.sandbox.jitterbit.sessions.change_password(client.sandbox.credentials.email, "new-not-real")
        assert (await client.log_in()).status_code == 401
        assert (await client.log_in(password="new-not-real")).status_code == 200


@pytest.mark.parametrize(("position", "status"), [("unauthorized", 401), ("rejected_with_200", 200)])
async def test_two_factor_accounts_mail_a_code_each_time(position: str, status: int) -> None:
    """The plain login fails with the documented code and mails a code; only the second call lets in."""
    async with harmony(tfa_answer=position) as client:
        refused = await client.log_in("tfa@example.com", "tfa-password-not-real")
        assert (refused.status_code, refused.json()["errorCode"]) == (status, "VALIDATE_TFA_LOGIN_EMAIL")
        sessions = client.sandbox.jitterbit.sessions
        assert sessions.codes_sent["tfa@example.com"] == 1
        body = {"email": "tfa@example.com", "password": "tfa-password-not-real", "deviceId": "d"}
        code = sessions.code("tfa@example.com")
        assert (await client.http.put("user/login/tfacode", json={**body, "code": "x"})).status_code == 401
        await client.log_in("tfa@example.com", "tfa-password-not-real")
        code = sessions.code("tfa@example.com")
        let_in = await client.http.put("user/login/tfacode", json={**body, "code": code})
        assert let_in.json()["authenticationToken"]


async def test_an_account_that_only_uses_single_sign_on_is_never_let_in() -> None:
    """The right password of an SSO-only account is refused like a wrong one."""
    async with harmony() as client:
        assert (await client.log_in("sso@example.com", "sso-password-not-real")).status_code == 401


@pytest.mark.parametrize(("position", "status"), [("forbidden", 403), ("not_found", 404), ("rejected_with_200", 200)])
async def test_a_foreign_organization_is_refused(position: str, status: int) -> None:
    """An organization that is not among the user's is refused in one of three ways."""
    async with harmony(foreign_organization=position) as client:
        refused = await client.http.get("orgs/100300/connector")
        assert (refused.status_code, refused.json()["status"]) == (status, False)


@pytest.mark.parametrize(("position", "expected"), [("list", []), ("null", None), ("absent", "absent")])
async def test_empty_listing(position: str, expected: object) -> None:
    """Without connectors the list is empty, null, or absent; with one it is a list in every position."""
    async with harmony(empty_listing=position) as client:
        assert (await client.listed()).get("registeredConnectorList", "absent") == expected
        await client.register()
        assert len((await client.listed())["registeredConnectorList"]) == 1


async def test_a_listing_may_lag_behind() -> None:
    """For so many seconds a listing shows what was before a register or delete call."""
    async with harmony(listing_lag_seconds=30) as client:
        row = (await client.register()).json()
        assert (await client.listed())["registeredConnectorList"] == []
        client.clock.seconds += 30
        assert len((await client.listed())["registeredConnectorList"]) == 1
        await client.delete(row["id"])
        assert len((await client.listed())["registeredConnectorList"]) == 1
        client.clock.seconds += 31
        assert (await client.listed())["registeredConnectorList"] == []


async def test_the_shapes_of_a_registration() -> None:
    """A registration may lack `id`, answer 201, and have numbers for ids."""
    async with harmony(register_has_id=False, register_status=201, ids="numbers") as client:
        answered = await client.register()
        assert answered.status_code == 201
        assert "id" not in answered.json()
        assert isinstance(answered.json()["endpointEntityId"], int)
        assert isinstance((await client.listed())["registeredConnectorList"][0]["id"], int)


@pytest.mark.parametrize(
    ("position", "http_status", "status"), [("true", 200, True), ("false", 200, False), ("not_found", 404, False)]
)
async def test_missing_delete(position: str, http_status: int, status: bool) -> None:
    """Deleting what is not there passes for success, or doesn't, in one of two ways."""
    async with harmony(missing_delete=position) as client:
        answered = await client.delete("999")
        assert (answered.status_code, answered.json()["status"]) == (http_status, status)


@pytest.mark.parametrize(("position", "status"), [("true", True), ("false", False)])
async def test_missing_payload(position: str, status: bool) -> None:
    """Deleting a payload that was never uploaded passes for success or not; one that was is deleted once."""
    async with harmony(missing_payload=position) as client:
        row = (await client.register()).json()
        client.sandbox.jitterbit.connector(row["id"]).payload = True
        assert (await client.delete(row["id"], "/sdk/delete")).json()["status"] is True
        assert (await client.delete(row["id"], "/sdk/delete")).json()["status"] is status


@pytest.mark.parametrize(
    ("position", "http_status", "status"),
    [("status_false", 200, False), ("unauthorized", 401, False), ("always_true", 200, True)],
)
async def test_validate_answer(position: str, http_status: int, status: bool) -> None:
    """A wrong secret is refused in one of two ways, or not at all."""
    async with harmony(validate_answer=position) as client:
        validate = f"orgs/{ORGANIZATION}/connector/validate/securityinfo"
        answered = await client.http.put(validate, json={"name": "n", "key": "k", "secret": "s"})
        assert (answered.status_code, answered.json()["status"]) == (http_status, status)


async def test_errors_may_be_pages() -> None:
    """With the switch on, whatever is refused with a status of 400 and above is an HTML page."""
    async with harmony(html_errors=True) as client:
        refused = await client.log_in(password="wrong")
        assert refused.status_code == 401
        assert refused.headers["content-type"].startswith("text/html")


async def test_what_is_no_route_or_no_request_is_refused() -> None:
    """Unknown paths are a 404 page, broken bodies a 400."""
    async with harmony() as client:
        for path in ("/elsewhere", f"{BASE}orgs/100200/projects"):
            assert (await client.http.get(client.sandbox.jitterbit_url + path)).status_code == 404
        assert (await client.http.delete(f"orgs/{ORGANIZATION}/connector")).status_code == 404
        assert (await client.http.put("user/login", content=b"{")).status_code == 400
        assert (await client.http.put("user/login", content=b"[]")).status_code == 400
        assert (await client.http.post(f"orgs/{ORGANIZATION}/connector", json={})).status_code == 400


async def test_a_lost_registration_is_there() -> None:
    """Faults strike here too: the registration is made, its answer lost."""
    async with harmony() as client:
        client.sandbox.faults.add(Fault(kind="lost", product="jitterbit", method="POST", times=1))
        with pytest.raises(httpx.TransportError):
            await client.register()
        assert len((await client.listed())["registeredConnectorList"]) == 1
