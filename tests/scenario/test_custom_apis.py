"""Custom APIs: by an adapter from draft to live and away again, by hand, and only looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.harness.manifests import (
    CUSTOM_API,
    ORGANIZATION,
    SERVICE_OF_API,
    config_map,
    custom_api,
    harmony,
    secret_manifest,
)
from tests.harness.samples.custom_api import API_CONFIGURATION, apis, change_api, only_api, plant_api
from tests.harness.world.killing import HEALED, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.products.jitterbit.gateway import PROBES_A_MINUTE
from jitops_sandbox import Fault, Switches

PROTECTED = {"profiles": [{"name": "partners", "kind": "Basic"}]}
MANUAL = {"mode": "Manual"}
OBSERVE = {"mode": "Observe"}
DRAFT = {"mode": "Adapter", "state": "Draft"}


async def made(world: World, **spec: Any) -> None:
    """Connect, apply, come to rest, and begin to count."""
    await world.connect_jitterbit()
    world.apply(custom_api(**spec))
    await world.settle()
    world.forget()


def protected(world: World, **spec: Any) -> Mapping[str, Any]:
    """Give the parts of a spec of a protected API on the sandbox's gateway."""
    return {"baseUrl": world.sandbox.gateway_url, "security": PROTECTED, **spec}


def live(world: World, **parts: Any) -> str:
    """Make an API live at the gateway, by a person in the UI."""
    return plant_api(world, "byhand", security={"profiles": ["partners"], "anonymous": False}, **parts)


def adapter_calls(world: World) -> list[str]:
    """Show what the adapter was asked to change, without its common path."""
    seen = world.sandbox.requests.writes("adapter")
    return [f"{one.method} {one.path.partition('/apis/')[2].partition('/')[2]}".strip() for one in seen]


def looks(world: World) -> int:
    """Count the requests that the gateway saw."""
    return world.sandbox.requests.count(product="gateway")


# By an adapter


async def test_from_draft_to_live_and_back(world: World) -> None:
    """A draft is kept, published, changed while it is live, and taken off, each step by just the calls it needs."""
    await made(world, publication=DRAFT)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Available")
    assert only_api(world)["state"] == world.status(CUSTOM_API)["publicationState"] == "draft"
    world.change(CUSTOM_API, publication={"mode": "Adapter"})
    await world.settle()
    assert adapter_calls(world) == ["POST publish"]
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")
    assert world.status(CUSTOM_API)["publicationState"] == "published"
    world.change(CUSTOM_API, description="New")
    await world.settle()
    assert adapter_calls(world) == ["POST publish", "PUT", "POST publish"]
    assert (only_api(world)["state"], only_api(world)["description"]) == ("published", "New")
    world.forget()
    world.change(CUSTOM_API, publication=DRAFT)
    await world.settle()
    assert adapter_calls(world) == ["POST unpublish"]
    assert (only_api(world)["state"], only_api(world)["description"]) == ("draft", "New")
    assert world.events(CUSTOM_API) == ["Updated"]


async def test_url_is_computed_and_published(world: World) -> None:
    """Status, Secret and ConfigMap tell the URL: prefix, then version if there is one, then service root."""
    spec = {"version": "1.0", "outputs": {"secret": {"name": "urls"}}}
    await made(world, baseUrl="https://api.example.com/", serviceRoot="what?\\is_it", **spec)
    url = "https://api.example.com/dev/1.0/what%3F%5Cis_it"
    assert world.status(CUSTOM_API)["url"] == world.documents()["url"] == url
    assert dict(world.values("urls")) == {
        "id": world.status(CUSTOM_API)["id"],
        "url": url,
        "baseUrl": "https://api.example.com",
    }
    world.change(CUSTOM_API, version=None)
    await world.settle()
    assert world.values("urls")["url"] == "https://api.example.com/dev/what%3F%5Cis_it"


@pytest.mark.parametrize(
    ("name", "region", "url"),
    [
        ("Example", "NA", "https://Example100200.jitterbit.net/dev/customers"),
        ("Example", "EMEA", "https://Example100200.jitterbit.eu/dev/customers"),
        ("Example", "APAC", "https://Example100200.jitterbit.cc/dev/customers"),
        ("Example & Sons", "NA", None),
    ],
)
async def test_default_base_url(world: World, name: str, region: str, url: str | None) -> None:
    """The base is the organization's name and id and the region's domain; what is not plain is not guessed."""
    world.sandbox.jitterbit._organizations["100200"] = world.sandbox.seed.jitterbit.organizations[0].model_copy(
        update={"name": name}
    )
    await world.connect_jitterbit(region=region)
    world.apply(custom_api(baseUrl=None))
    await world.settle()
    if url is None:
        assert world.why(CUSTOM_API) == "InvalidConfiguration"
        assert "spec.baseUrl" in world.message(CUSTOM_API)
        assert apis(world) == []
    else:
        assert world.status(CUSTOM_API)["url"] == url


async def test_documents(world: World) -> None:
    """The ConfigMap holds what a person has to enter, its hash, and OpenAPI, in which custom methods have no place."""
    services = [
        {**SERVICE_OF_API, "parameters": [{"name": "full", "in": "query", "description": "All of it"}]},
        {**SERVICE_OF_API, "name": "custom", "method": "LOOKUP", "path": "/custom"},
    ]
    await made(world, services=services, security=PROTECTED, description="Customers of the CRM")
    documents = world.documents()
    assert set(documents) == {"configuration.json", "openapi.json", "configurationHash", "url", "baseUrl"}
    assert documents["configurationHash"] == world.status(CUSTOM_API)["configurationHash"]
    configuration = json.loads(documents["configuration.json"])
    assert configuration["security"] == {"profiles": ["partners"], "anonymous": False}
    assert configuration["publication"] == {"state": "Published"}
    assert [one["operation"] for one in configuration["services"]] == ["Read customer", "Read customer"]
    described = json.loads(documents["openapi.json"])
    assert described["servers"] == [{"url": "https://gateway.example.com/dev/customers"}]
    assert list(described["paths"]) == ["/{id}"]
    assert [(one["name"], one["in"], one["required"]) for one in described["paths"]["/{id}"]["get"]["parameters"]] == [
        ("id", "path", True),
        ("full", "query", False),
    ]
    assert described["components"]["securitySchemes"] == {"basic": {"type": "http", "scheme": "basic"}}
    assert described["security"] == [{"basic": []}]


async def test_config_map_of_others_is_never_overwritten(world: World) -> None:
    """A ConfigMap that exists and isn't ours is left alone, before anything is made at the remote."""
    world.apply(config_map("docs", {"mine": "value"}))
    await made(world, outputs={"configMap": {"name": "docs"}})
    assert world.condition(CUSTOM_API, "Ready") == ("False", "Conflict")
    assert "spec.outputs.configMap.name" in world.message(CUSTOM_API)
    assert world.documents("docs") == {"mine": "value"}
    assert apis(world) == []


async def test_config_map_is_repaired_renamed_and_goes_along(world: World) -> None:
    """An edit is undone, a deletion too, another name moves it, and it goes with the resource."""
    await made(world)
    before = dict(world.documents())
    found = world.store.config_map("customers-customapi")
    assert found is not None
    world.store.edit(found, {"url": "theirs"})
    await world.settle()
    assert world.documents() == before
    world.store.delete(found.key)
    await world.settle()
    assert world.documents() == before
    world.change(CUSTOM_API, outputs={"configMap": {"name": "docs"}})
    await world.settle()
    assert world.documents("docs") == before
    assert world.store.config_map("customers-customapi") is None
    world.store.delete(CUSTOM_API)
    await world.settle()
    assert world.store.config_map("docs") is None


async def test_retained_config_map_has_no_owner(world: World) -> None:
    """Retain leaves the documents behind, too, where no garbage collector takes them."""
    await made(world, management={"deletionPolicy": "Retain"})
    world.store.delete(CUSTOM_API)
    await world.settle()
    assert not world.exists(CUSTOM_API)
    left = world.store.config_map("customers-customapi")
    assert left is not None
    assert left.owners == ()
    assert only_api(world)["state"] == "published"


async def test_foreign_draft_of_a_live_api_is_dropped(world: World) -> None:
    """A draft that someone began is drift, and goes without another publication: what is live was right."""
    await made(world)
    change_api(world, description="theirs")
    assert only_api(world)["state"] == "publishedWithDraft"
    await world.resync()
    assert adapter_calls(world) == ["PUT"]
    assert only_api(world)["state"] == "published"
    assert world.events(CUSTOM_API) == ["DriftCorrected"]


async def test_foreign_publication_is_corrected(world: World) -> None:
    """What someone made live is replaced by what the spec says."""
    await made(world)
    change_api(world, description="theirs")
    held = world.sandbox.jitterbit.apis
    held.publish(held.get(only_api(world)["id"]))
    await world.resync()
    assert adapter_calls(world) == ["PUT", "POST publish"]
    assert (only_api(world)["state"], only_api(world)["description"]) == ("published", "")


async def test_unpublished_by_others(world: World) -> None:
    """An API that someone took off is live again after the resync."""
    await made(world)
    held = world.sandbox.jitterbit.apis
    held.unpublish(held.get(only_api(world)["id"]))
    await world.resync()
    assert adapter_calls(world) == ["POST publish"]
    assert world.events(CUSTOM_API) == ["DriftCorrected"]
    assert "publication" in world.last_event(CUSTOM_API).message


async def test_drift_of_the_url_is_only_reported(world: World) -> None:
    """Under `drift: Report` an API that someone moved is DriftDetected, and neither looked for nor called missing."""
    await made(world, **protected(world, verification={"probe": True}, management={"drift": "Report"}))
    change_api(world, serviceRoot="theirs")
    held = world.sandbox.jitterbit.apis
    held.publish(held.get(only_api(world)["id"]))
    world.forget()
    await world.resync()
    await world.wait(3700)
    assert world.condition(CUSTOM_API, "Ready") == ("False", "DriftDetected")
    assert world.status(CUSTOM_API)["drift"]["fields"] == ["serviceRoot"]
    assert looks(world) == 0


async def test_adapter_that_keeps_something_else(world: World) -> None:
    """An adapter that accepts a configuration and holds another one is told, never called Ready."""
    await world.connect_jitterbit()
    put = world.sandbox.jitterbit.apis.put

    def cut(organization: str, key: str, configuration: Mapping[str, Any]) -> Any:
        return put(organization, key, {**configuration, "description": configuration["description"][:3]})

    world.sandbox.jitterbit.apis.put = cut  # type: ignore[method-assign]
    world.apply(custom_api(description="a long one"))
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "InvalidConfiguration")
    assert "description" in world.message(CUSTOM_API)
    world.change(CUSTOM_API, description="a l")
    await world.settle()
    assert world.ready(CUSTOM_API)


async def test_change_at_the_same_moment_is_not_overwritten_unseen(world: World) -> None:
    """What someone changes between our look and our write is looked at first: the write is refused by revision."""
    await made(world)
    held, respond = world.sandbox.jitterbit.apis, world.sandbox.adapter.respond

    def overtaken(call: Any) -> Any:
        if call.method == "PUT":
            world.sandbox.adapter.respond = respond  # type: ignore[method-assign]
            held.change(only_api(world)["id"], description="theirs at this moment")
        return respond(call)

    world.sandbox.adapter.respond = overtaken  # type: ignore[method-assign]
    world.change(CUSTOM_API, description="ours")
    await world.settle()
    assert only_api(world)["description"] == "theirs at this moment"
    await world.wait(10)
    assert (only_api(world)["state"], only_api(world)["description"]) == ("published", "ours")
    assert world.sandbox.requests.count(product="adapter", method="PUT") == 2


async def test_adapter_that_takes_no_revision(world: World) -> None:
    """An adapter that refuses every revision is asked ever more seldom, told so, and the change is made in the end."""
    await made(world)
    world.sandbox.faults.add(Fault(kind="error", status=412, body="{}", product="adapter", method="PUT"))
    world.change(CUSTOM_API, description="ours")
    await world.wait(3600)
    assert len(adapter_calls(world)) < 25
    assert "does not follow the contract" in world.message(CUSTOM_API)
    assert len(world.writes(CUSTOM_API)) <= 2
    world.sandbox.faults.clear()
    await world.wait(400)
    assert world.ready(CUSTOM_API)
    assert only_api(world)["description"] == "ours"
    world.change(CUSTOM_API, description="again")
    world.sandbox.faults.add(Fault(kind="error", status=412, body="{}", product="adapter", method="PUT", times=1))
    await world.wait(3)
    assert world.ready(CUSTOM_API), "the next time it is as patient as it was the first time"


async def test_adapter_that_has_no_publish(world: World) -> None:
    """An adapter that lacks a call of the contract is asked ever more seldom, and told so."""
    await world.connect_jitterbit()
    world.sandbox.faults.add(Fault(kind="error", status=404, product="adapter", method="POST"))
    world.apply(custom_api())
    await world.wait(3600)
    assert len(adapter_calls(world)) < 50
    assert "does not follow the contract" in world.message(CUSTOM_API)
    world.sandbox.faults.clear()
    await world.wait(400)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")


async def test_deletion_is_not_believed_of_what_stands_before_the_adapter(world: World) -> None:
    """A 404 to a deletion counts only with a listing that lacks the API: an ingress may have given it."""
    await made(world)
    world.sandbox.faults.add(Fault(kind="error", status=404, product="adapter", method="DELETE", times=2))
    world.store.delete(CUSTOM_API)
    await world.settle()
    assert world.exists(CUSTOM_API)
    await world.wait(30)
    assert not world.exists(CUSTOM_API)
    assert apis(world) == []


async def test_adapter_that_renumbers_its_revisions(world: World) -> None:
    """Other revisions under the same ETag, as after a restore of the adapter: the listing is asked for anew, whole."""
    await made(world)
    await world.resync()
    held = world.sandbox.jitterbit.apis
    held.get(only_api(world)["id"]).revision = "renumbered"
    world.forget()
    world.change(CUSTOM_API, description="ours")
    await world.wait(5)
    assert world.ready(CUSTOM_API)
    assert adapter_calls(world) == ["PUT", "PUT", "POST publish"]


async def test_adapter_that_says_not_modified_unasked(world: World) -> None:
    """A 304 to an unconditional listing says nothing: least of all that an API is gone, which would be left behind."""
    await made(world)
    await world.restart()
    world.sandbox.faults.add(Fault(kind="error", status=304, body="", product="adapter", method="GET"))
    world.store.delete(CUSTOM_API)
    await world.wait(60)
    assert world.exists(CUSTOM_API)
    world.sandbox.faults.clear()
    await world.wait(400)
    assert not world.exists(CUSTOM_API)
    assert apis(world) == []


async def test_killed_while_it_changes(worlds: Callable[[], World]) -> None:
    """Killed after any effect of a change from live to live: it ends live, with the new configuration."""

    async def arrange(world: World) -> None:
        await made(world)

    def act(world: World) -> None:
        world.change(CUSTOM_API, description="New")

    def check(world: World) -> None:
        assert world.ready(CUSTOM_API)
        assert (only_api(world)["state"], only_api(world)["description"]) == ("published", "New")

    await killed_everywhere(worlds, arrange, act, check, least=4)


async def test_many_at_rest_cost_one_conditional_listing(world: World) -> None:
    """A hundred Custom APIs cost one GET a resync, which is answered with 304, and no write anywhere."""
    await world.connect_jitterbit()
    world.workers = 8
    world.apply(*(custom_api(f"api{number}") for number in range(100)))
    await world.settle()
    await world.resync()
    world.forget()
    await world.resync()
    assert [(one.method, one.status) for one in world.sandbox.requests] == [("GET", 304)]
    assert world.store.writes == []
    assert world.store.events == []


async def test_two_cannot_have_one_url(world: World) -> None:
    """A URL leads to one API: the younger resource gets Conflict, another version is another URL."""
    await made(world)
    world.clock.turn(2)
    world.apply(
        custom_api("second", serviceRoot="customers"), custom_api("third", serviceRoot="customers", version="2")
    )
    await world.settle()
    assert world.why(Key("CustomAPI", "team", "second")) == "Conflict"
    assert str(CUSTOM_API) in world.message(Key("CustomAPI", "team", "second"))
    assert world.ready(Key("CustomAPI", "team", "third"))


async def test_without_an_adapter(world: World) -> None:
    """Mode Adapter needs the organization's adapter, says so, and goes on when it comes."""
    await world.connect_jitterbit(apiAdapter=None)
    world.apply(custom_api())
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "DependencyNotReady")
    assert "spec.apiAdapter" in world.message(CUSTOM_API)
    await world.connect_jitterbit()
    await world.wait(400)
    assert world.ready(CUSTOM_API)


@pytest.mark.parametrize("token", ["a-wrong-token-of-someone", None])
async def test_refused_token(world: World, token: str | None) -> None:
    """A token that the adapter refuses is told on the resource; connectors go on; the right one is used at once."""
    credentials, connection = harmony(world)
    login = {name: value for name, value in credentials["stringData"].items() if name != "adapterToken"}
    wrong = {**login, "adapterToken": token} if token else login
    world.apply(secret_manifest("harmony", wrong), connection, custom_api())
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "PermissionDenied")
    assert "adapterToken" in world.message(CUSTOM_API)
    assert world.ready(ORGANIZATION)
    world.apply(credentials)
    await world.settle()
    assert world.ready(CUSTOM_API)


async def test_token_with_a_newline(world: World) -> None:
    """A token as a file has it, with a newline at its end, is used; what no header can hold is told, unrepeated."""
    credentials, connection = harmony(world)
    token = credentials["stringData"]["adapterToken"]
    world.apply(secret_manifest("harmony", {**credentials["stringData"], "adapterToken": f"{token}\n"}), connection)
    world.apply(custom_api())
    await world.settle()
    assert world.ready(CUSTOM_API)
    world.apply(secret_manifest("harmony", {**credentials["stringData"], "adapterToken": "planted\ntoken"}))
    world.change(CUSTOM_API, description="New")
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "DependencyNotReady")
    assert "adapterToken" in world.message(CUSTOM_API)
    world.apply(credentials)
    await world.settle()
    assert world.ready(CUSTOM_API)


async def test_credentials_that_no_header_can_hold(world: World) -> None:
    """A value of several lines is refused by the name of the field."""
    live(world)
    world.apply(secret_manifest("caller", {"authorization": "Bearer planted-one\nplanted-two"}))
    credentials = {"credentialsRef": {"name": "caller", "key": "authorization"}}
    await made(world, **protected(world, publication=OBSERVE, verification=credentials))
    assert world.condition(CUSTOM_API, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.verification.credentialsRef" in world.message(CUSTOM_API)
    assert looks(world) == 0


async def test_adapter_token_does_not_touch_the_count_of_log_ins(world: World) -> None:
    """Log-ins are counted for e-mail and password: a changed adapterToken buys no further attempt."""
    credentials, connection = harmony(world)
    wrong = {**credentials["stringData"], "password": "wrong-password-of-someone"}
    world.apply(secret_manifest("harmony", wrong), connection)
    await world.wait(900)
    tried = world.sandbox.jitterbit.sessions.attempts[world.sandbox.credentials.email]
    for number in range(4):
        world.apply(secret_manifest("harmony", {**wrong, "adapterToken": f"another-token-{number}"}))
        await world.wait(900)
    assert world.sandbox.jitterbit.sessions.attempts[world.sandbox.credentials.email] <= 2
    assert tried <= 2


async def test_refusal_of_the_adapter_is_passed_on(world: World) -> None:
    """What the adapter says is wrong is shown, cleaned of the token that it may repeat."""
    token = world.sandbox.credentials.adapter_token
    body = json.dumps({"title": "Bad", "status": 400, "detail": f"operation Read customer is not deployed ({token})"})
    await world.connect_jitterbit()
    world.sandbox.faults.add(Fault(kind="error", status=400, body=body, product="adapter", method="PUT"))
    world.apply(custom_api())
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "InvalidConfiguration")
    assert "operation Read customer is not deployed (***)" in world.message(CUSTOM_API)


NO_CONTRACT = {
    "a listing that is none": ("GET", 200, '{"apis": 1}', "RemoteUnavailable"),
    "a row without a revision": ("GET", 200, '{"apis": [{"key": "a", "state": "draft"}]}', "RemoteUnavailable"),
    "a configuration that is none": (
        "GET",
        200,
        '{"apis": [{"key": "a", "state": "draft", "revision": "1", "draft": {"services": [7]}}]}',
        "RemoteUnavailable",
    ),
    "a state that is none": (
        "GET",
        200,
        '{"apis": [{"key": "a", "state": ["draft"], "revision": "1"}]}',
        "RemoteUnavailable",
    ),
    "a revision that no header can hold": (
        "GET",
        200,
        '{"apis": [{"key": "a", "state": "draft", "revision": "\u00e9\\n", "draft": {}}]}',
        "RemoteUnavailable",
    ),
    "no JSON": ("GET", 200, "<html>", "RemoteUnavailable"),
    "an unknown organization": ("GET", 404, "{}", "DependencyNotReady"),
    "another service": ("GET", 405, "", "InvalidConfiguration"),
    "a redirect": ("GET", 302, "", "InvalidConfiguration"),
    "a token that may not": ("GET", 403, "", "PermissionDenied"),
    "a failure": ("GET", 500, '{"title": "planted"}', "RemoteUnavailable"),
    "a URL that is taken": ("PUT", 409, '{"detail": "another API is at this URL"}', "Conflict"),
    "a refusal": ("PUT", 400, '["no problem"]', "InvalidConfiguration"),
    "an operation that is not deployed": ("PUT", 422, '{"detail": "deploy it"}', "DependencyNotReady"),
    "an answer about another API": (
        "PUT",
        200,
        '{"key": "other", "state": "draft", "revision": "1", "draft": {}}',
        "RemoteUnavailable",
    ),
}


async def test_token_at_the_edge_of_what_is_passed_on(world: World) -> None:
    """A token that the adapter repeats where its sentence is cut leaves no half of itself behind."""
    token = world.sandbox.credentials.adapter_token
    await world.connect_jitterbit()
    for words in range(160, 200, 8):
        body = json.dumps({"detail": f"{'x' * words} {token}"})
        world.sandbox.faults.add(Fault(kind="error", status=400, body=body, product="adapter", method="PUT", times=1))
    world.apply(custom_api())
    await world.settle()
    for step in range(4):
        assert token[:8] not in world.told()
        world.change(CUSTOM_API, description=f"step {step}")
        await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "InvalidConfiguration")
    assert token[:8] not in world.told()


@pytest.mark.parametrize(("method", "status", "body", "reason"), NO_CONTRACT.values(), ids=NO_CONTRACT)
async def test_adapter_that_does_not_keep_to_the_contract(
    world: World, method: str, status: int, body: str, reason: str
) -> None:
    """Whatever the adapter answers has a reason that fits, and once it keeps to the contract the API is made."""
    await world.connect_jitterbit()
    world.sandbox.faults.add(Fault(kind="error", status=status, body=body, product="adapter", method=method))
    world.apply(custom_api())
    await world.settle()
    assert world.why(CUSTOM_API) == reason
    world.sandbox.faults.clear()
    await world.wait(1500)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")
    assert len(apis(world)) == 1


async def test_operation_that_is_not_deployed(world: World) -> None:
    """What API Manager lacks is tried again every five minutes, however long that lasts, and heals by itself."""
    await world.connect_jitterbit()
    told = json.dumps({"title": "Lacking", "status": 422, "detail": "operation Read customer is not deployed"})
    world.sandbox.faults.add(Fault(kind="error", status=422, body=told, product="adapter", method="POST"))
    world.apply(custom_api())
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "DependencyNotReady")
    assert "operation Read customer is not deployed" in world.message(CUSTOM_API)
    await world.wait(7200)
    world.forget()
    world.sandbox.faults.clear()
    await world.wait(400)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")
    assert world.writes(CUSTOM_API) == ["status"]


async def test_adapter_that_tells_another_url(world: World) -> None:
    """Where the adapter says that the API is elsewhere, what we would publish is wrong: not Ready, and said why."""
    await made(world)
    shown = world.sandbox.adapter._shown
    world.sandbox.adapter._shown = lambda api: {**shown(api), "url": "https://other.example.com/dev/customers"}  # type: ignore[method-assign]
    change_api(world, description="theirs")
    await world.resync()
    assert world.why(CUSTOM_API) == "InvalidConfiguration"
    assert "https://other.example.com/dev/customers" in world.message(CUSTOM_API)


# By hand


async def acknowledge(world: World, mode: Mapping[str, Any] = MANUAL) -> None:
    """Acknowledge the configuration as it is now, as a person does after the work."""
    shown = world.documents()["configurationHash"]
    world.change(CUSTOM_API, publication={**mode, "acknowledgedHash": shown})
    await world.settle()


async def test_by_hand(world: World) -> None:
    """A person is told what to do; the acknowledged hash makes it Ready, until the configuration changes."""
    await made(world, publication=MANUAL)
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert world.condition(CUSTOM_API, "Stalled") == ("True", "ManualActionRequired")
    for word in ("customers", "Development", "customers-customapi", world.status(CUSTOM_API)["configurationHash"]):
        assert word in world.message(CUSTOM_API)
    await acknowledge(world)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Acknowledged")
    assert world.condition(CUSTOM_API, "Stalled") == ("", "")
    former = world.status(CUSTOM_API)["configurationHash"]
    world.change(CUSTOM_API, description="New")
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert world.status(CUSTOM_API)["configurationHash"] != former
    assert json.loads(world.documents()["configuration.json"])["description"] == "New"
    await acknowledge(world)
    assert world.ready(CUSTOM_API)
    assert len(world.sandbox.requests.matching(product="adapter")) == 0


async def test_documents_move_while_a_person_is_waited_for(world: World) -> None:
    """Another name for the ConfigMap takes the documents along, acknowledged or not; the former one goes."""
    await made(world, publication=MANUAL)
    assert world.why(CUSTOM_API) == "ManualActionRequired"
    assert world.status(CUSTOM_API)["configMapName"] == "customers-customapi"
    before = dict(world.documents())
    world.change(CUSTOM_API, outputs={"configMap": {"name": "docs"}})
    await world.settle()
    assert world.documents("docs") == before
    assert world.store.config_map("customers-customapi") is None


async def test_killed_before_a_person_is_told(worlds: Callable[[], World]) -> None:
    """Killed after any effect: in the end there is one whole ConfigMap, and the person knows what to do."""

    async def arrange(world: World) -> None:
        await world.connect_jitterbit()

    def act(world: World) -> None:
        world.apply(custom_api(publication=MANUAL))

    def check(world: World) -> None:
        assert world.why(CUSTOM_API) == "ManualActionRequired"
        assert world.documents()["configurationHash"] in world.message(CUSTOM_API)
        assert world.finalizers(CUSTOM_API) == ["jitops.dev/finalizer"]

    await killed_everywhere(worlds, arrange, act, check, least=4)


async def test_what_is_no_configuration_does_not_make_an_acknowledgement_stale(world: World) -> None:
    """Only what a person enters in API Manager counts: not the policies, the address, the order of lists."""
    await made(world, publication=MANUAL, roles=["a", "b"])
    await acknowledge(world)
    world.change(CUSTOM_API, roles=["b", "a"], baseUrl="https://b.example.com", management={"resyncPeriod": "1h"})
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Acknowledged")


@pytest.mark.parametrize("acknowledged", [True, False])
@pytest.mark.parametrize("mode", [MANUAL, OBSERVE])
async def test_deletion_of_what_only_a_person_can_delete(
    world: World, mode: Mapping[str, Any], *, acknowledged: bool
) -> None:
    """The resource goes, whatever the remote and the connection are like, and says that the API stays."""
    await made(world, publication=mode)
    if acknowledged:
        await acknowledge(world, mode)
    world.sandbox.faults.add(Fault(kind="reset"))
    await world.restart()
    world.forget()
    world.store.delete(CUSTOM_API)
    await world.settle()
    assert not world.exists(CUSTOM_API)
    assert world.events(CUSTOM_API) == ["Retained"]
    assert "a person can" in world.last_event(CUSTOM_API).message
    assert world.store.config_map("customers-customapi") is None


async def test_by_hand_under_observe(world: World) -> None:
    """Under policy Observe the same is asked for and believed, and the adapter is left alone in every mode."""
    await made(world, publication=MANUAL, management={"policy": "Observe"})
    assert world.why(CUSTOM_API) == "ManualActionRequired"
    assert world.finalizers(CUSTOM_API) == []
    await acknowledge(world)
    assert world.ready(CUSTOM_API)
    world.change(CUSTOM_API, publication={"mode": "Adapter"})
    await world.settle()
    assert world.why(CUSTOM_API) == "RemoteNotFound"
    assert adapter_calls(world) == []


async def test_from_hand_to_adapter(world: World) -> None:
    """When an adapter comes, the same resource goes on by it."""
    await made(world, publication=MANUAL)
    await acknowledge(world)
    world.change(CUSTOM_API, publication={"mode": "Adapter"})
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")
    assert only_api(world)["id"] == world.status(CUSTOM_API)["id"]


# Only looked at


async def test_observe_without_a_look(world: World) -> None:
    """A public API is not called unless that is asked for, and without it, or a word, nothing is claimed."""
    await made(world, publication=OBSERVE, baseUrl=world.sandbox.gateway_url)
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert world.condition(CUSTOM_API, "Stalled") == ("True", "ManualActionRequired")
    assert looks(world) == 0
    await acknowledge(world, OBSERVE)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Acknowledged")


async def test_protected_api_is_seen(world: World) -> None:
    """A refusal counts as a sign of life since a random sibling is answered with 404; no operation runs."""
    live(world)
    await made(world, **protected(world, publication=OBSERVE))
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")
    assert world.sandbox.jitterbit.apis.runs == []


async def test_looks_are_few(world: World) -> None:
    """A look is taken when something changed, and once an interval; none of it is written down anywhere."""
    live(world)
    await made(world, **protected(world, publication=OBSERVE, verification={"interval": "2h"}))
    world.forget()
    await world.wait(7000)
    assert looks(world) == 0
    await world.wait(400)
    assert looks(world) == 2
    await world.wait(7300)
    assert looks(world) == 4
    assert world.writes(CUSTOM_API) == []
    world.annotate(CUSTOM_API, reconcile_requested_at="now")
    await world.settle()
    assert looks(world) == 5, "what a sibling is answered with is known for ten minutes"


async def test_looks_go_on_under_policy_observe(world: World) -> None:
    """What is only observed is looked at as often, and its end is noticed."""
    key = live(world)
    await made(world, **protected(world, publication=OBSERVE, management={"policy": "Observe"}))
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")
    world.sandbox.jitterbit.apis.remove(world.sandbox.jitterbit.apis.get(key))
    await world.wait(3700)
    assert world.condition(CUSTOM_API, "Ready") == ("False", "RemoteNotFound")


async def test_absent_api(world: World) -> None:
    """404 is absence: named with the URL, looked for again every five minutes, and healed by itself."""
    await made(world, **protected(world, publication=OBSERVE))
    assert world.condition(CUSTOM_API, "Ready") == ("False", "RemoteNotFound")
    assert world.status(CUSTOM_API)["url"] in world.message(CUSTOM_API)
    await world.wait(700)
    assert world.store.writes == []
    live(world)
    await world.wait(400)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")


@pytest.mark.parametrize("switches", [Switches(absent_api="forbidden"), Switches(absent_api="unauthorized")])
@pytest.mark.parametrize("there", [True, False])
async def test_gateway_that_tells_nothing(world: World, *, there: bool) -> None:
    """Where what is not there is refused just so, a refusal is no sign of life, whether the API is there or not."""
    if there:
        live(world)
    await made(world, **protected(world, publication=OBSERVE))
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert "for an API that can't exist" in world.message(CUSTOM_API)
    await acknowledge(world, OBSERVE)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Acknowledged")


@pytest.mark.parametrize("switches", [Switches(refused_call="unauthorized")])
async def test_gateway_that_refuses_with_401(world: World) -> None:
    """The same is seen where a call without credentials is answered with 401."""
    live(world)
    await made(world, **protected(world, publication=OBSERVE))
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")


@pytest.mark.parametrize(
    "fault", [Fault(kind="error", status=503), Fault(kind="reset"), Fault(kind="throttled", seconds=30)]
)
async def test_gateway_out_of_reach(world: World, fault: Fault) -> None:
    """No answer is neither presence nor absence: what was seen is believed for five minutes, then it is unknown."""
    live(world)
    await made(world, **protected(world, publication=OBSERVE))
    world.sandbox.faults.add(fault.model_copy(update={"product": "gateway"}))
    world.annotate(CUSTOM_API, reconcile_requested_at="now")
    await world.wait(200)
    assert world.ready(CUSTOM_API)
    await world.wait(400)
    if fault.kind != "throttled":
        assert world.condition(CUSTOM_API, "Ready") == ("Unknown", "RemoteUnavailable")
    world.sandbox.faults.clear()
    await world.wait(700)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")


async def test_protected_api_that_lets_anyone_in(world: World) -> None:
    """An answer to nobody in particular, though there should be a profile, is told, never called Ready."""
    plant_api(world, "byhand", services=[{**SERVICE_OF_API, "path": "", "parameters": []}])
    await made(world, **protected(world, publication=OBSERVE))
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert "is open to anyone" in world.message(CUSTOM_API)


async def test_real_call_with_credentials(world: World) -> None:
    """With credentials the API is really called, which runs its operation; they are told nowhere."""
    live(world)
    world.apply(secret_manifest("caller", {"authorization": world.sandbox.credentials.gateway_credentials}))
    credentials = {"credentialsRef": {"name": "caller", "key": "authorization"}, "path": "/7"}
    await made(world, **protected(world, publication=OBSERVE, verification=credentials))
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")
    assert world.sandbox.jitterbit.apis.runs == ["Read customer"]
    world.apply(secret_manifest("caller", {"authorization": "Bearer planted-wrong-token"}))
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("False", "ManualActionRequired")
    assert "spec.verification.credentialsRef" in world.message(CUSTOM_API)
    assert not world.reveals(world.told())


async def test_public_api_is_called_where_that_is_asked_for(world: World) -> None:
    """probe: true on a public API runs its operation, and an answer is a sign of life."""
    plant_api(world)
    verification = {"probe": True, "path": "/7"}
    await made(world, publication=OBSERVE, baseUrl=world.sandbox.gateway_url, verification=verification)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")
    assert world.sandbox.jitterbit.apis.runs == ["Read customer"]


async def test_acknowledged_and_looked_at(world: World) -> None:
    """By hand, nothing is looked at before the acknowledgement; then a look confirms it, or contradicts it."""
    await made(world, **protected(world, publication=MANUAL))
    assert looks(world) == 0
    await acknowledge(world)
    assert world.condition(CUSTOM_API, "Ready") == ("False", "RemoteNotFound")
    live(world)
    await world.wait(400)
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")


async def test_published_and_looked_at(world: World) -> None:
    """By an adapter the look comes after the publication, and only where it is asked for."""
    await made(world, **protected(world))
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Published")
    assert looks(world) == 0
    world.change(CUSTOM_API, verification={"probe": True})
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Verified")
    world.change(CUSTOM_API, publication=DRAFT)
    await world.settle()
    assert world.condition(CUSTOM_API, "Ready") == ("True", "Available")


async def test_budget_of_the_gateway_is_kept(world: World) -> None:
    """Two hundred APIs, at two addresses of one gateway, are looked at without a refusal, and all become Ready."""
    await world.connect_jitterbit()
    world.workers = 8
    names = [f"api{number}" for number in range(200)]
    spec = protected(world, verification={"probe": True})
    other = {**spec, "baseUrl": world.sandbox.gateway_url.replace("127.0.0.1", "localhost")}
    world.apply(*(custom_api(name, **(other if name.endswith("7") else spec)) for name in names))
    await world.wait(400)
    seen = world.sandbox.requests.matching(product="gateway")
    assert all(world.condition(Key("CustomAPI", "team", name), "Ready") == ("True", "Verified") for name in names)
    assert {one.status for one in seen} == {403, 404}
    moments = sorted(one.at for one in seen)
    assert max(sum(start <= at < start + 60 for at in moments) for start in moments) <= PROBES_A_MINUTE


async def test_planted_secrets_are_told_nowhere(world: World) -> None:
    """Token, password and caller's credentials are in no status, event or metric, whatever fails."""
    world.apply(secret_manifest("caller", {"authorization": "Bearer planted-caller-token"}))
    verification = {"credentialsRef": {"name": "caller", "key": "authorization"}}
    told = json.dumps({"detail": f"Bearer {world.sandbox.credentials.adapter_token}, or what you have"})
    for order in (
        Fault(kind="error", status=422, body=told, product="adapter", method="PUT", times=1),
        Fault(kind="error", status=500, body=told, product="adapter", method="POST", times=2),
        Fault(kind="error", status=500, body='{"detail": "Bearer planted-caller-token"}', product="gateway", times=2),
    ):
        world.sandbox.faults.add(order)
    await made(world, **protected(world, verification=verification))
    for step in range(4):
        world.change(CUSTOM_API, description=f"step {step}")
        await world.wait(HEALED)
    assert world.why(CUSTOM_API) == "Published"
    assert "spec.verification.credentialsRef" in world.message(CUSTOM_API)
    assert world.planted >= {world.sandbox.credentials.adapter_token, "Bearer planted-caller-token"}
    assert not world.reveals(world.told())


def test_sample_is_what_the_contract_calls_a_configuration() -> None:
    """What the tests plant is whole."""
    assert set(API_CONFIGURATION) == {
        "name", "description", "environment", "serviceRoot", "version", "logging", "services", "roles", "security",
    }  # fmt: skip
