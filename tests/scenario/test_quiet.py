"""Law 5 in every state that lasts: a resync writes nothing and tells nothing, whatever is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.scenario.samples import connect_ends, only_stream, plant_link, plant_stream
from tests.scenario.world import CONNECTOR, LINK, STREAM, WORKSPACE, World, connector, link, secret_manifest, stream

from jitops.core.kube import Key
from jitops.core.outcome import MOST_CORRECTIONS
from jitops.sandbox import Fault

SHOP = {"from": {"streamRef": {"name": "shop"}}}
Arrange = Callable[[World], Awaitable[object]]


async def paused(world: World) -> None:
    """Pause a Ready stream."""
    await ready(world)
    world.annotate(STREAM, paused="true")


async def ready(world: World) -> None:
    """Make a stream."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()


async def observed(world: World) -> None:
    """Observe a stream of others."""
    await world.connect_jitsu()
    world.apply(stream(management={"policy": "Observe", "adopt": {"mode": "Match", "id": plant_stream(world)}}))


async def observed_differing(world: World) -> None:
    """Observe a stream that differs."""
    await world.connect_jitsu()
    theirs = plant_stream(world, name="theirs")
    world.apply(stream(management={"policy": "Observe", "adopt": {"mode": "Match", "id": theirs}}))


async def drifted(world: World) -> None:
    """Report drift."""
    await world.connect_jitsu()
    world.apply(stream(management={"drift": "Report"}))
    await world.settle()
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")


async def rotating(world: World) -> None:
    """Be within an overlap."""
    await ready(world)
    world.change(STREAM, keys={"rotate": "now", "overlap": "240h"})


async def mismatched(world: World) -> None:
    """Refuse to adopt."""
    await world.connect_jitsu()
    world.apply(stream(management={"adopt": {"mode": "Match", "id": plant_stream(world, name="theirs")}}))


async def nowhere(world: World) -> None:
    """Look for what does not exist."""
    await world.connect_jitsu()
    world.apply(stream(management={"adopt": {"mode": "Match", "id": "nowhere1"}}))


async def conflicting(world: World) -> None:
    """Find a registration of others."""
    await world.connect_jitterbit()
    world.sandbox.jitterbit.register("100200", "billing", "1.0.0")
    world.apply(connector())


async def two_claimants(world: World) -> None:
    """Claim what another resource has."""
    await world.connect_jitterbit()
    world.apply(connector(), connector("second", name="billing"))


async def invalid(world: World) -> None:
    """Write a spec that no one can carry out."""
    await world.connect_jitsu()
    world.apply(stream(domains=["no domain"]))


async def unconnected(world: World) -> None:
    """Refer to nothing."""
    world.apply(stream(), connector())


async def without_credentials(world: World) -> None:
    """Lack the Secret."""
    await ready(world)
    world.store.put_finalizers(Key("Secret", "team", "jitsu"))
    world.store.delete(Key("Secret", "team", "jitsu"))


async def refused(world: World) -> None:
    """Use a key that is refused."""
    await world.connect_jitsu()
    world.apply(secret_manifest("jitsu", {"apiKey": "demokey:wrong-key-of-someone"}), stream())


async def locked_out(world: World) -> None:
    """Use a password that is refused."""
    login = {"email": world.sandbox.credentials.email, "password": "wrong-password-of-someone"}
    await world.connect_jitterbit()
    world.apply(secret_manifest("harmony", login), connector())


async def not_permitted(world: World) -> None:
    """Come from a namespace that may not."""
    await world.connect_jitsu()
    world.apply(stream("abroad", "other"))


async def in_use(world: World) -> None:
    """Delete a connector that a project uses."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.sandbox.jitterbit.connectors()[0].used = True
    world.store.delete(CONNECTOR)


async def connection_in_use(world: World) -> None:
    """Delete a connection that is used."""
    await ready(world)
    world.store.delete(WORKSPACE)


async def down(world: World) -> None:
    """Lose the remote."""
    await ready(world)
    world.sandbox.faults.add(Fault(kind="reset"))
    await world.wait(1200)


async def never_there(world: World) -> None:
    """Never find the remote."""
    world.sandbox.faults.add(Fault(kind="error", status=502))
    await world.connect_jitsu()
    world.apply(stream())


async def thrashing(world: World) -> None:
    """Give up a correction."""
    await world.connect_jitsu()
    world.apply(stream(management={"resyncPeriod": "60s"}))
    for _ in range(MOST_CORRECTIONS + 1):
        await world.settle()
        world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
        await world.wait(75)
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")


async def linked(world: World) -> None:
    """Link a stream of ours."""
    await connect_ends(world)
    world.apply(stream(), link(**SHOP))


async def link_without_its_end(world: World) -> None:
    """Lose the end of a link that no resource stands for."""
    await connect_ends(world)
    world.apply(link())
    await world.settle()
    world.sandbox.jitsu.remove("site1")


async def link_that_waits(world: World) -> None:
    """Refer to what is not there."""
    await connect_ends(world)
    world.apply(link(**SHOP))


async def link_of_others(world: World) -> None:
    """Find a link of others."""
    await connect_ends(world)
    plant_link(world)
    world.apply(link())


async def stream_with_a_link(world: World) -> None:
    """Delete a stream that a link of ours uses."""
    await linked(world)
    await world.settle()
    world.store.delete(STREAM)


async def stream_that_waits_for_a_link(world: World) -> None:
    """Delete a stream, and a link that uses it but is paused."""
    await linked(world)
    await world.settle()
    world.annotate(LINK, paused="true")
    world.store.delete(LINK)
    world.store.delete(STREAM)


STATES: list[Arrange] = [
    ready,
    paused,
    observed,
    observed_differing,
    drifted,
    rotating,
    mismatched,
    nowhere,
    conflicting,
    two_claimants,
    invalid,
    unconnected,
    without_credentials,
    refused,
    locked_out,
    not_permitted,
    in_use,
    connection_in_use,
    down,
    never_there,
    thrashing,
    linked,
    link_without_its_end,
    link_that_waits,
    link_of_others,
    stream_with_a_link,
    stream_that_waits_for_a_link,
]


@pytest.mark.parametrize("arrange", STATES, ids=lambda state: state.__name__)
async def test_lasting_state_is_quiet(world: World, arrange: Arrange) -> None:
    """In a state that lasts, half an hour passes without a write to Kubernetes, an event, or a write to a remote."""
    await arrange(world)
    await world.resync()
    world.forget()
    await world.wait(1800)
    assert world.store.writes == []
    assert world.store.events == []
    retried = [line for line in world.remote_writes() if arrange is not in_use or not line.startswith("DELETE")]
    assert retried == []
    assert world.count("PUT", "*/user/login") == 0


async def test_restart_is_quiet(world: World) -> None:
    """A new process finds everything as it should be and writes nothing but what a log-in needs."""
    await ready(world)
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.forget()
    await world.restart()
    await world.resync()
    assert {key.kind for _, key in world.store.writes} <= {"JitterbitOrganization"}
    assert world.store.events == []
    assert world.remote_writes() == []
