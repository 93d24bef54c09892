"""Streams of the sandbox's Jitsu behave as docs/reference/jitsu.md sections 1 to 4 say, in both builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest

from jitops_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SENTINEL = "__*$undef$*__"


class Streams:
    """The config API of one workspace, as a client with one key sees it."""

    def __init__(self, sandbox: Sandbox, key: str | None = None) -> None:
        self.sandbox = sandbox
        self.workspace = sandbox.credentials.workspace_id
        headers = {"Authorization": f"Bearer {key or sandbox.credentials.api_key}"}
        self.http = httpx.AsyncClient(base_url=sandbox.jitsu_url, headers=headers)

    def path(self, object_id: str | None = None, kind: str = "stream") -> str:
        """Give the path of a type, or of one object."""
        base = f"/api/{self.workspace}/config/{kind}"
        return base if object_id is None else f"{base}/{object_id}"

    async def create(self, object_id: str, **fields: Any) -> httpx.Response:
        """Create a stream."""
        body = {"id": object_id, "type": "stream", "workspaceId": self.workspace, "name": object_id, **fields}
        return await self.http.post(self.path(), json=body)

    async def get(self, object_id: str) -> dict[str, Any]:
        """Read a stream."""
        return dict((await self.http.get(self.path(object_id))).json())

    async def put(self, object_id: str, **fields: Any) -> httpx.Response:
        """Update a stream."""
        return await self.http.put(self.path(object_id), json=fields)


@pytest.fixture
async def streams() -> AsyncIterator[Streams]:
    """Give the streams of a fresh sandbox of build A."""
    async with Sandbox.start() as sandbox:
        client = Streams(sandbox)
        async with client.http:
            yield client


async def test_a_slug_lists_nothing_and_creates_nothing(streams: Streams) -> None:
    """With a slug instead of the id, lists are empty with 200 and creation says that there is no workspace."""
    await streams.create("one")
    listed = await streams.http.get("/api/acme/config/stream")
    assert listed.status_code == 200
    assert listed.json() == {"objects": []}
    created = await streams.http.post("/api/acme/config/stream", json={"id": "x"})
    assert created.status_code == 500
    resolved = (await streams.http.get("/api/workspace/acme")).json()
    assert resolved["id"] == streams.workspace
    assert resolved["deleted"] is False


async def test_keys_are_hashed_and_never_shown(streams: Streams) -> None:
    """A plaintext is hashed with a fresh salt each time; clients see the id and the hint they sent."""
    key = {"id": "k1", "plaintext": "very-secret", "hint": "ver*ret"}
    await streams.create("one", publicKeys=[key])
    assert (await streams.get("one"))["publicKeys"] == [{"id": "k1", "hint": "ver*ret"}]
    first = streams.sandbox.jitsu.stored("one")["publicKeys"][0]
    assert "plaintext" not in first
    await streams.put("one", publicKeys=[key])
    assert streams.sandbox.jitsu.stored("one")["publicKeys"][0]["hash"] != first["hash"]


async def test_a_known_key_keeps_its_hash_and_loses_an_unsent_hint(streams: Streams) -> None:
    """A list PUT may name a known key by its id alone; the hint must be repeated."""
    await streams.create("one", publicKeys=[{"id": "k1", "plaintext": "very-secret", "hint": "ver*ret"}])
    kept = streams.sandbox.jitsu.stored("one")["publicKeys"][0]["hash"]
    assert (await streams.put("one", publicKeys=[{"id": "k1"}])).status_code == 200
    assert streams.sandbox.jitsu.stored("one")["publicKeys"] == [{"id": "k1", "hash": kept}]
    assert (await streams.get("one"))["publicKeys"] == [{"id": "k1"}]


async def test_an_unknown_key_needs_a_plaintext_or_a_hash(streams: Streams) -> None:
    """A new key without either is an unexpected 500, and nothing changes."""
    await streams.create("one")
    refused = await streams.put("one", publicKeys=[{"id": "new"}])
    assert refused.status_code == 500
    assert refused.json()["error"] == "Key with id new should either be known, or hash a plaintext value"


async def test_key_lists_are_replaced_as_a_whole_or_left_alone(streams: Streams) -> None:
    """An absent or null list keeps the keys, an empty one removes them all."""
    await streams.create("one", publicKeys=[{"id": "k1", "hash": "h"}], privateKeys=[{"id": "k2", "hash": "h"}])
    await streams.put("one", privateKeys=None)
    assert [len((await streams.get("one"))[name]) for name in ("publicKeys", "privateKeys")] == [1, 1]
    await streams.put("one", publicKeys=[])
    assert [len((await streams.get("one"))[name]) for name in ("publicKeys", "privateKeys")] == [0, 1]


async def test_javascript_domains_are_dropped_by_a_put_without_them(streams: Streams) -> None:
    """`authorizedJavaScriptDomains` is lost whenever a PUT omits it; other fields stay."""
    await streams.create("one", authorizedJavaScriptDomains="*.example.com", shard=3)
    await streams.put("one", name="renamed")
    seen = await streams.get("one")
    assert "authorizedJavaScriptDomains" not in seen
    assert seen["shard"] == 3


async def test_only_the_sentinel_removes_a_field(streams: Streams) -> None:
    """Null fails the validation, with the stored object in clear in the answer; the sentinel removes the field."""
    await streams.create("one", shard=3, privateKeys=[{"id": "k", "hash": "salt.hash-in-clear"}])
    refused = await streams.put("one", shard=None)
    assert refused.status_code == 500
    assert refused.json()["message"] == "Failed to validate schema of stream"
    assert refused.json()["error"]["issues"][0]["path"] == ["shard"]
    assert "salt.hash-in-clear" in refused.text
    assert (await streams.put("one", shard=SENTINEL)).status_code == 200
    assert "shard" not in await streams.get("one")


async def test_unknown_fields_are_kept_and_replaced_shallowly(streams: Streams) -> None:
    """A stream keeps fields that the schema does not know; an object of theirs is replaced, not merged."""
    await streams.create("one", marker={"a": 1})
    await streams.put("one", marker={"b": 2})
    assert (await streams.get("one"))["marker"] == {"b": 2}


async def test_a_name_that_is_a_date_fails(streams: Streams) -> None:
    """A string that looks like an ISO date becomes a Date before the validation, and is no string then."""
    refused = await streams.create("one", name="2026-01-02T03:04:05Z")
    assert refused.json()["error"]["issues"][0]["message"] == "Expected string, received date"
    assert (await streams.create("two", domains=[])).status_code == 200


async def test_domains_are_normalised_and_belong_to_one_workspace(streams: Streams) -> None:
    """Domains are trimmed and lower-cased; bad syntax and use by another workspace are refused."""
    await streams.create("one", domains=[" Events.Example.COM "])
    assert (await streams.get("one"))["domains"] == ["events.example.com"]
    bad = await streams.create("two", domains=["not a domain"])
    assert bad.json()["message"] == "Domain not a domain is not a valid domain name"
    other = Streams(streams.sandbox, streams.sandbox.credentials.keys["other"])
    other.workspace = "cother0000000000000000001"
    async with other.http:
        taken = await other.create("three", domains=["events.example.com"])
    assert taken.json()["message"] == "Domain events.example.com is already in use by other workspace"
    assert (await streams.create("four", domains=["events.example.com"])).status_code == 200


async def test_a_deleted_id_is_burnt_everywhere(streams: Streams) -> None:
    """After a deletion the id is neither found nor free, for no type and in no workspace."""
    await streams.create("one")
    assert (await streams.http.delete(streams.path("one"))).json()["name"] == "one"
    assert (await streams.http.delete(streams.path("one"))).json() == {"success": True}
    assert (await streams.http.get(streams.path("one"))).status_code == 400
    assert (await streams.put("one", name="zombie")).status_code == 500
    body = {"id": "one", "type": "function", "workspaceId": "w", "name": "f", "code": ""}
    for refused in (await streams.create("one"), await streams.http.post(streams.path(kind="function"), json=body)):
        assert "Unique constraint failed on the fields: (`id`)" in refused.json()["error"]


async def test_a_listing_has_a_tag_and_a_304_costs_a_token(streams: Streams) -> None:
    """`If-None-Match` gives 304 while nothing changed; the budget goes down all the same."""
    await streams.create("one")
    first = await streams.http.get(streams.path())
    second = await streams.http.get(streams.path(), headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 304
    assert not second.content
    left = [int(one.headers["x-ratelimit-remaining"]) for one in (first, second)]
    assert left[1] == left[0] - 1
    await streams.put("one", name="changed")
    third = await streams.http.get(streams.path(), headers={"If-None-Match": first.headers["etag"]})
    assert third.json()["objects"][0]["name"] == "changed"


async def test_changes_behind_the_operators_back_are_seen(streams: Streams) -> None:
    """Tests may change and remove objects as another client would."""
    await streams.create("one")
    streams.sandbox.jitsu.change("one", name="drifted")
    assert (await streams.get("one"))["name"] == "drifted"
    assert [one["id"] for one in streams.sandbox.jitsu.objects("stream", "acme")] == ["one"]
    streams.sandbox.jitsu.remove("one")
    assert (await streams.http.get(streams.path())).json() == {"objects": []}


@pytest.mark.parametrize(("build", "missing", "unset"), [("A", 400, 500), ("B", 404, 404)])
async def test_builds_differ_in_what_is_missing(build: Literal["A", "B"], missing: int, unset: int) -> None:
    """A missing object is 400 on GET and 500 on PUT in build A, 404 in build B, with the same message."""
    async with Sandbox.start(build=build) as sandbox:
        client = Streams(sandbox)
        async with client.http:
            got = await client.http.get(client.path("nope"))
            assert (got.status_code, got.json()["message"]) == (missing, "stream with id nope does not exist")
            assert (await client.put("nope", name="x")).status_code == unset


async def test_build_b_minds_the_type_and_fills_in_the_ids() -> None:
    """Build B finds an object only under its own type, and needs neither `type` nor `workspaceId` in a body."""
    async with Sandbox.start(build="B") as sandbox:
        client = Streams(sandbox)
        async with client.http:
            created = await client.http.post(client.path(), json={"id": "one", "name": "one"})
            assert created.status_code == 200
            assert (await client.http.get(client.path("one", "function"))).status_code == 404
            wrong = await client.http.delete(client.path("one", "function"))
            assert wrong.json() == {"success": True}
            assert (await client.http.get(client.path("one"))).status_code == 200
            unknown = await client.http.get(client.path(kind="widget"))
            assert unknown.status_code == 400


async def test_build_a_deletes_through_any_type_without_strict(streams: Streams) -> None:
    """In build A the type in the URL is not checked, so a wrong one skips the stream's reference check."""
    await streams.create("one")
    gone = await streams.http.delete(streams.path("one", "notification"), params={"strict": "true"})
    assert gone.json()["type"] == "notification"
    assert (await streams.http.get(streams.path("one"))).status_code == 400
