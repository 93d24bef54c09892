"""The Jitsu client against a console: both builds, every recorded refusal, and no secret in any error."""

from __future__ import annotations

import json
import logging
import re
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.jitsu_console import World, world
from tests.harness.repository import RECORDING

from jitops.core.clock import SystemClock
from jitops.core.errors import (
    AlreadyOwned,
    CredentialsRejected,
    DeletionBlocked,
    DependencyNotReady,
    IdBurnt,
    JitopsError,
    NotYet,
    PermissionDenied,
    RateLimited,
    SpecInvalid,
    Unavailable,
)
from jitops.products.jitsu.errors import Missing, NoRoute, PreflightUnavailable, classify
from jitops.products.jitsu.stream.wire import KeyRow, StreamRow, normal_domains, stream_created, stream_updated
from jitops.products.jitsu.wire import UNSET
from jitops.remote.exchange import Answer, AnswerLost, WritesRefused
from jitops_sandbox import Fault

__all__ = ["world"]

NAMES = st.sampled_from(
    ["id", "name", "message", "error", "issues", "path", "status", "code", "domains", "publicKeys", "linkedConnections"]
)
STREAM: dict[str, Any] = {
    "id": "acmestream0",
    "name": "A stream",
    "domains": ["Events.Example.com "],
    "strict": True,
    "publicKeys": [{"id": "acmestreamp0", "plaintext": "planted-public-1", "hint": "pla*c-1"}],
    "privateKeys": [],
}


# --- the workspace


@pytest.mark.parametrize("named", ["acme", "cacme00000000000000000001"])
async def test_a_workspace_is_resolved_by_slug_or_id(world: World, named: str) -> None:
    """Both give the id that the config API needs (docs/reference/jitsu.md section 2, the slug trap)."""
    client = await world.client(workspace=named)
    host = world.sandbox.jitsu_url.removeprefix("http://")
    facts = {"id": "cacme00000000000000000001", "slug": "acme", "workspaceName": "Acme", "host": host}
    assert await client.verify() == facts
    assert client.workspace_id == facts["id"]


async def test_verifying_again_is_a_conditional_read(world: World) -> None:
    """The second answer is a 304, and the facts are the same."""
    client = await world.client()
    assert await client.verify() == await client.verify()
    assert [request.status for request in world.sandbox.requests] == [200, 304]


async def test_a_missing_workspace_names_the_field(world: World) -> None:
    """Build A answers it with a 500 that says 404 inside."""
    with pytest.raises(SpecInvalid, match=r"spec\.workspace"):
        await (await world.client(workspace="nope")).verify()


async def test_a_workspace_of_others_is_denied(world: World) -> None:
    """A good key without access is no wrong key."""
    with pytest.raises(PermissionDenied, match=r"spec\.workspace"):
        await (await world.client(workspace="other")).verify()


async def test_a_deleted_workspace_is_refused(world: World) -> None:
    """Only the workspace route tells of it; the config API goes on answering."""
    client = await world.client()
    await client.verify()
    workspace = world.sandbox.jitsu.state.workspace("acme")
    assert workspace is not None
    workspace.deleted = True
    for _ in range(2):
        with pytest.raises(SpecInvalid, match="deleted"):
            await client.verify()


@pytest.mark.parametrize("key", ["nocolon", ":secret", "id:", "id:sec ret", "id:geheim-ü", "id:two\nlines"])
async def test_a_key_of_another_form_names_the_secret_key(world: World, key: str) -> None:
    """It is refused before anything is sent, and not repeated."""
    with pytest.raises(SpecInvalid, match="apiKey must have the form keyId:secret") as caught:
        await world.client(key)
    assert key not in str(caught.value).replace("keyId:secret", "")
    assert world.count() == 0


async def test_a_line_break_after_the_key_does_no_harm(world: World) -> None:
    """Secrets made from files end with one."""
    await (await world.client(world.sandbox.credentials.api_key + "\n")).verify()


@pytest.mark.parametrize("key", ["demokey:wrong-secret-1", "nokey:wrong-secret-1", "expired"])
async def test_wrong_and_expired_keys_are_rejected(world: World, key: str) -> None:
    """A person has to change the Secret."""
    client = await world.client(world.sandbox.credentials.keys.get(key, key))
    with pytest.raises(CredentialsRejected, match="apiKey"):
        await client.verify()


# --- objects


async def test_the_life_of_a_stream(world: World) -> None:
    """Create, list, get, update, delete; the snapshot follows without another listing."""
    client = await world.client()
    assert (await client.listing("stream").get()).rows == {}
    await client.create("stream", STREAM)
    row = client.listing("stream").seen("acmestream0")
    assert row is not None
    assert (row.name, row.domains) == ("A stream", ("events.example.com",))
    assert row.public_keys == (KeyRow("acmestreamp0", "pla*c-1"),)
    await client.update("stream", "acmestream0", {"name": "Renamed", "strict": UNSET})
    assert world.sandbox.jitsu.objects("stream")[0]["name"] == "Renamed"
    assert (await client.get("stream", "acmestream0") or {})["name"] == "Renamed"
    await client.delete("stream", "acmestream0", strict=True)
    await client.delete("stream", "acmestream0", strict=True)
    assert client.listing("stream").seen("acmestream0") is None
    assert await client.get("stream", "acmestream0") is None
    assert world.sandbox.requests.count(path="*/config/stream", method="GET") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Renamed"},
        {"domains": [" A.example.com", "b.example.com"]},
        {"domains": []},
        {"strict": UNSET},
        {"authorizedJavaScriptDomains": "*.example.com"},
        {"publicKeys": []},
        {"publicKeys": [{"id": "acmestreamp0", "hint": "new"}, {"id": "p1", "plaintext": "planted-public-2"}]},
        {"privateKeys": [{"id": "s0", "plaintext": "planted-private-1", "hint": "x"}], "publicKeys": None},
        {"extra": {"b": 1}},
        {},
    ],
)
async def test_what_a_write_makes_is_foretold(world: World, body: dict[str, Any]) -> None:
    """The row put into the snapshot equals the row that the console lists afterwards."""
    client = await world.client()
    created = {**STREAM, "extra": {"a": 1}, "authorizedJavaScriptDomains": "example.com"}
    await client.create("stream", created)
    foretold = client.listing("stream").seen("acmestream0")
    assert foretold == StreamRow.parse(world.sandbox.jitsu.objects("stream")[0])
    await client.update("stream", "acmestream0", body)
    foretold = client.listing("stream").seen("acmestream0")
    assert foretold == StreamRow.parse(world.sandbox.jitsu.objects("stream")[0])


async def test_a_listing_is_conditional_and_feeds_the_snapshot(world: World) -> None:
    """At rest a refresh is one 304, and the rows are the same."""
    client = await world.client()
    world_streams = world.sandbox.jitsu
    await client.create("stream", STREAM)
    clock = SystemClock()
    first = await client.listing("stream").get(clock.monotonic())
    second = await client.listing("stream").get(clock.monotonic())
    assert first.rows == second.rows
    assert list(second.rows) == ["acmestream0"]
    assert [request.status for request in world.sandbox.requests][-2:] == [200, 304]
    world_streams.change("acmestream0", name="drifted")
    third = await client.listing("stream").get(clock.monotonic())
    assert third.rows["acmestream0"].name == "drifted"
    assert client.snapshots["JitsuStream"] is client.listing("stream")


async def test_a_used_id_is_burnt(world: World) -> None:
    """An id that exists, or existed and was deleted, is told apart by reading it."""
    client = await world.client()
    await client.create("stream", STREAM)
    with pytest.raises(IdBurnt):
        await client.create("stream", STREAM)
    assert await client.get("stream", "acmestream0") is not None
    await client.delete("stream", "acmestream0")
    with pytest.raises(IdBurnt):
        await client.create("stream", STREAM)
    assert await client.get("stream", "acmestream0") is None


async def test_an_object_that_vanished_while_being_changed_is_looked_for_again(world: World) -> None:
    """The stream is gone from the snapshot, and the next attempt comes soon."""
    client = await world.client()
    await client.create("stream", STREAM)
    world.sandbox.jitsu.remove("acmestream0")
    with pytest.raises(NotYet):
        await client.update("stream", "acmestream0", {"name": "n"})
    assert client.listing("stream").seen("acmestream0") is None


async def test_a_linked_stream_is_not_deleted_and_the_links_are_named(world: World) -> None:
    """The refusal names ids and types of the links, so that a person finds them."""
    client = await world.client()
    await client.create("stream", STREAM)
    body = {
        "message": "x",
        "code": "LINKED_CONNECTIONS_EXIST",
        "linkedConnections": [{"id": "ws-a-b-X1", "type": "push"}],
    }
    fault = Fault(kind="error", method="DELETE", status=409, body=json.dumps(body))
    world.sandbox.faults.add(fault)
    with pytest.raises(DeletionBlocked, match=r"link ws-a-b-X1 \(push\)"):
        await client.delete("stream", "acmestream0", strict=True)
    assert client.listing("stream").seen("acmestream0") is not None


async def test_deleting_asks_for_strict_and_cascade_in_the_literal_form(world: World) -> None:
    """Only the literal `true` counts at the console (section 6)."""
    client = await world.client()
    await client.delete("stream", "x", strict=True, cascade=True)
    await client.delete("stream", "x")
    asked = [request.query for request in world.sandbox.requests.matching(method="DELETE")]
    assert asked == [{"strict": "true", "cascade": "true"}, {}]


@pytest.mark.parametrize("id_", ["", ".", ".."])
async def test_ids_that_lead_elsewhere_are_never_sent(world: World, id_: str) -> None:
    """A DELETE of `..` would be a DELETE of something else."""
    client = await world.client()
    with pytest.raises(SpecInvalid):
        await client.delete("stream", id_)
    assert world.count("DELETE") == 0


# --- the ways it fails


async def test_what_validation_refuses_is_named_by_path(world: World) -> None:
    """The field and the reason, nothing of the object."""
    client = await world.client()
    with pytest.raises(SpecInvalid, match="domains: Expected array, received string") as caught:
        await client.create("stream", {**STREAM, "domains": "planted-domain-1"})
    assert "planted" not in str(caught.value)


async def test_a_domain_that_is_none_or_in_use_elsewhere_names_the_field(world: World) -> None:
    """Both rules of the console are told in its words, under the field's name."""
    client = await world.client()
    with pytest.raises(SpecInvalid, match=r"spec\.domains: Domain not a domain is not"):
        await client.create("stream", {**STREAM, "domains": ["not a domain"]})
    other = await world.client(world.sandbox.credentials.keys["other"], "other")
    await other.create("stream", {**STREAM, "id": "otherstream0"})
    with pytest.raises(SpecInvalid, match=r"spec\.domains: .*in use by other workspace"):
        await client.create("stream", STREAM)


async def test_a_role_that_is_too_low_is_named(world: World) -> None:
    """Analysts may read; the refusal says which permission is missing."""
    client = await world.client(world.sandbox.credentials.keys["analyst"])
    await client.listing("stream").get()
    with pytest.raises(PermissionDenied, match=r"analyst .*editEntities"):
        await client.create("stream", STREAM)


async def test_maintenance_and_a_database_that_is_down_pass(world: World) -> None:
    """Both are Unavailable: they heal by themselves."""
    client = await world.client()
    await client.verify()
    world.sandbox.jitsu.mode = "maintenance"
    with pytest.raises(Unavailable, match="maintenance"):
        await client.create("stream", STREAM)
    world.sandbox.jitsu.mode = "database-down"
    with pytest.raises(Unavailable, match="database"):
        await client.listing("stream").get()


@pytest.mark.parametrize("kind", ["malformed", "lost", "reset"])
async def test_an_answer_that_does_not_arrive_whole_is_unclear(world: World, kind: Any) -> None:
    """Whether the write took effect is open, and the error says so; the snapshot isn't touched."""
    client = await world.client()
    await client.verify()
    world.sandbox.faults.add(Fault(kind=kind, method="POST", times=1))
    with pytest.raises(AnswerLost):
        await client.create("stream", STREAM)
    assert client.listing("stream").seen("acmestream0") is None
    assert world.count("POST") == 1


async def test_a_used_up_budget_is_told_with_its_end(world: World) -> None:
    """The 61st DELETE of a minute waits for its turn, without asking the console."""
    client = await world.client()
    for number in range(60):
        await client.delete("stream", f"x{number}")
    with pytest.raises(RateLimited) as caught:
        await client.delete("stream", "late")
    assert 30 < caught.value.after <= 61
    assert world.count("DELETE") == 60
    await client.create("stream", STREAM)


async def test_a_service_token_has_no_budget(world: World) -> None:
    """Nothing limits it, unless the spec does."""
    client = await world.client(world.sandbox.credentials.service_token)
    for number in range(130):
        await client.delete("stream", f"x{number}")
    limited = await world.client(world.sandbox.credentials.service_token, limits={"delete": 2})
    await limited.delete("stream", "x")
    with pytest.raises(RateLimited):
        await limited.delete("stream", "y")
    await limited.aclose()
    await client.delete("stream", "z")


# --- every refusal on record


def recorded() -> list[tuple[str, Answer]]:
    """Give the refusals of the recording: name and answer."""
    rows = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
    found = []
    for row in rows:
        answer = row.get("response")
        if answer and answer["status"] >= 400:
            body = answer["body"]
            raw = body if isinstance(body, str) else json.dumps(body)
            found.append((f"{row['name']} {answer['status']}", Answer(answer["status"], {}, raw.encode())))
    return found


EXPECTED: dict[str, type[JitopsError]] = {
    "auth/nonexistent workspace as admin user key create 500": SpecInvalid,
    "auth/analyst create 403": PermissionDenied,
    "auth/wrong secret 401": CredentialsRejected,
    "workspace/get missing 500": SpecInvalid,
    "workspace/get forbidden 403": PermissionDenied,
    "routing/unknown config type list 500": SpecInvalid,
    "routing/unknown api path 404": NoRoute,
    "routing/empty body 500": SpecInvalid,
    "stream/create key without plaintext or hash 500": NotYet,
    "stream/create invalid domain 500": SpecInvalid,
    "stream/create duplicate id 500": IdBurnt,
    "stream/create id taken in another workspace 500": IdBurnt,
    "stream/recreate after delete 500": IdBurnt,
    "stream/create wrong field type 500": SpecInvalid,
    "stream/put missing 500": Missing,
    "stream/put after delete 500": Missing,
    "stream/put null field 500": SpecInvalid,
    "destination/unknown destinationType 500": SpecInvalid,
    "destination/provisioned true 500": SpecInvalid,
    "destination/put null optional 500": SpecInvalid,
    "link/create duplicate without id 500": AlreadyOwned,
    "link/missing toId 500": SpecInvalid,
    "link/nonexistent fromId 500": DependencyNotReady,
    "cascade/create link to deleted destination 500": DependencyNotReady,
    "link/garbage data strict 400": SpecInvalid,
    "link/sync bad schedule 400": SpecInvalid,
    "link/sync strict bad data 400": SpecInvalid,
    "link/delete missing id 500": Missing,
    "link/update with data null 500": Unavailable,
    "cascade/stream strict with only dangling link 409": DeletionBlocked,
    "cascade/function strict while referenced 409": DeletionBlocked,
    "part2/get object of another workspace 400": Missing,
    "part2/function 21MiB code 413": SpecInvalid,
    "export/as normal user 500": PermissionDenied,
    "maintenance/POST rejected 503": WritesRefused,
    "outage/GET while database is down 500": Unavailable,
}


@pytest.mark.parametrize(("name", "kind"), EXPECTED.items())
def test_recorded_refusals_have_their_class(name: str, kind: type[JitopsError]) -> None:
    """The discriminators of docs/reference/jitsu.md section 3, against what the real console answered."""
    answers = dict(recorded())
    assert type(classify(answers[name])) is kind


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "stream with id x does not exist", Missing),
        (400, "Link from 'a' to 'b' already exists", AlreadyOwned),
        (400, "stream object with id 'a' not found in the workspace 'w'", DependencyNotReady),
        (500, "Bearer token should have a format of keyId:secret", CredentialsRejected),
        (500, "Domain x.example.com is already in use by other workspace", SpecInvalid),
        (400, "Unknown config object type widget", SpecInvalid),
        (404, "Workspace 'nope' not found", SpecInvalid),
        (500, "env ROTOR_URL is not set. Rotor is required to run functions", PreflightUnavailable),
        (500, "failed to fetch bulker API: fetch failed", PreflightUnavailable),
    ],
)
def test_refusals_of_build_b_have_the_same_class(status: int, message: str, kind: type[JitopsError]) -> None:
    """A newer console answers the same sentences with other statuses."""
    answer = Answer(status, {}, json.dumps({"message": message}).encode())
    assert type(classify(answer)) is kind


def test_no_refusal_repeats_the_object() -> None:
    """Of all recorded bodies no password, key hash, stack or database call is passed on."""
    forbidden = re.compile(r"ch-secret-pass|prisma|stack|[0-9a-f]{32}|\$2|password\"|at Object", re.IGNORECASE)
    for name, answer in recorded():
        error = classify(answer)
        if error is not None:
            assert not forbidden.search(f"{error} {error!r}"), name


def test_an_object_echoed_in_any_refusal_is_never_passed_on() -> None:
    """Whatever the status and shape, the fields that echo what was stored are not read."""
    echoed = {"object": {"password": "planted-echo-1"}, "details": "planted-echo-1", "stack": "planted-echo-1"}
    for status in (400, 401, 403, 404, 409, 413, 418, 500, 503):
        for told in ({"message": "Failed to validate schema of x"}, {"error": "planted-echo-1"}, {}):
            error = classify(Answer(status, {}, json.dumps({**echoed, **told}).encode()))
            shown = "" if status == 400 and "error" in told else f"{error} {error!r}"
            assert "planted-echo-1" not in shown, (status, told)


ROWS = [
    (401, {"message": "Invalid API key secret for demokey: {0}"}),
    (403, {"message": "{0}", "role": "{0}", "requiredPermission": "{0}"}),
    (
        500,
        {
            "message": "Failed to validate schema of stream",
            "error": {"issues": [{"path": ["{0}"], "message": "received '{0}'"}]},
        },
    ),
    (500, {"message": "Domain {0} is not a valid domain name"}),
    (500, {"message": "surprise {0}"}),
    (500, {"error": "{0}"}),
    (400, {"message": "{0}"}),
    (409, {"code": "LINKED_CONNECTIONS_EXIST", "linkedConnections": [{"id": "{0}", "type": "{0}"}]}),
    (503, {"error": "maintenance", "message": "{0}"}),
    (418, {"message": "{0}"}),
]


@pytest.mark.parametrize("planted", ["demo-secret-not-real", "planted-public-1"])
@pytest.mark.parametrize(("status", "body"), ROWS)
async def test_no_secret_comes_back_in_any_error(
    world: World, status: int, body: dict[str, Any], planted: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The credentials and the keys that were sent are in no text, `repr`, traceback or log, whatever is echoed."""
    caplog.set_level(logging.DEBUG)
    client = await world.client()
    await client.verify()
    text = json.dumps(body).replace("{0}", planted)
    world.sandbox.faults.add(Fault(kind="error", method="POST", status=status, body=text))
    with pytest.raises(JitopsError) as caught:
        await client.create("stream", STREAM)
    error = caught.value
    trace = "".join(traceback.format_exception(error))
    assert planted not in f"{error} {error!r} {error.args} {trace} {vars(error)} {client!r}"
    assert planted not in caplog.text


# --- values

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=20,
)


@given(st.integers(100, 599), ANYTHING)
def test_no_body_is_too_strange_to_be_judged(status: int, body: Any) -> None:
    """Whatever JSON comes with whatever status, judging it never fails."""
    error = classify(Answer(status, {}, json.dumps(body).encode()))
    assert error is None or str(error)


@given(st.dictionaries(NAMES | st.text(), ANYTHING), st.dictionaries(NAMES | st.text(), ANYTHING))
def test_no_object_is_too_strange_to_be_read(body: dict[str, Any], update: dict[str, Any]) -> None:
    """Whatever the console holds in a stream, reading and foretelling never fail, and reading is stable."""
    row = StreamRow.parse(body)
    assert row == StreamRow.parse(json.loads(json.dumps(body)))
    stream_updated(row, update)


def test_two_readings_of_an_unchanged_stream_are_equal() -> None:
    """`updatedAt` moves on each PUT, even an empty one; it is no difference."""
    body = {"id": "a", "name": "n", "type": "stream", "workspaceId": "w", "updatedAt": "1", "x": {"y": [1]}}
    assert StreamRow.parse(body) == StreamRow.parse({**body, "updatedAt": "2"})
    assert StreamRow.parse(body).fields == {"name": "n", "x": {"y": [1]}, "domains": []}


def test_a_stream_with_odd_values_is_still_a_stream() -> None:
    """Nulls in the place of lists, and keys without a hint, are read."""
    row = StreamRow.parse({"id": "a", "publicKeys": None, "privateKeys": [{"id": "k"}], "domains": None})
    assert (row.public_keys, row.private_keys, row.domains) == ((), (KeyRow("k"),), ())


def test_domains_are_compared_as_the_console_stores_them() -> None:
    """Trimmed and in lower case."""
    assert normal_domains([" A.Example.COM ", "b"]) == ["a.example.com", "b"]


def test_fields_of_a_stream_do_not_show() -> None:
    """Fields that the console keeps without knowing them may be secret."""
    assert "hidden-value" not in repr(stream_created({"id": "a", "extra": "hidden-value"}))


def test_one_field_goes_when_a_put_omits_it() -> None:
    """`authorizedJavaScriptDomains` is dropped by any PUT without it (section 4)."""
    row = stream_created({"id": "a", "authorizedJavaScriptDomains": "x"})
    assert "authorizedJavaScriptDomains" not in stream_updated(row, {"name": "n"}).fields
