"""Pre-flight: the console tries what is about to be written, and what fails is told, or not written at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.harness.manifests import DESTINATION, FUNCTION, SERVICE, destination, function, service
from tests.harness.samples.destination import WAREHOUSE, connect_warehouse, destinations
from tests.harness.samples.function import functions
from tests.harness.samples.service import services
from tests.harness.world.killing import killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault
from jitops_sandbox.jitsu.state import DataPlane

both_builds = pytest.mark.parametrize("build", ["A", "B"])
REFUSED = f"dial tcp 10.0.0.7:8443: connection refused (clickhouse://jitsu:{WAREHOUSE['password']}@10.0.0.7)"
TRIALS = ("*/config/destination/test", "*/sources/check", "*/function/run")
OBJECTS = {DESTINATION: destinations, SERVICE: services, FUNCTION: functions}
THROWS = 'export default async (event) => { throw new Error("no country"); };\n'
DROPS = 'export default async (event) => { return "drop"; };\n'
TEST = {"name": "page", "event": {"type": "page", "context": {"ip": "1.2.3.4"}}}

KINDS = pytest.mark.parametrize(
    ("key", "manifest"),
    [
        (DESTINATION, destination),
        (SERVICE, service),
        (FUNCTION, lambda **spec: function(tests=[TEST], **{"code": THROWS, **spec})),
    ],
    ids=["destination", "service", "function"],
)


async def begin(world: World, *, plane: bool = True, error: str | None = REFUSED, seconds: float = 0.0) -> DataPlane:
    """Connect to a console, whose data plane, if it has one, says the same of every connection."""
    await connect_warehouse(world)
    data_plane = DataPlane(error, seconds)
    world.sandbox.jitsu.state.data_plane = data_plane if plane else None
    world.forget()
    return data_plane


def trials(world: World) -> int:
    """Count what the console was asked to try."""
    return sum(world.count("POST", path) for path in TRIALS)


def held(world: World, key: Key) -> list[Any]:
    """Give what the console holds of the resource's type."""
    return list(OBJECTS[key](world))


@KINDS
@both_builds
async def test_enforce_writes_nothing_that_does_not_work(world: World, key: Key, manifest: Any) -> None:
    """What fails its test is not written, and says why in one line without a secret; once it works it is made."""
    plane = await begin(world)
    world.apply(manifest(validation="Enforce"))
    await world.wait(30)
    assert held(world, key) == []
    assert world.condition(key, "Ready") == ("False", "InvalidConfiguration")
    assert world.condition(key, "Stalled")[0] == "True"
    assert "spec.validation is Enforce" in world.message(key)
    assert ("no country" if key == FUNCTION else "connection refused (clickhouse://jitsu:***@") in world.message(key)
    assert world.events(key)[-1] == "CannotCreate"
    assert world.finalizers(key) == []
    plane.error = None
    if key == FUNCTION:
        world.change(key, code=DROPS, tests=[{**TEST, "expect": {"outcome": "Dropped"}}])
    await world.wait(400)
    assert world.ready(key), world.status(key)
    assert len(held(world, key)) == 1


@KINDS
@both_builds
async def test_warn_writes_and_tells(world: World, key: Key, manifest: Any) -> None:
    """What fails its test is written all the same; one event says what is wrong, and at rest nothing is tried."""
    await begin(world)
    world.apply(manifest(validation="Warn"))
    await world.wait(30)
    assert world.ready(key), world.status(key)
    assert len(held(world, key)) == 1
    assert world.events(key) == ["Created", "ValidationFailed"]
    assert WAREHOUSE["password"] not in world.last_event(key).message
    world.forget()
    await world.resync()
    await world.resync()
    assert (trials(world), world.store.writes, world.store.events, world.remote_writes()) == (0, [], [], [])


@KINDS
async def test_off_tries_nothing(world: World, key: Key, manifest: Any) -> None:
    """Without validation the console is asked to try nothing."""
    await begin(world)
    world.apply(manifest())
    await world.settle()
    assert world.ready(key)
    assert trials(world) == 0


@KINDS
async def test_what_works_is_written(world: World, key: Key, manifest: Any) -> None:
    """A test that succeeds leaves no trace but the object; a change is tried again before it is written."""
    await begin(world, error=None)
    code = {"code": DROPS.replace('return "drop"', "return event")} if key == FUNCTION else {}
    world.apply(manifest(validation="Enforce", **code))
    await world.wait(30)
    assert world.ready(key), world.status(key)
    assert (trials(world), world.events(key)) == (1, ["Created"])
    world.change(key, name="Another")
    await world.wait(30)
    assert held(world, key)[0]["name"] == "Another"
    assert trials(world) == 2


@KINDS
@both_builds
async def test_console_without_a_data_plane(world: World, key: Key, manifest: Any) -> None:
    """Where the console can try nothing, Warn says so and writes, and Enforce says so and does not."""
    await begin(world, plane=False)
    world.apply(manifest(validation="Enforce"))
    await world.wait(30)
    assert held(world, key) == []
    assert "can't be tested: the console has no data plane" in world.message(key)
    world.change(key, validation="Warn")
    await world.wait(30)
    assert world.ready(key)
    assert world.events(key)[-1] == "ValidationFailed"


@KINDS
async def test_old_console(world: World, key: Key, manifest: Any) -> None:
    """A console that does not know the call is too old for it, and not another server."""
    await begin(world)
    body = '{"error": "API route not found: /x"}'
    for path in TRIALS:
        world.sandbox.faults.add(Fault(kind="error", product="jitsu", path=path, status=404, body=body, times=9))
    world.apply(manifest(validation="Warn"))
    await world.wait(30)
    assert world.ready(key), world.status(key)
    assert "this console is too old" in world.last_event(key).message


@KINDS
async def test_outage_of_the_trial(world: World, key: Key, manifest: Any) -> None:
    """A trial that ends in a failure of the console's is no verdict: Enforce waits for it, Warn says so and writes."""
    await begin(world, error=None)
    for path in TRIALS:
        world.sandbox.faults.add(Fault(kind="error", product="jitsu", path=path, status=500, times=2))
    code = {"code": DROPS, "tests": [{**TEST, "expect": {"outcome": "Dropped"}}]} if key == FUNCTION else {}
    world.apply(function(validation="Enforce", **code) if key == FUNCTION else manifest(validation="Enforce"))
    await world.settle()
    assert held(world, key) == []
    await world.wait(60)
    assert world.ready(key), world.status(key)


async def test_destination_types_without_a_connection(world: World) -> None:
    """A type that the data plane does not connect to has no test, and is written as it is."""
    await begin(world)
    world.apply(
        destination(destinationType="devnull", config=None, secretConfig=None, validation="Enforce", name="Nowhere")
    )
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert trials(world) == 0


async def test_observed_is_not_tried(world: World) -> None:
    """What is only observed is not written, so that nothing is tried."""
    await begin(world)
    world.apply(function(validation="Enforce", tests=[TEST], management={"policy": "Observe"}))
    await world.settle()
    assert trials(world) == 0


async def test_edited_secret_is_tried(world: World) -> None:
    """A password that does not work never reaches a destination that works."""
    plane = await begin(world, error=None)
    world.apply(destination(validation="Enforce"))
    await world.settle()
    assert world.ready(DESTINATION)
    plane.error = "authentication failed"
    world.edit_secret("ch", password="a-wrong-password")
    await world.settle()
    assert held(world, DESTINATION)[0]["password"] == "__MASKED_BY_JITSU__"
    stored = world.sandbox.jitsu.stored(world.status(DESTINATION)["id"])
    assert stored["password"] == WAREHOUSE["password"]
    assert world.condition(DESTINATION, "Ready") == ("False", "InvalidConfiguration")


@both_builds
async def test_service_test_takes_its_time(world: World) -> None:
    """While the console tests a service, the resource says so; the outcome is asked for, the test is begun once."""
    await begin(world, error=None, seconds=60)
    world.apply(service(validation="Enforce"))
    await world.wait(30)
    assert world.condition(SERVICE, "Reconciling")[0] == "True"
    assert held(world, SERVICE) == []
    await world.wait(40)
    assert world.ready(SERVICE), world.status(SERVICE)
    assert world.count("POST", "*/sources/check") == 1
    secrets = [request for request in world.sandbox.requests if WAREHOUSE["password"] in str(request.as_json())]
    assert secrets == []


async def test_service_test_that_never_ends(world: World) -> None:
    """A test whose outcome never comes counts as one that can't be made."""
    await begin(world, seconds=1e9)
    world.apply(service(validation="Warn"))
    await world.wait(400)
    assert world.ready(SERVICE), world.status(SERVICE)
    assert "did not end within" in world.last_event(SERVICE).message


async def test_service_test_survives_a_restart(world: World) -> None:
    """A process that dies while the console tests a service loses nothing: the next one begins anew."""
    await begin(world, error=None, seconds=60)
    world.apply(service(validation="Enforce"))
    await world.wait(30)
    await world.restart()
    await world.wait(90)
    assert world.ready(SERVICE), world.status(SERVICE)
    assert len(held(world, SERVICE)) == 1


OUTCOMES: list[tuple[str, dict[str, Any], str | None]] = [
    ("return event", {}, None),
    ("return event", {"event": {"type": "page", "context": {"ip": "1.2.3.4"}}}, None),
    ("return event", {"event": {"context": {"ip": "5.6.7.8", "os": "x"}}}, "differs in context.ip, context.os"),
    ("return event", {"outcome": "Failed"}, "the outcome is Passed, expected Failed"),
    ('return "drop"', {}, "the outcome is Dropped, expected Passed"),
    ('return "drop"', {"outcome": "Dropped"}, None),
    ('throw new Error("no country")', {"outcome": "Failed"}, None),
    (
        'throw new Error("no country")',
        {"outcome": "Dropped"},
        "the outcome is Failed with no country, expected Dropped",
    ),
]


@pytest.mark.parametrize(("statement", "expect", "wrong"), OUTCOMES)
async def test_outcomes_of_function_tests(
    world: World, statement: str, expect: dict[str, Any], wrong: str | None
) -> None:
    """A run that ends as expected is silent; another one is named by its test, with what it came to."""
    await begin(world)
    code = f"export default async (event) => {{ {statement}; }};\n"
    world.apply(function(code=code, tests=[{**TEST, "expect": expect}], validation="Enforce"))
    await world.settle()
    assert world.ready(FUNCTION) == (wrong is None), world.status(FUNCTION)
    assert wrong is None or f"spec.tests[page]: {wrong}" in world.message(FUNCTION).replace("the event ", "")


@KINDS
async def test_killed_anywhere_while_trying(worlds: Callable[[], World], key: Key, manifest: Any) -> None:
    """Killed before any effect of a creation that is tried first: one object in the end."""

    async def arrange(world: World) -> None:
        await begin(world, error=None, seconds=10)

    def act(world: World) -> None:
        code = {"code": DROPS, "tests": [{**TEST, "expect": {"outcome": "Dropped"}}]} if key == FUNCTION else {}
        world.apply(function(validation="Enforce", **code) if key == FUNCTION else manifest(validation="Enforce"))

    def check(world: World) -> None:
        assert world.ready(key), world.status(key)
        assert len(held(world, key)) == 1

    await killed_everywhere(worlds, arrange, act, check, least=3)
