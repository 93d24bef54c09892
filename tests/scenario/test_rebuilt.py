"""A cluster that was lost and built again with the same identity finds what it had made, of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.harness.manifests import (
    DESTINATION,
    FUNCTION,
    LINK,
    SERVICE,
    STREAM,
    SYNC,
    Manifest,
    destination,
    function,
    link,
    secret_manifest,
    service,
    stream,
    sync,
)
from tests.harness.samples.link import links, remove_link
from tests.harness.samples.stream import keys_open, only_stream, verifies
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.core.managed.memory import MOST_KEY_WRITES

PAIR = {"from": {"serviceRef": {"name": "crm"}}, "to": {"destinationRef": {"name": "warehouse"}}}
HOURLY = {"streams": {}, "schedule": "0 * * * *"}
SECOND = Key("JitsuLink", "team", "second")
MANIFESTS = (
    secret_manifest("ch", {"password": "a-long-password"}),
    stream(domains=["a.example.com"]),
    destination(),
    service(),
    function(),
    link(
        **{"from": {"streamRef": {"name": "shop"}}, "to": PAIR["to"]},
        functions=[{"functionRef": {"name": "enrich"}}],
        data={"mode": "batch"},
    ),
    sync(**PAIR, allowParallel=True),
    sync("second", **{**PAIR, "data": HOURLY}, allowParallel=True),
)
KEYS = (STREAM, DESTINATION, SERVICE, FUNCTION, LINK, SYNC, SECOND)


def held(world: World) -> Mapping[str, Any]:
    """Show what the console holds, but for the streams' keys, by id."""
    keys = {"publicKeys", "privateKeys"}
    objects = world.sandbox.jitsu.state.objects.items()
    configs = {id_: {name: each for name, each in one.config.items() if name not in keys} for id_, one in objects}
    return configs | {one["id"]: one["data"] for one in links(world)}


async def ids(world: World, *manifests: Manifest) -> dict[Key, str]:
    """Apply everything, wait until it is Ready, and give the ids."""
    await world.connect_jitsu()
    world.apply(*manifests)
    await world.wait(600)
    for key in KEYS:
        assert world.ready(key), world.message(key)
    return {key: str(world.status(key)["id"]) for key in KEYS}


def opens(world: World, keys: Mapping[str, str]) -> bool:
    """Tell whether the console still accepts the keys of a Secret as it was."""
    stored = world.sandbox.jitsu.stored(keys["id"])
    uses = ("public", "private")
    return all(verifies(stored, use, keys[f"{use}KeyId"], keys[f"{use}KeySecret"]) for use in uses)


async def rebuilt_with(world: World, **spec: Any) -> World:
    """Lose the cluster that made a stream, and apply the manifest with these fields to a new one."""
    await world.stop()
    rebuilt = World(world.sandbox, world.clock)
    await rebuilt.connect_jitsu()
    rebuilt.forget()
    rebuilt.apply(stream(**spec))
    await rebuilt.settle()
    assert rebuilt.ready(STREAM), rebuilt.message(STREAM)
    return rebuilt


@pytest.mark.parametrize("build", ["A", "B"])
@pytest.mark.parametrize("workers", [1, 4])
async def test_everything_is_found_again(world: World, workers: int) -> None:
    """Nothing is made twice, parallel syncs neither; lost keys get a successor, secrets are sent again: both said."""
    world.workers = workers
    before = await ids(world, *MANIFESTS), held(world)
    keys = dict(world.values("shop-jitsustream"))
    await world.stop()
    rebuilt = World(world.sandbox, world.clock, workers=workers)
    rebuilt.forget()
    try:
        assert (await ids(rebuilt, *reversed(MANIFESTS)), held(rebuilt)) == before
        written = [each.rsplit("/", 2)[1] for each in rebuilt.remote_writes()]
        assert sorted(written) == ["destination", "stream"]
        assert rebuilt.warnings(STREAM) == ["KeyLost", "KeyLost"]
        assert opens(rebuilt, keys)
        assert keys_open(rebuilt)
        assert rebuilt.events(DESTINATION) == ["Updated"]
        rebuilt.forget()
        await rebuilt.resync()
        assert rebuilt.remote_writes() == []
        assert rebuilt.store.writes == []
    finally:
        await rebuilt.stop()


async def test_rotation_of_before_is_no_rotation_of_the_new_cluster(world: World) -> None:
    """A `rotate` that stood in the manifests before the loss ends no key, not even with an overlap of 0."""
    asked = {"rotate": "2026-01", "overlap": "0s"}
    await world.connect_jitsu()
    world.apply(stream(keys=asked))
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    rebuilt = await rebuilt_with(world, keys=asked)
    try:
        assert opens(rebuilt, before)
        assert rebuilt.events(STREAM) == ["KeyLost", "KeyLost"]
        rebuilt.change(STREAM, keys={"rotate": "2026-02", "overlap": "0s"})
        await rebuilt.settle()
        assert not opens(rebuilt, before)
        assert keys_open(rebuilt)
        assert [len(only_stream(rebuilt)[name]) for name in ("publicKeys", "privateKeys")] == [1, 1]
    finally:
        await rebuilt.stop()


async def test_cluster_lost_during_an_overlap(world: World) -> None:
    """The pair that was retiring and its successor both stay valid: when the first was to end is lost too."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    first = dict(world.values("shop-jitsustream"))
    world.change(STREAM, keys={"rotate": "2026-01", "overlap": "1h"})
    await world.settle()
    second = dict(world.values("shop-jitsustream"))
    rebuilt = await rebuilt_with(world, keys={"rotate": "2026-01", "overlap": "1h"})
    try:
        await rebuilt.wait(2 * 3600)
        assert opens(rebuilt, first)
        assert opens(rebuilt, second)
        assert keys_open(rebuilt)
    finally:
        await rebuilt.stop()


async def test_secret_restored_before_the_start_loses_nothing(world: World) -> None:
    """A new cluster that has the Secret from a backup uses its keys: the console hears nothing."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    backup = world.secret("shop-jitsustream")
    assert backup is not None
    await world.stop()
    rebuilt = World(world.sandbox, world.clock)
    try:
        rebuilt.store.put(backup)
        await rebuilt.connect_jitsu()
        rebuilt.forget()
        rebuilt.apply(stream())
        await rebuilt.settle()
        assert rebuilt.ready(STREAM), rebuilt.message(STREAM)
        assert rebuilt.values("shop-jitsustream") == backup.data
        assert keys_open(rebuilt)
        assert rebuilt.remote_writes() == []
        assert rebuilt.warnings(STREAM) == []
    finally:
        await rebuilt.stop()


async def test_two_clusters_with_one_identity_overwrite_no_key(world: World) -> None:
    """The second finds the id taken that its listing did not show: it makes its own pair, and both pairs are valid."""
    other = World(world.sandbox, world.clock)
    try:
        for each in (world, other):
            await each.connect_jitsu()
            each.apply(stream("first" if each is world else "second"))
            await each.settle()
        for each in (world, other):
            each.apply(stream())
            await each.settle()
            assert each.ready(STREAM), each.message(STREAM)
        held = [dict(each.values("shop-jitsustream")) for each in (world, other)]
        assert held[0]["publicKeyId"] != held[1]["publicKeyId"]
        for _ in range(2):
            for each in (world, other):
                await each.resync()
                assert each.ready(STREAM)
                assert all(opens(each, keys) for keys in held)
        world.forget()
        for each in (world, other):
            await each.resync()
        assert world.remote_writes() == []
        assert [dict(each.values("shop-jitsustream")) for each in (world, other)] == held
    finally:
        await other.stop()


async def test_two_clusters_with_one_identity_that_rotate_are_noticed(world: World) -> None:
    """One ends the pair of the other, which sends it again: one of them stops, and both report it."""
    other = World(world.sandbox, world.clock)
    try:
        for each in (world, other):
            await each.connect_jitsu()
            each.apply(stream(management={"resyncPeriod": "60s"}))
            await each.settle()
        await world.wait(80)
        other.change(STREAM, keys={"rotate": "2026-01", "overlap": "0s"})
        await other.settle()
        world.forget()
        for _ in range(8):
            for each in (world, other):
                await each.wait(80)
        assert sorted(each.why(STREAM) for each in (world, other)) == ["Available", "Thrashing"]
        assert all(each.events(STREAM).count("DriftCorrected") == MOST_KEY_WRITES for each in (world, other))
        assert len([line for line in world.remote_writes() if "stream" in line]) == 2 * MOST_KEY_WRITES
        (stopped,) = [each for each in (world, other) if each.why(STREAM) == "Thrashing"]
        assert "keys.public" in stopped.message(STREAM)
        stopped.annotate(STREAM, reconcile_requested_at="now")
        await stopped.settle()
        assert stopped.ready(STREAM)
        assert keys_open(stopped)
    finally:
        await other.stop()


async def test_stream_that_is_imported_after_the_loss_keeps_its_keys(world: World) -> None:
    """Manifests of an import make no keys, and adopt what equals them: keys of the lost cluster stay valid."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    imported = {"management": {"adopt": {"mode": "Match", "id": before["id"]}}}
    rebuilt = await rebuilt_with(world, **imported, keys={"public": "None", "private": "None"})
    try:
        assert rebuilt.remote_writes() == []
        await rebuilt.resync()
        assert rebuilt.remote_writes() == []
        assert opens(rebuilt, before)
        rebuilt.change(STREAM, keys=None)
        await rebuilt.settle()
        assert opens(rebuilt, before)
        assert keys_open(rebuilt)
    finally:
        await rebuilt.stop()


async def test_parallel_sync_that_vanished_is_made_anew(world: World) -> None:
    """A sync that others deleted never takes the one beside it, equal as it may be: each resource has its own."""
    await world.connect_jitsu()
    alike = {**PAIR, "data": HOURLY, "allowParallel": True}
    world.apply(*MANIFESTS[:4], sync(**alike), sync("second", **alike))
    await world.wait(30)
    first = world.status(SYNC)["id"]
    remove_link(world, first)
    await world.resync()
    both = {world.status(key)["id"] for key in (SYNC, SECOND)}
    assert len(both) == 2
    assert first not in both
    assert {one["id"] for one in links(world)} == both
