"""Remotes that fail, refuse for a while, or talk nonsense; and the error table of the design, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import CONNECTOR, STREAM, WORKSPACE, connector, secret_manifest, stream, workspace
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import plant_stream, streams
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World

from jitops.core.errors import ClusterUnavailable
from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches

OUTAGES = {
    "500": Fault(kind="error", status=500),
    "502": Fault(kind="error", status=502),
    "503": Fault(kind="error", status=503),
    "504": Fault(kind="error", status=504),
    "reset": Fault(kind="reset"),
    "no JSON": Fault(kind="error", status=200, body="<html>"),
    "HTML": Fault(kind="error", status=502, body="<html>Bad Gateway</html>"),
}
every_outage = pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES)


async def ready(world: World, sample: Sample) -> Key:
    """Bring the sample's resource to Ready, begin to count, and return its connection."""
    connection = await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.forget()
    return connection


@every_outage
async def test_outage_of_the_console(world: World, fault: Fault) -> None:
    """The connection shows an outage at once; a Ready stream keeps Ready five minutes, then is Unknown, once."""
    await ready(world, SAMPLES["JitsuStream"])
    world.sandbox.faults.add(fault)
    world.annotate(WORKSPACE, reconcile_requested_at="now")
    await world.settle()
    assert world.condition(WORKSPACE, "Ready") == ("Unknown", "RemoteUnavailable")
    assert world.condition(WORKSPACE, "Reconciling")[0] == "True"
    assert world.events(WORKSPACE) == ["CannotConnect"]
    await world.wait(290)
    assert world.ready(STREAM)
    assert world.writes(STREAM) == []
    await world.wait(30)
    assert world.condition(STREAM, "Ready")[0] == "Unknown"
    assert world.condition(STREAM, "Synced")[0] == "True"
    assert world.condition(STREAM, "Stalled") == ("", "")
    await world.wait(3 * 3600)
    assert world.writes(STREAM) == ["status"]
    assert world.events(STREAM) == ["CannotResolve"]
    world.sandbox.faults.clear()
    await world.wait(700)
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)
    assert world.writes(STREAM) == ["status", "status"]


@every_kind
async def test_short_outage_leaves_no_trace(world: World, sample: Sample) -> None:
    """An outage of less than five minutes costs a settled resource neither a write nor an event."""
    await ready(world, sample)
    world.sandbox.faults.add(Fault(kind="reset"))
    world.annotate(sample.key, reconcile_requested_at="now")
    await world.wait(100)
    world.sandbox.faults.clear()
    await world.wait(900)
    assert world.ready(sample.key)
    assert world.writes(sample.key) == ["status"], "the token's echo alone"
    assert world.events(sample.key) == []


@every_kind
async def test_listing_alone_fails(world: World, sample: Sample) -> None:
    """What can't be looked at goes Unknown and stays so, whatever was known of it before; one look makes it Ready."""
    connection = await ready(world, sample)
    world.sandbox.faults.add(Fault(kind="error", status=503, method="GET", path=sample.listing))
    world.annotate(sample.key, reconcile_requested_at="now")
    await world.wait(600)
    for _ in range(6):
        assert world.condition(sample.key, "Ready") == ("Unknown", "RemoteUnavailable")
        await world.wait(400)
    assert len(world.events(sample.key)) == 1
    if sample.key == CONNECTOR:
        assert world.condition(connection, "Ready") == ("Unknown", "RemoteUnavailable"), "a session proves nothing"
    world.sandbox.faults.clear()
    await world.wait(700)
    assert world.ready(sample.key)
    assert world.ready(connection)
    assert world.remote_writes() == []


@every_kind
async def test_two_short_outages_are_not_a_long_one(world: World, sample: Sample) -> None:
    """The five minutes begin anew with each outage, also when something else was wrong between them."""
    await ready(world, sample)
    for token in ("one", "two", "three"):
        world.sandbox.faults.add(Fault(kind="reset"))
        world.annotate(sample.key, reconcile_requested_at=token)
        await world.wait(100)
        world.sandbox.faults.clear()
        await world.wait(900)
    assert world.events(sample.key) == []
    assert world.ready(sample.key)


@every_kind
@every_outage
async def test_new_resource_shows_an_outage_at_once(world: World, sample: Sample, fault: Fault) -> None:
    """Nobody waits five minutes to hear why a new resource isn't there; it is made once the remote is back."""
    await sample.connect(world)
    world.sandbox.faults.add(fault.model_copy(update={"product": sample.creation.product}))
    world.apply(sample.manifest())
    await world.settle()
    assert world.condition(sample.key, "Ready") == ("Unknown", "RemoteUnavailable")
    assert world.condition(sample.key, "Reconciling") == ("True", "RemoteUnavailable")
    assert len(world.events(sample.key)) == 1
    world.sandbox.faults.clear()
    await world.wait(1200)
    assert world.ready(sample.key)
    assert len(sample.objects(world)) == 1
    assert sample.valid(world)


async def test_maintenance(world: World) -> None:
    """In maintenance the console reads and does not write: a change waits and shows, and so does the connection."""
    await ready(world, SAMPLES["JitsuStream"])
    world.sandbox.jitsu.mode = "maintenance"
    world.change(STREAM, name="renamed")
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("Unknown", "RemoteUnavailable")
    assert world.condition(WORKSPACE, "Ready") == ("Unknown", "RemoteUnavailable")
    assert "maintenance" in world.message(STREAM)
    assert "maintenance" in world.message(WORKSPACE)
    assert world.events(STREAM) == ["CannotUpdate"]
    await world.wait(3600)
    assert world.events(STREAM) == ["CannotUpdate"]
    assert world.events(WORKSPACE) == ["CannotConnect"]
    world.sandbox.jitsu.mode = "normal"
    await world.wait(600)
    assert world.ready(STREAM)
    await world.wait(300)
    assert world.ready(WORKSPACE)


async def test_maintenance_costs_one_write_at_a_time(world: World) -> None:
    """One refusal tells for all who write with the key; reads go on, and so do those who write nothing."""
    await world.connect_jitsu()
    names = [f"s{number}" for number in range(30)]
    world.apply(*(stream(name) for name in names))
    await world.settle()
    world.sandbox.jitsu.mode = "maintenance"
    world.forget()
    for name in names[:29]:
        world.change(Key("JitsuStream", "team", name), domains=["new.example.com"])
    await world.wait(1200)
    assert 1 <= world.count("PUT") <= 12, "5 s doubling to 5 minutes"
    assert world.ready(Key("JitsuStream", "team", "s29"))
    assert world.count("GET", "*/config/stream") >= 1, "the resync goes on"
    world.sandbox.jitsu.mode = "normal"
    await world.wait(660)
    assert all(world.ready(Key("JitsuStream", "team", name)) for name in names)


async def test_database_down(world: World) -> None:
    """A console without its database answers 500 to everything: an outage, no refusal."""
    await ready(world, SAMPLES["JitsuStream"])
    world.sandbox.jitsu.mode = "database-down"
    world.annotate(WORKSPACE, reconcile_requested_at="now")
    await world.wait(60)
    assert world.why(WORKSPACE) == "RemoteUnavailable"
    world.sandbox.jitsu.mode = "normal"
    await world.wait(200)
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)
    assert world.events(STREAM) == []


async def test_nobody_there(world: World) -> None:
    """An address where nothing listens is unreachable, then spared by the breaker, all the while Unknown."""
    await world.connect_jitsu(baseUrl="http://127.0.0.1:9")
    world.apply(stream())
    await world.settle()
    assert world.condition(WORKSPACE, "Ready")[0] == "Unknown"
    assert world.condition(STREAM, "Ready")[0] == "Unknown"
    await world.wait(3600)
    assert world.why(WORKSPACE) in ("RemoteUnavailable", "CircuitOpen")
    world.change(WORKSPACE, baseUrl=world.sandbox.jitsu_url)
    await world.wait(600)
    assert world.ready(STREAM)


# Throttled


async def test_throttled_for_a_moment(world: World) -> None:
    """A wait of less than ten seconds for the budget is not worth a status; the work goes on by itself."""
    await world.connect_jitsu()
    world.sandbox.faults.add(Fault(kind="throttled", method="POST", seconds=9, times=1))
    world.forget()
    world.apply(stream())
    await world.wait(8)
    assert world.condition(STREAM, "Ready") == ("", "")
    await world.wait(2)
    assert world.ready(STREAM)
    assert len(streams(world)) == 1
    assert world.writes(STREAM).count("status") == 1
    assert world.events(STREAM) == ["Created"]


async def test_throttled_for_long(world: World) -> None:
    """While it lasts it is Reconciling, Throttled, told by one event and one write."""
    await world.connect_jitsu()
    world.sandbox.faults.add(Fault(kind="throttled", method="POST", seconds=8))
    world.forget()
    world.apply(stream())
    await world.wait(60)
    assert world.condition(STREAM, "Ready") == ("False", "Throttled")
    assert world.condition(STREAM, "Reconciling") == ("True", "Throttled")
    assert world.condition(STREAM, "Stalled") == ("", "")
    assert world.events(STREAM) == ["Throttled"]
    assert world.writes(STREAM).count("status") == 1
    world.sandbox.faults.clear()
    await world.wait(20)
    assert world.ready(STREAM)


async def test_throttled_exactly_until_then(world: World) -> None:
    """The next attempt is made when the remote said, not before."""
    await world.connect_jitsu()
    world.sandbox.faults.add(Fault(kind="throttled", method="POST", seconds=45, times=1))
    world.apply(stream())
    await world.wait(44)
    assert world.count("POST") == 1
    await world.wait(2)
    assert world.count("POST") == 2


async def test_budget_of_the_console(world: World) -> None:
    """More streams than the key may make in a minute are all made, in the minutes that it takes."""
    await world.connect_jitsu(limits={"post": 20})
    names = [f"s{number}" for number in range(50)]
    world.apply(*(stream(name) for name in names))
    await world.wait(200)
    assert len(streams(world)) == 50
    assert all(world.ready(Key("JitsuStream", "team", name)) for name in names)
    assert [one.status for one in world.sandbox.requests if one.status == 429] == []
    assert world.count("GET") <= 10, "waiting costs no request"


# The error table

ManagedKind = dict[str, Any]


def error_body(status: int, body: str) -> Fault:
    """Order an answer to the POST of a stream."""
    return Fault(kind="error", product="jitsu", method="POST", status=status, body=body)


async def test_spec_invalid_by_the_model(world: World) -> None:
    """SpecInvalid: Ready=False, Stalled, InvalidConfiguration; no attempt until the spec changes."""
    await world.connect_jitsu()
    world.forget()
    world.apply(stream(domains=["https://shop.example.com"], strickt=True))
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "InvalidConfiguration")
    assert world.condition(STREAM, "Stalled") == ("True", "InvalidConfiguration")
    assert world.condition(STREAM, "Reconciling") == ("", "")
    assert "spec.strickt: is not a known field" in world.message(STREAM)
    assert "spec.domains[0]: must be a host name" in world.message(STREAM)
    assert world.events(STREAM) == ["CannotResolve"]
    assert world.last_event(STREAM).message == world.message(STREAM)
    assert world.last_event(STREAM).warning
    await world.resync()
    assert world.events(STREAM) == ["CannotResolve"]
    assert len(world.writes(STREAM)) == 1
    world.change(STREAM, domains=None, strickt=None)
    await world.settle()
    assert world.ready(STREAM)


async def test_spec_invalid_by_the_remote(world: World) -> None:
    """The same when the console refuses: a domain that another workspace has, told by field."""
    await world.connect_jitsu()
    config = {"type": "stream", "name": "x", "domains": ["shop.example.com"]}
    world.sandbox.jitsu.state.create("cother0000000000000000001", "stream", "elsewhere", config)
    world.forget()
    world.apply(stream(domains=["shop.example.com"]))
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "InvalidConfiguration")
    assert world.condition(STREAM, "Stalled") == ("True", "InvalidConfiguration")
    assert "spec.domains" in world.message(STREAM)
    assert "shop.example.com" in world.message(STREAM)
    assert world.events(STREAM) == ["CannotCreate"]
    await world.wait(500)
    assert len(world.remote_writes()) == 1
    world.change(STREAM, domains=["another.example.com"])
    await world.settle()
    assert world.ready(STREAM)


@pytest.mark.parametrize(
    "switches",
    [Switches(duplicate_name="conflict"), Switches(duplicate_name="rejected_with_200")],
    ids=["409", "200"],
)
async def test_registration_that_is_refused(world: World) -> None:
    """A name that Harmony refuses (a reserved one, or one it does not list) is InvalidConfiguration."""
    await world.connect_jitterbit()
    body = '{"status": false, "operation": "Register", "errorCode": "RESERVED", "errorMessage": "reserved name"}'
    refusal = Fault(kind="error", product="jitterbit", method="POST", path="*/connector", status=200, body=body)
    world.sandbox.faults.add(refusal)
    world.apply(connector())
    await world.settle()
    assert world.condition(CONNECTOR, "Ready") == ("False", "InvalidConfiguration")
    assert "RESERVED" in world.message(CONNECTOR)
    assert "intent" not in world.status(CONNECTOR)
    world.store.delete(CONNECTOR)
    await world.settle()
    assert not world.exists(CONNECTOR)


async def test_dependency_not_ready(world: World) -> None:
    """DependencyNotReady: Ready=False, not Stalled; tried when the object changes, else slowly."""
    await world.connect_jitsu(workspace="other")
    world.apply(stream())
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DependencyNotReady")
    assert world.condition(STREAM, "ReferencesResolved") == ("False", "DependencyNotReady")
    assert world.condition(STREAM, "Stalled") == ("", "")
    assert world.events(STREAM) == ["CannotResolve"]


async def test_already_owned(world: World) -> None:
    """AlreadyOwned: Stalled, Conflict; tried when the spec changes, else slowly."""
    await world.connect_jitterbit()
    theirs = world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id
    world.apply(connector())
    await world.settle()
    assert world.condition(CONNECTOR, "Stalled") == ("True", "Conflict")
    assert "spec.management.adopt.mode" in world.message(CONNECTOR)
    world.sandbox.jitterbit.remove(theirs)
    await world.wait(370)
    assert world.ready(CONNECTOR)
    assert world.status(CONNECTOR)["id"] != theirs


async def test_defect_of_ours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What isn't in the table is InternalError, without its words, retried with backoff, told once."""
    await world.connect_jitsu()

    def broken(*_: object) -> object:
        raise ValueError("planted-words-of-a-defect")

    with monkeypatch.context() as patch:
        patch.setattr("jitops.products.jitsu.stream.adapter.StreamAdapter.diff", broken)
        patch.setattr("jitops.products.jitsu.stream.adapter.StreamAdapter.fields", broken)
        world.apply(stream())
        await world.wait(600)
        assert world.condition(STREAM, "Ready") == ("False", "InternalError")
        assert world.condition(STREAM, "Reconciling") == ("True", "InternalError")
        assert world.condition(STREAM, "Stalled") == ("", "")
        assert "ValueError" in world.message(STREAM)
        assert len(world.events(STREAM)) == 1
        assert "planted-words" not in world.told()
    await world.wait(400)
    assert world.ready(STREAM)


async def test_defect_in_a_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect shows on a connection, too."""
    with monkeypatch.context() as patch:

        async def broken(*_: object) -> object:
            raise ValueError("planted-words-of-a-defect")

        patch.setattr("jitops.products.jitsu.client.JitsuClient.verify", broken)
        await world.connect_jitsu()
        world.apply(stream())
        await world.wait(60)
        assert world.condition(WORKSPACE, "Ready") == ("False", "InternalError")
        assert world.condition(WORKSPACE, "Reconciling") == ("True", "InternalError")
        assert "planted-words" not in world.told()
    await world.wait(400)
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)


async def test_every_failure_has_an_event_and_is_told_once(world: World) -> None:
    """A failure that lasts is one event, however often it is tried; another failure is another event."""
    await world.connect_jitsu()
    fault = world.sandbox.faults.add(error_body(400, '{"message": "first refusal"}'))
    world.apply(stream())
    await world.resync()
    assert world.events(STREAM) == ["CannotCreate"]
    world.sandbox.faults.clear(fault)
    world.sandbox.faults.add(error_body(400, '{"message": "second refusal"}'))
    world.annotate(STREAM, reconcile_requested_at="now")
    await world.resync()
    assert world.events(STREAM) == ["CannotCreate", "CannotCreate"]


async def test_refusal_that_echoes_secrets(world: World) -> None:
    """A console that repeats what was sent, plaintexts and all, gets nothing of it into status or events."""
    await world.connect_jitsu()
    world.store.delete(Key("Secret", "team", "nothing"))
    key = world.sandbox.credentials.api_key.partition(":")[2]
    world.sandbox.faults.add(error_body(500, '{"message": "Domain x is not a valid domain name ' + key + '"}'))
    world.apply(stream())
    await world.settle()
    assert world.why(STREAM) == "InvalidConfiguration"
    assert key not in world.told()


async def test_unreadable_listing_deletes_nothing(world: World) -> None:
    """A listing that can't be read is no proof of absence: nothing is made again, nothing forgotten."""
    await ready(world, SAMPLES["JitsuStream"])
    for body in ("[]", "{}", '{"objects": null}', '{"objects": {}}', "null", '"x"'):
        number = world.sandbox.faults.add(
            Fault(kind="error", product="jitsu", method="GET", path="*/config/stream", status=200, body=body)
        )
        await world.resync()
        world.sandbox.faults.clear(number)
        assert world.remote_writes() == []
    await world.wait(900)
    assert world.ready(STREAM)
    assert len(streams(world)) == 1


async def test_unreadable_listing_of_harmony(world: World) -> None:
    """The same for Harmony, where absence would mean a new registration with other ids."""
    await ready(world, SAMPLES["Connector"])
    for body in ("[]", "{}", '{"status": false}', '{"status": true, "registeredConnectorList": 5}', "null"):
        number = world.sandbox.faults.add(
            Fault(kind="error", product="jitterbit", method="GET", path="*/connector", status=200, body=body)
        )
        await world.resync()
        world.sandbox.faults.clear(number)
        assert [line for line in world.remote_writes() if line.startswith("POST")] == []
    await world.wait(900)
    assert world.ready(CONNECTOR)


async def test_recovery_needs_nobody(world: World) -> None:
    """After an outage of hours with changes, drift and deletions in it, everything comes right by itself."""
    await world.connect_jitsu()
    world.apply(stream(), stream("second"), stream("third"))
    await world.settle()
    world.sandbox.faults.add(Fault(kind="error", status=503))
    world.change(STREAM, name="renamed")
    world.store.delete(Key("JitsuStream", "team", "second"))
    world.sandbox.jitsu.change(world.status(Key("JitsuStream", "team", "third"))["id"], name="theirs")
    world.apply(stream("fourth"))
    plant_stream(world)
    await world.wait(4 * 3600)
    world.sandbox.faults.clear()
    await world.wait(1200)
    assert sorted(one["name"] for one in streams(world)) == ["fourth", "renamed", "shop", "third"]
    assert not world.exists(Key("JitsuStream", "team", "second"))
    assert all(world.ready(Key("JitsuStream", "team", name)) for name in ("shop", "third", "fourth"))


async def test_refused_credentials_are_no_outage_of_the_breaker(world: World) -> None:
    """Many refusals in a row do not open the breaker for another key on the same host."""
    bad = "demokey:wrong-secret-of-someone"
    world.apply(
        *(secret_manifest(f"bad{number}", {"apiKey": bad}) for number in range(8)),
        *(
            workspace(world.sandbox.jitsu_url, f"bad{number}", credentialsRef={"name": f"bad{number}"})
            for number in range(8)
        ),
    )
    await world.settle()
    await world.connect_jitsu()
    assert world.ready(WORKSPACE)


# Kubernetes itself


def cut_off(monkeypatch: pytest.MonkeyPatch, world: World, *verbs: str) -> None:
    """Have verbs of the port fail as they do when the API server can't be reached."""

    async def away(*_: object, **__: object) -> None:
        raise ClusterUnavailable("the Kubernetes API can't be reached")

    for verb in verbs:
        monkeypatch.setattr(world.store, verb, away)


@every_kind
@pytest.mark.parametrize("verb", ["read_secret", "write_status"])
async def test_outage_of_the_api_server(
    world: World, monkeypatch: pytest.MonkeyPatch, sample: Sample, verb: str
) -> None:
    """It is not told as the remote's, costs the remote nothing, and what was asked meanwhile is done after it."""
    connection = await ready(world, sample)
    before = world.status(connection), world.status(sample.key)
    cut_off(monkeypatch, world, verb)
    world.annotate(connection, reconcile_requested_at="now")
    world.annotate(sample.key, reconcile_requested_at="now")
    await world.wait(1200)
    assert (world.status(connection), world.status(sample.key)) == before
    assert world.store.events == []
    assert world.remote_writes() == []
    monkeypatch.undo()
    await world.wait(600)
    for key in (connection, sample.key):
        assert world.ready(key)
        assert world.status(key)["lastHandledReconcileAt"] == "now"


async def test_outage_of_the_api_server_while_a_connection_is_not_ready(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was known to be wrong with a connection stays known while it can't be looked at."""
    await world.connect_jitsu(tls={"caRef": {"kind": "ConfigMap", "name": "missing", "key": "ca.crt"}})
    world.apply(stream())
    await world.settle()
    cut_off(monkeypatch, world, "read_config_map")
    await world.wait(120)
    world.annotate(STREAM, reconcile_requested_at="now")
    await world.settle()
    assert world.why(STREAM) == "DependencyNotReady"
    assert "defect" not in caplog.text
