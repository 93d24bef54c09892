"""The sandbox's Jitsu console as a whole: who may, budgets, modes, links (docs/reference/jitsu.md 2, 5 to 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness.clock import TurnedClock

from jitops_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> TurnedClock:
    """Give a clock at rest."""
    return TurnedClock()


@pytest.fixture
async def sandbox(clock: TurnedClock) -> AsyncIterator[Sandbox]:
    """Give a fresh sandbox on that clock, with a minute of ten seconds."""
    async with Sandbox.start(clock=clock, minute_seconds=10.0) as running:
        yield running


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client with the demo key."""
    headers = {"Authorization": f"Bearer {sandbox.credentials.api_key}"}
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers) as client:
        yield client


def config(sandbox: Sandbox, kind: str, object_id: str = "") -> str:
    """Give the path of a type, or of one object."""
    return f"/api/{sandbox.credentials.workspace_id}/config/{kind}/{object_id}".rstrip("/")


async def create(http: httpx.AsyncClient, sandbox: Sandbox, kind: str, object_id: str, **fields: Any) -> None:
    """Create an object, and be sure of it."""
    ids = {"id": object_id, "type": kind, "workspaceId": sandbox.credentials.workspace_id, "name": object_id}
    (await http.post(config(sandbox, kind), json={**ids, **fields})).raise_for_status()


async def test_a_key_has_a_budget_per_method(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """The 61st DELETE of a minute is refused with Retry-After, a GET is not; the budget comes back."""
    path = config(sandbox, "stream", "none")
    for _ in range(60):
        assert (await http.delete(path)).status_code == 200
    refused = await http.delete(path)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.json()["bucket"] == "DELETE"
    assert refused.headers["x-ratelimit-limit"] == "60"
    assert (await http.get(config(sandbox, "stream"))).status_code == 200


async def test_a_short_minute_gives_the_budget_back_sooner(
    sandbox: Sandbox, http: httpx.AsyncClient, clock: TurnedClock
) -> None:
    """Waiting as long as Retry-After says is enough, whatever the length of the minute."""
    path = config(sandbox, "stream", "none")
    for _ in range(61):
        refused = await http.delete(path)
    clock.seconds += float(refused.headers["retry-after"])
    assert (await http.delete(path)).status_code == 200


async def test_a_service_token_has_no_budget(sandbox: Sandbox) -> None:
    """A service token may everything, is never throttled, and sees no budget headers."""
    headers = {"Authorization": f"Bearer {sandbox.credentials.service_token}"}
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers) as http:
        answers = [await http.delete(config(sandbox, "stream", "none")) for _ in range(70)]
    assert {one.status_code for one in answers} == {200}
    assert "x-ratelimit-limit" not in answers[0].headers


@pytest.mark.parametrize(
    ("authorization", "status", "text"),
    [
        (None, 401, "Authorization Required"),
        ("Bearer nosuch:secret", 401, "Invalid API key id nosuch"),
        ("bearer demokey:wrong", 401, "Invalid API key secret for demokey"),
        ("Bearer expiredkey:expired-secret-not-real", 401, "API key expiredkey has expired"),
        ("Bearer demokey", 500, "Bearer token should have a format of keyId:secret"),
        ("Bearer otherkey:other-secret-not-real", 403, "User user-other doesn't have access to workspace"),
    ],
)
async def test_refusals_say_why(sandbox: Sandbox, authorization: str | None, status: int, text: str) -> None:
    """Each way of not being let in has its own status and words."""
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers) as http:
        refused = await http.get(config(sandbox, "stream"))
    assert refused.status_code == status
    assert text in refused.text


async def test_an_analyst_may_only_read(sandbox: Sandbox) -> None:
    """A role that is too low is a 403 which names the permission; links show no function environment."""
    headers = {"Authorization": f"Bearer {sandbox.credentials.keys['analyst']}"}
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers) as http:
        assert (await http.get(config(sandbox, "stream"))).status_code == 200
        refused = await http.post(config(sandbox, "stream"), json={"id": "x"})
    assert refused.json()["requiredPermission"] == "editEntities"


async def test_maintenance_refuses_writes_only(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """In maintenance writes are a 503 without Retry-After, and reads go on."""
    sandbox.jitsu.mode = "maintenance"
    refused = await http.post(config(sandbox, "stream"), json={})
    assert (refused.status_code, refused.json()["error"]) == (503, "maintenance")
    assert "retry-after" not in refused.headers
    assert (await http.get(config(sandbox, "stream"))).status_code == 200


async def test_a_database_that_is_down_is_an_unexpected_500(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """Keys and service tokens alike get a 500 that names the database; the ping goes on; it heals by itself."""
    sandbox.jitsu.mode = "database-down"
    for authorization in (http.headers["Authorization"], f"Bearer {sandbox.credentials.service_token}"):
        refused = await http.get(config(sandbox, "stream"), headers={"Authorization": authorization})
        assert refused.status_code == 500
        assert "Can't reach database server" in refused.json()["error"]
    assert (await http.get("/api/ping")).status_code == 200
    assert (await http.get("/api/healthcheck")).status_code == 503
    sandbox.jitsu.mode = "normal"
    assert (await http.get(config(sandbox, "stream"))).status_code == 200


async def test_strict_deletion_counts_links(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`strict` refuses with 409 while a link touches the stream; `cascade` takes the links along."""
    await create(http, sandbox, "stream", "st1")
    await create(http, sandbox, "destination", "de1", destinationType="devnull")
    link = await http.post(config(sandbox, "link"), json={"fromId": "st1", "toId": "de1", "data": {}})
    refused = await http.delete(config(sandbox, "stream", "st1"), params={"strict": "true"})
    assert refused.status_code == 409
    assert refused.json()["linkedConnections"][0]["id"] == link.json()["id"]
    gone = await http.delete(config(sandbox, "stream", "st1"), params={"strict": "true", "cascade": "true"})
    assert gone.status_code == 200
    assert (await http.get(config(sandbox, "link"))).json() == {"links": []}


async def test_secrets_of_a_destination_are_masked(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """A password is shown as a mask, and the mask sent back keeps it."""
    fields = {"destinationType": "clickhouse", "hosts": ["h"], "password": "planted"}
    await create(http, sandbox, "destination", "de1", **fields)
    seen = (await http.get(config(sandbox, "destination", "de1"))).json()
    assert seen["password"] == "__MASKED_BY_JITSU__"
    await http.put(config(sandbox, "destination", "de1"), json=seen)
    assert sandbox.jitsu.stored("de1")["password"] == "planted"


async def test_the_transport_is_the_consoles(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """Broken JSON is a plain 400, a wrong method 405, a trailing slash a redirect, a large list is compressed."""
    path = config(sandbox, "stream")
    broken = await http.post(path, content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.text) == (400, "Invalid JSON")
    assert (await http.patch(path, json={})).json() == {"error": "PATCH method not supported"}
    assert (await http.get(f"{path}/")).headers["location"] == path
    assert (await http.get(path)).headers["keep-alive"] == "timeout=5"
    for number in range(20):
        await create(http, sandbox, "stream", f"st{number}")
    assert (await http.get(path)).headers["content-encoding"] == "gzip"
    plain = await http.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


async def test_schemas_need_no_caller(sandbox: Sandbox) -> None:
    """The schema of a destination type is told to anyone; an unknown type is an error of the server."""
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url) as anyone:
        found = await anyone.get("/api/schema/destination/clickhouse")
        assert found.json()["required"][-2:] == ["hosts", "password"]
        assert (await anyone.get("/api/schema/destination/nope")).status_code == 500
