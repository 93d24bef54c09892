"""Connections in use, their Secrets, other namespaces, and namespaces that go away."""

from __future__ import annotations

import itertools

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import (
    CONNECTOR,
    ORGANIZATION,
    STREAM,
    WORKSPACE,
    connector,
    harmony,
    jitsu,
    secret_manifest,
    stream,
    workspace,
)
from tests.harness.samples.connector import connectors
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import streams
from tests.harness.world.world import World

from jitops.core.errors import PermissionDenied
from jitops.core.kube import Key

IN_USE = "jitops.dev/in-use"


def marked(world: World, name: str = "jitsu") -> bool:
    """Tell whether a credentials Secret is held."""
    secret = world.secret(name)
    return secret is not None and IN_USE in secret.finalizers


# In use


@every_kind
async def test_connection_outlives_its_users(world: World, sample: Sample) -> None:
    """A deleted connection stays, says who uses it, goes on working, and goes with the last user."""
    connection = await sample.connect(world)
    world.apply(sample.manifest(), sample.manifest("second"))
    await world.settle()
    world.store.delete(connection)
    await world.settle()
    assert world.condition(connection, "Ready") == ("False", "DeletionBlocked")
    assert str(sample.key) in world.message(connection)
    assert "second" in world.message(connection)
    assert world.events(connection)[-1] == "DeletionBlocked"
    sample.remove(world, world.status(sample.key)["id"])
    await world.resync()
    assert world.ready(sample.key)
    world.store.delete(sample.key)
    await world.settle()
    assert "second" in world.message(connection)
    assert str(sample.key) not in world.message(connection)
    world.store.delete(Key(sample.key.kind, "team", "second"))
    await world.settle()
    assert not world.exists(connection)
    assert sample.objects(world) == []
    assert not marked(world, sample.credentials)


async def test_unused_connection_goes_at_once(world: World) -> None:
    """Nothing holds a connection that nobody used, though somebody refers to it."""
    await world.connect_jitsu()
    world.apply(stream(management={"policy": "Observe"}))
    await world.settle()
    world.store.delete(WORKSPACE)
    await world.settle()
    assert not world.exists(WORKSPACE)
    assert world.why(STREAM) == "DependencyNotFound"


@every_kind
async def test_connection_that_is_going_serves_no_one_new(world: World, sample: Sample) -> None:
    """A resource that comes after the connection's deletion makes nothing over it."""
    connection = await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    world.store.delete(connection)
    await world.settle()
    world.apply(sample.manifest("late"))
    await world.settle()
    late = Key(sample.key.kind, "team", "late")
    assert world.condition(late, "Ready") == ("False", "DependencyNotReady")
    assert str(connection) in world.message(late)
    assert len(sample.objects(world)) == 1
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(connection)
    assert world.exists(late)


@every_kind
async def test_credentials_are_held_exactly_while_used(world: World, sample: Sample) -> None:
    """The finalizer comes before the first object is made, and goes with the last one."""
    name = sample.credentials
    await sample.connect(world)
    assert not marked(world, name)
    world.apply(sample.manifest())
    await world.settle()
    assert marked(world, name)
    world.store.delete(sample.key)
    await world.settle()
    assert not marked(world, name)


async def test_finalizer_that_was_taken_off_is_back(world: World) -> None:
    """Whoever strips the finalizer from a Secret in use finds it there again."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.store.put_finalizers(Key("Secret", "team", "jitsu"))
    await world.resync()
    assert marked(world)


async def test_only_the_finalizer_of_the_credentials_is_ours(world: World) -> None:
    """Data, labels, annotations and others' finalizers of a credentials Secret are never written."""
    await world.connect_jitsu()
    secret = world.secret("jitsu")
    assert secret is not None
    world.store.put_finalizers(Key("Secret", "team", "jitsu"), "example.com/theirs")
    world.apply(stream())
    await world.settle()
    after = world.secret("jitsu")
    assert after is not None
    assert after.finalizers == ("example.com/theirs", IN_USE)
    assert (after.data, after.labels, after.annotations, after.owners) == (secret.data, secret.labels, {}, ())
    world.store.delete(STREAM)
    await world.settle()
    left = world.secret("jitsu")
    assert left is not None
    assert left.finalizers == ("example.com/theirs",)


async def test_two_connections_share_a_secret(world: World) -> None:
    """The Secret is held until neither connection needs it."""
    await world.connect_jitsu()
    world.apply(workspace(world.sandbox.jitsu_url, "acme2"))
    world.apply(stream(), stream("second", workspaceRef={"name": "acme2"}))
    await world.settle()
    assert world.ready(Key("JitsuStream", "team", "second"))
    world.store.delete(STREAM)
    await world.settle()
    assert marked(world)
    world.store.delete(WORKSPACE)
    await world.settle()
    assert not world.exists(WORKSPACE)
    assert marked(world)
    world.store.delete(Key("JitsuStream", "team", "second"))
    await world.settle()
    assert not marked(world)


async def test_protection_can_be_turned_off_and_on(world: World) -> None:
    """`credentials.protect: Never` takes the finalizer off at once, and Always puts it back."""
    await world.connect_jitsu(credentials={"protect": "Never"})
    world.apply(stream())
    await world.settle()
    assert world.ready(STREAM)
    assert not marked(world)
    world.change(WORKSPACE, credentials=None)
    await world.settle()
    assert marked(world)
    world.change(WORKSPACE, credentials={"protect": "Never"})
    await world.settle()
    assert not marked(world)


@pytest.mark.parametrize("down", [False, True], ids=["running", "down"])
async def test_another_secret(world: World, *, down: bool) -> None:
    """When the connection names another Secret, the former one is let go, even if that happened while down."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.apply(secret_manifest("jitsu2", {"apiKey": world.sandbox.credentials.api_key}))
    if down:
        await world.stop()
    world.change(WORKSPACE, credentialsRef={"name": "jitsu2"})
    if down:
        await world.restart()
    await world.settle()
    assert marked(world, "jitsu2")
    assert not marked(world, "jitsu")


async def test_secret_is_let_go_though_the_connection_fails(world: World) -> None:
    """A connection that can't be verified holds its Secret no longer than it is used."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.edit_secret("jitsu", apiKey="demokey:wrong-for-ever")
    await world.settle()
    world.store.delete(STREAM)
    world.annotate(STREAM, release_finalizer="orphan")
    await world.settle()
    assert not world.exists(STREAM)
    assert not marked(world)


async def test_secret_is_let_go_though_the_connection_was_forced_out(world: World) -> None:
    """A connection whose finalizer was stripped leaves no finalizer on its Secret behind."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.store.put_finalizers(WORKSPACE)
    world.store.delete(WORKSPACE)
    await world.settle()
    assert not marked(world)


async def test_user_that_is_held_by_others_frees_the_connection(world: World) -> None:
    """A resource that let go of the remote no longer counts, though someone else's finalizer keeps it."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.store.put_finalizers(STREAM, "example.com/theirs", *world.finalizers(STREAM))
    await world.settle()
    world.store.delete(WORKSPACE)
    world.store.delete(STREAM)
    await world.settle()
    assert world.finalizers(STREAM) == ["example.com/theirs"]
    assert not world.exists(WORKSPACE)
    assert not marked(world)


# Namespaces that go away

EVERYTHING = (
    Key("Secret", "team", "jitsu"),
    WORKSPACE,
    STREAM,
    Key("Secret", "team", "shop-jitsustream"),
)
EVERYTHING_OF_HARMONY = (
    Key("Secret", "team", "harmony"),
    ORGANIZATION,
    CONNECTOR,
    Key("Secret", "team", "billing-connector"),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=lambda order: "".join(map(str, order)))
@pytest.mark.parametrize("together", [True, False], ids=["at once", "one by one"])
async def test_namespace_is_deleted(world: World, order: tuple[int, ...], *, together: bool) -> None:
    """Whatever goes first, everything ends: remote, resources, Secrets; and nothing is made meanwhile."""
    world.apply(*jitsu(world), stream())
    await world.settle()
    assert world.ready(STREAM)
    world.forget()
    world.store.terminating.add("team")
    for at in order:
        world.store.delete(EVERYTHING[at])
        if not together:
            await world.settle()
    await world.wait(900)
    assert [key for key in EVERYTHING if key.kind != "Secret" and world.exists(key)] == []
    assert [secret.name for secret in world.store.secrets() if secret.namespace == "team"] == []
    assert streams(world) == []
    assert not [line for line in world.remote_writes() if line.startswith(("POST", "PUT"))]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (3, 0, 1, 2)])
async def test_namespace_of_a_connector_is_deleted(world: World, order: tuple[int, ...]) -> None:
    """The same for a connector."""
    world.apply(*harmony(world), connector())
    await world.settle()
    assert world.ready(CONNECTOR)
    world.store.terminating.add("team")
    for at in order:
        world.store.delete(EVERYTHING_OF_HARMONY[at])
        await world.settle()
    await world.wait(900)
    assert [key for key in EVERYTHING_OF_HARMONY if key.kind != "Secret" and world.exists(key)] == []
    assert [secret.name for secret in world.store.secrets() if secret.namespace == "team"] == []
    assert connectors(world) == []


async def test_nothing_is_made_in_a_terminating_namespace(world: World) -> None:
    """A stream that comes too late makes nothing at the remote, and its lost Secret renews no key."""
    await world.connect_jitsu()
    world.apply(stream("second"))
    await world.settle()
    world.forget()
    world.store.terminating.add("team")
    world.apply(stream())
    world.store.delete(Key("Secret", "team", "second-jitsustream"))
    await world.wait(900)
    assert world.remote_writes() == []
    assert world.secret("shop-jitsustream") is None
    assert world.store.events == []


# Other namespaces

ABROAD = {"name": "acme", "namespace": "team"}


@every_kind
@pytest.mark.parametrize(
    ("allowed", "permitted"),
    [
        (None, False),
        ({"from": "Same"}, False),
        ({"from": "All"}, True),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "other"}}}, True),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "third"}}}, False),
        (
            {
                "from": "Selector",
                "selector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["other", "x"]}]},
            },
            True,
        ),
        (
            {"from": "Selector", "selector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}},
            False,
        ),
    ],
    ids=["unset", "Same", "All", "Selector", "another Selector", "expression", "another expression"],
)
async def test_consent(world: World, sample: Sample, allowed: object, *, permitted: bool) -> None:
    """A connection is used from another namespace only as its owner allows, and its own is always allowed."""
    connection = await sample.connect(world)
    world.change(connection, allowedNamespaces=allowed)
    reference = {sample.reference: {"name": connection.name, "namespace": "team"}}
    world.apply(sample.manifest(), sample.manifest("abroad", "other", **reference))
    await world.settle()
    abroad = Key(sample.key.kind, "other", "abroad")
    assert world.ready(sample.key)
    assert world.ready(abroad) == permitted
    if not permitted:
        assert world.condition(abroad, "Ready") == ("False", "ReferenceNotPermitted")
        assert world.condition(abroad, "ReferencesResolved") == ("False", "ReferenceNotPermitted")
        assert "spec.allowedNamespaces" in world.message(abroad)
        assert world.events(abroad) == ["CannotResolve"]
        assert len(sample.objects(world)) == 1


async def test_consent_that_is_given_later(world: World) -> None:
    """Consent wakes those who wait for it, at once; its withdrawal is noticed at once too."""
    await world.connect_jitsu()
    world.apply(stream("abroad", "other"))
    await world.settle()
    abroad = Key("JitsuStream", "other", "abroad")
    assert world.why(abroad) == "ReferenceNotPermitted"
    world.change(WORKSPACE, allowedNamespaces={"from": "All"})
    await world.settle()
    assert world.ready(abroad)
    world.change(WORKSPACE, allowedNamespaces=None)
    await world.settle()
    assert world.why(abroad) == "ReferenceNotPermitted"
    assert len(streams(world)) == 1


async def test_selector_without_the_right_to_read_namespaces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where namespaces can't be read a Selector permits no one, and says why."""

    async def refused(_namespace: str) -> None:
        raise PermissionDenied("namespaces is forbidden")

    monkeypatch.setattr(world.store, "namespace_labels", refused)
    await world.connect_jitsu(allowedNamespaces={"from": "Selector", "selector": {"matchLabels": {"team": "other"}}})
    world.apply(stream("abroad", "other"), stream())
    await world.settle()
    abroad = Key("JitsuStream", "other", "abroad")
    assert world.why(abroad) == "ReferenceNotPermitted"
    assert "no right to read namespaces" in world.message(abroad)
    assert world.ready(STREAM)


async def test_secret_lies_in_the_namespace_of_the_resource(world: World) -> None:
    """A resource abroad gets its Secret where it is, not where the connection is."""
    await world.connect_jitsu(allowedNamespaces={"from": "All"})
    world.apply(stream("abroad", "other"))
    await world.settle()
    assert world.secret("abroad-jitsustream", "other") is not None
    assert world.secret("abroad-jitsustream") is None


async def test_same_name_in_two_namespaces(world: World) -> None:
    """Streams of one name in two namespaces are two streams."""
    await world.connect_jitsu(allowedNamespaces={"from": "All"})
    world.apply(stream(), stream("shop", "other"))
    await world.settle()
    assert world.ready(STREAM)
    assert world.ready(Key("JitsuStream", "other", "shop"))
    assert len(streams(world)) == 2


async def test_connection_that_comes_later(world: World) -> None:
    """A resource that is applied before its connection waits, says so once, and is made when it is there."""
    world.apply(stream())
    await world.wait(400)
    assert world.condition(STREAM, "Ready") == ("False", "DependencyNotFound")
    assert world.events(STREAM) == ["CannotResolve"]
    await world.connect_jitsu()
    assert world.ready(STREAM)


async def test_workspace_that_comes_to_another_address(world: World) -> None:
    """A connection's changed spec counts for the very next call of its dependents."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.change(STREAM, name="renamed")  # It is worked on first, before the connection itself.
    world.change(WORKSPACE, baseUrl="http://127.0.0.1:9")
    world.forget()
    await world.settle()
    assert world.condition(WORKSPACE, "Ready") == ("Unknown", "RemoteUnavailable")
    assert len(world.sandbox.requests) == 0
    world.change(WORKSPACE, baseUrl=world.sandbox.jitsu_url)
    await world.settle()
    assert world.ready(STREAM)
    assert streams(world)[0]["name"] == "renamed"


async def test_what_is_left_of_a_budget_is_known(world: World) -> None:
    """Each call takes one from what its connection could make at once; where nobody counts, nothing is told."""
    await world.connect_jitsu()
    await world.connect_jitterbit()
    before = world.services.connections.budgets()
    world.apply(stream())
    await world.settle()
    after = world.services.connections.budgets()
    assert {key[:3] for key in after} == {WORKSPACE}
    assert after[(*WORKSPACE, "POST")] == before[(*WORKSPACE, "POST")] - 1
