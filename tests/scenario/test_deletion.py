"""Deletion always ends: done, or a condition that names what blocks it and what to do."""

from __future__ import annotations

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.laws import nothing_left
from tests.harness.manifests import CONNECTOR, ORGANIZATION, STREAM, WORKSPACE, connector, harmony, jitsu, stream
from tests.harness.samples.connector import CONNECTOR_SAMPLE, connectors
from tests.harness.samples.sample import WS, Sample
from tests.harness.samples.stream import STREAM_SAMPLE, only_stream
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches

RELEASE = "jitops.dev/release-finalizer=orphan"


async def ready(world: World, sample: Sample) -> Key:
    """Bring the sample's resource to Ready, begin to count, and return its connection."""
    connection = await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.forget()
    return connection


def credentials(connection: Key) -> Key:
    """Name the Secret of a connection."""
    return Key("Secret", "team", {WORKSPACE: "jitsu", ORGANIZATION: "harmony"}[connection])


def force(world: World, key: Key) -> None:
    """Take an object's finalizers off and delete it, as someone does who has lost patience."""
    world.store.put_finalizers(key)
    world.store.delete(key)


@every_kind
async def test_never_made_anything(world: World, sample: Sample) -> None:
    """A resource whose connection never existed goes at once."""
    world.apply(sample.manifest())
    await world.settle()
    assert world.why(sample.key) == "DependencyNotFound"
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)


@every_kind
async def test_connection_is_gone(world: World, sample: Sample) -> None:
    """Without its connection the deletion waits and says for what; it ends when the connection is back."""
    connection = await ready(world, sample)
    force(world, connection)
    await world.settle()
    world.forget()
    world.store.delete(sample.key)
    await world.settle()
    assert world.condition(sample.key, "Ready") == ("False", "DependencyNotFound")
    assert str(connection) in world.message(sample.key)
    assert RELEASE in world.message(sample.key)
    assert world.events(sample.key) == ["CannotDelete"]
    await world.wait(1200)
    assert world.events(sample.key) == ["CannotDelete"]
    world.apply(*(jitsu(world) if connection == WORKSPACE else harmony(world)))
    await world.settle()
    nothing_left(world, sample)


@every_kind
async def test_credentials_are_gone(world: World, sample: Sample) -> None:
    """Without credentials the deletion waits and names the Secret; it ends when they are back."""
    connection = await ready(world, sample)
    force(world, credentials(connection))
    await world.settle()
    world.forget()
    world.store.delete(sample.key)
    await world.settle()
    assert world.condition(sample.key, "Ready")[0] == "False"
    assert f"team/{credentials(connection).name}" in world.message(sample.key)
    assert RELEASE in world.message(sample.key)
    assert world.events(sample.key) == ["CannotDelete"]
    world.apply((jitsu(world) if connection == WORKSPACE else harmony(world))[0])
    await world.settle()
    nothing_left(world, sample)


@every_kind
async def test_unprotected_credentials_are_gone(world: World, sample: Sample) -> None:
    """With `protect: Never` the Secret may go first: the deletion says so, tries again, and a person can let it go."""
    connection = await ready(world, sample)
    world.change(connection, credentials={"protect": "Never"})
    await world.settle()
    world.store.delete(credentials(connection))
    await world.settle()
    assert world.secret(credentials(connection).name) is None
    world.store.terminating.add("team")
    for key in (connection, sample.key, Key("Secret", "team", sample.secret)):
        world.store.delete(key)
    world.forget()
    await world.wait(1200)
    assert world.condition(sample.key, "Ready")[0] == "False"
    assert f"team/{credentials(connection).name}" in world.message(sample.key)
    assert RELEASE in world.message(sample.key)
    tried = world.store.read.count(credentials(connection).name)
    await world.wait(1200)
    assert world.store.read.count(credentials(connection).name) > tried, "it is tried again"
    world.annotate(sample.key, release_finalizer="orphan")
    await world.settle()
    assert not world.exists(sample.key)
    assert not world.exists(connection)
    assert len(sample.objects(world)) == 1
    assert world.remote_writes() == []


@every_kind
async def test_credentials_are_refused(world: World, sample: Sample) -> None:
    """With refused credentials the deletion says so at once, with the way out; it ends when they are right."""
    connection = await ready(world, sample)
    right = dict(world.values(credentials(connection).name))
    wrong = {name: f"{value[:8]}-wrong-for-a-while" for name, value in right.items() if name != "email"}
    if connection == WORKSPACE:
        wrong = {"apiKey": "demokey:wrong-for-a-while"}
    world.edit_secret(credentials(connection).name, **wrong)
    await world.settle()
    world.store.delete(sample.key)
    await world.settle()
    assert world.condition(sample.key, "Ready")[0] != "True"
    assert RELEASE in world.message(sample.key)
    assert world.events(sample.key) == ["CannotDelete"]
    world.edit_secret(credentials(connection).name, **right)
    await world.wait(600)
    nothing_left(world, sample)


@every_kind
async def test_remote_is_down(world: World, sample: Sample) -> None:
    """While the remote fails the deletion says so at once; it ends by itself when the remote is back."""
    await ready(world, sample)
    world.sandbox.faults.add(Fault(kind="error", status=502))
    world.store.delete(sample.key)
    await world.wait(60)
    assert world.condition(sample.key, "Ready")[0] != "True"
    assert RELEASE in world.message(sample.key)
    assert world.events(sample.key)[0] == "CannotDelete"
    world.sandbox.faults.clear()
    await world.wait(1200)
    nothing_left(world, sample)


@every_kind
async def test_consent_is_withdrawn(world: World, sample: Sample) -> None:
    """A connection that may no longer be used blocks the deletion, which says so; consent heals it at once."""
    connection = await sample.connect(world)
    world.change(connection, allowedNamespaces={"from": "All"})
    abroad = Key(sample.key.kind, "other", sample.key.name)
    world.apply(
        sample.manifest(abroad.name, "other", **{sample.reference: {"name": connection.name, "namespace": "team"}})
    )
    await world.settle()
    assert world.ready(abroad)
    world.change(connection, allowedNamespaces=None)
    world.store.delete(abroad)
    await world.settle()
    assert world.condition(abroad, "Ready") == ("False", "ReferenceNotPermitted")
    assert RELEASE in world.message(abroad)
    world.change(connection, allowedNamespaces={"from": "All"})
    await world.settle()
    assert not world.exists(abroad)
    assert sample.objects(world) == []


@every_kind
async def test_spec_became_invalid(world: World, sample: Sample) -> None:
    """A spec that no longer holds does not stand in the way of the deletion silently."""
    await ready(world, sample)
    world.change(sample.key, unknown="field")
    await world.settle()
    world.store.delete(sample.key)
    await world.settle()
    if world.exists(sample.key):
        assert "spec.unknown" in world.message(sample.key)
        world.change(sample.key, unknown=None)
        await world.settle()
    nothing_left(world, sample)


# In use at the remote


def link(world: World) -> str:
    """Link the stream to a destination, by someone else."""
    from jitops_sandbox.jitsu.state import Link  # noqa: PLC0415

    state, now = world.sandbox.jitsu.state, world.clock.now()
    made = Link("their-link", WS, "push", only_stream(world)["id"], "their-destination", {}, now, now)
    state.links[made.id] = made
    return made.id


async def test_linked_stream(world: World) -> None:
    """A stream with links of others is not deleted; the links are named, and their end ends the deletion."""
    await ready(world, STREAM_SAMPLE)
    named = link(world)
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert world.condition(STREAM, "Stalled") == ("True", "DeletionBlocked")
    assert named in world.message(STREAM)
    assert world.events(STREAM) == ["DeletionBlocked"]
    assert only_stream(world)
    await world.wait(700)
    assert world.events(STREAM) == ["DeletionBlocked"]
    del world.sandbox.jitsu.state.links[named]
    await world.wait(400)
    nothing_left(world, STREAM_SAMPLE)


@pytest.mark.parametrize(
    "switches",
    [Switches(), Switches(in_use_delete="conflict"), Switches(in_use_delete="conflict", html_errors=True)],
    ids=["200", "409", "409 in HTML"],
)
async def test_connector_in_use(world: World) -> None:
    """A connector that a project uses is not deleted; the condition says what to do, and its end ends it."""
    await ready(world, CONNECTOR_SAMPLE)
    row = world.sandbox.jitterbit.connectors()[0]
    row.used = row.payload = True
    world.store.delete(CONNECTOR)
    await world.settle()
    assert world.condition(CONNECTOR, "Ready") == ("False", "DeletionBlocked")
    assert row.id in world.message(CONNECTOR)
    assert "project" in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["DeletionBlocked"]
    assert row.payload
    row.used = False
    await world.wait(400)
    nothing_left(world, CONNECTOR_SAMPLE)


async def test_connector_payload_goes_too(world: World) -> None:
    """Complete removal takes the payload, then the registration."""
    await ready(world, CONNECTOR_SAMPLE)
    row = world.sandbox.jitterbit.connectors()[0]
    row.payload = True
    world.store.delete(CONNECTOR)
    await world.settle()
    assert [line.rpartition("connector/")[2] for line in world.remote_writes()] == [f"{row.id}/sdk/delete", row.id]
    assert not row.payload
    nothing_left(world, CONNECTOR_SAMPLE)


@pytest.mark.parametrize(
    "switches",
    [Switches(listing_lag_seconds=30.0), Switches(listing_lag_seconds=30.0, missing_delete="false")],
    ids=["late", "late, missing is false"],
)
async def test_deletion_that_is_listed_late(world: World) -> None:
    """The finalizer goes only after a listing without the row; the deletion is sent once, and told once."""
    await sample_connected(world)
    world.store.delete(CONNECTOR)
    await world.settle()
    assert connectors(world) == []
    assert world.exists(CONNECTOR)
    assert world.condition(CONNECTOR, "Ready") == ("False", "Deleting")
    assert world.condition(CONNECTOR, "Reconciling") == ("True", "Deleting")
    await world.wait(60)
    nothing_left(world, CONNECTOR_SAMPLE)
    assert sum(line.startswith("DELETE") for line in world.remote_writes()) == 2
    assert world.events(CONNECTOR) == ["Deleted"]


async def sample_connected(world: World) -> None:
    """Bring a connector to Ready and let the listing catch up."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.wait(200)
    assert world.ready(CONNECTOR)
    world.forget()


async def test_stream_is_deleted_strictly(world: World) -> None:
    """The console is asked to refuse while links exist, never to cascade."""
    await ready(world, STREAM_SAMPLE)
    world.store.delete(STREAM)
    await world.settle()
    (request,) = world.sandbox.requests.matching(method="DELETE")
    assert request.query == {"strict": "true"}


async def test_other_finalizers_are_left(world: World) -> None:
    """We put one finalizer on and take one off; what others put there is theirs."""
    await world.connect_jitsu()
    world.apply(stream())
    world.store.put_finalizers(STREAM, "example.com/theirs")
    await world.settle()
    world.store.delete(STREAM)
    await world.settle()
    assert world.finalizers(STREAM) == ["example.com/theirs"]


@every_kind
async def test_made_by_us_and_only_observed_by_now(world: World, sample: Sample) -> None:
    """What we made and only observe since is left behind, and an event says so: nothing stays silently."""
    await ready(world, sample)
    world.change(sample.key, management={"policy": "Observe"})
    await world.settle()
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)
    assert len(sample.objects(world)) == 1
    assert world.events(sample.key)[-1] == "Retained"
