"""Deletion of what links use: in the right order whatever order was asked, and by the rule that the spec names."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Literal

import pytest
from tests.harness.manifests import (
    FUNCTION,
    LINK,
    STREAM,
    WORKSPACE,
    destination,
    function,
    link,
    secret_manifest,
    stream,
)
from tests.harness.samples.function import functions
from tests.harness.samples.link import connect_ends, links, only_link, plant_link, remove_link
from tests.harness.samples.sample import WS
from tests.harness.samples.stream import streams
from tests.harness.waiting import yield_until
from tests.harness.world.killing import HEALED, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault

Build = Literal["A", "B"]
Worlds = Callable[[], World]

both_builds = pytest.mark.parametrize("build", ["A", "B"])
SHOP: dict[str, Any] = {"from": {"streamRef": {"name": "shop"}}}


@pytest.fixture
def world(world: World, build: Build) -> World:
    """Give a world whose console is of this build."""
    world.sandbox.jitsu.build = build
    return world


async def linked(world: World, cascade: str | None = None, **more: Any) -> str:
    """Link a JitsuStream to a destination of others, begin to count, and return the link's id."""
    await connect_ends(world)
    management = {} if cascade is None else {"management": {"cascade": cascade}}
    world.apply(stream(**management), link(**{**SHOP, **more}))
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    world.forget()
    return str(world.status(LINK)["id"])


def own_stream(world: World) -> str:
    """Give the id of the JitsuStream's stream."""
    return str(world.status(STREAM)["id"])


def deletions(world: World) -> list[tuple[str, dict[str, str]]]:
    """Show what was deleted at the console: the type, and how."""
    asked = world.sandbox.requests.matching(method="DELETE")
    return [(request.path.split("/config/")[1].partition("/")[0], request.query) for request in asked]


# The order


@both_builds
@pytest.mark.parametrize("order", list(itertools.permutations((STREAM, LINK, FUNCTION, WORKSPACE))), ids=str)
async def test_any_order_of_deletion(world: World, order: tuple[Key, ...]) -> None:
    """Deleted together in any order, the link goes first, then what it uses; nothing of it is left, and at once."""
    await linked(world)
    world.apply(function())
    world.change(LINK, functions=[{"functionRef": {"name": "enrich"}}])
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    world.forget()
    for key in order:
        world.store.delete(key)
    await world.settle()
    assert [key for key in order if world.exists(key)] == []
    assert links(world) == []
    assert functions(world) == []
    assert own_streams(world) == []
    assert deletions(world)[0][0] == "link"
    assert [world.events(key) for key in (STREAM, LINK, FUNCTION)] == [["Deleted"]] * 3


def own_streams(world: World) -> list[Any]:
    """Show the streams that the scenario did not plant."""
    return [one["id"] for one in streams(world) if not one["id"].startswith("site")]


@both_builds
async def test_one_after_the_other(world: World) -> None:
    """A stream deleted before its link waits for it, says so, and goes as soon as the link is gone."""
    await linked(world)
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert str(LINK) in world.message(STREAM)
    assert deletions(world) == []
    world.store.delete(LINK)
    await world.settle()
    assert not world.exists(STREAM)
    assert not world.exists(LINK)
    assert links(world) == []


@both_builds
async def test_waits_for_a_link_that_takes_long(world: World) -> None:
    """While the link's deletion is under way the stream's is no failure: it waits, and says for what."""
    await linked(world)
    world.annotate(LINK, paused="true")
    world.store.delete(LINK)
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "Deleting")
    assert world.condition(STREAM, "Stalled") == ("", "")
    assert str(LINK) in world.message(STREAM)
    await world.wait(600)
    assert world.events(STREAM) == []
    world.annotate(LINK, paused=None)
    await world.settle()
    assert not world.exists(STREAM)


@both_builds
async def test_link_that_names_the_id(world: World) -> None:
    """A JitsuLink that names our stream by its id is seen as one that names the resource."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    world.apply(link(**{"from": {"streamRef": {"external": own_stream(world)}}}))
    await world.settle()
    assert world.ready(LINK)
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert str(LINK) in world.message(STREAM)
    world.store.delete(LINK)
    await world.wait(400)
    assert not world.exists(STREAM)


@both_builds
async def test_link_that_never_was(world: World) -> None:
    """A JitsuLink that was never made stands in nobody's way."""
    await connect_ends(world)
    world.apply(stream(), link(**SHOP, to={"destinationRef": {"name": "missing"}}))
    await world.settle()
    assert world.ready(STREAM)
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")


@both_builds
async def test_retained_link(world: World) -> None:
    """A link that is retained goes from the cluster, and then blocks its stream like any link of others."""
    id_ = await linked(world, management={"deletionPolicy": "Retain"})
    world.store.delete(LINK)
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(LINK)
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert id_ in world.message(STREAM)
    remove_link(world, id_)
    await world.wait(400)
    assert not world.exists(STREAM)


@both_builds
async def test_retained_stream(world: World) -> None:
    """A stream that is retained waits for no one: nothing of it is deleted."""
    await linked(world)
    world.change(STREAM, management={"deletionPolicy": "Retain"})
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert len(links(world)) == 1
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    world.store.delete(LINK)
    await world.settle()
    assert links(world) == []


@both_builds
async def test_all_killed_everywhere(worlds: Worlds, build: Build) -> None:
    """Killed after any effect of the deletion of everything: nothing is left, whichever went first."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build
        await linked(world)

    def act(world: World) -> None:
        for key in (WORKSPACE, STREAM, LINK):
            world.store.delete(key)

    def check(world: World) -> None:
        assert world.store.named() == []
        assert links(world) == []
        assert own_streams(world) == []

    await killed_everywhere(worlds, arrange, act, check, least=5)


# Strict


@both_builds
@pytest.mark.parametrize("cascade", [None, "Strict"])
async def test_strict(world: World, cascade: str | None) -> None:
    """A stream that a JitsuLink uses is not deleted: nothing is asked of the console, both are as they were."""
    await linked(world, cascade)
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert world.condition(STREAM, "Stalled") == ("True", "DeletionBlocked")
    assert str(LINK) in world.message(STREAM)
    assert "spec.management.cascade" in world.message(STREAM)
    assert world.remote_writes() == []
    assert world.events(STREAM) == ["DeletionBlocked"]
    assert "is being deleted" in world.message(LINK)
    assert len(links(world)) == 1


@both_builds
async def test_strict_with_links_of_others(world: World) -> None:
    """Links of others are listed first, and named: a console that ignores the flag is never asked."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    named = [plant_link(world, id_, start=own_stream(world), end=end) for id_, end in (("l1", "a"), ("l2", "b"))]
    world.forget()
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert all(id_ in world.message(STREAM) for id_ in named)
    assert world.remote_writes() == []
    for id_ in named:
        remove_link(world, id_)
    await world.wait(400)
    assert not world.exists(STREAM)
    assert deletions(world) == [("stream", {"strict": "true"})]


@both_builds
async def test_strict_function(world: World) -> None:
    """A function in the pipeline of a JitsuLink is not deleted; it goes when the link no longer runs it."""
    await connect_ends(world)
    world.apply(function(), link(functions=[{"functionRef": {"name": "enrich"}}]))
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    world.forget()
    world.store.delete(FUNCTION)
    await world.settle()
    assert world.condition(FUNCTION, "Ready") == ("False", "DeletionBlocked")
    assert str(LINK) in world.message(FUNCTION)
    assert "cascade" not in world.message(FUNCTION)
    assert world.remote_writes() == []
    world.change(LINK, functions=None)
    await world.wait(400)
    assert not world.exists(FUNCTION)
    assert world.ready(LINK)


@both_builds
async def test_link_made_while_its_stream_is_deleted(world: World) -> None:
    """The console refuses a stream that was linked since we looked, and the deletion is blocked, not lost."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    id_ = own_stream(world)
    listed = world.sandbox.jitsu.state.live_links
    world.forget()
    world.sandbox.faults.add(Fault(kind="error", status=502, product="jitsu", method="DELETE", times=1))
    world.store.delete(STREAM)
    await world.settle()
    plant_link(world, "meanwhile", start=id_)
    assert len(listed(WS)) == 1
    await world.wait(HEALED)
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert "meanwhile" in world.message(STREAM)


@pytest.mark.parametrize("cascade", ["Strict", "Cascade", "Orphan"])
@pytest.mark.parametrize("kind", ["late", "latency", None])
@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("build", ["A"])
async def test_link_that_begins_while_its_stream_goes(world: World, cascade: str, kind: Any, number: int) -> None:
    """A link that is being made while its stream is deleted blocks it or goes with it, or is never made."""
    await connect_ends(world)
    world.apply(stream(management={"cascade": cascade}))
    await world.settle()
    if kind:
        slow = Fault(kind=kind, product="jitsu", method="POST", path="*/config/link", seconds=0.05, times=1)
        world.sandbox.faults.add(slow)
    deleting = _delete_at(world, number)
    world.apply(link(**SHOP))
    await world.settle()
    await asyncio.gather(*deleting)
    await world.wait(90)
    left = {one["id"] for one in streams(world)}
    assert [one for one in links(world) if one["fromId"] not in left] == []
    if deleting:
        assert world.exists(STREAM) == bool(links(world)), world.status(STREAM)
        assert cascade == "Strict" or not links(world)


def _delete_at(world: World, number: int) -> list[asyncio.Task[Any]]:
    """Delete the stream before so many effects of what is done for the link, and work on both at once."""
    seen: list[str] = []
    deleting: list[asyncio.Task[Any]] = []
    before = world.fate.before

    def also(effect: str) -> None:
        seen.append(effect)
        if len(seen) == number:
            world.store.delete(STREAM)
            work = world.controller.reconciler.reconcile(STREAM, world.clock.monotonic())
            deleting.append(asyncio.create_task(work))
        before(effect)

    world.fate.before = also  # type: ignore[method-assign]
    return deleting


@both_builds
async def test_stream_deleted_while_its_link_looks_around(world: World) -> None:
    """A link that found its end in order asks for nothing when the end is being deleted by the time it would."""
    await connect_ends(world)
    world.apply(stream(management={"cascade": "Orphan"}))
    await world.settle()
    world.forget()
    slow = Fault(kind="latency", product="jitsu", method="GET", path="*/config/link", seconds=0.5, times=1)
    world.sandbox.faults.add(slow)
    world.apply(link(**SHOP))
    reconcile = world.controller.reconciler.reconcile
    linking = asyncio.create_task(reconcile(LINK, world.clock.monotonic()))
    await asyncio.sleep(0.03)
    assert not linking.done()
    world.store.delete(STREAM)
    await asyncio.gather(linking, reconcile(STREAM, world.clock.monotonic()))
    await world.settle()
    assert world.count("POST", "*/config/link") == 0
    assert not world.exists(STREAM)
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    assert "intent" not in world.status(LINK)


@both_builds
async def test_link_in_the_way_is_refused(world: World) -> None:
    """A stream that a link under way blocks goes as soon as the console refuses that link."""
    await connect_ends(world)
    world.apply(stream())
    await world.settle()
    slow = Fault(kind="latency", product="jitsu", method="POST", path="*/config/link", seconds=0.5, times=1)
    world.sandbox.faults.add(slow)
    world.apply(link(**SHOP, data={"mode": "sometimes"}))
    linking = asyncio.create_task(world.controller.reconciler.reconcile(LINK, world.clock.monotonic()))
    await yield_until(lambda: world.status(LINK).get("intent"))
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert not linking.done()
    await linking
    await world.settle()
    assert not world.exists(STREAM)


# Cascade and Orphan


@both_builds
async def test_cascade(world: World) -> None:
    """With Cascade all links of the stream go with it, whoever made them; their JitsuLinks hear of it and wait."""
    id_ = await linked(world, "Cascade")
    plant_link(world, start=own_stream(world), end="elsewhere")
    plant_link(world, "unrelated", start="sitesecond")
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert only_link(world)["id"] == "unrelated"
    assert deletions(world)[-1] == ("stream", {"cascade": "true"})
    assert world.condition(LINK, "Ready") == ("False", "DependencyNotFound")
    assert "Deleted" in world.events(LINK)
    told = [event for key, event in world.store.events if key == LINK and event.reason == "Deleted"]
    assert [event.warning for event in told] == [True]
    assert id_ in told[0].message
    assert str(STREAM) in told[0].message
    world.apply(stream())
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    assert {one["fromId"] for one in links(world)} == {own_stream(world), "sitesecond"}


@both_builds
async def test_orphan(world: World) -> None:
    """With Orphan only links of JitsuLinks go; those of others stay, lead nowhere, and are told in an event."""
    await linked(world, "Orphan")
    theirs = plant_link(world, start=own_stream(world), end="elsewhere")
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert only_link(world)["id"] == theirs
    assert deletions(world)[-1] == ("stream", {})
    told = [event for key, event in world.store.events if key == STREAM and event.warning]
    assert len(told) == 1
    assert theirs in told[0].message
    assert "Deleted" in world.events(LINK)


@both_builds
@pytest.mark.parametrize("knows_flags", [True, False], ids=["new", "old"])
@pytest.mark.parametrize("cascade", ["Cascade", "Orphan"])
async def test_killed_everywhere(worlds: Worlds, build: Build, cascade: str, *, knows_flags: bool) -> None:
    """Killed after any effect: the stream is gone, and no link of ours dangles; with Cascade none of others either."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build
        world.sandbox.jitsu.state.knows_flags = knows_flags
        await linked(world, cascade)
        if cascade == "Cascade":
            plant_link(world, start=own_stream(world), end="elsewhere")

    def act(world: World) -> None:
        world.store.delete(STREAM)

    def check(world: World) -> None:
        assert not world.exists(STREAM)
        assert links(world) == []

    await killed_everywhere(worlds, arrange, act, check, least=4)


@pytest.mark.parametrize("cascade", ["Strict", "Cascade", "Orphan"])
@pytest.mark.parametrize("build", ["A"])
async def test_old_console(world: World, cascade: str) -> None:
    """A console that ignores the flags deletes at once: by then what should go is gone, and what blocks has blocked."""
    await connect_ends(world)
    world.apply(stream(management={"cascade": cascade}))
    await world.settle()
    id_ = own_stream(world)
    plant_link(world, start=id_)
    world.sandbox.jitsu.state.knows_flags = False
    world.store.delete(STREAM)
    await world.settle()
    left = [one["id"] for one in links(world)]
    assert left == ([] if cascade == "Cascade" else ["their-link"])
    assert world.exists(STREAM) == (cascade == "Strict")


@both_builds
async def test_link_that_cascade_can_not_remove(world: World) -> None:
    """A link that others make meanwhile, on a console that knows no flags, and that is not to be removed, is told."""
    await connect_ends(world)
    world.apply(stream(management={"cascade": "Cascade"}))
    await world.settle()
    id_, before = own_stream(world), world.fate.before
    world.sandbox.jitsu.state.knows_flags = False
    world.sandbox.faults.add(Fault(kind="error", status=502, product="jitsu", method="DELETE", path="*/config/link"))

    def also(effect: str) -> None:
        if effect == "remote" and not links(world):
            plant_link(world, "meanwhile", start=id_)
        before(effect)

    world.fate.before = also  # type: ignore[method-assign]
    world.forget()
    world.store.delete(STREAM)
    await world.wait(HEALED)
    assert not world.exists(STREAM)
    told = [event.message for key, event in world.store.events if key == STREAM and event.warning]
    assert len(told) == 1
    assert "meanwhile" in told[0]


# Destinations and services


@both_builds
async def test_destination(world: World) -> None:
    """The same holds at a link's other end."""
    await connect_ends(world)
    world.apply(
        secret_manifest("ch", {"password": "a-long-password"}),
        destination("lake", management={"cascade": "Cascade"}),
        link(to={"destinationRef": {"name": "lake"}}),
    )
    await world.settle()
    assert world.ready(LINK), world.status(LINK)
    world.forget()
    lake = Key("JitsuDestination", "team", "lake")
    world.store.delete(lake)
    await world.settle()
    assert not world.exists(lake)
    assert links(world) == []
    assert deletions(world)[-1] == ("destination", {"cascade": "true"})
