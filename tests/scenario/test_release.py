"""Letting go of everything before an uninstallation, and being taken up again."""

from __future__ import annotations

import itertools
from dataclasses import replace

from tests.harness.manifests import CONNECTOR, STREAM, connector, stream
from tests.harness.world.fate import Killed
from tests.harness.world.fixtures import Worlds
from tests.harness.world.world import World

from jitops.core.managed.uninstall import Released, Releaser

SECRETS = ("shop-jitsustream", "billing-connector")
LEAST = 6
"""Effects: off each output its owner, off each resource its finalizer, off each credentials Secret its mark."""


async def arrange(world: World) -> None:
    """Have a stream and a connector, over their connections."""
    await world.connect_jitsu()
    await world.connect_jitterbit()
    world.apply(stream(), connector())
    await world.wait(120)
    assert world.ready(STREAM)
    assert world.ready(CONNECTOR)


async def let_go(world: World) -> list[Released]:
    """Let go of all resources, once."""
    services = world.services
    releaser = Releaser(services.kinds, world.store, (services.outputs, services.documents))
    return [await releaser.release(resource) for resource in releaser.resources()]


def nothing_held(world: World) -> bool:
    """Tell whether nothing of ours is left on resources and Secrets."""
    held = any(world.finalizers(key) for key in world.store.named())
    secrets = world.store.secrets()
    return not held and not any(secret.finalizers for secret in secrets) and not any(one.owners for one in secrets)


async def test_all_is_let_go_and_taken_up(world: World) -> None:
    """Nothing remote is touched, no Secret loses a value, and the next operator goes on as if nothing had been."""
    await arrange(world)
    values = {name: world.values(name) for name in SECRETS}
    ids = [world.status(key)["id"] for key in (STREAM, CONNECTOR)]
    world.forget()
    released = await let_go(world)
    assert nothing_held(world)
    assert world.remote_writes() == []
    assert [(one.key, one.remote_id, one.kept) for one in released if one.key in (STREAM, CONNECTOR)] == [
        (STREAM, ids[0], SECRETS[:1]),
        (CONNECTOR, ids[1], SECRETS[1:]),
    ]
    world.forget()
    await let_go(world)
    assert world.store.writes == []
    await world.restart()
    await world.wait(120)
    assert world.ready(STREAM)
    assert world.ready(CONNECTOR)
    assert not nothing_held(world)
    assert [one for one in world.remote_writes() if "stream" in one or one.endswith("/connector")] == []
    assert {name: world.values(name) for name in SECRETS} == values
    assert [world.status(key)["id"] for key in (STREAM, CONNECTOR)] == ids


async def test_what_is_being_deleted_goes(world: World) -> None:
    """A resource whose deletion hangs is gone afterwards; its remote object and its Secret stay."""
    await arrange(world)
    world.store.delete(STREAM)
    remote = len(world.sandbox.jitsu.objects("stream"))
    released = await let_go(world)
    assert [one.key for one in released if one.deleting] == [STREAM]
    assert not world.exists(STREAM)
    assert len(world.sandbox.jitsu.objects("stream")) == remote == 1
    assert world.secret(SECRETS[0]) is not None


async def test_a_secret_that_is_being_moved_stays_too(world: World) -> None:
    """A Secret under its former name, which the operator had no time to delete, is not left to the collector."""
    await arrange(world)
    world.change(STREAM, outputs={"secret": {"name": "moved"}})
    await let_go(world)
    former = world.secret(SECRETS[0])
    assert former is not None
    assert former.owners == ()


async def test_killed_at_any_effect(worlds: Worlds) -> None:
    """Cut off anywhere and done again, it is done; at no moment could the garbage collector take a Secret."""
    for effects in itertools.count():
        world = worlds()
        await arrange(world)
        world.fate.dies_after(effects)
        try:
            await let_go(world)
        except Killed:
            world.fate.spare()
            for key, name in ((STREAM, SECRETS[0]), (CONNECTOR, SECRETS[1])):
                secret = world.secret(name)
                assert secret is not None
                assert world.finalizers(key) or not secret.owners, "the collector could take the Secret"
            await let_go(world)
            assert nothing_held(world)
        else:
            assert effects >= LEAST
            return


async def test_what_others_put_there_stays(world: World) -> None:
    """Finalizers of others stay on resources, and a Secret that isn't ours keeps its owner."""
    await arrange(world)
    world.store.put_finalizers(STREAM, "jitops.dev/finalizer", "example.com/theirs")
    secret = world.secret(SECRETS[1])
    assert secret is not None
    world.store.put(replace(secret, labels={}))
    await let_go(world)
    assert world.finalizers(STREAM) == ["example.com/theirs"]
    after = world.secret(SECRETS[1])
    assert after is not None
    assert after.owners == secret.owners != ()
