"""Law 5 in every state that lasts: a resync writes nothing and tells nothing, whatever is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import (
    CONNECTOR,
    DESTINATION,
    LINK,
    STREAM,
    WORKSPACE,
    connector,
    custom_api,
    destination,
    link,
    secret_manifest,
    stream,
)
from tests.harness.samples.destination import put_password
from tests.harness.samples.link import connect_ends, plant_link
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import only_stream, plant_stream
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.core.managed.memory import MOST_CORRECTIONS
from jitops_sandbox import Fault

SHOP = {"from": {"streamRef": {"name": "shop"}}}
Arrange = Callable[[World], Awaitable[object]]
CHANGEABLE = {kind: sample for kind, sample in SAMPLES.items() if kind != "Connector"}
"""The kinds whose objects the remote can change."""
every_changeable_kind = pytest.mark.parametrize("sample", CHANGEABLE.values(), ids=CHANGEABLE)


async def paused(world: World) -> None:
    """Pause a Ready stream."""
    await ready(world)
    world.annotate(STREAM, paused="true")


async def paused_by_its_connection(world: World) -> None:
    """Pause the connection of a Ready stream, by a value that can't be read."""
    await ready(world)
    world.annotate(WORKSPACE, paused="yes")


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


async def key_refused(world: World) -> None:
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


async def former_retained(world: World) -> None:
    """Replace a connector under Retain."""
    await world.connect_jitterbit()
    policy = {"replace": "Allow", "deletionPolicy": "Retain"}
    world.apply(connector(management=policy))
    await world.settle()
    world.change(CONNECTOR, version="2.0.0")
    await world.settle()
    assert world.status(CONNECTOR)["replaced"]


async def replacement_refused(world: World) -> None:
    """Ask for another version where Harmony takes no second one of a name."""
    await world.connect_jitterbit()
    world.apply(connector(management={"replace": "Allow"}))
    await world.settle()
    body = '{"status": false, "errorCode": "TAKEN", "errorMessage": "This name is in use."}'
    taken = Fault(kind="error", product="jitterbit", method="POST", path="*/connector", status=200, body=body)
    world.sandbox.faults.add(taken)
    world.change(CONNECTOR, version="2.0.0")
    await world.resync()
    assert world.why(CONNECTOR) == "InvalidConfiguration"


async def builder_missing(world: World) -> None:
    """Wait for a person to publish a connector of the Builder."""
    await world.connect_jitterbit()
    world.apply(connector(source="Builder", name="Tickets", version="2"))


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


async def link_that_is_refused(world: World) -> None:
    """Ask for options that the console refuses."""
    await connect_ends(world)
    world.apply(link(data={"frequency": "often"}))


async def link_whose_change_is_refused(world: World) -> None:
    """Change a link to options that the console refuses."""
    await connect_ends(world)
    world.apply(link())
    await world.settle()
    world.change(LINK, data={"frequency": "often"})


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


async def published_by_adapter(world: World) -> None:
    """Publish a Custom API by an adapter."""
    await world.connect_jitterbit()
    world.apply(custom_api())


async def awaiting_a_person(world: World) -> None:
    """Wait for what only a person can do."""
    await world.connect_jitterbit()
    world.apply(custom_api(publication={"mode": "Manual"}))


async def not_at_the_gateway(world: World) -> None:
    """Look for an API that is not there."""
    await world.connect_jitterbit()
    spec = {"baseUrl": world.sandbox.gateway_url, "security": {"profiles": [{"name": "partners"}]}}
    world.apply(custom_api(publication={"mode": "Observe"}, **spec))


async def gateway_down(world: World) -> None:
    """Lose the gateway."""
    await not_at_the_gateway(world)
    world.sandbox.faults.add(Fault(kind="error", status=503, product="gateway"))
    await world.wait(1200)


async def adapter_missing(world: World) -> None:
    """Have no adapter, and need one."""
    await world.connect_jitterbit(apiAdapter=None)
    world.apply(custom_api())


STATES: list[Arrange] = [
    published_by_adapter,
    awaiting_a_person,
    not_at_the_gateway,
    gateway_down,
    adapter_missing,
    ready,
    paused,
    paused_by_its_connection,
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
    key_refused,
    locked_out,
    not_permitted,
    in_use,
    former_retained,
    replacement_refused,
    builder_missing,
    connection_in_use,
    down,
    never_there,
    thrashing,
    linked,
    link_without_its_end,
    link_that_waits,
    link_of_others,
    link_that_is_refused,
    link_whose_change_is_refused,
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


# What the remote refuses


@every_kind
async def test_refused_creation_is_quiet(world: World, sample: Sample) -> None:
    """What was refused twice, a resync apart, is not asked for again: no write anywhere, though it is looked at."""
    await sample.connect(world)
    world.sandbox.faults.add(refusing(sample))
    world.apply(sample.manifest())
    await world.settle()
    assert world.condition(sample.key, "Stalled") == ("True", "InvalidConfiguration")
    assert "intent" not in world.status(sample.key)
    await quiet_after_one_more_try(world)
    assert world.condition(sample.key, "Ready") == ("False", "InvalidConfiguration")


@every_changeable_kind
async def test_refused_change_is_quiet(world: World, sample: Sample) -> None:
    """The same for a change of what is there."""
    case = sample.cases[0]
    await sample.connect(world)
    world.apply(sample.manifest(**case.spec(case.value)))
    await world.settle()
    assert world.ready(sample.key)
    world.sandbox.faults.add(refusing(sample, method="PUT"))
    world.change(sample.key, **case.spec(case.other))
    await world.settle()
    assert world.condition(sample.key, "Stalled") == ("True", "InvalidConfiguration")
    await quiet_after_one_more_try(world)


async def quiet_after_one_more_try(world: World) -> None:
    """See that the first resync tries once more, without news, and that the next ones write nothing."""
    world.forget()
    await world.resync()
    assert len(world.remote_writes()) == 1
    assert world.store.events == []
    world.forget()
    await world.wait(3 * 3600)  # Harmony's session would end after four.
    assert world.store.writes == []
    assert world.store.events == []
    assert world.remote_writes() == []


@every_kind
async def test_refused_once_may_have_been_too_early(world: World, sample: Sample) -> None:
    """What refused it at first may be gone by the resync, as a deletion that had to come through: it is made then."""
    await sample.connect(world)
    fault = world.sandbox.faults.add(refusing(sample))
    world.apply(sample.manifest())
    await world.settle()
    world.sandbox.faults.clear(fault)
    await world.resync()
    assert world.ready(sample.key), world.status(sample.key)


async def refused(world: World, sample: Sample) -> None:
    """Bring the sample into a refusal that stands, then take its cause away."""
    await sample.connect(world)
    world.sandbox.faults.add(refusing(sample))
    world.apply(sample.manifest())
    await world.settle()
    await world.resync()
    await world.resync()
    world.sandbox.faults.clear()
    world.forget()


@every_kind
async def test_refused_is_asked_for_again_when_a_person_asks(world: World, sample: Sample) -> None:
    """The annotation has it tried at once, whatever was refused before."""
    await refused(world, sample)
    world.annotate(sample.key, reconcile_requested_at="now")
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)


@every_kind
async def test_refused_is_asked_for_again_after_a_restart(world: World, sample: Sample) -> None:
    """A refusal is remembered by the process that heard it, and by no other."""
    await refused(world, sample)
    await world.restart()
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)


@every_kind
async def test_refused_is_asked_for_again_a_day_later(world: World, sample: Sample) -> None:
    """What refused it may be gone where no listing shows it: a refusal is believed for a day."""
    await refused(world, sample)
    await world.wait(12 * 3600)
    assert not world.ready(sample.key)
    assert world.remote_writes() == []
    await world.wait(13 * 3600)
    assert world.ready(sample.key), world.status(sample.key)


@every_kind
async def test_refused_is_made_anew_when_it_comes_back(world: World, sample: Sample) -> None:
    """A refusal is not held against a later resource of the same name and generation."""
    await refused(world, sample)
    world.store.delete(sample.key)
    await world.settle()
    world.apply(sample.manifest())
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)


async def test_refused_by_what_the_console_checks(world: World) -> None:
    """A change of the spec has it tried at once."""
    await link_that_is_refused(world)
    await world.resync()
    await world.resync()
    world.change(LINK, data={"frequency": 5})
    await world.settle()
    assert world.ready(LINK), world.status(LINK)


async def test_refused_with_what_a_secret_holds(world: World) -> None:
    """A change of a Secret has it tried at once."""
    await refused(world, SAMPLES["JitsuDestination"])
    await world.resync()
    assert world.remote_writes() == []
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("ours", [True, False], ids=["named", "external"])
async def test_refused_by_what_its_end_is(world: World, workers: int, *, ours: bool) -> None:
    """What a link may say is up to the type of its destination: it is tried again when that changed."""
    world.workers = workers
    await connect_ends(world)
    put_password(world)
    to = {"destinationRef": {"name": "warehouse"} if ours else {"external": "warehouse1"}}
    world.apply(destination(), link(data={"frequency": 5, "batchSize": "many"}, to=to))
    await world.settle()
    assert world.why(LINK) == "InvalidConfiguration"
    await world.resync()
    await world.resync()
    world.forget()
    if ours:
        world.change(DESTINATION, destinationType="devnull", config=None, secretConfig=None)
        await world.settle()
    else:
        world.sandbox.jitsu.change("warehouse1", destinationType="devnull")
        await world.resync()
    assert world.ready(LINK), world.status(LINK)


def refusing(sample: Sample, method: str | None = None) -> Fault:
    """Give the fault by which the remote refuses what it is asked to make, or to change."""
    harmony = sample.creation.product == "jitterbit"
    body = '{"status": false, "errorMessage": "not like this"}' if harmony else "{}"
    usual = {"kind": "error", "status": 200 if harmony else 400, "body": body, "times": None}
    change = {} if method is None else {"method": method, "path": f"{sample.creation.path}*"}
    return sample.creation.model_copy(update={**usual, **change})
