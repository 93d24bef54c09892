"""source: Builder: connectors that people make in the Connector Builder, which has no API, are only observed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.harness.manifests import CONNECTOR, Manifest, config_map, connector
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches

EMPTY = {"list": Switches(), "null": Switches(empty_listing="null"), "absent": Switches(empty_listing="absent")}
LATE = {"at once": Switches(), "late": Switches(listing_lag_seconds=30.0), "numbers": Switches(ids="numbers")}
EXPORT = {"exportFrom": {"configMapKeyRef": {"name": "tickets", "key": "tickets.json"}}}
SECRET = "billing-connector"


def tickets(resource: str = "billing", /, **spec: Any) -> Manifest:
    """Write a Connector that stands for one of the Builder."""
    return connector(resource, **{"source": "Builder", "name": "Acme Tickets", "version": "2", **spec})


def publish(world: World, name: str = "Acme Tickets", version: str = "2") -> str:
    """Make and publish a connector in the Builder, as a person does; return its id."""
    return world.sandbox.jitterbit.publish_in_builder("100200", name, version).id


async def applied(world: World, **spec: Any) -> None:
    """Connect, apply, and let everything be done."""
    await world.connect_jitterbit()
    assert untouched(world)
    world.apply(tickets(**spec))
    await world.settle()


def untouched(world: World) -> bool:
    """Tell that no request but log-ins and listings reached Harmony, and begin to count anew."""
    written = world.remote_writes()
    world.forget()
    return written == []


@pytest.fixture(autouse=True)
def _nothing_is_written(world: World) -> Iterator[None]:
    """Look, whatever a scenario did, whether anything was written to Harmony."""
    yield
    assert untouched(world)


@pytest.mark.parametrize("switches", LATE.values(), ids=LATE)
async def test_published(world: World) -> None:
    """A connector that is listed is Ready, with its ids in the Secret and in status; key and secret are not copied."""
    id_ = publish(world)
    world.clock.turn(60)
    await applied(world)
    assert world.ready(CONNECTOR), world.status(CONNECTOR)
    assert world.status(CONNECTOR)["id"] == id_
    row = world.sandbox.jitterbit.connector(id_)
    assert world.values(SECRET) == {
        "id": id_,
        "endpointEntityId": str(row.endpoint),
        "functionEntityStartId": str(row.endpoint + 1),
        "functionEntityEndId": str(row.endpoint + 99),
    }
    assert world.finalizers(CONNECTOR) == []
    assert "Builder" in world.message(CONNECTOR)


async def test_ids_are_published_as_far_as_they_are_listed(world: World) -> None:
    """Where the listing has no entity ids for it, the Secret has none, and no empty value stands for one."""
    await world.connect_jitterbit()
    row = {"id": 7, "name": "Acme Tickets", "version": "2", "key": None}
    body = json.dumps({"status": True, "registeredConnectorList": [row]})
    world.sandbox.faults.add(Fault(kind="error", product="jitterbit", path="*/connector", status=200, body=body))
    world.apply(tickets())
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.values(SECRET) == {"id": "7"}


@pytest.mark.parametrize("switches", EMPTY.values(), ids=EMPTY)
async def test_missing(world: World) -> None:
    """One that is not listed needs a person, told by condition and one event; it is found when it is published."""
    await applied(world)
    for condition in ("Ready", "Synced"):
        assert world.condition(CONNECTOR, condition) == ("False", "ManualActionRequired")
    assert world.condition(CONNECTOR, "Stalled") == ("True", "ManualActionRequired")
    assert "Acme Tickets 2" in world.message(CONNECTOR)
    assert "publish" in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["ManualActionRequired"]
    await world.wait(1200)
    assert world.events(CONNECTOR) == ["ManualActionRequired"]
    id_ = publish(world)
    await world.wait(400)
    assert world.ready(CONNECTOR)
    assert world.values(SECRET)["id"] == id_


async def test_missing_is_believed_of_a_fresh_listing(world: World) -> None:
    """What was published since the last listing is found at once."""
    await applied(world)
    assert world.why(CONNECTOR) == "ManualActionRequired"
    publish(world, "Other", "1")
    world.clock.turn(1)
    world.apply(tickets("other", name="Other", version="1"))
    await world.settle()
    assert world.ready(Key("Connector", "team", "other"))


async def test_taken_down(world: World) -> None:
    """One that vanishes from the listing needs a person again; its Secret stays as it was."""
    id_ = publish(world)
    await applied(world)
    before = world.values(SECRET)
    world.sandbox.jitterbit.remove(id_)
    await world.resync()
    assert world.why(CONNECTOR) == "ManualActionRequired"
    assert world.values(SECRET) == before


@pytest.mark.parametrize("policy", [None, "Delete", "Retain"])
@pytest.mark.parametrize("used", [False, True], ids=["free", "in use"])
async def test_deleted(world: World, policy: str | None, *, used: bool) -> None:
    """Whatever the policy says, the resource goes at once and the connector stays; with Retain the Secret too."""
    id_ = publish(world)
    world.sandbox.jitterbit.connector(id_).used = used
    await applied(world, **({"management": {"deletionPolicy": policy}} if policy else {}))
    world.store.delete(CONNECTOR)
    await world.settle()
    assert not world.exists(CONNECTOR)
    assert [one.id for one in world.sandbox.jitterbit.connectors()] == [id_]
    assert (world.secret(SECRET) is not None) is (policy == "Retain")


async def test_two_of_one_name_and_version(world: World) -> None:
    """The listing does not tell the Builder's from others: two are a Conflict that names both."""
    ids = [publish(world), world.sandbox.jitterbit.register("100200", "Acme Tickets", "2").id]
    await applied(world)
    assert world.why(CONNECTOR) == "Conflict"
    assert all(id_ in world.message(CONNECTOR) for id_ in ids)


async def test_several_may_observe_one(world: World) -> None:
    """Observing claims nothing: two resources may stand for one connector."""
    publish(world)
    await applied(world)
    world.apply(tickets("second"))
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.ready(Key("Connector", "team", "second"))


async def test_lost_secret(world: World) -> None:
    """A Secret that was edited or deleted is written again."""
    publish(world)
    await applied(world)
    before = world.values(SECRET)
    world.store.delete(Key("Secret", "team", SECRET))
    await world.settle()
    assert world.values(SECRET) == before
    assert world.ready(CONNECTOR)


async def test_rest(world: World) -> None:
    """At rest it costs its share of one listing, and no write anywhere."""
    publish(world)
    await applied(world)
    await world.resync()
    assert untouched(world)
    await world.resync()
    assert (world.store.writes, world.store.events) == ([], [])
    assert len(world.sandbox.requests) == world.count("GET", "*/connector") == 1


# The export


async def test_export_is_named_to_the_person(world: World) -> None:
    """Where the export is kept, and which it is, stands in the message; another export is another message."""
    world.apply(config_map("tickets", {"tickets.json": json.dumps({"any": "thing"})}, watched=True))
    await applied(world, builder=EXPORT)
    assert world.why(CONNECTOR) == "ManualActionRequired"
    told = world.message(CONNECTOR)
    assert "tickets.json of ConfigMap tickets" in told
    world.apply(config_map("tickets", {"tickets.json": json.dumps({"any": "other thing"})}, watched=True))
    await world.settle()
    assert world.message(CONNECTOR) != told


ICON = "<svg xmlns='http://www.w3.org/2000/svg'>"
BAD_EXPORTS = {
    "no JSON": ("{", "is not JSON"),
    "nothing": ("", "is not JSON"),
    "a list": ("[]", "is not a JSON object"),
    "far too deep": ("[" * 100_000, "is not JSON"),
    "icon too large": (json.dumps({"a": [{"b": ICON + "x" * 122_881}]}), "SVG"),
}


@pytest.mark.parametrize(("text", "said"), BAD_EXPORTS.values(), ids=BAD_EXPORTS)
async def test_bad_export(world: World, text: str, said: str) -> None:
    """What can't be an export is refused by field, though the connector is there; it heals with the ConfigMap."""
    publish(world)
    world.apply(config_map("tickets", {"tickets.json": text}, watched=True))
    await applied(world, builder=EXPORT)
    assert world.condition(CONNECTOR, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.builder.exportFrom.configMapKeyRef" in world.message(CONNECTOR)
    assert said in world.message(CONNECTOR)
    world.apply(config_map("tickets", {"tickets.json": json.dumps({"icon": ICON + "x" * 100_000})}, watched=True))
    await world.settle()
    assert world.ready(CONNECTOR)


@pytest.mark.parametrize("data", [None, {"other": "{}"}], ids=["no ConfigMap", "no key"])
async def test_missing_export(world: World, data: dict[str, str] | None) -> None:
    """An export that is named and not there is told by the reference, and waited for."""
    publish(world)
    if data:
        world.apply(config_map("tickets", data))
    await applied(world, builder=EXPORT)
    assert world.why(CONNECTOR) == "DependencyNotFound"
    world.apply(config_map("tickets", {"tickets.json": "{}"}))
    await world.wait(120)
    assert world.ready(CONNECTOR)
