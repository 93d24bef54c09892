"""Many keys worked on at once: what one order of work hides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.laws import nothing_left, whole
from tests.harness.manifests import (
    CONNECTOR,
    ORGANIZATION,
    STREAM,
    WORKSPACE,
    connector,
    harmony,
    jitsu,
    organization,
    secret_manifest,
    stream,
    workspace,
)
from tests.harness.samples.connector import connectors
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import keys_open, plant_stream, streams
from tests.harness.samples.table import SAMPLES
from tests.harness.waiting import yield_until
from tests.harness.world.killing import HEALED, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.core.outputs.outputs import HASH_KEY_SECRET
from jitops_sandbox import Fault

NAMES = [f"s{number:02}" for number in range(24)]


@pytest.fixture
def world(world: World) -> World:
    """Give a world in which eight keys are worked on at a time."""
    world.workers = 8
    return world


@every_kind
async def test_whole_set_up_at_once(world: World, sample: Sample) -> None:
    """Connection, Secret and two dozen resources applied together: one of each, one hash key, one mark."""
    sample.setting(world)
    world.apply(*(jitsu(world) if sample.is_jitsu else harmony(world)))
    world.apply(*(sample.manifest(name) for name in NAMES))
    await world.settle()
    keys = [Key(sample.key.kind, "team", name) for name in NAMES]
    assert all(world.ready(key) for key in keys)
    assert len(sample.objects(world)) == len(NAMES)
    assert [world.events(key) for key in keys] == [["Created"]] * len(NAMES)
    assert world.writes(Key("Secret", "jitops-system", HASH_KEY_SECRET)) == ["secret"]
    assert world.count("PUT", "*/user/login") <= 1
    credentials = "jitsu" if sample.is_jitsu else "harmony"
    assert world.writes(Key("Secret", "team", credentials)) == ["secret"]
    world.forget()
    await world.resync()
    await world.resync()
    assert world.store.writes == []
    assert world.remote_writes() == []


@every_kind
async def test_whole_set_up_deleted_at_once(world: World, sample: Sample) -> None:
    """Everything deleted together, connection and Secret included: nothing is left, in whatever order it went."""
    sample.setting(world)
    manifests = jitsu(world) if sample.is_jitsu else harmony(world)
    world.apply(*manifests, *(sample.manifest(name) for name in NAMES))
    await world.settle()
    world.store.terminating.add("team")
    for secret in world.store.secrets():
        if secret.namespace == "team":
            world.store.delete(secret.key)
    for key in world.store.named():
        world.store.delete(key)
    await world.wait(900)
    assert world.store.named() == []
    assert sample.objects(world) == []
    assert [secret.name for secret in world.store.secrets() if secret.namespace == "team"] == []


@every_kind
async def test_killed_while_many_are_created(worlds: Callable[[], World], sample: Sample) -> None:
    """A process that dies with several creations under way leaves no object without its resource, nor two of one."""

    async def arrange(world: World) -> None:
        world.workers = 4
        await sample.connect(world)

    def act(world: World) -> None:
        world.apply(*(sample.manifest(name) for name in NAMES[:4]))

    def check(world: World) -> None:
        held = {world.status(Key(sample.key.kind, "team", name))["id"] for name in NAMES[:4]}
        assert held == {one["id"] for one in sample.objects(world)}
        assert len(sample.objects(world)) == 4

    await killed_everywhere(worlds, arrange, act, check, least=16)


async def test_two_connectors_race_for_a_registration(world: World) -> None:
    """Of two Connectors that begin at once under one name and version, the older registers and the other waits."""
    await world.connect_jitterbit()
    world.sandbox.faults.add(Fault(kind="late", product="jitterbit", method="POST", path="*/connector", seconds=0.02))
    world.apply(connector("older", name="billing"))
    world.clock.turn(2)
    world.apply(connector("younger", name="billing"))
    await world.settle()
    assert world.ready(Key("Connector", "team", "older"))
    assert world.why(Key("Connector", "team", "younger")) == "Conflict"
    assert len(connectors(world)) == 1


async def test_two_streams_race_to_adopt(world: World) -> None:
    """The same for an object that both adopt."""
    await world.connect_jitsu()
    theirs = plant_stream(world)
    management = {"adopt": {"mode": "Override", "id": theirs}}
    world.apply(stream("older", management=management))
    world.clock.turn(2)
    world.apply(stream("younger", management=management))
    await world.settle()
    assert world.ready(Key("JitsuStream", "team", "older"))
    assert world.why(Key("JitsuStream", "team", "younger")) == "Conflict"


async def test_deleted_while_being_created(world: World) -> None:
    """A deletion that comes while the POST is under way is carried out right after it."""
    await world.connect_jitsu()
    world.sandbox.faults.add(Fault(kind="late", product="jitsu", method="POST", seconds=0.05, times=1))
    world.apply(stream())
    work = asyncio.create_task(world.settle())
    await yield_until(lambda: world.count("POST"))
    world.store.delete(STREAM)
    await work
    await world.settle()
    assert not world.exists(STREAM)
    assert streams(world) == []
    assert world.secret("shop-jitsustream") is None


async def test_changed_while_being_created(world: World) -> None:
    """A change that comes while the POST is under way is carried out right after it; the status is of the new spec."""
    await world.connect_jitsu()
    world.sandbox.faults.add(Fault(kind="late", product="jitsu", method="POST", seconds=0.05, times=1))
    world.apply(stream())
    work = asyncio.create_task(world.settle())
    await yield_until(lambda: world.count("POST"))
    world.change(STREAM, name="renamed")
    await work
    await world.settle()
    assert [one["name"] for one in streams(world)] == ["renamed"]
    assert world.ready(STREAM)
    assert world.status(STREAM)["syncedGeneration"] == 2
    assert keys_open(world)


async def test_secret_edited_while_being_written(world: World) -> None:
    """An edit that comes between our reading and our writing of a Secret is seen, and repaired."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.sandbox.faults.add(Fault(kind="late", product="jitsu", method="PUT", seconds=0.05, times=1))
    world.change(STREAM, name="renamed")
    work = asyncio.create_task(world.settle())
    await yield_until(lambda: world.count("PUT", "*/config/*"))
    world.edit_secret("shop-jitsustream", id="edited")
    await work
    await world.settle()
    assert keys_open(world)
    assert world.ready(STREAM)


async def test_wrong_passwords_of_many_connections(world: World) -> None:
    """Eight connections of one account that all begin at once make two attempts at most."""
    login = {"email": world.sandbox.credentials.email, "password": "wrong-password-of-someone"}
    world.apply(secret_manifest("harmony", login))
    world.apply(*(organization(world.sandbox.jitterbit_url, f"org{number}") for number in range(8)))
    await world.wait(3600)
    await world.restart()
    await world.wait(3600)
    assert world.count("PUT", "*/user/login") <= 2


async def test_connections_of_one_key_share_its_budget(world: World) -> None:
    """Limits stated on one connection hold for all that use the same key on the same host: the smallest counts."""
    world.apply(
        *jitsu(world),
        workspace(world.sandbox.jitsu_url, "small", limits={"post": 6}),
        *(stream(name, workspaceRef={"name": "acme" if at % 2 else "small"}) for at, name in enumerate(NAMES)),
    )
    await world.wait(30)
    assert world.count("POST") <= 6
    await world.wait(300)
    assert all(world.ready(Key("JitsuStream", "team", name)) for name in NAMES)


async def test_kinds_do_not_stand_in_each_others_way(world: World) -> None:
    """While one product is down the other one's resources are made."""
    world.sandbox.faults.add(Fault(kind="error", product="jitterbit", status=503))
    world.apply(*jitsu(world), *harmony(world), stream(), connector())
    await world.settle()
    whole(world, SAMPLES["JitsuStream"])
    assert world.ready(WORKSPACE)
    assert not world.ready(ORGANIZATION)
    assert not world.ready(CONNECTOR)
    world.sandbox.faults.clear()
    await world.wait(HEALED)
    whole(world, SAMPLES["Connector"])
    for key in (STREAM, CONNECTOR):
        world.store.delete(key)
    await world.settle()
    nothing_left(world, SAMPLES["JitsuStream"])
    nothing_left(world, SAMPLES["Connector"])
