"""Services: secrets inside their credentials, which the console hides or shows, as it happens."""

from __future__ import annotations

import pytest
from tests.harness.manifests import SERVICE, from_secret, service
from tests.harness.samples.destination import WAREHOUSE, connect_warehouse
from tests.harness.samples.service import mask_tokens, only_service, plant_service, services
from tests.harness.world.world import World

both_builds = pytest.mark.parametrize("build", ["A", "B"])
hidden_or_not = pytest.mark.parametrize("hidden", [True, False], ids=["masked", "in clear"])


def token(world: World) -> object:
    """Show the token that the console holds."""
    return only_service(world)["credentials"]["auth"]["token"]


async def made(world: World, *, hidden: bool) -> str:
    """Bring the service to Ready, its token masked or not, begin to count, and return its id."""
    if hidden:
        mask_tokens(world)
    await connect_warehouse(world)
    world.apply(service())
    await world.settle()
    assert world.ready(SERVICE), world.status(SERVICE)
    (shown,) = services(world)
    assert (shown["credentials"]["auth"]["token"] == "__MASKED_BY_JITSU__") == hidden
    await world.wait(60)
    world.forget()
    return str(world.status(SERVICE)["id"])


def puts(world: World) -> int:
    """Count the changes of services."""
    return world.count("PUT", "*/config/service/*")


async def rests(world: World) -> None:
    """Check that two resyncs write nothing anywhere."""
    world.forget()
    await world.resync()
    await world.resync()
    assert world.store.writes == []
    assert world.store.events == []
    assert world.remote_writes() == []


@both_builds
@hidden_or_not
async def test_rest(world: World, *, hidden: bool) -> None:
    """A token is no drift, whether the console hides it or not, over a restart too."""
    await made(world, hidden=hidden)
    assert token(world) == WAREHOUSE["password"]
    await rests(world)
    await world.restart()
    await rests(world)


@both_builds
async def test_rest_when_the_console_learns_to_mask(world: World) -> None:
    """A specification that the console caches later hides the token, and nothing is written for that."""
    await made(world, hidden=False)
    mask_tokens(world)
    await rests(world)


@hidden_or_not
async def test_edited_secret_is_applied_once(world: World, *, hidden: bool) -> None:
    """An edited Secret reaches the console at once, by one PUT."""
    await made(world, hidden=hidden)
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert token(world) == "another-password"
    assert puts(world) == 1
    assert world.events(SERVICE) == ["Updated"]
    await rests(world)


@hidden_or_not
async def test_foreign_token_is_undone_once(world: World, *, hidden: bool) -> None:
    """A token that others put there is noticed, by itself or by the moment, and told by its path."""
    id_ = await made(world, hidden=hidden)
    world.planted.add("their-token")
    world.sandbox.jitsu.change(id_, credentials={"account": "acme", "auth": {"token": "their-token"}})
    await world.resync()
    assert token(world) == WAREHOUSE["password"]
    assert puts(world) == 1
    assert world.events(SERVICE) == ["DriftCorrected"]
    assert "secretConfig.auth.token" in world.last_event(SERVICE).message
    await rests(world)


@hidden_or_not
async def test_removed_entry_becomes_empty(world: World, *, hidden: bool) -> None:
    """What is taken out of the spec is emptied once, a masked token too, and then there is rest."""
    await made(world, hidden=hidden)
    world.change(SERVICE, credentials={"region": "eu"}, secretConfig=[])
    await world.settle()
    assert world.ready(SERVICE), world.status(SERVICE)
    assert only_service(world)["credentials"] == {"account": "", "region": "eu", "auth": {"token": ""}}
    assert puts(world) == 1
    assert "secretHashes" not in world.status(SERVICE)
    await rests(world)


async def test_what_the_console_masks_is_refused_in_clear(world: World) -> None:
    """A token in the spec's credentials is refused as soon as the console calls it a secret."""
    mask_tokens(world)
    await connect_warehouse(world)
    id_ = plant_service(world)
    world.apply(
        service(
            credentials={"auth": {"token": "plain-value"}},
            secretConfig=None,
            management={"adopt": {"mode": "Override", "id": id_}},
        )
    )
    await world.settle()
    assert world.condition(SERVICE, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.credentials.auth.token: is a secret at the console" in world.message(SERVICE)
    assert "plain-value" not in world.message(SERVICE)
    assert world.remote_writes() == []


async def test_a_path_that_is_taken_is_refused(world: World) -> None:
    """A path that leads into something that is no map is refused before anything is sent."""
    await connect_warehouse(world)
    world.apply(service(credentials={"auth": "x"}, secretConfig=[from_secret("auth.token", "ch", "password")]))
    await world.settle()
    assert "spec.credentials.auth: must be a map" in world.message(SERVICE)
    assert world.remote_writes() == []


@both_builds
async def test_refusal_of_the_console_tells_no_secret(world: World) -> None:
    """The console answers a refusal with the whole object in clear; only the field and its issue are passed on."""
    id_ = await made(world, hidden=False)
    world.sandbox.jitsu.change(id_, authorized="yes")
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert world.condition(SERVICE, "Ready") == ("False", "InvalidConfiguration")
    assert "authorized: Expected boolean" in world.message(SERVICE)
    assert not world.reveals(world.told())


@pytest.mark.parametrize("mode", ["Match", "Override"])
async def test_adoption(world: World, mode: str) -> None:
    """Match takes an equal service as it is, hidden token and all; Override sends everything once."""
    mask_tokens(world)
    await connect_warehouse(world)
    id_ = plant_service(world, credentials={"account": "acme", "auth": {"token": "their-token"}})
    world.apply(service(management={"adopt": {"mode": mode, "id": id_}}))
    await world.settle()
    assert world.ready(SERVICE), world.status(SERVICE)
    assert puts(world) == (mode == "Override")
    assert token(world) == (WAREHOUSE["password"] if mode == "Override" else "their-token")
    await rests(world)


@both_builds
async def test_another_package_has_other_secrets(world: World) -> None:
    """What the console masks of the old connector may stand in clear for the new one."""
    await made(world, hidden=True)
    clear = {"account": "acme", "auth": {"token": "public-token"}}
    world.change(SERVICE, package="airbyte/source-other", credentials=clear, secretConfig=None)
    await world.settle()
    assert world.ready(SERVICE), world.message(SERVICE)
    assert token(world) == "public-token"
    await rests(world)
