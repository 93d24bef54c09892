"""What others delete at the remote, and ids that are used up."""

from __future__ import annotations

import pytest
from tests.harness.manifests import STREAM, stream
from tests.harness.samples.sample import WS
from tests.harness.samples.stream import keys_open, only_stream
from tests.harness.world.world import World

from jitops.core.identity import numbered
from jitops.core.kube import Key
from jitops.core.managed.execute import MOST_INCARNATIONS

OUTPUT = Key("Secret", "team", "shop-jitsustream")
pytestmark = pytest.mark.parametrize("build", ["A", "B"])


async def stem_of(world: World) -> str:
    """Tell the stem of the stream's ids, by making and deleting one."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    id_: str = world.status(STREAM)["id"]
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    world.forget()
    assert id_.endswith("0")
    return id_[:-1]


def burn(world: World, stem: str, numbers: range) -> None:
    """Use up ids, as deleted streams do."""
    for number in numbers:
        world.sandbox.jitsu.state.create(WS, "stream", numbered(stem, number), {"name": "x"})
        world.sandbox.jitsu.remove(numbered(stem, number))


async def test_next_incarnation(world: World) -> None:
    """A stream that others deleted is made again under the next number; keys and plaintexts stay as they were."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    world.forget()
    world.sandbox.jitsu.remove(before["id"])
    await world.resync()
    after = world.values("shop-jitsustream")
    assert after == {**before, "id": before["id"][:-1] + "1"}
    assert keys_open(world)
    assert world.writes(OUTPUT) == ["secret"]
    assert world.events(STREAM) == ["Created"]
    assert world.status(STREAM)["incarnation"] == 1


@pytest.mark.parametrize("burnt", [1, 2, 5, MOST_INCARNATIONS - 1])
async def test_many_burnt_ids(world: World, burnt: int) -> None:
    """However many ids in a row are used up, the Secret is written twice at most."""
    stem = await stem_of(world)
    burn(world, stem, range(1, burnt))
    world.apply(stream())
    await world.settle()
    assert world.ready(STREAM)
    assert only_stream(world)["id"] == numbered(stem, burnt)
    assert keys_open(world)
    assert len(world.writes(OUTPUT)) == 2
    assert world.count("POST", "*/config/stream") == burnt + 1


async def test_too_many_burnt_ids(world: World) -> None:
    """Twenty in a row are tried at a time; the next attempt goes on where that one ended."""
    stem = await stem_of(world)
    burn(world, stem, range(1, 2 * MOST_INCARNATIONS))
    world.apply(stream())
    await world.settle()
    assert world.count("POST", "*/config/stream") == MOST_INCARNATIONS
    assert world.condition(STREAM, "Ready") == ("False", "Creating")
    await world.wait(10)
    assert world.ready(STREAM)
    assert only_stream(world)["id"] == numbered(stem, 2 * MOST_INCARNATIONS)
    assert world.count("POST", "*/config/stream") == 2 * MOST_INCARNATIONS + 1
    assert keys_open(world)


async def test_deleted_and_recreated_resource(world: World) -> None:
    """Delete and apply again, several times: each time one stream, under a new id, with new keys."""
    await world.connect_jitsu()
    seen = set()
    for _ in range(4):
        world.apply(stream())
        await world.settle()
        assert keys_open(world)
        seen.add((world.values("shop-jitsustream")["id"], world.values("shop-jitsustream")["publicWriteKey"]))
        world.store.delete(STREAM)
        await world.settle()
    assert len({id_ for id_, _ in seen}) == len({key for _, key in seen}) == 4


async def test_rebuilt_cluster_finds_its_streams(world: World) -> None:
    """With all memory gone but the manifests, the stream is found by its id, and gets new keys beside the lost ones."""
    await world.connect_jitsu()
    world.apply(stream(management={"deletionPolicy": "Retain"}))
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    world.store.delete(STREAM)
    await world.settle()
    world.store.delete(OUTPUT)
    world.apply(stream())
    await world.settle()
    assert world.ready(STREAM)
    assert only_stream(world)["id"] == before["id"]
    assert keys_open(world)
    assert world.values("shop-jitsustream")["publicWriteKey"] != before["publicWriteKey"]
    assert world.events(STREAM).count("KeyLost") == 2
    assert world.finalizers(STREAM) == ["jitops.dev/finalizer"]


async def test_retained_secret_is_taken_up_again(world: World) -> None:
    """A Retained stream and its Secret are both found by the resource that comes back: nothing is rotated."""
    await world.connect_jitsu()
    world.apply(stream(management={"deletionPolicy": "Retain"}))
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    world.store.delete(STREAM)
    await world.settle()
    world.forget()
    world.apply(stream())
    await world.settle()
    assert world.ready(STREAM)
    assert world.values("shop-jitsustream") == before
    assert world.remote_writes() == []
    assert world.finalizers(STREAM) == ["jitops.dev/finalizer"]
    world.store.delete(STREAM)
    await world.settle()
    assert world.sandbox.jitsu.objects("stream") == []


async def test_another_cluster_identity(world: World) -> None:
    """An operator that is told another identity finds its streams by status, and renews no key of theirs."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    before = dict(world.values("shop-jitsustream"))
    world.forget()
    world.identity = "cluster-2"
    await world.restart()
    await world.resync()
    assert world.values("shop-jitsustream") == before
    assert world.store.writes == []
    assert world.remote_writes() == []
    world.change(STREAM, keys={"rotate": "now", "overlap": "60s"})
    await world.wait(120)
    assert keys_open(world)
    assert len(only_stream(world)["publicKeys"]) == 1
    world.sandbox.jitsu.remove(before["id"])
    await world.resync()
    assert keys_open(world)
    world.store.delete(STREAM)
    await world.settle()
    assert world.sandbox.jitsu.objects("stream") == []


async def test_vanished_while_being_changed(world: World) -> None:
    """A stream that is gone when its change arrives is made again with that change."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.sandbox.jitsu.remove(world.status(STREAM)["id"])
    world.change(STREAM, name="renamed")
    await world.wait(5)
    assert world.ready(STREAM)
    assert only_stream(world)["name"] == "renamed"
    assert keys_open(world)
