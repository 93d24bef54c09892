"""A key's budget at the console: used to the full, never exceeded, and visible to those who wait for it."""

from __future__ import annotations

from tests.harness.manifests import stream
from tests.harness.samples.stream import streams
from tests.harness.world.world import World

from jitops.core.kube import Key

LIMIT = 120
"""The console's POSTs a minute and key."""
MANY = 5 * LIMIT
LEAST = 60 * MANY / LIMIT
"""The seconds that the console's sliding minute needs at least: the first rush counts in the minute after it, too."""


async def test_a_rush_uses_the_budget_and_no_more(world: World) -> None:
    """Six hundred streams at once: no 429, 98% of the budget used, progress told, and no request for waiting."""
    await world.connect_jitsu()
    names = [f"s{number:03}" for number in range(MANY)]
    world.forget()
    world.apply(*(stream(name) for name in names))
    began = world.clock.monotonic()
    await world.settle(rounds=2 * MANY)
    await world.wait(LEAST / 2)
    waiting = [name for name in names if not world.ready(Key("JitsuStream", "team", name))]
    assert len(waiting) < 0.7 * MANY
    reasons = {world.condition(Key("JitsuStream", "team", name), "Reconciling") for name in waiting}
    assert reasons == {("True", "Throttled")}
    while len(streams(world)) < MANY:
        await world.wait(1)
    assert world.clock.monotonic() - began <= LEAST / 0.98
    assert [one.status for one in world.sandbox.requests if one.status == 429] == []
    await world.wait(5)
    assert all(world.ready(Key("JitsuStream", "team", name)) for name in names)
    assert world.count("GET") <= 2
    statuses = [key for what, key in world.store.writes if what == "status"]
    assert max(map(statuses.count, set(statuses))) <= 2
