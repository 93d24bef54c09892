"""Links, masks and references of the sandbox's Jitsu (docs/reference/jitsu.md sections 4 to 6), without a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jitops.core.clock import SystemClock
from jitops_sandbox import seed as seed_file
from jitops_sandbox.answers import Call, encode
from jitops_sandbox.jitsu.console import Console
from jitops_sandbox.jitsu.context import Build
from jitops_sandbox.jitsu.masking import MASK, masked, unmasked, without_masks

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKSPACE = "cacme00000000000000000001"


class Client:
    """Asks a console directly, with the service token."""

    def __init__(self, build: Build = "A") -> None:
        self.console = Console(seed_file.shipped("default").jitsu, SystemClock(), build)
        self.headers = {
            "Authorization": "Bearer x:demo-service-token-not-real",
            "Content-Type": "application/json",
        }

    def ask(self, method: str, rest: str, body: object = None, **query: str) -> tuple[int, Any]:
        """Give status and body."""
        path = f"/api/{WORKSPACE}/config/{rest}"
        sent = b"" if body is None else encode(body)
        answered = self.console.respond(Call(method, path, path, query, self.headers, sent))
        return answered.status, json.loads(answered.body)

    def made(self, kind: str, object_id: str, **fields: object) -> None:
        """Create an object."""
        ids = {"id": object_id, "type": kind, "workspaceId": WORKSPACE, "name": object_id}
        assert self.ask("POST", kind, {**ids, **fields})[0] == 200

    def link(self, body: Mapping[str, object], method: str = "POST", **query: str) -> tuple[int, Any]:
        """Create or update a link from `st1` to `de1`."""
        return self.ask(method, "link", {"fromId": "st1", "toId": "de1", **body}, **query)


def furnished(build: Build = "A") -> Client:
    """Give a client of a console with a stream, a service, a function and a destination."""
    client = Client(build)
    client.made("stream", "st1")
    client.made("service", "se1", package="p", version="1", credentials={"token": "planted"})
    client.made("function", "fu1", code="x")
    client.made("destination", "de1", destinationType="clickhouse", hosts=["h"], password="planted")
    return client


@pytest.mark.parametrize(("build", "status", "key"), [("A", 500, "error"), ("B", 400, "message")])
def test_a_push_is_its_pair(build: Build, status: int, key: str) -> None:
    """A second create of a pair is refused, unless it carries any id at all: then it updates."""
    client = furnished(build)
    made = client.link({"data": {}})[1]
    assert made["created"] is True
    refused = client.link({"data": {}})
    assert refused[0] == status
    assert refused[1][key] == "Link from 'st1' to 'de1' already exists"
    updated = client.link({"id": "any", "data": {"mode": "stream"}}, "PUT")[1]
    assert updated == {"id": made["id"], "created": False}


@pytest.mark.parametrize(("build", "status"), [("A", 500), ("B", 200)])
def test_an_update_without_data_fails_after_writing_in_build_a(build: Build, status: int) -> None:
    """Null data wipes the data and then fails in build A; absent data keeps it and fails as well."""
    client = furnished(build)
    client.link({"data": {"mode": "stream"}})
    assert client.link({"id": "any"})[0] == status
    assert client.ask("GET", "link")[1]["links"][0]["data"] == {"mode": "stream"}
    assert client.link({"id": "any", "data": None})[0] == status
    assert client.ask("GET", "link")[1]["links"][0]["data"] is None


def test_a_sync_is_its_id() -> None:
    """Several syncs of a pair are legal; an unknown id makes another one; the pair in an update is ignored."""
    client = furnished()
    body = {"type": "sync", "fromId": "se1", "data": {"streams": {}}}
    ids = {client.link(body)[1]["id"] for _ in range(2)}
    assert len(ids) == 2
    assert client.link({**body, "id": "unknown"})[1]["created"] is True
    assert client.link({**body, "id": min(ids)})[1] == {"id": min(ids), "created": False}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"schedule": "every now and then"}, "Invalid characters, got value: every"),
        ({"schedule": "61 * * * *"}, "Constraint error, got value 61 expected range 0-59"),
        ({"schedule": "* * * * * * *"}, "Invalid cron expression"),
        ({"schedule": "0 * * * *", "timezone": "Mars/Olympus"}, "Invalid timezone Mars/Olympus"),
    ],
)
def test_a_sync_needs_a_right_schedule(data: dict[str, object], words: str) -> None:
    """A bad cron line or time zone is a 400, with or without `strict`; a good one passes."""
    body: dict[str, object] = {"type": "sync", "fromId": "se1"}
    status, answered = furnished().link({**body, "data": {"streams": {}, **data}})
    assert (status, answered["message"]) == (400, f'Invalid cron schedule "{data["schedule"]}": {words}')
    good = {"streams": {}, "schedule": "*/15 9-17 * * mon-fri", "timezone": "Etc/UTC"}
    assert furnished().link({**body, "data": good})[0] == 200


def test_strict_checks_the_options_and_keeps_extra_keys() -> None:
    """`strict` refuses what the destination's options don't allow; the rest is stored verbatim."""
    client = furnished()
    status, refused = client.link({"data": {"mode": "nonsense"}}, strict="true")
    assert status == 400
    assert refused["message"].startswith("Invalid connection options for clickhouse: [")
    assert client.link({"data": {"mode": "batch", "extra": 1}}, strict="true")[0] == 200
    assert client.ask("GET", "link")[1]["links"][0]["data"] == {"mode": "batch", "extra": 1}
    assert client.link({"type": "other", "data": {"mode": 5}}, strict="true")[0] == 200


@pytest.mark.parametrize(("build", "unknown", "again"), [("A", 500, True), ("B", 200, False)])
def test_deleting_links(build: Build, unknown: int, again: bool) -> None:
    """By id or by pair, not by both; build A fails on an unknown id and is proud of a second deletion."""
    client = furnished(build)
    link_id = client.link({"data": {}})[1]["id"]
    assert client.ask("DELETE", "link", None, id=link_id, fromId="st1")[0] == 400
    assert client.ask("DELETE", "link", None, fromId="st1")[1] == {"deleted": False}
    assert client.ask("DELETE", "link", None, id="unknown")[0] == unknown
    assert client.ask("DELETE", "link", None, id=link_id)[1] == {"deleted": True}
    assert client.ask("DELETE", "link", None, id=link_id)[1] == {"deleted": again}
    assert client.ask("DELETE", "link", None, fromId="st1", toId="de1")[1] == {"deleted": False}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"fromId": "nope"}, "stream object with id 'nope' not found"),
        ({"type": "sync"}, "service object with id 'st1' not found"),
        ({"toId": "st1"}, "Destination object with id 'st1' not found"),
    ],
)
def test_the_ends_of_a_link_must_exist(body: dict[str, object], words: str) -> None:
    """Each end must be a live object of the right type."""
    assert words in furnished().link({**body, "data": {}})[1]["error"]


def test_an_analyst_sees_no_function_environment() -> None:
    """Values of `functionsEnv` are in clear for owners and masked for analysts; links without any are as they are."""
    client = furnished()
    client.link({"data": {"functionsEnv": {"TOKEN": "planted"}}})
    client.link({"type": "sync", "fromId": "se1", "data": {"streams": {}}})
    assert client.ask("GET", "link")[1]["links"][0]["data"] == {"functionsEnv": {"TOKEN": "planted"}}
    client.headers["Authorization"] = "Bearer analystkey:analyst-secret-not-real"
    masked_link, other = client.ask("GET", "link")[1]["links"]
    assert masked_link["data"] == {"functionsEnv": {"TOKEN": MASK}}
    assert other["data"] == {"streams": {}}


def test_a_function_in_use_is_kept_under_strict_only() -> None:
    """`strict` refuses while a push link runs the function; `cascade` is ignored for functions."""
    client = furnished()
    client.link({"data": {"functions": [{"functionId": "udf.fu1"}]}})
    status, refused = client.ask("DELETE", "function/fu1", None, strict="true", cascade="true")
    assert (status, refused["code"], refused["connectionsCount"]) == (409, "FUNCTION_IN_USE", 1)
    assert client.ask("DELETE", "function/fu1", None, cascade="true")[0] == 200
    assert client.console.summary()["links"][0]["data"]["functions"] == [{"functionId": "udf.fu1"}]


def test_a_clone_takes_the_secrets_along() -> None:
    """`cloneId` puts the other object's secrets where masks stand; without it the mask is dropped."""
    client = furnished()
    copied = {"destinationType": "clickhouse", "hosts": ["h"], "password": MASK}
    client.made("destination", "de2", **copied, cloneId="de1")
    client.made("destination", "de3", **copied)
    assert client.console.stored("de2")["password"] == "planted"
    assert "password" not in client.console.stored("de3")


def test_provisioned_destinations_are_not_made_by_clients() -> None:
    """Creating or making one is refused; one that is there shows only what it is."""
    client = furnished()
    ids = {"id": "x", "type": "destination", "workspaceId": WORKSPACE, "name": "x"}
    body = {**ids, "destinationType": "devnull", "provisioned": True}
    assert client.ask("POST", "destination", body)[1]["message"].startswith("Can't create provisioned")
    assert client.ask("PUT", "destination/de1", {"provisioned": True})[0] == 500
    client.console.change("de1", provisioned=True)
    assert "hosts" not in client.ask("GET", "destination/de1")[1]


def test_masks_reach_into_objects() -> None:
    """Paths lead into nested objects; what is absent stays absent, and the original is left alone."""
    paths = (("credentials", "token"), ("password",))
    value = {"credentials": {"token": "t", "count": 1}}
    assert masked(value, paths) == {"credentials": {"token": MASK, "count": 1}}
    assert without_masks(masked(value, paths), paths) == {"credentials": {"count": 1}}
    assert unmasked(masked(value, paths), value) == value
    assert value == {"credentials": {"token": "t", "count": 1}}
