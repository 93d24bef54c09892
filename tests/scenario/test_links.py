"""Links: found by pair or intent, changed in place, made once, never taken from others, true to their ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from tests.harness.laws import nothing_left, whole
from tests.harness.manifests import LINK, STREAM, SYNC, function, jitsu, link, manifest, stream, sync
from tests.harness.samples.link import (
    LINK_DATA,
    LINK_SAMPLE,
    SYNC_SAMPLE,
    change_link,
    connect_ends,
    links,
    only_link,
    plant_ends,
    plant_link,
    remove_link,
)
from tests.harness.samples.sample import WS, Sample
from tests.harness.samples.stream import streams
from tests.harness.world.killing import HEALED, killed_again_and_again, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key, Resource
from jitops_sandbox import Fault

Build = Literal["A", "B"]
Worlds = Callable[[], World]

both_builds = pytest.mark.parametrize("build", ["A", "B"])
both_types = pytest.mark.parametrize("sample", [LINK_SAMPLE, SYNC_SAMPLE], ids=["push", "sync"])
SHOP = {"from": {"streamRef": {"name": "shop"}}}


async def ready(world: World, sample: Sample = LINK_SAMPLE, **spec: Any) -> str:
    """Bring the sample to Ready, begin to count, and return its id."""
    await sample.connect(world)
    world.apply(sample.manifest(**spec))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.forget()
    return str(world.status(sample.key)["id"])


async def ready_from_stream(world: World) -> str:
    """Do the same for a link that starts at a JitsuStream."""
    await connect_ends(world)
    world.apply(stream(), link(**SHOP))
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    world.forget()
    return str(world.status(LINK)["id"])


def own_stream(world: World) -> str:
    """Give the id of the JitsuStream's stream."""
    return str(world.status(STREAM)["id"])


# What is sent


@both_builds
async def test_push_as_sent(world: World, build: Build) -> None:
    """A push is created with data, though the spec has none, and checked by the console itself."""
    world.sandbox.jitsu.build = build
    await connect_ends(world)
    world.forget()
    world.apply(link())
    await world.settle()
    (request,) = world.sandbox.requests.matching(method="POST")
    assert request.query == {"strict": "true"}
    assert only_link(world)["data"] == {}
    status = world.status(LINK)
    assert (status["linkType"], status["fromId"], status["toId"]) == ("push", "site1", "warehouse1")
    assert "intent" not in status


@both_types
@both_builds
async def test_changed_in_place(world: World, sample: Sample, build: Build) -> None:
    """A change of options is one PUT to the same link: no other link is made, none is deleted."""
    world.sandbox.jitsu.build = build
    id_ = await ready(world, sample)
    data = {"streams": {}, "namespace": "x"} if sample is SYNC_SAMPLE else {"frequency": 9}
    world.change(sample.key, data=data)
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    assert (only_link(world)["id"], only_link(world)["data"]) == (id_, data)
    assert [line.partition(" ")[0] for line in world.remote_writes()] == ["PUT"]
    assert world.events(sample.key) == ["Updated"]


@both_types
async def test_options_of_others_stay(world: World, sample: Sample) -> None:
    """Data is replaced as a whole, so that options which the spec does not name are sent back as they are."""
    id_ = await ready(world, sample)
    change_link(world, id_, functionsEnv={"REGION": "secret-region"})
    await world.resync()
    assert world.remote_writes() == []
    world.change(sample.key, data={**world.store.body(sample.key)["spec"]["data"], "disabled": True})
    if sample is SYNC_SAMPLE:
        world.change(sample.key, data={"streams": {}, "namespace": "x"})
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    assert only_link(world)["data"]["functionsEnv"] == {"REGION": "secret-region"}


async def test_link_without_data_is_given_some(world: World) -> None:
    """A link whose data is null breaks the console's export for everyone: it is set right at the next resync."""
    id_ = await ready(world, data=None)
    world.sandbox.jitsu.state.links[id_].data = None
    await world.resync()
    assert only_link(world)["data"] == {}
    assert world.events(LINK) == ["DriftCorrected"]


@both_builds
async def test_options_that_the_type_does_not_have(world: World, build: Build) -> None:
    """What the console's own check refuses is named by field, and nothing is made; a correction heals it."""
    world.sandbox.jitsu.build = build
    await connect_ends(world)
    world.apply(link(data={"mode": "sometimes"}))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.data.mode: Invalid enum value" in world.message(LINK)
    assert links(world) == []
    assert "intent" not in world.status(LINK), "nothing was made that would have to be looked for"
    world.change(LINK, data={"mode": "stream"})
    await world.settle()
    assert world.ready(LINK)


async def test_text_that_no_database_keeps_is_refused(world: World) -> None:
    """An option with a NUL is not sent: the console would fail as if its database were down."""
    await connect_ends(world)
    world.apply(link(data={"primaryKey": "a\0b"}))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "InvalidConfiguration")
    assert "data.primaryKey: contains a character" in world.message(LINK)
    assert world.remote_writes() == []


async def test_schedule_that_is_none(world: World) -> None:
    """A schedule that the console can't read is refused with the console's own words."""
    await connect_ends(world)
    world.apply(sync(data={"streams": {}, "schedule": "sometimes"}))
    await world.settle()
    assert world.condition(SYNC, "Ready") == ("False", "InvalidConfiguration")
    assert "cron" in world.message(SYNC)


# Whose it is


@both_types
@both_builds
async def test_link_of_others(world: World, sample: Sample, build: Build) -> None:
    """A link that exists between ends of others is a Conflict, though it be equal, and stays as it is."""
    world.sandbox.jitsu.build = build
    await sample.connect(world)
    theirs = sample.plant(world)
    world.apply(sample.manifest())
    await world.settle()
    assert world.condition(sample.key, "Ready") == ("False", "Conflict")
    assert theirs in world.message(sample.key)
    assert ("allowParallel" in world.message(sample.key)) == (sample is SYNC_SAMPLE)
    assert world.remote_writes() == []


async def test_equal_link_of_our_own_stream(world: World) -> None:
    """After the loss of all status a link that starts at our own stream is found again, and nothing is written."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    found = plant_link(world, start=own_stream(world), data={"mode": "batch"})
    world.forget()
    world.apply(link(**SHOP, data={"mode": "batch"}))
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    assert world.status(LINK)["id"] == found
    assert world.remote_writes() == []


async def test_other_link_of_our_own_stream(world: World) -> None:
    """One that differs is a Conflict: whoever made it wants it so."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    plant_link(world, start=own_stream(world), data={"mode": "batch", "frequency": 1})
    world.forget()
    world.apply(link(**SHOP, data={"mode": "batch"}))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "Conflict")
    assert world.remote_writes() == []
    world.store.delete(LINK)
    await world.settle()
    assert not world.exists(LINK)
    assert len(links(world)) == 1


@both_types
async def test_adopted_by_its_pair(world: World, sample: Sample) -> None:
    """An adopting link needs no id where its pair has one link."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.apply(sample.manifest(management={"adopt": {"mode": "Match"}}))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    assert world.status(sample.key)["id"] == theirs
    assert world.events(sample.key) == ["Adopted"]


async def test_adopted_link_between_other_ends(world: World) -> None:
    """A link between other ends can't be moved: that is said, and it stays."""
    await connect_ends(world)
    theirs = plant_link(world, start="sitesecond")
    world.apply(link(management={"adopt": {"mode": "Override", "id": theirs}}))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "Conflict")
    assert "other ends" in world.message(LINK)
    assert only_link(world)["fromId"] == "sitesecond"


async def test_two_links_of_one_pair(world: World) -> None:
    """Of two JitsuLinks between the same two the older has the link, however each names its ends."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    world.apply(link("first", **SHOP))
    world.clock.turn(5)
    world.apply(link("second", **{"from": {"streamRef": {"external": own_stream(world)}}}))
    await world.settle()
    assert world.ready(Key("JitsuLink", "team", "first"))
    assert world.why(Key("JitsuLink", "team", "second")) == "Conflict"
    assert "first" in world.message(Key("JitsuLink", "team", "second"))
    assert len(links(world)) == 1


async def test_two_links_race_for_a_pair(world: World) -> None:
    """The same where both begin at once and no listing shows either."""
    world.workers = 8
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    world.sandbox.faults.add(Fault(kind="late", product="jitsu", method="POST", path="*/config/link", seconds=0.02))
    world.apply(sync("first"))
    world.clock.turn(2)
    world.apply(sync("second"))
    await world.settle()
    assert len(links(world)) == 1
    assert world.ready(Key("JitsuLink", "team", "first"))
    assert world.why(Key("JitsuLink", "team", "second")) == "Conflict"


async def test_parallel_syncs(world: World) -> None:
    """A second sync of one pair is made only where it says that it may, and each keeps its own."""
    await connect_ends(world)
    world.apply(sync("first"))
    await world.settle()
    world.apply(sync("second"))
    await world.settle()
    second = Key("JitsuLink", "team", "second")
    assert world.why(second) == "Conflict"
    assert "allowParallel" in world.message(second)
    world.change(second, allowParallel=True)
    await world.settle()
    assert world.ready(second), world.status(second)
    held = {str(world.status(Key("JitsuLink", "team", name))["id"]) for name in ("first", "second")}
    assert held == {one["id"] for one in links(world)}
    assert len(held) == 2
    world.store.delete(second)
    await world.settle()
    assert only_link(world)["id"] == world.status(Key("JitsuLink", "team", "first"))["id"]


async def test_two_new_syncs_after_an_unclear_answer(world: World) -> None:
    """Which of two new syncs is ours nobody can tell: both are named, and none is touched."""
    await connect_ends(world)
    world.sandbox.faults.add(Fault(kind="lost", product="jitsu", method="POST", path="*/config/link", times=1))
    world.apply(sync())
    await world.survives(5, 0.5)
    assert world.status(SYNC)["intent"]["ids"] == []
    made = only_link(world)["id"]
    theirs = plant_link(world, "newer", {"streams": {}}, start="crm1")
    await world.restart()
    await world.wait(HEALED)
    assert world.condition(SYNC, "Ready") == ("False", "Conflict")
    assert made in world.message(SYNC)
    assert theirs in world.message(SYNC)
    assert len(links(world)) == 2
    remove_link(world, theirs)
    await world.wait(400)
    assert world.ready(SYNC)
    assert world.status(SYNC)["id"] == made


@both_builds
async def test_duplicate_of_a_push(world: World, build: Build) -> None:
    """A second link of the pair, made by others, stays; ours goes on, and is changed only while it is the oldest."""
    world.sandbox.jitsu.build = build
    id_ = await ready(world)
    theirs = plant_link(world, "newer")
    world.change(LINK, data={"frequency": 8})
    await world.settle()
    assert world.ready(LINK)
    assert {one["id"]: one["data"] for one in links(world)} == {id_: {"frequency": 8}, theirs: LINK_DATA}
    state = world.sandbox.jitsu.state
    state.links = {theirs: state.links[theirs], id_: state.links[id_]}
    world.change(LINK, data={"frequency": 7})
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "Conflict")
    assert theirs in world.message(LINK)
    assert state.links[theirs].data == LINK_DATA
    world.store.delete(LINK)
    await world.settle()
    assert only_link(world)["id"] == theirs


@both_builds
async def test_made_by_others_between_look_and_attempt(world: World, build: Build) -> None:
    """The console refuses a pair that was linked since we looked: we look again, and leave that link alone."""
    world.sandbox.jitsu.build = build
    await connect_ends(world)
    feed = world.store.on_change

    def intrude(before: Resource | None, after: Resource) -> None:
        feed(before, after)
        if after.status.get("intent") and not links(world):
            plant_link(world, data={"frequency": 1})

    world.store.on_change = intrude
    world.apply(link())
    await world.wait(60)
    assert world.condition(LINK, "Ready") == ("False", "Conflict")
    assert "intent" not in world.status(LINK)
    assert (only_link(world)["id"], only_link(world)["data"]) == ("their-link", {"frequency": 1})


# Killed


@both_types
async def test_created_once_whenever_killed(worlds: Worlds, sample: Sample) -> None:
    """Killed after any effect of a creation, connection included: one link."""

    def act(world: World) -> None:
        plant_ends(world)
        world.apply(*jitsu(world), sample.manifest())

    async def arrange(world: World) -> None:
        """Begin with nothing."""

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, sample), least=9)


@both_types
@both_builds
@pytest.mark.parametrize("kind", ["lost", "malformed", "error"])
async def test_created_once_though_unclear(worlds: Worlds, sample: Sample, build: Build, kind: Any) -> None:
    """The same where the answer is lost, unreadable, or tells of a failure after the link was made."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build
        await sample.connect(world)
        fault = Fault(kind=kind, product="jitsu", method="POST", path="*/config/link", times=1)
        world.sandbox.faults.add(fault)

    def act(world: World) -> None:
        world.apply(sample.manifest())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, sample), least=4)


@both_types
@both_builds
async def test_deleted_whenever_killed(worlds: Worlds, sample: Sample, build: Build) -> None:
    """Killed after any effect of a deletion, its answer lost besides: nothing is left."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build
        await ready(world, sample)
        world.sandbox.faults.add(Fault(kind="lost", product="jitsu", method="DELETE", times=1))

    def act(world: World) -> None:
        world.store.delete(sample.key)

    await killed_everywhere(worlds, arrange, act, lambda world: nothing_left(world, sample), least=3)


@both_types
@pytest.mark.parametrize("effects", [2, 3])
async def test_processes_that_live_for_few_effects(world: World, sample: Sample, effects: int) -> None:
    """A crash loop makes progress and no second link."""
    plant_ends(world)
    world.apply(*jitsu(world), sample.manifest())
    await killed_again_and_again(world, effects)
    whole(world, sample)


@both_types
async def test_deleted_right_after_its_creation(worlds: Worlds, sample: Sample) -> None:
    """A link that is deleted before it was ever told of leaves nothing behind."""
    for effects in range(8):
        world = worlds()
        await sample.connect(world)
        world.apply(sample.manifest())
        await world.survives(effects, 1.0)
        world.store.delete(sample.key)
        await world.restart()
        await world.wait(HEALED)
        nothing_left(world, sample)


# Its ends


async def test_waits_for_its_ends(world: World) -> None:
    """A link is made when the last of what it refers to is there, and says meanwhile what it waits for."""
    await connect_ends(world)
    world.apply(link(**SHOP, functions=[{"functionRef": {"name": "enrich"}}]))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    assert "spec.from.streamRef: JitsuStream team/shop does not exist" in world.message(LINK)
    world.apply(stream())
    await world.settle()
    assert "spec.functions[0].functionRef: JitsuFunction team/enrich" in world.message(LINK)
    world.apply(function())
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    pipeline = [{"functionId": f"udf.{world.status(Key('JitsuFunction', 'team', 'enrich'))['id']}"}]
    assert only_link(world)["data"] == {"functions": pipeline}
    assert only_link(world)["fromId"] == own_stream(world)


async def test_end_over_another_workspace(world: World) -> None:
    """An end that lives in another workspace is refused, by name."""
    await connect_ends(world)
    world.apply(stream(workspaceRef={"name": "elsewhere"}), link(**SHOP))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.from.streamRef" in world.message(LINK)
    assert links(world) == []


@both_builds
async def test_external_end_that_is_not_there(world: World, build: Build) -> None:
    """An id that the console does not have is named, and no link is attempted until it is there."""
    world.sandbox.jitsu.build = build
    await connect_ends(world)
    world.apply(link(**{"from": {"streamRef": {"external": "nowhere1"}}}))
    await world.settle()
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    assert "spec.from.streamRef: the stream nowhere1 does not exist at the console" in world.message(LINK)
    assert world.remote_writes() == []
    world.sandbox.jitsu.state.create(WS, "stream", "nowhere1", {"type": "stream", "name": "x", "domains": []})
    await world.wait(400)
    assert world.ready(LINK)


@pytest.mark.parametrize("end", ["site1", "warehouse1"])
async def test_external_end_is_deleted(world: World, end: str) -> None:
    """A link whose end others deleted says so at the next resync, and heals when the end returns."""
    await ready(world)
    state, stored = world.sandbox.jitsu.state, world.sandbox.jitsu.state.objects[end]
    world.sandbox.jitsu.remove(end)
    await world.resync()
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    assert end in world.message(LINK)
    assert world.remote_writes() == []
    world.forget()
    await world.resync()
    assert world.store.writes == []
    del state.objects[end]
    state.create(WS, stored.type, end, stored.config)
    await world.resync()
    assert world.ready(LINK)
    assert world.remote_writes() == []


@both_builds
async def test_own_end_is_deleted_remotely(world: World, build: Build) -> None:
    """A stream that others deleted comes back under another id: our link follows, and no dangling one is left."""
    world.sandbox.jitsu.build = build
    former = await ready_from_stream(world)
    world.sandbox.jitsu.remove(own_stream(world))
    await world.wait(HEALED)
    assert world.ready(STREAM)
    assert world.ready(LINK), world.status(LINK)
    assert only_link(world)["fromId"] == own_stream(world) == streams(world)[-1]["id"]
    assert only_link(world)["id"] != former


async def test_own_end_is_deleted_remotely_killed(worlds: Worlds) -> None:
    """The same, killed after any effect."""

    async def arrange(world: World) -> None:
        await ready_from_stream(world)
        world.sandbox.jitsu.remove(own_stream(world))

    def check(world: World) -> None:
        assert world.ready(LINK), world.status(LINK)
        assert only_link(world)["fromId"] == own_stream(world)

    await killed_everywhere(worlds, arrange, lambda _: None, check, least=5)


async def test_order_of_functions(world: World) -> None:
    """The pipeline has the functions in the order of the spec; another order is a change."""
    pipeline = [{"functionRef": {"external": id_}} for id_ in ("b", "a", "c")]
    await ready(world, functions=pipeline)
    shown = [one["functionId"] for one in only_link(world)["data"]["functions"]]
    assert shown == ["udf.b", "udf.a", "udf.c"]
    world.change(LINK, functions=[pipeline[1], pipeline[0], pipeline[2]])
    await world.settle()
    assert [one["functionId"] for one in only_link(world)["data"]["functions"]] == ["udf.a", "udf.b", "udf.c"]
    await world.resync()
    world.forget()
    await world.resync()
    assert world.remote_writes() == []


# Many


async def test_many_links_at_rest(world: World) -> None:
    """200 links on 20 streams and 20 destinations of ours cost four conditional GETs a resync, and no write.

    So do 1,000 on 100, in a minute.
    """
    world.workers = 8
    await connect_ends(world)
    world.apply(*(stream(f"s{number}") for number in range(20)))
    world.apply(*(_destination(f"d{number}") for number in range(20)))
    world.apply(*(_between(start, (start + step) % 20) for start in range(20) for step in range(10)))
    await world.settle(rounds=5000)
    await world.wait(900)
    assert len(links(world)) == 200
    await world.resync()
    world.forget()
    await world.resync()
    await world.resync()
    assert world.count("GET", "*/config/link") == 2
    assert world.store.writes == []
    assert world.remote_writes() == []
    assert [one.status for one in world.sandbox.requests] == [304] * 8, "the workspace and three listings each time"


def _destination(name: str) -> dict[str, Any]:
    spec = {"workspaceRef": {"name": "acme"}, "destinationType": "devnull", "config": {}}
    return manifest("JitsuDestination", name, spec)


def _between(start: int, end: int) -> dict[str, Any]:
    ends = {"from": {"streamRef": {"name": f"s{start}"}}, "to": {"destinationRef": {"name": f"d{end}"}}}
    return link(f"s{start}-d{end}", **ends)
