"""The laws of the design, tried on every kind in the table.

A kind is tried by its sample in `tests/harness/samples`; a row without one fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.harness.every_kind import every_field, every_field_that_drifts, every_kind, every_kind_and_build
from tests.harness.laws import nothing_left, ready, whole
from tests.harness.samples.sample import FieldCase, Sample
from tests.harness.samples.table import SAMPLES
from tests.harness.world.killing import HEALED, killed_everywhere
from tests.harness.world.world import World

from jitops.api.managed import ManagedSpec
from jitops.core.clock import SystemClock
from jitops.kinds import registry
from jitops.remote.client import HttpPool

KINDS = registry(HttpPool(SystemClock()), SystemClock())
COMMON = {"management", "outputs"}
"""The blocks that every kind has; the scenarios try them."""


def test_every_kind_has_a_sample() -> None:
    """Whoever adds a row to the table says how the laws are tried on it."""
    assert set(SAMPLES) == set(KINDS.managed)


@pytest.mark.parametrize("kind", sorted(KINDS.managed))
def test_every_field_has_a_case(kind: str) -> None:
    """Whoever adds a field says what is seen when it changes, is removed, or drifts."""
    sample, model = SAMPLES[kind], KINDS.managed[kind].info.spec
    assert issubclass(model, ManagedSpec)
    fields = {info.validation_alias or name for name, info in model.model_fields.items()}
    assert fields == {case.field for case in sample.cases} | sample.identity | sample.elsewhere | COMMON


@every_kind_and_build
async def test_create(world: World, sample: Sample) -> None:
    """A resource gets one remote object and a Secret that the remote honours, told by one event."""
    await ready(world, sample)
    whole(world, sample)
    await world.restart()
    await world.wait(HEALED)
    whole(world, sample)
    assert world.remote_writes() == []


@every_kind
async def test_rest(world: World, sample: Sample) -> None:
    """Two resyncs after Ready write nothing anywhere, and cost one listing and the connection's own check each."""
    await ready(world, sample)
    await world.resync()
    world.forget()
    await world.resync()
    await world.resync()
    assert world.store.writes == []
    assert world.store.events == []
    assert world.remote_writes() == []
    costs = {path: world.count("GET", path) for path in (sample.listing, *sample.at_rest)}
    assert costs == {sample.listing: 2, **{path: 2 * count for path, count in sample.at_rest.items()}}
    assert len(world.sandbox.requests) == sum(costs.values())
    assert sample.secret not in world.store.read


@every_kind
async def test_created_once_whenever_killed(worlds: Callable[[], World], sample: Sample) -> None:
    """Killed after any effect of a creation, connection included: one object, its Secret complete."""

    async def arrange(world: World) -> None:
        await sample.connect(world)

    def act(world: World) -> None:
        world.apply(sample.manifest())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, sample), least=4)


@every_kind_and_build
async def test_created_once_though_the_answer_is_lost(worlds: Callable[[], World], sample: Sample) -> None:
    """The same where the answer to the creation never comes, and whenever killed after that."""

    async def arrange(world: World) -> None:
        await sample.connect(world)
        world.sandbox.faults.add(sample.creation)

    def act(world: World) -> None:
        world.apply(sample.manifest())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, sample), least=3)


@every_kind
async def test_deletion_ends(world: World, sample: Sample) -> None:
    """A deleted resource leaves neither remote object nor Secret, and says what it deleted."""
    await ready(world, sample)
    world.store.delete(sample.key)
    await world.settle()
    nothing_left(world, sample)
    assert world.events(sample.key) == ["Deleted"]


@every_kind_and_build
async def test_deletion_ends_whenever_killed(worlds: Callable[[], World], sample: Sample) -> None:
    """Killed after any effect of a deletion: nothing is left."""

    async def arrange(world: World) -> None:
        await ready(world, sample)

    def act(world: World) -> None:
        world.store.delete(sample.key)

    await killed_everywhere(worlds, arrange, act, lambda world: nothing_left(world, sample), least=2)


@every_kind
async def test_deleted_while_down(world: World, sample: Sample) -> None:
    """What was deleted while no operator ran is gone after the next start."""
    await ready(world, sample)
    await world.stop()
    world.store.delete(sample.key)
    await world.restart()
    await world.settle()
    nothing_left(world, sample)


@every_kind_and_build
async def test_deletion_of_what_is_gone(world: World, sample: Sample) -> None:
    """A deletion ends though someone else deleted the remote object before."""
    await ready(world, sample)
    sample.remove(world, world.status(sample.key)["id"])
    world.store.delete(sample.key)
    await world.wait(HEALED)
    nothing_left(world, sample)


@every_kind_and_build
async def test_adoption_is_refused_by_default(world: World, sample: Sample) -> None:
    """An equal object made by someone else is neither taken, nor changed, nor deleted with the resource."""
    await sample.connect(world)
    theirs = sample.plant(world)
    before = sample.objects(world)
    world.apply(sample.manifest())
    await world.settle()
    if world.ready(sample.key):
        # A remote that knows objects by id alone holds both side by side.
        assert world.status(sample.key)["id"] != theirs
    else:
        assert world.condition(sample.key, "Ready") == ("False", "Conflict")
        assert world.condition(sample.key, "Stalled") == ("True", "Conflict")
        assert world.events(sample.key) == ["ConflictDetected"]
    world.store.delete(sample.key)
    await world.wait(HEALED)
    assert not world.exists(sample.key)
    assert sample.objects(world) == before


@every_kind
async def test_retain(world: World, sample: Sample) -> None:
    """Retain lets the resource go, and leaves the remote object and a working Secret without owner behind."""
    await ready(world, sample, management={"deletionPolicy": "Retain"})
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)
    assert len(sample.objects(world)) == 1
    assert sample.valid(world)
    secret = world.secret(sample.secret)
    assert secret is not None
    assert secret.owners == ()
    assert world.events(sample.key) == ["Retained"]
    assert world.remote_writes() == []


@every_kind_and_build
async def test_external_deletion(world: World, sample: Sample) -> None:
    """What someone else deleted at the remote is made again at the resync, and the Secret follows."""
    await ready(world, sample)
    former = world.status(sample.key)["id"]
    await world.wait(120)
    sample.remove(world, former)
    await world.resync()
    whole(world, sample)
    assert (world.status(sample.key)["id"] == former) == sample.keeps_id
    assert world.writes(_secret_key(world, sample)).count("secret") <= 2
    assert world.events(sample.key).count("Created") == 1


@every_kind
async def test_lost_secret(world: World, sample: Sample) -> None:
    """A Secret that was deleted is back at once, complete and valid."""
    await ready(world, sample)
    world.store.delete(_secret_key(world, sample))
    await world.settle()
    whole(world, sample)


@every_field
async def test_field_change(world: World, sample: Sample, case: FieldCase) -> None:
    """A field that is set, changed, and removed takes effect each time, and then there is rest."""
    await ready(world, sample)
    steps = ((case.value, case.shown), (case.other, case.shown_other), (None, case.absent), (case.value, case.shown))
    for value, shown in steps:
        world.change(sample.key, **case.spec(value))
        await world.settle()
        assert world.ready(sample.key), world.status(sample.key)
        assert case.seen(world) == shown
        await world.resync()
        world.forget()
        await world.resync()
        assert world.store.writes == []
        assert world.remote_writes() == []
        assert world.store.events == []


@every_field
async def test_field_removed_after_restart(world: World, sample: Sample, case: FieldCase) -> None:
    """A field that is removed while no operator runs is removed at the remote after the start."""
    await ready(world, sample, **case.spec(case.value))
    assert case.seen(world) == case.shown
    await world.stop()
    world.change(sample.key, **case.spec(None))
    await world.restart()
    await world.settle()
    assert case.seen(world) == case.absent


@every_field_that_drifts
async def test_drift_is_corrected(world: World, sample: Sample, case: FieldCase) -> None:
    """What others change of a field that the user set is changed back at the next resync, told by one event."""
    assert case.drift is not None
    await ready(world, sample, **case.spec(case.value))
    case.drift(world)
    assert case.seen(world) != case.shown
    await world.resync()
    assert case.seen(world) == case.shown
    assert world.events(sample.key) == ["DriftCorrected"]
    assert case.field in world.last_event(sample.key).message
    assert world.ready(sample.key)


@every_field_that_drifts
async def test_drift_is_only_reported(world: World, sample: Sample, case: FieldCase) -> None:
    """Under `drift: Report` it is named by condition and one event, and nothing is written to the remote."""
    assert case.drift is not None
    await ready(world, sample, management={"drift": "Report"}, **case.spec(case.value))
    case.drift(world)
    await world.resync()
    await world.resync()
    assert case.seen(world) != case.shown
    assert world.remote_writes() == []
    assert world.condition(sample.key, "DriftDetected") == ("True", "DriftDetected")
    assert case.field in world.message(sample.key, "DriftDetected")
    assert world.events(sample.key) == ["DriftDetected"]
    assert world.status(sample.key)["drift"]["fields"]
    world.change(sample.key, **case.spec(case.other))
    await world.settle()
    assert case.seen(world) == case.shown_other
    assert world.condition(sample.key, "DriftDetected") == ("", "")
    assert "drift" not in world.status(sample.key)


def _secret_key(world: World, sample: Sample) -> Any:
    secret = world.secret(sample.secret)
    assert secret is not None
    return secret.key
