"""management.replace: another registration takes the place of one that bears another name or version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.harness.manifests import CONNECTOR, Manifest, connector
from tests.harness.samples.connector import connectors, security_holds
from tests.harness.world.killing import HEALED, killed_again_and_again, killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches

Worlds = Callable[[], World]

POSITIONS = {
    "defaults": Switches(),
    "late listing": Switches(listing_lag_seconds=30.0),
    "very late listing": Switches(listing_lag_seconds=59.0, missing_delete="false"),
    "no id in the answer": Switches(register_has_id=False),
    "no id, late listing": Switches(register_has_id=False, listing_lag_seconds=20.0, ids="numbers"),
    "duplicates refused": Switches(duplicate_name="conflict", in_use_delete="conflict"),
    "duplicates refused with 200": Switches(duplicate_name="rejected_with_200", listing_lag_seconds=20.0),
    "missing is false": Switches(missing_delete="false", missing_payload="false"),
    "missing is 404": Switches(missing_delete="not_found", html_errors=True),
    "null listing, tokens end with 200": Switches(empty_listing="null", bad_token="rejected_with_200"),
    "absent listing, single session": Switches(empty_listing="absent", single_session=True),
}
every_position = pytest.mark.parametrize("switches", POSITIONS.values(), ids=POSITIONS)
IN_USE = {"200": Switches(), "409": Switches(in_use_delete="conflict"), "late": Switches(listing_lag_seconds=30.0)}
however_in_use = pytest.mark.parametrize("switches", IN_USE.values(), ids=IN_USE)
ALLOW = {"replace": "Allow"}


def replaceable(version: str = "1.0.0", **spec: Any) -> Manifest:
    """Write a Connector whose registration may be replaced."""
    return connector(**{"management": ALLOW, "version": version, **spec})


async def ready(world: World, **spec: Any) -> str:
    """Bring one to Ready, let the listing catch up, and begin to count; return its id."""
    await world.connect_jitterbit()
    world.apply(replaceable(**spec))
    await world.wait(200)
    assert world.ready(CONNECTOR), world.status(CONNECTOR)
    world.forget()
    return str(world.status(CONNECTOR)["id"])


def registered(world: World) -> list[tuple[str, str]]:
    """Show names and versions of what is registered."""
    return sorted((one["name"], one["version"]) for one in connectors(world))


def replaced(world: World) -> list[str]:
    """Show what status lists as replaced, by version."""
    return [one["version"] for one in world.status(CONNECTOR).get("replaced", [])]


def whole(world: World, version: str, name: str = "billing") -> None:
    """Check that just this is registered, that the Secret is its, and that nothing is listed as replaced."""
    assert registered(world) == [(name, version)]
    holds(world, version, name)
    assert "replaced" not in world.status(CONNECTOR)


def holds(world: World, version: str, name: str = "billing") -> None:
    """Check that the resource is Ready with the registration of this version, and its Secret is about it."""
    assert world.ready(CONNECTOR), world.status(CONNECTOR)
    (current,) = [one for one in connectors(world) if (one["name"], one["version"]) == (name, version)]
    assert world.status(CONNECTOR)["id"] == current["id"] == world.values("billing-connector")["id"]
    assert security_holds(world)


# Without leave


async def test_registration_that_others_changed(world: World) -> None:
    """Without it, a registration whose version others changed is a Conflict that names the way too."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.sandbox.jitterbit.connectors()[0].version = "9.9.9"
    await world.resync()
    assert world.why(CONNECTOR) == "Conflict"
    assert "spec.management.replace" in world.message(CONNECTOR)
    assert registered(world) == [("billing", "9.9.9")]


NORMALISED = [Switches(names="normalised", register_has_id=known) for known in (True, False)]


@pytest.mark.parametrize("switches", NORMALISED, ids=["id", "no id"])
@pytest.mark.parametrize("replace", ["Never", "Allow"])
async def test_harmony_that_writes_names_its_own_way(world: World, replace: str) -> None:
    """A name that comes out otherwise is registered once, told as a Conflict, taken as it is, and cleared away."""
    await world.connect_jitterbit()
    world.apply(connector(name="Billing", management={"replace": replace}))
    await world.wait(3600)
    assert registered(world) == [("billing", "1.0.0")]
    assert world.condition(CONNECTOR, "Ready") == ("False", "Conflict")
    assert "it is billing 1.0.0" in world.message(CONNECTOR)
    world.change(CONNECTOR, name="billing", management={"replace": "Allow"})
    await world.settle()
    assert world.ready(CONNECTOR)
    assert security_holds(world)
    assert world.count("POST", "*/connector") == 1
    world.change(CONNECTOR, name="BILLING")
    await world.wait(3600)
    assert len(registered(world)) == 2, "the way back is open: the former one goes when its heir is Ready"
    world.store.delete(CONNECTOR)
    await world.wait(400)
    assert registered(world) == []


# With leave


@every_position
async def test_another_version(world: World) -> None:
    """The new version is registered and published, then the former goes, payload first; two events tell."""
    former = await ready(world)
    before = world.values("billing-connector")
    world.sandbox.jitterbit.connector(former).payload = True
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    whole(world, "2.0.0")
    current = world.status(CONNECTOR)["id"]
    steps = [line.partition("connector")[2] for line in world.remote_writes()]
    assert steps == ["", "/validate/securityinfo", f"/{former}/sdk/delete", f"/{former}"]
    after = world.values("billing-connector")
    assert not {before[name] for name in ("id", "key", "secret", "endpointEntityId", "MANIFEST.MF")} & {*after.values()}
    made, gone = [event for key, event in world.store.events if key == CONNECTOR]
    assert (made.reason, gone.reason) in {("Created", "Deleted"), ("SecretPublished", "Deleted")}
    assert made.reason != "Created" or (current in made.message and former in made.message)
    assert former in gone.message


async def test_another_name(world: World) -> None:
    """A new name is the same."""
    await ready(world)
    world.change(CONNECTOR, name="invoices")
    await world.settle()
    whole(world, "1.0.0", "invoices")
    assert world.events(CONNECTOR) == ["Created", "Deleted"]


async def test_secret_is_new_before_the_former_goes(world: World) -> None:
    """While the new Secret can't be published, the former registration stays and is listed."""
    await ready(world)
    before = world.values("billing-connector")
    body = '{"status": false, "errorCode": "X", "errorMessage": "no"}'
    refusal = Fault(kind="error", product="jitterbit", path="*/securityinfo", status=200, body=body)
    world.sandbox.faults.add(refusal)
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    assert registered(world) == [("billing", "1.0.0"), ("billing", "2.0.0")]
    assert world.values("billing-connector") == before
    assert replaced(world) == ["1.0.0"]
    world.sandbox.faults.clear()
    await world.wait(120)
    whole(world, "2.0.0")


async def test_status_lists_the_former_before_anything_happens(world: World) -> None:
    """The status that holds the intent lists the former registration, and is written before the new one is made."""
    former = await ready(world)
    world.change(CONNECTOR, version="2.0.0")
    assert not await world.survives(1, 1.0)
    assert replaced(world) == ["1.0.0"]
    assert world.status(CONNECTOR)["replaced"][0]["id"] == former
    assert "id" not in world.status(CONNECTOR)
    assert registered(world) == [("billing", "1.0.0")]


async def test_adopted_registration_is_ours_to_replace(world: World) -> None:
    """What was adopted is replaced like what was made, though spec.management.adopt still names its id."""
    await world.connect_jitterbit()
    theirs = world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id
    management = {**ALLOW, "adopt": {"mode": "Match", "id": theirs}}
    world.apply(replaceable(management=management))
    await world.wait(200)
    assert world.status(CONNECTOR)["id"] == theirs
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    whole(world, "2.0.0")


async def test_registration_of_others_is_not_replaced(world: World) -> None:
    """To adopt what differs stays refused: replacing begins with what is ours."""
    await world.connect_jitterbit()
    theirs = world.sandbox.jitterbit.register("100200", "billing", "9.9.9").id
    world.apply(replaceable(management={**ALLOW, "adopt": {"mode": "Override", "id": theirs}}))
    await world.wait(200)
    assert world.why(CONNECTOR) == "Conflict"
    assert [one["id"] for one in connectors(world)] == [theirs]


@pytest.mark.parametrize("adopt", [{}, {"adopt": {"mode": "Match"}}], ids=["Never", "Match"])
async def test_wanted_version_is_there_already(world: World, adopt: dict[str, Any]) -> None:
    """A foreign registration of the new version is a Conflict, or adopted where the spec says so; then ours goes."""
    await ready(world)
    theirs = world.sandbox.jitterbit.register("100200", "billing", "2.0.0").id
    world.change(CONNECTOR, version="2.0.0", management={**ALLOW, **adopt})
    await world.wait(200)
    if adopt:
        whole(world, "2.0.0")
        assert world.status(CONNECTOR)["id"] == theirs
        return
    assert world.why(CONNECTOR) == "Conflict"
    assert registered(world) == [("billing", "1.0.0"), ("billing", "2.0.0")]
    world.change(CONNECTOR, version="1.0.0")
    await world.settle()
    assert world.ready(CONNECTOR)
    world.store.delete(CONNECTOR)
    await world.settle()
    assert [one["id"] for one in connectors(world)] == [theirs]


ONE_VERSION = {
    "200": Switches(versions_coexist=False, duplicate_name="rejected_with_200"),
    "409": Switches(versions_coexist=False, duplicate_name="conflict"),
    "409 in HTML": Switches(versions_coexist=False, duplicate_name="conflict", html_errors=True),
}
one_version = pytest.mark.parametrize("switches", ONE_VERSION.values(), ids=ONE_VERSION)


@one_version
async def test_refused_registration_leaves_the_former(world: World) -> None:
    """If Harmony takes no second version of a name, the former and its Secret stay, and the way back is open."""
    former = await ready(world)
    before = world.values("billing-connector")
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    assert world.condition(CONNECTOR, "Ready") == ("False", "InvalidConfiguration")
    assert f"{former} is kept" in world.message(CONNECTOR)
    assert registered(world) == [("billing", "1.0.0")]
    assert world.values("billing-connector") == before
    world.change(CONNECTOR, version="1.0.0")
    await world.settle()
    whole(world, "1.0.0")
    assert world.status(CONNECTOR)["id"] == former


@one_version
async def test_refused_registration_then_deleted(worlds: Worlds) -> None:
    """The same, and the resource is deleted: the former registration goes with it, with or without its connection."""
    for gone in (False, True):
        world = worlds()
        await ready(world)
        world.change(CONNECTOR, version="2.0.0")
        await world.wait(200)
        if gone:
            world.store.put_finalizers(Key("JitterbitOrganization", "team", "org"))
            world.store.delete(Key("JitterbitOrganization", "team", "org"))
        world.store.delete(CONNECTOR)
        await world.wait(400)
        assert world.exists(CONNECTOR) is gone, "what may be there is not forgotten"
        assert (registered(world) == []) is not gone


# In use


@however_in_use
async def test_former_that_is_in_use(world: World) -> None:
    """A former registration that a project uses stays, is listed and told once; its end ends it, by itself."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    holds(world, "2.0.0")
    assert replaced(world) == ["1.0.0"]
    assert former in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["Created", "DeletionBlocked"]
    assert "project" in world.last_event(CONNECTOR).message
    await world.restart()
    await world.wait(400)
    assert world.events(CONNECTOR) == ["Created", "DeletionBlocked"]
    world.sandbox.jitterbit.connector(former).used = False
    await world.wait(400)
    whole(world, "2.0.0")
    assert former not in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["Created", "DeletionBlocked", "Deleted"]


@pytest.mark.parametrize("switches", [Switches(listing_lag_seconds=59.0)], ids=["late"])
async def test_former_that_is_in_use_and_not_listed_yet(world: World) -> None:
    """A former so new that it is not listed yet is waited for, and then told like any other that is in use."""
    await world.connect_jitterbit()
    world.apply(replaceable())
    await world.settle()
    former = world.status(CONNECTOR)["id"]
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.survives(4, 0.0)
    world.forget()
    await world.restart()
    await world.wait(400)
    holds(world, "2.0.0")
    assert replaced(world) == ["1.0.0"]
    assert world.events(CONNECTOR).count("DeletionBlocked") == 1


@however_in_use
async def test_former_that_is_in_use_is_quiet(world: World) -> None:
    """While it stays nothing is written to Kubernetes; the remote is asked again every five minutes or more."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    world.forget()
    await world.wait(3600)
    assert world.store.writes == []
    assert world.store.events == []
    assert {line.partition("connector/")[2] for line in world.remote_writes()} == {f"{former}/sdk/delete", former}
    assert 8 <= world.count("DELETE", f"*/{former}") <= 12


async def test_several_formers(world: World) -> None:
    """Each version that is still in use is listed; each goes when it may, whatever the order."""
    ids = [await ready(world)]
    for version in ("2.0.0", "3.0.0"):
        world.sandbox.jitterbit.connector(ids[-1]).used = True
        world.change(CONNECTOR, version=version)
        await world.settle()
        ids.append(world.status(CONNECTOR)["id"])
    holds(world, "3.0.0")
    assert replaced(world) == ["1.0.0", "2.0.0"]
    world.sandbox.jitterbit.connector(ids[1]).used = False
    await world.wait(400)
    assert replaced(world) == ["1.0.0"]
    world.sandbox.jitterbit.remove(ids[0])
    await world.wait(400)
    whole(world, "3.0.0")


@however_in_use
async def test_back_to_the_former(world: World) -> None:
    """Its name and version wanted again, a former that is still there is taken back: nothing is registered."""
    former = await ready(world)
    before = world.values("billing-connector")
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    world.forget()
    world.change(CONNECTOR, version="1.0.0")
    await world.wait(200)
    whole(world, "1.0.0")
    assert world.status(CONNECTOR)["id"] == former
    assert world.values("billing-connector") == before
    assert world.count("POST", "*/connector") == 0


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
@pytest.mark.parametrize("switches", [Switches(listing_lag_seconds=30.0)], ids=["late"])
async def test_back_to_a_former_that_is_gone(world: World, *, restarted: bool) -> None:
    """A former that was deleted and is still listed is nothing to go back to, nor in the way of a new registration."""
    former = await ready(world)
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    assert registered(world) == [("billing", "2.0.0")]
    assert replaced(world) == ["1.0.0"], "the listing is late"
    world.forget()
    world.change(CONNECTOR, version="1.0.0")
    if restarted:
        await world.restart()
    await world.wait(200)
    whole(world, "1.0.0")
    assert world.status(CONNECTOR)["id"] != former
    assert restarted or {*world.events(CONNECTOR)} <= {"Created", "Deleted"}


@however_in_use
async def test_deleted_with_a_former_in_use(world: World) -> None:
    """Deleting the resource deletes what it replaced, too; what is in use blocks that end, and says so."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    world.store.delete(CONNECTOR)
    await world.wait(200)
    assert world.condition(CONNECTOR, "Ready") == ("False", "DeletionBlocked")
    assert former in world.message(CONNECTOR)
    assert registered(world) == [("billing", "1.0.0")]
    world.sandbox.jitterbit.connector(former).used = False
    await world.wait(400)
    assert not world.exists(CONNECTOR)
    assert registered(world) == []


async def test_released_with_a_former_in_use(world: World) -> None:
    """The annotation lets go, and the event names what stays."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    world.store.delete(CONNECTOR)
    await world.settle()
    world.annotate(CONNECTOR, release_finalizer="orphan")
    await world.settle()
    assert not world.exists(CONNECTOR)
    assert former in world.last_event(CONNECTOR).message


# Policies


async def test_retain(world: World) -> None:
    """With Retain the former stays, and Ready and one event say so; with Delete again it goes."""
    former = await ready(world, management={**ALLOW, "deletionPolicy": "Retain"})
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(200)
    holds(world, "2.0.0")
    assert replaced(world) == ["1.0.0"]
    assert "Retain" in world.message(CONNECTOR)
    assert world.events(CONNECTOR) == ["Created", "Retained"]
    assert former in world.last_event(CONNECTOR).message
    assert world.count("DELETE") == 0
    world.forget()
    await world.wait(3600)
    assert (world.store.writes, world.store.events, world.remote_writes()) == ([], [], [])
    world.change(CONNECTOR, management=ALLOW)
    await world.settle()
    whole(world, "2.0.0")


async def test_retain_then_deleted(world: World) -> None:
    """With Retain a deletion leaves both registrations, and names the former."""
    former = await ready(world, management={**ALLOW, "deletionPolicy": "Retain"})
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    world.store.delete(CONNECTOR)
    await world.settle()
    assert not world.exists(CONNECTOR)
    assert registered(world) == [("billing", "1.0.0"), ("billing", "2.0.0")]
    assert former in world.last_event(CONNECTOR).message


async def test_observing_replaces_nothing(world: World) -> None:
    """Under Observe a change of version is drift; what was to be removed stays listed and is left alone."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    world.sandbox.jitterbit.connector(former).used = False
    world.forget()
    world.change(CONNECTOR, version="3.0.0", management={**ALLOW, "policy": "Observe"})
    await world.wait(400)
    assert world.condition(CONNECTOR, "Ready") == ("False", "DriftDetected")
    assert replaced(world) == ["1.0.0"]
    assert world.remote_writes() == []
    world.change(CONNECTOR, management=ALLOW)
    await world.settle()
    whole(world, "3.0.0")


async def test_paused(world: World) -> None:
    """While paused nothing is replaced."""
    await ready(world)
    world.annotate(CONNECTOR, paused="true")
    world.change(CONNECTOR, version="2.0.0")
    await world.wait(400)
    assert world.remote_writes() == []
    world.annotate(CONNECTOR, paused=None)
    await world.settle()
    whole(world, "2.0.0")


async def test_version_that_others_changed(world: World) -> None:
    """A registration of ours that others changed is replaced, or with drift Report only reported."""
    former = await ready(world, management={**ALLOW, "drift": "Report"})
    world.sandbox.jitterbit.connector(former).version = "9.9.9"
    await world.resync()
    assert world.condition(CONNECTOR, "DriftDetected")[0] == "True"
    assert registered(world) == [("billing", "9.9.9")]
    world.change(CONNECTOR, management=ALLOW)
    await world.wait(200)
    whole(world, "1.0.0")


async def test_nobody_else_takes_what_is_to_go(world: World) -> None:
    """Another Connector can't adopt a registration that we replaced and are about to remove."""
    former = await ready(world)
    world.sandbox.jitterbit.connector(former).used = True
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    second = Key("Connector", "team", "second")
    world.apply(connector("second", name="billing", management={"adopt": {"mode": "Match", "id": former}}))
    await world.wait(120)
    assert world.why(second) == "Conflict"
    assert str(CONNECTOR) in world.message(second)


# Killed


@every_position
@pytest.mark.parametrize("used", [False, True], ids=["free", "in use"])
async def test_killed_while_replacing(worlds: Worlds, *, used: bool) -> None:
    """Killed after any effect: one current registration, and every former one removed, or listed while it is used."""

    async def arrange(world: World) -> None:
        former = await ready(world)
        row = world.sandbox.jitterbit.connector(former)
        row.payload, row.used = True, used

    def act(world: World) -> None:
        world.change(CONNECTOR, version="2.0.0")

    def check(world: World) -> None:
        if not used:
            whole(world, "2.0.0")
            return
        holds(world, "2.0.0")
        assert registered(world) == [("billing", "1.0.0"), ("billing", "2.0.0")]
        assert replaced(world) == ["1.0.0"]

    await killed_everywhere(worlds, arrange, act, check, least=7)


@every_position
async def test_killed_while_replacing_with_a_lost_answer(worlds: Worlds) -> None:
    """The same where the answer to the registration never comes."""

    async def arrange(world: World) -> None:
        await ready(world)
        world.sandbox.faults.add(Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=1))

    def act(world: World) -> None:
        world.change(CONNECTOR, version="2.0.0")

    await killed_everywhere(worlds, arrange, act, lambda world: whole(world, "2.0.0"), least=6)


@every_position
async def test_changed_again_while_replacing(worlds: Worlds) -> None:
    """Killed anywhere in a replacement, and by the restart another version is wanted: all but that one are gone."""
    for wanted in ("3.0.0", "1.0.0"):
        for effects in range(9):
            world = worlds()
            await ready(world)
            fault = Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=1)
            world.sandbox.faults.add(fault)
            world.change(CONNECTOR, version="2.0.0")
            await world.survives(effects, 1.0)
            world.change(CONNECTOR, version=wanted)
            await world.restart()
            await world.wait(HEALED)
            whole(world, wanted)


@every_position
async def test_deleted_while_replacing(worlds: Worlds) -> None:
    """Killed anywhere in a replacement, and deleted by the restart: nothing is left."""
    for effects in range(9):
        world = worlds()
        await ready(world)
        fault = Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=1)
        world.sandbox.faults.add(fault)
        world.change(CONNECTOR, version="2.0.0")
        await world.survives(effects, 1.0)
        world.store.delete(CONNECTOR)
        await world.restart()
        await world.wait(HEALED)
        assert not world.exists(CONNECTOR), (effects, world.status(CONNECTOR))
        assert registered(world) == [], effects


@however_in_use
async def test_killed_while_going_back(worlds: Worlds) -> None:
    """Killed while a former is taken back: it is the only one, and nothing was registered anew."""
    former = ""

    async def arrange(world: World) -> None:
        nonlocal former
        former = await ready(world)
        world.sandbox.jitterbit.connector(former).used = True
        world.change(CONNECTOR, version="2.0.0")
        await world.wait(200)
        assert replaced(world) == ["1.0.0"]

    def act(world: World) -> None:
        world.change(CONNECTOR, version="1.0.0")

    def check(world: World) -> None:
        whole(world, "1.0.0")
        assert world.status(CONNECTOR)["id"] == former

    await killed_everywhere(worlds, arrange, act, check, least=4)


async def test_killed_while_adopting_in_its_place(worlds: Worlds) -> None:
    """Killed while a registration of others is adopted in place of ours: theirs stays, ours is gone."""
    theirs = ""

    async def arrange(world: World) -> None:
        nonlocal theirs
        await ready(world)
        theirs = world.sandbox.jitterbit.register("100200", "billing", "2.0.0").id

    def act(world: World) -> None:
        world.change(CONNECTOR, version="2.0.0", management={**ALLOW, "adopt": {"mode": "Match"}})

    def check(world: World) -> None:
        whole(world, "2.0.0")
        assert world.status(CONNECTOR)["id"] == theirs

    await killed_everywhere(worlds, arrange, act, check, least=5)


@pytest.mark.parametrize("effects", [6, 7])
async def test_processes_that_live_for_few_effects(world: World, effects: int) -> None:
    """A crash loop makes progress through a replacement, and through the deletion after it."""
    await ready(world)
    world.change(CONNECTOR, version="2.0.0")
    await killed_again_and_again(world, effects)
    whole(world, "2.0.0")
    world.store.delete(CONNECTOR)
    await killed_again_and_again(world, effects)
    assert not world.exists(CONNECTOR)
    assert registered(world) == []
