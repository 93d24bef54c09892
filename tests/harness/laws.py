"""The checks of the laws for a resource of any kind: ready, whole, or deleted without a trace."""

from __future__ import annotations

from typing import Any

from tests.harness.samples.sample import Sample
from tests.harness.world.world import World


async def ready(world: World, sample: Sample, **spec: Any) -> None:
    """Bring the sample's resource to Ready, and forget what was counted so far."""
    await sample.connect(world)
    world.apply(sample.manifest(**spec))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.forget()


def whole(world: World, sample: Sample) -> None:
    """Check that there is one remote object, with a complete and valid Secret, and a status that says so."""
    (found,) = sample.objects(world)
    assert world.ready(sample.key), world.status(sample.key)
    assert world.status(sample.key)["id"] == found["id"] == world.values(sample.secret)["id"]
    assert len(world.values(sample.secret)) == sample.outputs
    assert sample.valid(world)
    assert world.finalizers(sample.key) == ["jitops.dev/finalizer"]


def nothing_left(world: World, sample: Sample) -> None:
    """Check that resource, Secret and remote object are deleted."""
    assert not world.exists(sample.key), world.status(sample.key)
    assert sample.objects(world) == []
    assert world.secret(sample.secret) is None
