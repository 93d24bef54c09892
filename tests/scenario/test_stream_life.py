"""A stream's life: created, at rest, changed, drifted, deleted."""

from __future__ import annotations

from tests.harness.manifests import STREAM, stream
from tests.harness.world.world import World


async def test_becomes_ready_with_its_secret(world: World) -> None:
    """A new stream is Ready with all seven outputs, after one POST and one write of each kind to Kubernetes."""
    await world.connect_jitsu()
    world.forget()
    world.apply(stream(domains=["Shop.Example.com"]))
    await world.settle()
    assert world.ready(STREAM), world.status(STREAM)
    values = world.values("shop-jitsustream")
    assert values["publicWriteKey"] == f"{values['publicKeyId']}:{values['publicKeySecret']}"
    assert len(values) == 7
    assert sorted(verb for verb, key in world.store.writes if key.name.startswith("shop")) == [
        "finalizers",
        "secret",
        "status",
    ]
    assert len(world.remote_writes()) == 1
    assert world.events(STREAM) == ["Created"]
