"""What exists already: refused, adopted, observed; and two resources that want the same."""

from __future__ import annotations

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import CONNECTOR, STREAM, connector, organization, secret_manifest, stream
from tests.harness.samples.connector import connectors
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import keys_open, plant_stream, streams
from tests.harness.world.world import World

from jitops.core.kube import Key

SECOND = Key("JitsuStream", "team", "second")
SECOND_CONNECTOR = Key("Connector", "team", "second")


def adopting(mode: str, id_: str, **management: object) -> dict[str, object]:
    """Write a `management` block that adopts."""
    return {"adopt": {"mode": mode, "id": id_}, **management}


# Match and Override


@every_kind
async def test_match_adopts_what_is_equal(world: World, sample: Sample) -> None:
    """An equal object becomes the resource's, told by Adopted; from then on it is deleted with it."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.forget()
    world.apply(sample.manifest(management=adopting("Match", theirs)))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    assert world.status(sample.key)["id"] == theirs
    assert [one["id"] for one in sample.objects(world)] == [theirs]
    assert sample.valid(world)
    assert world.events(sample.key) == ["Adopted"]
    assert world.finalizers(sample.key) == ["jitops.dev/finalizer"]
    world.store.delete(sample.key)
    await world.settle()
    assert sample.objects(world) == []


async def test_match_without_keys_writes_nothing(world: World) -> None:
    """An equal stream is adopted without any request that writes where no keys are asked for."""
    await world.connect_jitsu()
    theirs = plant_stream(world)
    world.forget()
    world.apply(stream(management=adopting("Match", theirs), keys={"public": "None", "private": "None"}))
    await world.settle()
    assert world.ready(STREAM)
    assert world.remote_writes() == []
    assert world.values("shop-jitsustream") == {"id": theirs}


@every_kind
async def test_match_refuses_what_differs(world: World, sample: Sample) -> None:
    """A differing object stays as it is; the condition names the fields, and the deletion leaves it alone."""
    await sample.connect(world)
    theirs = sample.plant(world)
    sample.spoil(world, theirs)
    before = sample.objects(world)
    world.forget()
    world.apply(sample.manifest(management=adopting("Match", theirs)))
    await world.resync()
    assert world.condition(sample.key, "Ready") == ("False", "AdoptionMismatch")
    assert world.condition(sample.key, "Stalled") == ("True", "AdoptionMismatch")
    assert world.condition(sample.key, "DriftDetected")[0] == "True"
    assert world.events(sample.key) == ["ConflictDetected"]
    assert world.remote_writes() == []
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)
    assert sample.objects(world) == before


async def test_match_names_the_fields(world: World) -> None:
    """Every differing field stands in the message, by its path."""
    await world.connect_jitsu()
    theirs = plant_stream(world, name="theirs", shard=3)
    world.apply(stream(shard=4, management=adopting("Match", theirs)))
    await world.settle()
    assert "name, shard" in world.message(STREAM)
    assert "Override" in world.message(STREAM)


async def test_mismatch_heals_when_the_remote_is_made_equal(world: World) -> None:
    """Once someone made the object equal, it is adopted at the next look."""
    await world.connect_jitsu()
    theirs = plant_stream(world, name="theirs")
    world.apply(stream(management=adopting("Match", theirs)))
    await world.settle()
    world.sandbox.jitsu.change(theirs, name="shop")
    await world.wait(400)
    assert world.ready(STREAM)
    assert world.status(STREAM)["id"] == theirs


async def test_override_makes_it_equal(world: World) -> None:
    """With Override the object is adopted and changed; keys of others stay on it."""
    await world.connect_jitsu()
    keys = [{"id": "theirs", "hash": "salt.hash", "hint": "the*irs"}]
    theirs = plant_stream(world, name="theirs", shard=3, custom="kept", publicKeys=keys)
    world.apply(stream(shard=4, management=adopting("Override", theirs)))
    await world.settle()
    assert world.ready(STREAM)
    (found,) = streams(world)
    assert (found["name"], found["shard"], found["custom"]) == ("shop", 4, "kept")
    assert found["publicKeys"][0]["id"] == "theirs"
    assert keys_open(world)
    assert world.events(STREAM) == ["Adopted"]


async def test_override_of_a_connector_that_cannot_be_changed(world: World) -> None:
    """A registration under another version can't be made equal: Conflict, told once, and it is left alone."""
    await world.connect_jitterbit()
    theirs = world.sandbox.jitterbit.register("100200", "billing", "2.0.0").id
    world.apply(connector(management=adopting("Override", theirs)))
    await world.resync()
    assert world.condition(CONNECTOR, "Ready") == ("False", "Conflict")
    assert "version" in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["ConflictDetected"]
    world.store.delete(CONNECTOR)
    await world.settle()
    assert [one["id"] for one in connectors(world)] == [theirs]


@every_kind
@pytest.mark.parametrize("mode", ["Match", "Override"])
async def test_adopting_what_does_not_exist(world: World, sample: Sample, mode: str) -> None:
    """An id that is nowhere is RemoteNotFound, and nothing is made instead of it."""
    await sample.connect(world)
    world.forget()
    world.apply(sample.manifest(management=adopting(mode, "nowhere1")))
    await world.settle()
    assert world.condition(sample.key, "Ready") == ("False", "RemoteNotFound")
    assert "nowhere1" in world.message(sample.key)
    assert "spec.management.adopt.id" in world.message(sample.key)
    assert world.remote_writes() == []


@every_kind
async def test_adopted_object_that_is_deleted_externally(world: World, sample: Sample) -> None:
    """An adopted object belongs to the resource: it is made again, under an id of ours."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.apply(sample.manifest(management=adopting("Match", theirs)))
    await world.settle()
    await world.wait(120)
    sample.remove(world, theirs)
    await world.resync()
    assert world.ready(sample.key), world.status(sample.key)
    assert world.status(sample.key)["id"] != theirs
    assert sample.valid(world)


async def test_connector_is_adopted_by_name_and_version(world: World) -> None:
    """Without an id, the one registration of this name and version is meant."""
    await world.connect_jitterbit()
    world.sandbox.jitterbit.register("100200", "billing", "2.0.0")
    theirs = world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id
    world.apply(connector(management={"adopt": {"mode": "Match"}}))
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.status(CONNECTOR)["id"] == theirs


async def test_two_registrations_of_one_name_and_version(world: World) -> None:
    """Which of two is meant is for a person to say: Conflict naming both, healed by an id."""
    await world.connect_jitterbit()
    ids = [world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id for _ in range(2)]
    world.apply(connector(management={"adopt": {"mode": "Match"}}))
    await world.settle()
    assert world.why(CONNECTOR) == "Conflict"
    assert all(id_ in world.message(CONNECTOR) for id_ in ids)
    world.change(CONNECTOR, management=adopting("Match", ids[1]))
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.status(CONNECTOR)["id"] == ids[1]
    assert len(connectors(world)) == 2


async def test_row_that_appears_after_ours_is_not_ours(world: World) -> None:
    """A registration that someone makes later under our name and version is left alone, even when ours is gone."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    ours = world.status(CONNECTOR)["id"]
    await world.wait(120)
    theirs = world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id
    world.sandbox.jitterbit.remove(ours)
    await world.resync()
    assert world.why(CONNECTOR) == "Conflict"
    assert theirs in world.message(CONNECTOR)
    world.store.delete(CONNECTOR)
    await world.wait(120)
    assert not world.exists(CONNECTOR)
    assert [one["id"] for one in connectors(world)] == [theirs]


async def test_existing_row_is_seen_though_the_listing_in_memory_is_old(world: World) -> None:
    """Before anything is registered the listing is read anew: what others registered meanwhile is Conflict."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.sandbox.jitterbit.register("100200", "second", "1.0.0")
    world.apply(connector("second"))
    await world.settle()
    assert world.why(SECOND_CONNECTOR) == "Conflict"
    assert len(connectors(world)) == 2


async def test_object_to_adopt_is_seen_though_the_listing_in_memory_is_old(world: World) -> None:
    """An object that others made a moment ago can be adopted at once."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    theirs = plant_stream(world, name="second")
    world.apply(stream("second", management=adopting("Match", theirs)))
    await world.settle()
    assert world.ready(SECOND), world.status(SECOND)


async def test_fields_that_nobody_set_are_left_alone(world: World) -> None:
    """What stands on an adopted stream beside the spec's fields outlives every change of ours."""
    await world.connect_jitsu()
    theirs = plant_stream(world, custom={"a": 1}, authorizedJavaScriptDomains="*.example.com", shard=3)
    world.apply(stream(management=adopting("Override", theirs)))
    await world.settle()
    for name in ("renamed", "again"):
        world.change(STREAM, name=name, strict=True)
        await world.settle()
    (found,) = streams(world)
    assert (found["name"], found["strict"]) == ("again", True)
    kept = [found.get(name) for name in ("custom", "authorizedJavaScriptDomains", "shard")]
    assert kept == [{"a": 1}, "*.example.com", 3]


# Two that want the same


@every_kind
async def test_second_adopter_gets_conflict(world: World, sample: Sample) -> None:
    """Of two resources that adopt one object the first keeps it; the other names the first, and never deletes it."""
    await sample.connect(world)
    theirs = sample.plant(world)
    name = sample.same
    world.apply(sample.manifest("second", **name, management=adopting("Override", theirs)))
    await world.settle()
    world.clock.turn(5)
    world.apply(sample.manifest(**name, management=adopting("Override", theirs)))
    await world.settle()
    second = Key(sample.key.kind, "team", "second")
    assert world.ready(second)
    assert world.condition(sample.key, "Ready") == ("False", "Conflict")
    assert str(second) in world.message(sample.key)
    assert world.finalizers(sample.key) == []
    world.store.delete(sample.key)
    await world.settle()
    assert world.ready(second)
    assert len(sample.objects(world)) == 1


@every_kind
async def test_oldest_adopter_wins(world: World, sample: Sample) -> None:
    """Applied while no operator runs, the older one gets the object whatever the order of work."""
    await sample.connect(world)
    theirs = sample.plant(world)
    await world.stop()
    name = sample.same
    world.apply(sample.manifest("zz-oldest", **name, management=adopting("Override", theirs)))
    world.clock.turn(5)
    world.apply(sample.manifest("aa-younger", **name, management=adopting("Override", theirs)))
    await world.restart()
    await world.settle()
    assert world.ready(Key(sample.key.kind, "team", "zz-oldest"))
    assert world.why(Key(sample.key.kind, "team", "aa-younger")) == "Conflict"


async def test_two_connectors_of_one_name_and_version(world: World) -> None:
    """Two Connectors that would register the same get one registration: the older has it, until it is deleted."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.clock.turn(5)
    world.apply(connector("second", name="billing"))
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.why(SECOND_CONNECTOR) == "Conflict"
    assert str(CONNECTOR) in world.message(SECOND_CONNECTOR)
    assert len(connectors(world)) == 1
    world.store.delete(CONNECTOR)
    await world.wait(900)
    assert world.ready(SECOND_CONNECTOR)
    assert len(connectors(world)) == 1


async def test_connectors_of_two_organizations_do_not_meet(world: World) -> None:
    """The same name and version in another organization is another registration."""
    await world.connect_jitterbit()
    other = {"email": "other@example.com", "password": "other-password-not-real"}
    world.apply(
        secret_manifest("harmony-other", other),
        organization(
            world.sandbox.jitterbit_url, "org2", organizationId="100300", credentialsRef={"name": "harmony-other"}
        ),
        connector(),
    )
    await world.settle()
    world.apply(connector("second", name="billing", organizationRef={"name": "org2"}))
    await world.settle()
    assert world.ready(CONNECTOR)
    assert world.ready(SECOND_CONNECTOR), world.status(SECOND_CONNECTOR)
    assert len(world.sandbox.jitterbit.connectors("100300")) == 1


async def test_two_connections_to_one_organization_do_meet(world: World) -> None:
    """The same organization over another connection is the same place: the second claimant gets Conflict."""
    await world.connect_jitterbit()
    world.apply(organization(world.sandbox.jitterbit_url, "org2"), connector())
    await world.settle()
    world.clock.turn(5)
    world.apply(connector("second", name="billing", organizationRef={"name": "org2"}))
    await world.settle()
    assert world.why(SECOND_CONNECTOR) == "Conflict"
    assert len(connectors(world)) == 1


async def test_stream_of_our_hash_that_another_resource_holds(world: World) -> None:
    """An id with our hash that another resource adopted meanwhile stays with that one."""
    await world.connect_jitsu()
    world.apply(stream(management={"deletionPolicy": "Retain"}))
    await world.settle()
    ours = world.status(STREAM)["id"]
    world.store.delete(STREAM)
    await world.settle()
    world.apply(stream("second", name="shop", management=adopting("Override", ours)))
    await world.settle()
    assert world.ready(SECOND)
    world.apply(stream(outputs={"secret": {"name": "again"}}))
    await world.settle()
    assert world.why(STREAM) == "Conflict"
    assert str(SECOND) in world.message(STREAM)
    world.store.delete(STREAM)
    await world.settle()
    assert world.ready(SECOND)
    assert [one["id"] for one in streams(world)] == [ours]


# Observe


@every_kind
async def test_observe(world: World, sample: Sample) -> None:
    """An observed object is compared and its id published; it is never written, and outlives the resource."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.forget()
    world.apply(sample.manifest(management=adopting("Match", theirs, policy="Observe")))
    await world.resync()
    assert world.ready(sample.key), world.status(sample.key)
    assert world.values(sample.secret)["id"] == theirs
    assert [line for line in world.remote_writes() if "securityinfo" not in line] == []
    sample.spoil(world, theirs)
    await world.resync()
    assert world.condition(sample.key, "DriftDetected")[0] == "True"
    assert world.condition(sample.key, "Ready") == ("False", "DriftDetected")
    assert [line for line in world.remote_writes() if "securityinfo" not in line] == []
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)
    assert [one["id"] for one in sample.objects(world)] == [theirs]
    assert world.secret(sample.secret) is None


@every_kind
async def test_observing_what_does_not_exist(world: World, sample: Sample) -> None:
    """Observe makes nothing: RemoteNotFound, until the object is there."""
    await sample.connect(world)
    world.forget()
    world.apply(sample.manifest(management={"policy": "Observe"}))
    await world.settle()
    assert world.condition(sample.key, "Ready") == ("False", "RemoteNotFound")
    assert world.remote_writes() == []
    assert world.finalizers(sample.key) == []


@every_kind
async def test_observed_object_is_not_taken_by_a_change_of_policy(world: World, sample: Sample) -> None:
    """Managed after Observe asks for the same consent as at first: without `adopt` it is Conflict."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.apply(sample.manifest(management=adopting("Match", theirs, policy="Observe")))
    await world.settle()
    world.change(sample.key, management=None)
    await world.settle()
    assert world.why(sample.key) == "Conflict"
    world.store.delete(sample.key)
    await world.settle()
    assert [one["id"] for one in sample.objects(world)] == [theirs]


@every_kind
async def test_observed_then_adopted(world: World, sample: Sample) -> None:
    """With `adopt` the change to Managed adopts, and from then on the object goes with the resource."""
    await sample.connect(world)
    theirs = sample.plant(world)
    world.apply(sample.manifest(management=adopting("Match", theirs, policy="Observe")))
    await world.settle()
    world.change(sample.key, management=adopting("Match", theirs))
    await world.settle()
    assert world.ready(sample.key)
    assert world.finalizers(sample.key) == ["jitops.dev/finalizer"]
    assert "Adopted" in world.events(sample.key)
    world.store.delete(sample.key)
    await world.settle()
    assert sample.objects(world) == []


@every_kind
async def test_managed_then_observed_and_back(world: World, sample: Sample) -> None:
    """The Secret is kept as it is both ways, no key is made or removed, and the object stays ours."""
    await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    before = dict(world.values(sample.secret))
    world.forget()
    world.change(sample.key, management={"policy": "Observe"})
    await world.resync()
    assert world.ready(sample.key), world.status(sample.key)
    assert world.values(sample.secret) == before
    world.change(sample.key, management=None)
    await world.resync()
    assert world.ready(sample.key)
    assert world.values(sample.secret) == before
    assert [line for line in world.remote_writes() if "securityinfo" not in line] == []
    world.store.delete(sample.key)
    await world.settle()
    assert sample.objects(world) == []


async def test_managed_then_observed_and_deleted(world: World) -> None:
    """Keys that can't be had again outlive the resource with the stream that they open."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.change(STREAM, management={"policy": "Observe"})
    await world.settle()
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert keys_open(world)


async def test_observer_does_not_stand_in_the_way(world: World) -> None:
    """An object may be observed by one resource and managed by another."""
    await world.connect_jitterbit()
    theirs = world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id
    world.apply(connector("second", name="billing", management=adopting("Match", theirs, policy="Observe")))
    await world.settle()
    assert world.ready(SECOND_CONNECTOR)
    world.clock.turn(5)
    world.apply(connector(management=adopting("Match", theirs)))
    await world.settle()
    assert world.ready(CONNECTOR), world.status(CONNECTOR)


async def test_rotation_asked_for_while_observing(world: World) -> None:
    """A token that changes under Observe is acted on when the stream is managed again."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.change(STREAM, management={"policy": "Observe"}, keys={"rotate": "now"})
    await world.settle()
    assert len(streams(world)[0]["publicKeys"]) == 1
    world.change(STREAM, management=None)
    await world.settle()
    assert len(streams(world)[0]["publicKeys"]) == 2
    assert keys_open(world)


async def test_overlap_ends_while_observing(world: World) -> None:
    """An overlap that ends under Observe is awaited by nobody; the old keys go when the stream is managed again."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.change(STREAM, keys={"rotate": "now", "overlap": "60s"})
    await world.settle()
    world.change(STREAM, management={"policy": "Observe"})
    await world.wait(120)
    assert len(streams(world)[0]["publicKeys"]) == 2
    world.change(STREAM, management=None)
    await world.settle()
    assert [key["id"][-2:] for key in streams(world)[0]["publicKeys"]] == ["p1"]
    assert keys_open(world)
