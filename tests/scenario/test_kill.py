"""Killed between any two outside effects, and started again: one object, its Secret complete, nothing left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from tests.harness.laws import nothing_left, whole
from tests.harness.manifests import CONNECTOR, STREAM, WORKSPACE, connector, harmony, jitsu, secret_manifest, stream
from tests.harness.samples.connector import CONNECTOR_SAMPLE, connectors
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import STREAM_SAMPLE, only_stream, streams, verifies
from tests.harness.world.killing import HEALED, killed_again_and_again, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches

Worlds = Callable[[], World]

both_builds = pytest.mark.parametrize("build", ["A", "B"])

POSITIONS = {
    "defaults": Switches(),
    "late listing": Switches(listing_lag_seconds=30.0),
    "very late listing": Switches(listing_lag_seconds=59.0),
    "no id in the answer": Switches(register_has_id=False),
    "no id, late listing": Switches(register_has_id=False, listing_lag_seconds=20.0),
    "201, numbers": Switches(register_status=201, ids="numbers"),
    "duplicates refused": Switches(duplicate_name="conflict", listing_lag_seconds=20.0),
    "duplicates refused with 200": Switches(duplicate_name="rejected_with_200"),
    "null listing": Switches(empty_listing="null"),
    "absent listing": Switches(empty_listing="absent"),
    "missing is false": Switches(missing_delete="false", missing_payload="false"),
    "missing is 404": Switches(missing_delete="not_found", missing_payload="false", html_errors=True),
    "missing is false, late listing": Switches(missing_delete="false", listing_lag_seconds=30.0),
    "single session": Switches(single_session=True, bad_token="rejected_with_200"),
    "silent login": Switches(login_has_status=False, login_has_organizations=False),
    "validation accepts all": Switches(validate_answer="always_true"),
}
every_position = pytest.mark.parametrize("switches", POSITIONS.values(), ids=POSITIONS)


async def connected_to_harmony(world: World) -> None:
    """Arrange an organization."""
    await world.connect_jitterbit()


async def ready_stream(world: World) -> None:
    """Arrange a Ready stream."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    assert world.ready(STREAM)


async def ready_connector(world: World) -> None:
    """Arrange a Ready connector."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.wait(HEALED)
    assert world.ready(CONNECTOR), world.status(CONNECTOR)


@both_builds
async def test_everything_at_once(worlds: Worlds, build: Literal["A", "B"]) -> None:
    """From an empty cluster, with connection, Secret and stream applied together, in both builds of the console."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build

    def act(world: World) -> None:
        world.apply(*jitsu(world), stream())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, STREAM_SAMPLE), least=8)


async def test_everything_of_harmony_at_once(worlds: Worlds) -> None:
    """The same for organization and connector, where the log-in is an effect too."""

    async def arrange(world: World) -> None:
        """Begin with nothing."""

    def act(world: World) -> None:
        world.apply(*harmony(world), connector())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, CONNECTOR_SAMPLE), least=11)


@pytest.mark.parametrize("effects", [1, 2, 3])
async def test_processes_that_live_for_few_effects(world: World, effects: int) -> None:
    """A crash loop makes progress: every process goes on where the last one died."""
    world.apply(*jitsu(world), stream())
    await killed_again_and_again(world, effects)
    whole(world, STREAM_SAMPLE)
    world.store.delete(STREAM)
    await killed_again_and_again(world, effects)
    nothing_left(world, STREAM_SAMPLE)


@pytest.mark.parametrize("effects", [5, 6, 7])
async def test_connector_processes_that_live_for_few_effects(world: World, effects: int) -> None:
    """The same for a connector, as soon as a life suffices for log-in, intent and registration."""
    world.apply(*harmony(world), connector())
    await killed_again_and_again(world, effects)
    whole(world, CONNECTOR_SAMPLE)
    world.store.delete(CONNECTOR)
    await killed_again_and_again(world, effects)
    nothing_left(world, CONNECTOR_SAMPLE)


@every_position
async def test_connector_created(worlds: Worlds) -> None:
    """Whatever Harmony's unknown ways are, a killed registration leads to one row with a valid Secret."""

    def act(world: World) -> None:
        world.apply(connector(manifest={"activities": ["Query"]}))

    await killed_everywhere(worlds, connected_to_harmony, act, lambda world: whole(world, CONNECTOR_SAMPLE), least=7)


@every_position
@pytest.mark.parametrize("kind", ["lost", "malformed"])
async def test_connector_created_with_an_unclear_answer(worlds: Worlds, kind: Literal["lost", "malformed"]) -> None:
    """The same where the answer to the registration is lost or unreadable, and the process is killed besides."""

    async def arrange(world: World) -> None:
        await world.connect_jitterbit()
        world.sandbox.faults.add(Fault(kind=kind, product="jitterbit", method="POST", path="*/connector", times=1))

    def act(world: World) -> None:
        world.apply(connector())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, CONNECTOR_SAMPLE), least=6)


@every_position
async def test_connector_deleted(worlds: Worlds) -> None:
    """A killed deletion ends with no row, no Secret, no resource."""

    def act(world: World) -> None:
        world.store.delete(CONNECTOR)

    await killed_everywhere(worlds, ready_connector, act, lambda world: nothing_left(world, CONNECTOR_SAMPLE), least=4)


@every_position
async def test_connector_deleted_with_a_lost_answer(worlds: Worlds) -> None:
    """The same where the answer to the deletion is lost."""

    async def arrange(world: World) -> None:
        await ready_connector(world)
        world.sandbox.faults.add(
            Fault(kind="lost", product="jitterbit", method="DELETE", path="*/connector/*", times=2)
        )

    def act(world: World) -> None:
        world.store.delete(CONNECTOR)

    await killed_everywhere(worlds, arrange, act, lambda world: nothing_left(world, CONNECTOR_SAMPLE), least=2)


@pytest.mark.parametrize(
    "switches", [Switches(listing_lag_seconds=30.0), Switches(missing_delete="false")], ids=["late", "false"]
)
async def test_connector_deleted_right_after_its_creation(worlds: Worlds) -> None:
    """A resource that is deleted before its registration was ever listed leaves nothing behind."""

    async def arrange(world: World) -> None:
        await world.connect_jitterbit()

    def act(world: World) -> None:
        world.apply(connector())

    for effects in range(9):
        world = worlds()
        await arrange(world)
        act(world)
        await world.survives(effects, 1.0)
        world.store.delete(CONNECTOR)
        await world.restart()
        await world.wait(HEALED)
        nothing_left(world, CONNECTOR_SAMPLE)


@pytest.mark.parametrize("sample", [STREAM_SAMPLE, CONNECTOR_SAMPLE], ids=["stream", "connector"])
async def test_created_then_observed(worlds: Worlds, sample: Sample) -> None:
    """What a killed process made stays ours though the resource only observes it next: it needs no adoption later."""
    for effects in range(9):
        world = worlds()
        await sample.connect(world)
        world.apply(sample.manifest())
        await world.survives(effects, 1.0)
        made = len(sample.objects(world))
        world.change(sample.key, management={"policy": "Observe"})
        await world.restart()
        await world.wait(HEALED)
        assert len(sample.objects(world)) == made, "observing makes nothing"
        world.change(sample.key, management=None)
        await world.wait(HEALED)
        whole(world, sample)
        world.store.delete(sample.key)
        await world.wait(HEALED)
        nothing_left(world, sample)


@both_builds
async def test_stream_deleted(worlds: Worlds, build: Literal["A", "B"]) -> None:
    """A killed deletion of a stream ends, with a lost answer too."""

    async def arrange(world: World) -> None:
        world.sandbox.jitsu.build = build
        await ready_stream(world)
        world.sandbox.faults.add(Fault(kind="lost", product="jitsu", method="DELETE", times=1))

    def act(world: World) -> None:
        world.store.delete(STREAM)

    await killed_everywhere(worlds, arrange, act, lambda world: nothing_left(world, STREAM_SAMPLE), least=3)


async def test_stream_created_over_burnt_ids(worlds: Worlds) -> None:
    """The same where the first ids were used up by streams that are deleted."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        for _ in range(3):
            world.store.delete(STREAM)
            await world.settle()
            world.apply(stream())
            await world.settle()
        world.store.delete(STREAM)
        await world.settle()
        assert not world.exists(STREAM)

    def act(world: World) -> None:
        world.apply(stream())

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, STREAM_SAMPLE), least=9)


@pytest.mark.parametrize("fault", [(), ("lost",)], ids=["plain", "answer lost"])
async def test_stream_lost_its_secret(worlds: Worlds, fault: tuple[Literal["lost"], ...]) -> None:
    """Killed while a lost Secret is replaced: one new pair, in Secret and console alike, and the lost one is valid."""
    before: dict[str, str] = {}

    async def arrange(world: World) -> None:
        await ready_stream(world)
        before.update(world.values("shop-jitsustream"))
        for kind in fault:
            world.sandbox.faults.add(Fault(kind=kind, product="jitsu", method="PUT", times=1))

    def act(world: World) -> None:
        world.store.delete(Key("Secret", "team", "shop-jitsustream"))

    def check(world: World) -> None:
        whole(world, STREAM_SAMPLE)
        assert [len(only_stream(world)[f"{use}Keys"]) for use in ("public", "private")] == [2, 2]
        stored = world.sandbox.jitsu.stored(before["id"])
        for use in ("public", "private"):
            assert verifies(stored, use, before[f"{use}KeyId"], before[f"{use}KeySecret"])
        assert [entry.get("lost") for entry in world.status(STREAM)["keys"]["entries"]] == [True, None, True, None]

    await killed_everywhere(worlds, arrange, act, check, least=3)


async def test_stream_rotates(worlds: Worlds) -> None:
    """Killed in a rotation, its PUT's answer lost: two pairs until the overlap is over, then one; never a third."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        world.sandbox.faults.add(Fault(kind="lost", product="jitsu", method="PUT", times=1))

    def act(world: World) -> None:
        world.change(STREAM, keys={"rotate": "2026", "overlap": "2h"})

    async def check(world: World) -> None:
        whole(world, STREAM_SAMPLE)
        numbers = {name: [key["id"][-2:] for key in only_stream(world)[name]] for name in ("publicKeys", "privateKeys")}
        assert numbers == {"publicKeys": ["p0", "p1"], "privateKeys": ["s0", "s1"]}
        assert world.values("shop-jitsustream")["publicKeyId"].endswith("p1")
        await world.wait(2 * 3600)
        whole(world, STREAM_SAMPLE)
        assert [key["id"][-2:] for key in only_stream(world)["publicKeys"]] == ["p1"]

    await killed_everywhere(worlds, arrange, act, check, least=4)


async def test_stream_retires_its_old_keys(worlds: Worlds) -> None:
    """Killed when the overlap ends: the old keys are gone, the new ones stay."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        world.change(STREAM, keys={"rotate": "2026", "overlap": "60s"})
        await world.settle()
        assert len(only_stream(world)["publicKeys"]) == 2

    def check(world: World) -> None:
        whole(world, STREAM_SAMPLE)
        assert [key["id"][-2:] for key in only_stream(world)["publicKeys"]] == ["p1"]

    await killed_everywhere(worlds, arrange, lambda _: None, check, least=2)


async def test_stream_ends_a_lost_pair(worlds: Worlds) -> None:
    """Killed in a rotation without overlap after a loss: lost and last pair are revoked, only the new one is left."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        world.store.delete(Key("Secret", "team", "shop-jitsustream"))
        await world.settle()
        assert len(only_stream(world)["publicKeys"]) == 2

    def act(world: World) -> None:
        world.change(STREAM, keys={"rotate": "2026", "overlap": "0s"})

    def check(world: World) -> None:
        whole(world, STREAM_SAMPLE)
        numbers = {name: [key["id"][-2:] for key in only_stream(world)[name]] for name in ("publicKeys", "privateKeys")}
        assert numbers == {"publicKeys": ["p2"], "privateKeys": ["s2"]}

    await killed_everywhere(worlds, arrange, act, check, least=3)


async def test_stream_renames_its_secret(worlds: Worlds) -> None:
    """Killed while the Secret moves to another name: the keys move along, and the former Secret is gone."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        world.forget()

    def act(world: World) -> None:
        world.change(STREAM, outputs={"secret": {"name": "moved", "keys": {"publicWriteKey": "WRITE_KEY"}}})

    def check(world: World) -> None:
        assert world.ready(STREAM)
        assert world.secret("shop-jitsustream") is None
        values = world.values("moved")
        assert values["WRITE_KEY"] == f"{values['publicKeyId']}:{values['publicKeySecret']}"
        assert values["publicKeyId"].endswith("p0")
        assert len(streams(world)) == 1
        assert world.remote_writes() == []

    await killed_everywhere(worlds, arrange, act, check, least=3)


async def test_connection_changes_its_secret(worlds: Worlds) -> None:
    """Killed while the connection moves to another Secret, which then changes again: only the last one is held."""

    async def arrange(world: World) -> None:
        await ready_stream(world)
        credentials = {"apiKey": world.sandbox.credentials.api_key}
        world.apply(secret_manifest("second", credentials), secret_manifest("third", credentials))

    def act(world: World) -> None:
        world.change(WORKSPACE, credentialsRef={"name": "second"})

    for effects in range(6):
        world = worlds()
        await arrange(world)
        act(world)
        await world.survives(effects, 1.0)
        world.change(WORKSPACE, credentialsRef={"name": "third"})
        await world.restart()
        await world.wait(HEALED)
        held = [secret.name for secret in world.store.secrets() if "jitops.dev/in-use" in secret.finalizers]
        assert held == ["third"], f"after {world.fate.effects[:effects]}"


async def test_connection_deleted_with_its_user(worlds: Worlds) -> None:
    """Killed while everything of a namespace is deleted: nothing is left, and no finalizer on the credentials."""

    def act(world: World) -> None:
        for key in (Key("Secret", "team", "jitsu"), Key("JitsuWorkspace", "team", "acme"), STREAM):
            world.store.delete(key)

    def check(world: World) -> None:
        nothing_left(world, STREAM_SAMPLE)
        assert not world.exists(Key("JitsuWorkspace", "team", "acme"))
        assert world.secret("jitsu") is None

    await killed_everywhere(worlds, ready_stream, act, check, least=4)


async def test_connector_made_again_beside_one_of_the_same_name(worlds: Worlds) -> None:
    """What bore our name and version before the attempt is not taken for its outcome, killed or not."""
    theirs = ""

    async def arrange(world: World) -> None:
        nonlocal theirs
        await world.connect_jitterbit()
        theirs, adopted = (world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id for _ in range(2))
        world.apply(connector(management={"adopt": {"mode": "Match", "id": adopted}}))
        await world.wait(120)
        assert world.status(CONNECTOR)["id"] == adopted
        world.sandbox.jitterbit.remove(adopted)
        world.sandbox.faults.add(Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=1))

    def check(world: World) -> None:
        assert world.ready(CONNECTOR), world.status(CONNECTOR)
        assert len(connectors(world)) == 2
        assert world.status(CONNECTOR)["id"] == world.values("billing-connector")["id"] != theirs

    await killed_everywhere(
        worlds, arrange, lambda world: world.annotate(CONNECTOR, reconcile_requested_at="now"), check, least=4
    )


async def test_two_connectors_at_once(worlds: Worlds) -> None:
    """Killed among several registrations whose answers are all lost: each resource gets its own row."""

    async def arrange(world: World) -> None:
        await world.connect_jitterbit()
        world.sandbox.faults.add(Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=2))

    def act(world: World) -> None:
        world.apply(connector(), connector("sales"))

    def check(world: World) -> None:
        assert sorted(one["name"] for one in connectors(world)) == ["billing", "sales"]
        assert {world.values("billing-connector")["id"], world.values("sales-connector")["id"]} == {
            one["id"] for one in connectors(world)
        }

    await killed_everywhere(worlds, arrange, act, check, least=10)
