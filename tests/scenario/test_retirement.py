"""Rotated keys end in time whatever else fails, and are reported as overdue where nothing may be written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from tests.harness.manifests import STREAM, secret_manifest, stream
from tests.harness.samples.link import plant_link
from tests.harness.samples.stream import keys_open, only_stream
from tests.harness.world.killing import killed_everywhere
from tests.harness.world.world import World
from typing_extensions import override

from jitops.core.contract.kinds import ManagedKind
from jitops.core.managed.memory import MOST_CORRECTIONS
from jitops.products.jitsu.stream.adapter import StreamAdapter
from jitops_sandbox import Fault

OVERLAP = 3600.0
ROTATED = {"rotate": "2026-01", "overlap": "1h"}
Arrange = Callable[[World], Awaitable[None]]


async def rotated(world: World, **spec: Any) -> None:
    """Arrange a stream whose first pair is to end an hour from now."""
    await world.connect_jitsu()
    world.apply(stream(**spec))
    await world.settle()
    world.change(STREAM, keys=ROTATED)
    await world.settle()
    assert world.ready(STREAM), world.message(STREAM)
    assert numbers(world) == ["p0", "p1"]


def stored(world: World) -> Mapping[str, Any]:
    """Show the stream as the console holds it."""
    return world.sandbox.jitsu.stored(world.status(STREAM)["id"])


def numbers(world: World) -> list[str]:
    """Show the stream's public keys at the console, cut to what tells them apart."""
    return [key["id"][-2:] for key in stored(world)["publicKeys"]]


def entries(world: World) -> list[Mapping[str, Any]]:
    """Show what status remembers of the public keys."""
    return [entry for entry in world.status(STREAM)["keys"]["entries"] if entry["use"] == "public"]


async def invalid_spec(world: World) -> None:
    """Break the spec in a way that no reconcile gets past."""
    world.change(STREAM, domains=["not a domain"])


async def refused_field(world: World) -> None:
    """Ask for a domain that another workspace uses: every PUT with it is refused."""
    theirs = {"type": "stream", "name": "theirs", "domains": ["taken.example.com"]}
    world.sandbox.jitsu.state.create("another-workspace", "stream", "taken1", theirs)
    world.change(STREAM, domains=["taken.example.com"])


FAILURES: Mapping[str, tuple[Arrange, str]] = {
    "invalid spec": (invalid_spec, "InvalidConfiguration"),
    "refused field": (refused_field, "InvalidConfiguration"),
}


@pytest.mark.parametrize(("arrange", "reason"), FAILURES.values(), ids=FAILURES)
async def test_key_ends_in_time_though_the_resource_fails(world: World, arrange: Arrange, reason: str) -> None:
    """The old pair is removed when its overlap is over, not before, and the failure goes on being reported."""
    await rotated(world)
    await arrange(world)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", reason)
    await world.wait(OVERLAP - 60)
    assert numbers(world) == ["p0", "p1"]
    world.forget()
    await world.wait(120)
    assert numbers(world) == ["p1"]
    assert [entry["number"] for entry in entries(world)] == [1]
    assert keys_open(world)
    assert world.condition(STREAM, "Ready") == ("False", reason)
    assert "overdue" not in world.message(STREAM)
    world.forget()
    await world.wait(4 * OVERLAP)
    assert world.store.writes == []
    assert len(world.remote_writes()) <= 2, "a refusal is believed once it was received twice"


class Defective(StreamAdapter):
    """An adapter with a defect where it ends keys."""

    @override
    async def expire(self, status: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """Fail as a defect does."""
        raise ValueError


async def test_a_defect_where_keys_end_hides_no_failure(world: World) -> None:
    """The failure that came first is written all the same, and names the keys as overdue."""
    await rotated(world)
    managed = cast("dict[str, ManagedKind]", world.services.kinds.managed)
    managed["JitsuStream"] = replace(managed["JitsuStream"], adapter=Defective)
    await invalid_spec(world)
    await world.settle()
    await world.wait(OVERLAP + 60)
    assert world.condition(STREAM, "Ready") == ("False", "InvalidConfiguration")
    assert "overdue" in world.message(STREAM)


async def test_keys_of_others_outlive_an_end_during_a_failure(world: World) -> None:
    """The keys that others added, and all fields, are sent back as the console has them at that moment."""
    await rotated(world, authorizedJavaScriptDomains="*.example.com", extra={"team": "web"})
    await invalid_spec(world)
    await world.settle()
    found = stored(world)
    theirs = {"id": "theirs", "hash": "salt.hash", "hint": "the*irs"}
    world.sandbox.jitsu.change(world.status(STREAM)["id"], publicKeys=[theirs, *found["publicKeys"]])
    await world.wait(OVERLAP + 60)
    after = stored(world)
    assert [key["id"] for key in after["publicKeys"]] == ["theirs", found["publicKeys"][-1]["id"]]
    assert after["publicKeys"][0] == theirs
    assert after["authorizedJavaScriptDomains"] == "*.example.com"
    assert after["team"] == "web"


async def test_rotation_and_a_refused_field_in_one_change(world: World) -> None:
    """The new pair of the Secret is valid, and the old one ends in time, although the field is refused all along."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    await refused_field(world)
    world.change(STREAM, keys=ROTATED)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "InvalidConfiguration")
    assert keys_open(world), "the Secret never has a key that the console does not know"
    assert numbers(world) == ["p0", "p1"]
    assert world.events(STREAM).count("KeyRotated") == 2
    await world.wait(OVERLAP + 60)
    assert numbers(world) == ["p1"]
    world.change(STREAM, domains=None)
    await world.settle()
    assert world.ready(STREAM)
    assert numbers(world) == ["p1"]
    assert world.events(STREAM).count("KeyRotated") == 2


async def test_key_ends_once_the_console_is_back(world: World) -> None:
    """During an outage nothing can be removed; it is done when the console answers again."""
    await rotated(world)
    world.sandbox.faults.add(Fault(kind="error", status=503, product="jitsu"))
    await world.wait(OVERLAP + 60)
    world.sandbox.faults.clear()
    await world.wait(900)
    assert world.ready(STREAM)
    assert numbers(world) == ["p1"]


async def test_killed_where_a_key_ends_during_a_failure(worlds: Callable[[], World]) -> None:
    """Killed at every effect: the old pair is gone in the end, and nothing else is."""

    async def arrange(world: World) -> None:
        await rotated(world)
        await invalid_spec(world)
        await world.wait(OVERLAP - 60)

    def check(world: World) -> None:
        assert numbers(world) == ["p1"]
        assert [entry["number"] for entry in entries(world)] == [1]
        assert keys_open(world)

    await killed_everywhere(worlds, arrange, lambda _: None, check, least=2)


async def test_killed_in_a_rotation_beside_a_refused_field(worlds: Callable[[], World]) -> None:
    """Killed at every effect: Secret and console agree about the new pair, and the old one ends in time."""

    async def arrange(world: World) -> None:
        await world.connect_jitsu()
        world.apply(stream())
        await world.settle()
        await refused_field(world)
        world.change(STREAM, domains=None)
        await world.settle()

    def act(world: World) -> None:
        world.change(STREAM, domains=["taken.example.com"], keys=ROTATED)

    async def check(world: World) -> None:
        assert world.condition(STREAM, "Ready") == ("False", "InvalidConfiguration")
        assert keys_open(world)
        assert numbers(world) == ["p0", "p1"]
        await world.wait(OVERLAP)
        assert numbers(world) == ["p1"]
        assert keys_open(world)

    await killed_everywhere(worlds, arrange, act, check, least=4)


# Where nothing may be written


async def paused(world: World) -> None:
    """Pause the stream."""
    world.annotate(STREAM, paused="true")


async def observed(world: World) -> None:
    """Only observe the stream."""
    world.change(STREAM, management={"policy": "Observe"})


async def conflict(world: World) -> None:
    """Let someone else own the output Secret."""
    world.change(STREAM, outputs={"secret": {"name": "foreign"}})
    world.apply(secret_manifest("foreign", {"mine": "value of mine"}))


FORBIDDEN: Mapping[str, tuple[Arrange, str]] = {
    "paused": (paused, "Synced"),
    "observed": (observed, "Ready"),
    "conflict": (conflict, "Ready"),
}


@pytest.mark.parametrize(("arrange", "condition"), FORBIDDEN.values(), ids=FORBIDDEN)
async def test_overdue_key_is_reported_where_nothing_may_be_written(
    world: World, arrange: Arrange, condition: str
) -> None:
    """It stays valid, and a condition names it from the moment at which it should have ended, once and for good."""
    await rotated(world)
    await arrange(world)
    await world.settle()
    first = entries(world)[0]["id"]
    await world.wait(OVERLAP - 60)
    assert first not in world.message(STREAM, condition)
    world.forget()
    await world.wait(120)
    assert numbers(world) == ["p0", "p1"]
    assert f"the public write key {first}" in world.message(STREAM, condition)
    assert world.writes(STREAM) == ["status"]
    assert world.remote_writes() == []
    world.forget()
    await world.restart()
    await world.wait(4 * OVERLAP)
    assert world.store.writes == []
    assert world.remote_writes() == []
    world.annotate(STREAM, paused=None)
    world.change(STREAM, management=None, outputs=None)
    await world.settle()
    assert world.ready(STREAM)
    assert numbers(world) == ["p1"]
    assert first not in world.message(STREAM, condition)


async def test_overdue_key_is_reported_while_thrashing(world: World) -> None:
    """Where someone undoes each correction, jitops writes nothing: the key stays, and the condition names it."""
    await world.connect_jitsu()
    world.apply(stream(management={"resyncPeriod": "60s"}))
    await world.settle()
    world.change(STREAM, keys={"rotate": "2026-01", "overlap": "30m"})
    await world.settle()
    for _ in range(MOST_CORRECTIONS + 1):
        world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
        await world.wait(75)
    assert world.why(STREAM) == "Thrashing"
    assert "overdue" not in world.message(STREAM)
    await world.wait(1800)
    assert world.why(STREAM) == "Thrashing"
    assert f"the public write key {entries(world)[0]['id']}" in world.message(STREAM)
    assert numbers(world) == ["p0", "p1"]
    world.annotate(STREAM, reconcile_requested_at="now")
    await world.settle()
    assert world.ready(STREAM)
    assert numbers(world) == ["p1"]


async def test_key_ends_while_a_deletion_is_blocked(world: World) -> None:
    """A stream that something still uses can't be deleted, and its old pair ends all the same."""
    await rotated(world)
    plant_link(world, start=only_stream(world)["id"])
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    await world.wait(OVERLAP + 60)
    assert numbers(world) == ["p1"]
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
