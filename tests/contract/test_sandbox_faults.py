"""Faults of the sandbox do what their table says, as often as they were told to, and only where they were told to."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from jitops_sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give a fresh sandbox."""
    async with Sandbox.start() as running:
        yield running


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of its Jitsu."""
    headers = {"Authorization": f"Bearer {sandbox.credentials.api_key}"}
    async with httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers) as client:
        yield client


def streams(sandbox: Sandbox) -> str:
    """Give the path of the streams."""
    return f"/api/{sandbox.credentials.workspace_id}/config/stream"


def stream(sandbox: Sandbox, object_id: str = "one") -> dict[str, str]:
    """Give the body of a stream."""
    return {"id": object_id, "type": "stream", "workspaceId": sandbox.credentials.workspace_id, "name": "n"}


async def test_a_lost_answer_took_effect(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`lost` lets the write happen and resets the connection; the next request goes through."""
    sandbox.faults.add(Fault(kind="lost", product="jitsu", method="POST", path="*/config/stream", times=1))
    with pytest.raises(httpx.TransportError):
        await http.post(streams(sandbox), json=stream(sandbox))
    assert [one["id"] for one in sandbox.jitsu.objects("stream")] == ["one"]
    assert sandbox.requests[0].status == 0
    assert sandbox.requests[0].fault == "lost"
    assert (await http.get(streams(sandbox))).status_code == 200


async def test_a_reset_took_no_effect(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`reset` drops the connection before anything happens."""
    sandbox.faults.add(Fault(kind="reset", method="POST", times=1))
    with pytest.raises(httpx.TransportError):
        await http.post(streams(sandbox), json=stream(sandbox))
    assert sandbox.jitsu.objects("stream") == []


async def test_errors_and_throttles_stand_for_the_product(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`error` answers with status and body, `throttled` with 429 and Retry-After; nothing takes effect."""
    sandbox.faults.add(Fault(kind="error", status=502, body="<html>Bad Gateway</html>", method="POST", times=1))
    sandbox.faults.add(Fault(kind="throttled", seconds=7, method="POST", times=1))
    first = await http.post(streams(sandbox), json=stream(sandbox))
    assert (first.status_code, first.text) == (502, "<html>Bad Gateway</html>")
    second = await http.post(streams(sandbox), json=stream(sandbox))
    assert (second.status_code, second.headers["retry-after"]) == (429, "7")
    assert sandbox.jitsu.objects("stream") == []
    assert (await http.post(streams(sandbox), json=stream(sandbox))).status_code == 200


async def test_a_malformed_answer_took_effect(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`malformed` answers with the product's status and a body that is no JSON."""
    sandbox.faults.add(Fault(kind="malformed", times=1))
    answered = await http.post(streams(sandbox), json=stream(sandbox))
    assert answered.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answered.json()
    assert len(sandbox.jitsu.objects("stream")) == 1


async def test_latency_and_lateness_differ_in_when_the_effect_comes(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`late` takes effect at once and answers later, `latency` waits first; the next fault still strikes."""
    sandbox.faults.add(Fault(kind="late", seconds=0.2, times=1))
    posted = asyncio.create_task(http.post(streams(sandbox), json=stream(sandbox)))
    await asyncio.sleep(0.1)
    assert len(sandbox.jitsu.objects("stream")) == 1
    assert not posted.done()
    assert (await posted).status_code == 200
    sandbox.faults.add(Fault(kind="latency", seconds=0.2, times=1))
    sandbox.faults.add(Fault(kind="error", status=500, times=1))
    posted = asyncio.create_task(http.post(streams(sandbox), json=stream(sandbox, "two")))
    await asyncio.sleep(0.1)
    assert not posted.done()
    assert (await posted).status_code == 500


async def test_a_fault_strikes_where_and_as_often_as_told(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """`after` lets requests pass, `times` ends the fault, and other methods and paths are spared."""
    sandbox.faults.add(Fault(kind="error", method="GET", path="re:/config/stream$", after=1, times=2))
    statuses = [(await http.get(streams(sandbox))).status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    assert (await http.get("/api/workspace/acme")).status_code == 200
    assert len(sandbox.faults) == 0


async def test_faults_are_ordered_over_http_and_never_hit_the_admin_prefix(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    """`/_sandbox/faults` orders, lists and clears; its own requests are neither struck nor recorded."""
    ordered = await http.post("/_sandbox/faults", json={"kind": "error", "status": 500})
    number = ordered.json()["ids"][0]
    assert (await http.get("/api/ping")).status_code == 500
    assert (await http.get("/_sandbox/faults")).json()["faults"][0]["struck"] == 1
    assert (await http.delete("/_sandbox/faults", params={"id": number})).json() == {"cleared": True}
    assert (await http.get("/api/ping")).status_code == 200
    seen = (await http.get("/_sandbox/requests", params={"all": "true"})).json()
    assert seen["counts"] == {"jitsu GET /api/ping": 2}
    assert [one["status"] for one in seen["requests"]] == [500, 200]
    await http.delete("/_sandbox/requests")
    assert len(sandbox.requests) == 0


@pytest.mark.parametrize("body", [{"kind": "nonsense"}, {"kind": "error", "path": "re:["}, "{"])
async def test_a_wrong_order_is_refused_with_words(http: httpx.AsyncClient, body: object) -> None:
    """An order that is none is a 400 that says which field is wrong."""
    refused = await http.post("/_sandbox/faults", content=body if isinstance(body, str) else json.dumps(body))
    assert refused.status_code == 400
    assert refused.json()["error"]


async def test_the_state_can_be_seen_and_changed_from_outside(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """The admin prefix shows what both products hold without secrets, changes objects, sets modes, empties all."""
    created = {**stream(sandbox), "publicKeys": [{"id": "k", "plaintext": "planted-secret"}]}
    await http.post(streams(sandbox), json=created)
    connector = sandbox.jitterbit.register("100200", "c", "1")
    await http.patch("/_sandbox/objects/one", json={"name": "drifted"})
    shown = await http.get("/_sandbox/state")
    assert shown.json()["jitsu"]["objects"]["stream"][0]["name"] == "drifted"
    assert shown.json()["jitterbit"]["connectors"][0]["id"] == connector.id
    assert "planted-secret" not in shown.text
    assert connector.secret not in shown.text
    assert (await http.put("/_sandbox/state", json={"mode": "asleep"})).status_code == 400
    assert (await http.put("/_sandbox/state", json={"mode": "maintenance"})).json()["jitsu"]["mode"] == "maintenance"
    await http.delete(f"/_sandbox/objects/{connector.id}")
    await http.delete("/_sandbox/objects/one")
    assert sandbox.jitterbit.connectors() == []
    made = await http.post("/_sandbox/connectors", json={"organization": "100200", "name": "Tickets", "version": "2"})
    assert [(one.id, one.name) for one in sandbox.jitterbit.connectors()] == [(made.json()["published"], "Tickets")]
    assert (await http.post("/_sandbox/connectors", json={"name": "Tickets"})).status_code == 404
    assert sandbox.jitsu.objects("stream") == []
    assert (await http.delete("/_sandbox/state")).json()["jitsu"]["burnt"] == []
    assert (await http.delete("/_sandbox/objects/nope")).status_code == 404
    assert (await http.get("/_sandbox/nope")).status_code == 404
