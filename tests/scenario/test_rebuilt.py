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
from tests.harness.world.world import World

from jitops.core.kube import Key

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


@pytest.mark.parametrize("build", ["A", "B"])
@pytest.mark.parametrize("workers", [1, 4])
async def test_everything_is_found_again(world: World, workers: int) -> None:
    """Nothing is made twice, parallel syncs neither; lost write keys are replaced, secrets sent again: both said."""
    world.workers = workers
    before = await ids(world, *MANIFESTS), held(world)
    await world.stop()
    rebuilt = World(world.sandbox, world.clock, workers=workers)
    rebuilt.forget()
    try:
        assert (await ids(rebuilt, *reversed(MANIFESTS)), held(rebuilt)) == before
        written = [each.rsplit("/", 2)[1] for each in rebuilt.remote_writes()]
        assert sorted(written) == ["destination", "stream"]
        assert "KeyRotated" in rebuilt.events(STREAM)
        assert rebuilt.events(DESTINATION) == ["Updated"]
        rebuilt.forget()
        await rebuilt.resync()
        assert rebuilt.remote_writes() == []
        assert rebuilt.store.writes == []
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
