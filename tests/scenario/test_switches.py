"""The operational switches: pause, resume, reconcile-now, drift hold, thrashing, retain, release."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import CONNECTOR, LINK, STREAM, WORKSPACE, link, stream
from tests.harness.samples.link import connect_ends
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import only_stream, streams
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World

from jitops.core.clock import stamp
from jitops.core.errors import Unavailable
from jitops.core.kube import Key
from jitops.core.managed.memory import CORRECTION_WINDOW, MOST_CORRECTIONS
from jitops.core.managed.plan import OperatorPolicy
from jitops_sandbox import Fault

CHANGEABLE = {kind: sample for kind, sample in SAMPLES.items() if kind not in {"Connector", "CustomAPI"}}
"""The kinds whose objects others can change in place."""
every_changeable_kind = pytest.mark.parametrize("sample", CHANGEABLE.values(), ids=CHANGEABLE)
FLUX = "reconcile.fluxcd.io/requestedAt"


async def ready(world: World, sample: Sample, **spec: object) -> None:
    """Bring the sample's resource to Ready, and begin to count."""
    await sample.connect(world)
    world.apply(sample.manifest(**spec))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.forget()


# Pause


@every_kind
async def test_paused_from_the_start(world: World, sample: Sample) -> None:
    """A resource that is applied paused makes nothing, says so once, and is made when it is resumed."""
    await sample.connect(world)
    manifest = sample.manifest()
    manifest["metadata"]["annotations"] = {"jitops.dev/paused": "true"}
    world.forget()
    world.apply(manifest)
    await world.resync()
    assert world.condition(sample.key, "Synced") == ("False", "ReconcilePaused")
    assert world.events(sample.key) == ["Paused"]
    assert world.remote_writes() == []
    assert world.writes(sample.key) == ["status"]
    world.annotate(sample.key, paused=None)
    await world.settle()
    assert world.ready(sample.key)
    assert world.events(sample.key) == ["Paused", "Created", "Resumed"]


@every_kind
async def test_paused_later(world: World, sample: Sample) -> None:
    """While paused Ready stays what it was, nothing is repaired or changed; after that everything is."""
    await ready(world, sample)
    world.annotate(sample.key, paused="true")
    await world.settle()
    world.store.delete(Key("Secret", "team", sample.secret))
    await world.resync()
    assert world.condition(sample.key, "Ready")[0] == "True"
    assert world.condition(sample.key, "Synced") == ("False", "ReconcilePaused")
    assert world.secret(sample.secret) is None
    assert world.remote_writes() == []
    assert world.writes(sample.key) == ["status"]
    world.annotate(sample.key, paused=None)
    await world.settle()
    assert sample.valid(world)
    assert world.condition(sample.key, "Synced")[0] == "True"
    assert world.events(sample.key)[0] == "Paused"
    assert world.events(sample.key)[-1] == "Resumed"


@pytest.mark.parametrize("value", ["True", "1", "t"])
async def test_what_pauses(world: World, value: str) -> None:
    """Every text that Go's ParseBool reads as true pauses, without a warning."""
    await world.connect_jitsu()
    manifest = stream()
    manifest["metadata"]["annotations"] = {"jitops.dev/paused": value}
    world.apply(manifest)
    await world.settle()
    assert world.condition(STREAM, "Synced") == ("False", "ReconcilePaused")
    assert world.events(STREAM) == ["Paused"]


@every_kind
async def test_pause_that_cannot_be_read(world: World, sample: Sample) -> None:
    """A value that is neither true nor false freezes, and a Warning says so once, not at every resync or start."""
    await ready(world, sample)
    world.annotate(sample.key, paused="yes")
    await world.settle()
    world.store.delete(Key("Secret", "team", sample.secret))
    await world.resync()
    await world.restart()
    await world.resync()
    assert world.condition(sample.key, "Synced") == ("False", "ReconcilePaused")
    assert world.remote_writes() == []
    assert world.secret(sample.secret) is None
    assert world.events(sample.key) == ["Paused", "CannotReadAnnotation"]
    assert world.last_event(sample.key).warning
    assert 'jitops.dev/paused is "yes"' in world.last_event(sample.key).message
    assert world.status(sample.key)["warnings"] == [world.last_event(sample.key).message]
    world.annotate(sample.key, paused="false")
    await world.settle()
    assert sample.valid(world)
    assert "warnings" not in world.status(sample.key)


@every_kind
async def test_paused_and_deleted_with_retain(world: World, sample: Sample) -> None:
    """A paused resource that is deleted with Retain goes, and its Secret stays."""
    await ready(world, sample, management={"deletionPolicy": "Retain"})
    world.annotate(sample.key, paused="true")
    await world.settle()
    world.store.delete(sample.key)
    await world.settle()
    assert not world.exists(sample.key)
    assert sample.valid(world)
    assert world.remote_writes() == []


@every_kind
async def test_paused_and_deleted(world: World, sample: Sample) -> None:
    """A paused resource that is deleted otherwise waits, says so, and goes when it is resumed."""
    await ready(world, sample)
    world.annotate(sample.key, paused="true")
    await world.settle()
    world.store.delete(sample.key)
    await world.resync()
    assert world.exists(sample.key)
    assert world.condition(sample.key, "Synced") == ("False", "ReconcilePaused")
    assert "deletion" in world.message(sample.key, "Synced")
    assert len(sample.objects(world)) == 1
    world.annotate(sample.key, paused=None)
    await world.settle()
    assert not world.exists(sample.key)
    assert sample.objects(world) == []


# Pause of a connection


@every_kind
async def test_pause_of_the_connection(world: World, sample: Sample) -> None:
    """Everything behind a paused connection is frozen, and says who paused it; the connection is still verified."""
    connection = await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    world.annotate(connection, paused="true")
    await world.settle()
    world.forget()
    world.apply(sample.manifest("second"))
    world.store.delete(Key("Secret", "team", sample.secret))
    world.services.connections.suspect(connection, Unavailable("down for a moment"))
    await world.resync()
    second = Key(sample.key.kind, "team", "second")
    for key in (sample.key, second):
        assert world.condition(key, "Synced") == ("False", "ReconcilePaused")
        assert f"paused by the annotation jitops.dev/paused on {connection}" in world.message(key, "Synced")
    assert world.ready(sample.key)
    assert world.condition(second, "Ready") == ("", "")
    assert world.events(second) == ["Paused"]
    assert world.secret(sample.secret) is None
    assert world.remote_writes() == []
    assert world.count("GET", sample.listing) == 0
    assert world.ready(connection)
    assert "paused" in world.message(connection)
    world.store.delete(second)
    assert not world.exists(second)
    world.forget()
    world.annotate(connection, paused=None)
    await world.settle()
    assert sample.valid(world)
    assert world.condition(sample.key, "Synced")[0] == "True"
    assert world.events(sample.key)[-1] == "Resumed"
    assert "paused" not in world.message(connection)


async def test_pause_of_the_connection_tries_no_login(world: World) -> None:
    """A connection that was not opened yet is not opened for the sake of frozen resources."""
    connection = await world.connect_jitterbit()
    world.annotate(connection, paused="true")
    await world.settle()
    await world.services.connections.drop(connection)
    world.forget()
    for name in ("one", "two", "three"):
        world.apply(SAMPLES["Connector"].manifest(name, name=name))
    await world.settle()
    assert world.count("PUT", "*/user/login") == 0


@every_kind
async def test_pause_of_the_connection_and_deletion(world: World, sample: Sample) -> None:
    """A deletion waits with the rest, at a restart too, unless it leaves the remote object; nothing is created anew."""
    connection = await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    world.annotate(connection, paused="true")
    await world.stop()
    world.store.delete(sample.key)
    world.forget()
    await world.restart()
    await world.resync()
    assert world.exists(sample.key)
    assert "the deletion is paused by" in world.message(sample.key, "Synced")
    assert world.remote_writes() == []
    world.annotate(connection, paused="false")
    await world.settle()
    assert not world.exists(sample.key)
    assert sample.objects(world) == []


async def test_each_who_pauses_is_named(world: World) -> None:
    """Two pauses are both shown; a resource goes on only when both ended."""
    connection = await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.annotate(connection, paused="true")
    world.annotate(STREAM, paused="true")
    await world.settle()
    both = f"paused by the annotation jitops.dev/paused and the annotation jitops.dev/paused on {connection}"
    assert both in world.message(STREAM, "Synced")
    world.annotate(STREAM, paused=None)
    await world.settle()
    assert world.condition(STREAM, "Synced") == ("False", "ReconcilePaused")
    world.annotate(connection, paused=None)
    await world.settle()
    assert world.condition(STREAM, "Synced") == ("True", "Available")


async def test_resumed_into_an_outage(world: World) -> None:
    """A resource that is resumed while the remote fails does not go on saying that it is paused."""
    await ready(world, SAMPLES["JitsuStream"])
    world.annotate(STREAM, paused="true")
    await world.settle()
    world.sandbox.faults.add(Fault(kind="error", status=503, times=1000))
    world.annotate(STREAM, paused=None, reconcile_requested_at="now")
    await world.settle()
    assert world.condition(STREAM, "Synced") == ("Unknown", "RemoteUnavailable")
    assert world.events(STREAM) == ["Paused", "Resumed"]
    world.sandbox.faults.clear()
    await world.wait(600)
    assert world.condition(STREAM, "Synced") == ("True", "Available")
    assert world.events(STREAM) == ["Paused", "Resumed"]


# Pause of the operator


@every_kind
async def test_pause_of_the_operator(world: World, sample: Sample) -> None:
    """A paused operator compares, reports what it would do, and writes nothing remote; later it does it all."""
    await ready(world, sample)
    world.operator = OperatorPolicy(paused=True)
    await world.restart()
    sample.remove(world, world.status(sample.key)["id"])
    world.apply(sample.manifest("second"))
    second = Key(sample.key.kind, "team", "second")
    await world.resync()
    for key in (sample.key, second):
        assert world.condition(key, "Synced") == ("False", "ReconcilePaused")
        assert "paused by the operator's setting" in world.message(key, "Synced")
        assert "does not exist" in world.message(key, "Synced")
        assert world.events(key) == ["Paused"]
    assert world.finalizers(second) == []
    assert world.remote_writes() == []
    world.forget()
    await world.resync()
    assert world.writes(sample.key) == []
    world.store.delete(sample.key)
    await world.settle()
    assert world.exists(sample.key)
    assert world.remote_writes() == []
    world.operator = OperatorPolicy()
    await world.restart()
    await world.wait(120)
    assert world.ready(second)
    assert not world.exists(sample.key)


async def test_pause_of_the_operator_reports_drift(world: World) -> None:
    """Drift is found and reported; what the spec asks since is named, too, and is no drift."""
    await ready(world, SAMPLES["JitsuStream"])
    world.operator = OperatorPolicy(paused=True)
    await world.restart()
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    await world.resync()
    assert world.condition(STREAM, "DriftDetected") == ("True", "DriftDetected")
    assert world.status(STREAM)["drift"]["fields"] == ["name"]
    assert "differs at the remote: name" in world.message(STREAM, "Synced")
    assert world.events(STREAM) == ["DriftDetected", "Paused"]
    world.change(STREAM, domains=["shop.example.com"])
    await world.resync()
    assert "differs at the remote: domains, name" in world.message(STREAM, "Synced")
    assert world.condition(STREAM, "DriftDetected") == ("", "")
    assert world.remote_writes() == []
    world.forget()
    await world.resync()
    assert world.writes(STREAM) == []
    world.operator = OperatorPolicy()
    await world.restart()
    await world.settle()
    assert only_stream(world)["name"] == "shop"


async def test_pause_of_the_operator_in_an_outage(world: World) -> None:
    """What can't be compared is paused all the same, and says that it could not be compared."""
    await ready(world, SAMPLES["JitsuStream"])
    world.operator = OperatorPolicy(paused=True)
    await world.restart()
    world.sandbox.faults.add(Fault(kind="error", status=503, times=10000))
    await world.wait(1200)
    assert world.condition(STREAM, "Synced") == ("False", "ReconcilePaused")
    assert "it could not be compared (RemoteUnavailable)" in world.message(STREAM, "Synced")
    assert world.ready(STREAM)
    assert world.events(STREAM) == ["Paused"]
    world.sandbox.faults.clear()
    await world.wait(1200)
    assert "could not be compared" not in world.message(STREAM, "Synced")


# Reconcile now


@every_kind
@pytest.mark.parametrize("annotation", ["jitops.dev/reconcile-requested-at", FLUX], ids=["ours", "Flux's"])
async def test_reconcile_now(world: World, sample: Sample, annotation: str) -> None:
    """The token makes for one fresh look and is echoed; the same token asks for nothing more."""
    await ready(world, sample)
    world.annotate_with(sample.key, {annotation: "2026-01-01T00:00:00Z"})
    await world.settle()
    assert world.status(sample.key)["lastHandledReconcileAt"] == "2026-01-01T00:00:00Z"
    assert world.count("GET", sample.listing) == 1
    assert world.writes(sample.key) == ["status"]
    assert world.remote_writes() == []
    world.forget()
    await world.resync()
    assert world.writes(sample.key) == []
    world.annotate_with(sample.key, {annotation: "later"})
    sample.remove(world, world.status(sample.key)["id"])
    await world.wait(120)
    assert sample.valid(world)
    assert world.status(sample.key)["lastHandledReconcileAt"] == "later"


async def test_reconcile_now_of_a_failing_resource(world: World) -> None:
    """The token is echoed on a resource that can't be Ready, too."""
    await world.connect_jitsu()
    world.apply(stream(domains=["not a domain"]))
    await world.settle()
    world.annotate(STREAM, reconcile_requested_at="now")
    await world.settle()
    assert world.status(STREAM)["lastHandledReconcileAt"] == "now"


async def test_reconcile_now_of_a_connection(world: World) -> None:
    """A connection echoes the token, after it was verified again."""
    connection = await world.connect_jitsu()
    world.forget()
    world.annotate(connection, reconcile_requested_at="now")
    await world.settle()
    assert world.status(connection)["lastHandledReconcileAt"] == "now"
    assert world.count("GET", "/api/workspace/acme") == 1


# Drift


async def test_drift_hold(world: World) -> None:
    """Until the moment that the annotation names drift is only reported; at that moment it is corrected."""
    await ready(world, SAMPLES["JitsuStream"])
    until = world.clock.now() + timedelta(hours=1)
    world.annotate(STREAM, drift_hold_until=stamp(until))
    await world.settle()
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    await world.wait(3000)
    assert world.condition(STREAM, "DriftDetected") == ("True", "DriftDetected")
    assert world.condition(STREAM, "Ready") == ("False", "DriftDetected")
    assert world.remote_writes() == []
    await world.wait(605)
    assert only_stream(world)["name"] == "shop"
    assert world.ready(STREAM)
    assert world.events(STREAM) == ["DriftDetected", "DriftCorrected"]


async def test_drift_hold_that_is_over(world: World) -> None:
    """A past moment holds nothing, and is no reason to warn."""
    await ready(world, SAMPLES["JitsuStream"])
    world.annotate(STREAM, drift_hold_until="2020-01-01T00:00:00Z")
    await world.settle()
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    await world.resync()
    assert only_stream(world)["name"] == "shop"
    assert world.events(STREAM) == ["DriftCorrected"]


@pytest.mark.parametrize("value", ["tomorrow", "2026-01-01", ""])
async def test_drift_hold_that_cannot_be_read(world: World, value: str) -> None:
    """What is no moment holds the correction until it is corrected, and a Warning says so once."""
    await ready(world, SAMPLES["JitsuStream"])
    world.annotate(STREAM, drift_hold_until=value)
    await world.settle()
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    await world.resync()
    await world.restart()
    await world.resync()
    assert world.remote_writes() == []
    assert world.condition(STREAM, "DriftDetected") == ("True", "DriftDetected")
    assert world.condition(STREAM, "Stalled") == ("True", "DriftDetected")
    assert world.events(STREAM) == ["CannotReadAnnotation", "DriftDetected"]
    world.annotate(STREAM, drift_hold_until=None)
    await world.settle()
    assert only_stream(world)["name"] == "shop"
    assert world.ready(STREAM)


async def test_drift_that_goes_away_by_itself(world: World) -> None:
    """Reported drift that others undo leaves the condition and the status."""
    await ready(world, SAMPLES["JitsuStream"], management={"drift": "Report"})
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    await world.resync()
    assert world.status(STREAM)["drift"]["fields"] == ["name"]
    world.sandbox.jitsu.change(only_stream(world)["id"], name="shop")
    await world.resync()
    assert world.ready(STREAM)
    assert "drift" not in world.status(STREAM)
    assert world.condition(STREAM, "DriftDetected") == ("", "")


@every_changeable_kind
async def test_report_that_is_switched_on_writes_nothing(world: World, sample: Sample) -> None:
    """A change of `management` alone corrects nothing, at a restart too; another change of the spec is written."""
    await ready(world, sample, management={"drift": "Report"})
    sample.spoil(world, world.status(sample.key)["id"])
    await world.resync()
    assert world.condition(sample.key, "DriftDetected")[0] == "True"
    world.change(sample.key, management={"drift": "Report", "resyncPeriod": "5m"})
    await world.resync()
    await world.restart()
    world.change(sample.key, management={"drift": "Report", "onMissing": "Recreate"})
    await world.resync()
    assert world.remote_writes() == []
    assert world.condition(sample.key, "DriftDetected")[0] == "True"
    assert world.events(sample.key) == ["DriftDetected"]
    world.change(sample.key, management={})
    await world.settle()
    assert world.ready(sample.key)
    assert world.remote_writes() != []


async def test_report_that_is_switched_on_with_drift_unseen(world: World) -> None:
    """What others changed before Report was switched on, and nobody saw, is reported and left as it is."""
    await ready(world, SAMPLES["JitsuStream"])
    world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
    world.change(STREAM, management={"drift": "Report"})
    await world.resync()
    assert only_stream(world)["name"] == "theirs"
    assert world.remote_writes() == []
    assert world.condition(STREAM, "DriftDetected")[0] == "True"
    world.change(STREAM, domains=["shop.example.com"])
    await world.settle()
    assert only_stream(world)["domains"] == ["shop.example.com"]
    assert world.ready(STREAM)


@every_kind
@pytest.mark.parametrize("management", [{"drift": "Report"}, {"onMissing": "Report"}], ids=["drift", "onMissing"])
async def test_missing_is_reported(world: World, sample: Sample, management: dict[str, str]) -> None:
    """What others deleted is not created again, and that is quiet; Recreate creates it."""
    await ready(world, sample, management=management)
    sample.remove(world, world.status(sample.key)["id"])
    await world.resync()
    assert world.condition(sample.key, "Ready") == ("False", "RemoteNotFound")
    assert "spec.management.onMissing" in world.message(sample.key)
    assert world.remote_writes() == []
    world.forget()
    await world.wait(1800)
    assert world.writes(sample.key) == []
    assert world.events(sample.key) == []
    world.change(sample.key, management={**management, "onMissing": "Recreate"})
    await world.wait(120)
    assert world.ready(sample.key)
    assert sample.valid(world)


async def test_missing_during_a_hold(world: World) -> None:
    """A hold of drift holds back the creation, too, until it ends."""
    await ready(world, SAMPLES["JitsuStream"])
    world.annotate(STREAM, drift_hold_until=stamp(world.clock.now() + timedelta(hours=1)))
    await world.settle()
    SAMPLES["JitsuStream"].remove(world, world.status(STREAM)["id"])
    await world.wait(3000)
    assert world.why(STREAM) == "RemoteNotFound"
    assert world.remote_writes() == []
    await world.wait(605)
    assert world.ready(STREAM)


async def test_drift_never_shows_values(world: World) -> None:
    """Conditions, status and events name the field, never what stands in it."""
    await ready(world, SAMPLES["JitsuStream"], management={"drift": "Report"}, extra={"token": "value-of-ours"})
    world.sandbox.jitsu.change(only_stream(world)["id"], token="value-of-theirs")
    await world.resync()
    assert world.status(STREAM)["drift"]["fields"] == ["extra.token"]
    told = [world.message(STREAM, "DriftDetected"), world.message(STREAM), world.last_event(STREAM).message]
    assert not [text for text in told if "value-of" in text]


async def test_thrashing(world: World) -> None:
    """A difference that comes back each time is given up, by condition and event, until the spec changes."""
    await ready(world, SAMPLES["JitsuStream"], management={"resyncPeriod": "60s"})
    for _ in range(MOST_CORRECTIONS + 3):
        world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
        await world.wait(75)
    assert len(world.remote_writes()) == MOST_CORRECTIONS
    assert world.condition(STREAM, "Ready") == ("False", "Thrashing")
    assert world.condition(STREAM, "Stalled") == ("True", "Thrashing")
    assert "name" in world.message(STREAM)
    assert world.events(STREAM) == ["DriftCorrected"] * MOST_CORRECTIONS + ["CannotUpdate"]
    world.change(STREAM, name="another", management={"resyncPeriod": "60s"})
    await world.settle()
    assert only_stream(world)["name"] == "another"
    assert world.ready(STREAM)


async def test_thrashing_ends_by_itself(world: World) -> None:
    """An hour later the correction is tried again."""
    await ready(world, SAMPLES["JitsuStream"], management={"resyncPeriod": "60s"})
    for _ in range(MOST_CORRECTIONS + 1):
        world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
        await world.wait(75)
    assert world.why(STREAM) == "Thrashing"
    await world.wait(CORRECTION_WINDOW)
    assert world.ready(STREAM)
    assert only_stream(world)["name"] == "shop"


# Letting go


@every_kind
async def test_release_finalizer(world: World, sample: Sample) -> None:
    """A stuck deletion is let go by the annotation: the remote object stays, and the Secret without its owner."""
    await ready(world, sample)
    world.store.delete(Key("Secret", "team", "jitsu"))
    world.store.delete(Key("Secret", "team", "harmony"))
    world.annotate(sample.key, paused="true")
    world.store.delete(sample.key)
    await world.settle()
    assert world.exists(sample.key)
    world.annotate(sample.key, release_finalizer="orphan")
    await world.settle()
    assert not world.exists(sample.key)
    assert len(sample.objects(world)) == 1
    secret = world.secret(sample.secret)
    assert secret is not None
    assert secret.owners == ()
    assert world.remote_writes() == []
    assert world.events(sample.key)[-1] == "Retained"


@every_kind
async def test_release_finalizer_has_one_value(world: World, sample: Sample) -> None:
    """Another value, or a resource that is not being deleted, changes nothing."""
    await ready(world, sample)
    world.annotate(sample.key, release_finalizer="orphan")
    await world.resync()
    assert world.ready(sample.key)
    assert world.finalizers(sample.key) == ["jitops.dev/finalizer"]
    world.annotate(sample.key, release_finalizer="yes")
    await world.resync()
    assert world.events(sample.key) == ["CannotReadAnnotation"]
    assert 'jitops.dev/release-finalizer is "yes"' in world.last_event(sample.key).message
    world.store.delete(sample.key)
    await world.settle()
    assert sample.objects(world) == []


async def test_pause_of_a_connection_that_cannot_be_read(world: World) -> None:
    """A connection reports an annotation that can't be read, too."""
    connection = await world.connect_jitsu()
    world.forget()
    world.annotate(connection, paused="yes")
    await world.resync()
    assert world.events(connection) == ["CannotReadAnnotation"]
    assert 'jitops.dev/paused is "yes"' in world.status(connection)["warnings"][0]


@every_kind
async def test_deletion_policy_of_the_connection(world: World, sample: Sample) -> None:
    """The connection's policy counts where the resource has none; the resource's own wins."""
    connection = await sample.connect(world)
    world.change(connection, deletionPolicy="Retain")
    world.apply(sample.manifest())
    await world.settle()
    world.store.delete(sample.key)
    await world.settle()
    assert len(sample.objects(world)) == 1
    assert sample.valid(world)
    (left,) = sample.objects(world)
    world.apply(sample.manifest(management={"deletionPolicy": "Delete", **_match(sample, left["id"])}))
    await world.settle()
    assert world.ready(sample.key), world.status(sample.key)
    world.store.delete(sample.key)
    await world.settle()
    assert sample.objects(world) == []


def _match(sample: Sample, id_: str) -> dict[str, object]:
    management: dict[str, object] = sample.adoption("Match", id_)["management"]
    return management


async def test_retain_is_decided_at_the_deletion(world: World) -> None:
    """A resource that was made with Delete and is switched to Retain keeps its Secret, and the other way round."""
    await ready(world, SAMPLES["JitsuStream"])
    world.change(STREAM, management={"deletionPolicy": "Retain"})
    await world.settle()
    world.change(STREAM, management={"deletionPolicy": "Delete"})
    await world.settle()
    secret = world.secret("shop-jitsustream")
    assert secret is not None
    assert [owner.name for owner in secret.owners] == ["shop"]
    world.change(STREAM, management={"deletionPolicy": "Retain"})
    await world.stop()
    world.store.delete(STREAM)
    await world.restart()
    await world.settle()
    assert not world.exists(STREAM)
    assert world.secret("shop-jitsustream") is not None
    assert len(streams(world)) == 1


async def test_resync_period_of_the_resource(world: World) -> None:
    """The smallest period among the resources of a connection counts; a change of it takes effect at once."""
    await ready(world, SAMPLES["JitsuStream"], management={"resyncPeriod": "24h"})
    await world.resync()
    assert world.count("GET", "*/config/stream") == 0
    world.change(STREAM, management={"resyncPeriod": "60s"})
    await world.wait(75)
    assert world.count("GET", "*/config/stream") >= 1
    world.change(STREAM, management={"resyncPeriod": "0s"})
    await world.wait(75)
    world.forget()
    await world.wait(7200)
    assert world.count("GET", "*/config/stream") == 0
    world.change(STREAM, management={"resyncPeriod": "60s"})
    await world.wait(75)
    assert world.count("GET", "*/config/stream") >= 1


async def test_deletion_policy_of_the_operator(world: World) -> None:
    """The operator's policy counts where neither the resource nor the connection has one; theirs win over it."""
    world.operator = OperatorPolicy(deletion_policy="Retain")
    await world.restart()
    await ready(world, SAMPLES["JitsuStream"])
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert len(streams(world)) == 1
    assert world.events(STREAM) == ["Retained"]
    await ready(world, SAMPLES["JitsuStream"])
    world.change(WORKSPACE, deletionPolicy="Delete")
    await world.settle()
    world.store.delete(STREAM)
    await world.settle()
    assert streams(world) == []


# Protection


@every_kind
async def test_deletion_protection(world: World, sample: Sample) -> None:
    """Nothing remote is deleted while it is set: the deletion says which field, and goes on when it is off."""
    await ready(world, sample, management={"deletionProtection": True})
    world.store.delete(sample.key)
    await world.resync()
    assert world.condition(sample.key, "Ready") == ("False", "DeletionBlocked")
    assert "spec.management.deletionProtection" in world.message(sample.key)
    assert len(sample.objects(world)) == 1
    assert world.remote_writes() == []
    assert world.events(sample.key) == ["DeletionBlocked"]
    world.forget()
    await world.wait(1800)
    await world.restart()
    await world.resync()
    assert world.writes(sample.key) == []
    assert world.events(sample.key) == []
    world.change(sample.key, management={"deletionProtection": False})
    await world.settle()
    assert not world.exists(sample.key)
    assert sample.objects(world) == []


@every_kind
@pytest.mark.parametrize("way", ["Retain", "orphan"])
async def test_protected_is_released(world: World, sample: Sample, way: str) -> None:
    """Retain and the release annotation end the deletion of a protected resource; the object stays."""
    await ready(world, sample, management={"deletionProtection": True})
    world.store.delete(sample.key)
    await world.settle()
    assert world.exists(sample.key)
    if way == "Retain":
        world.change(sample.key, management={"deletionProtection": True, "deletionPolicy": "Retain"})
    else:
        world.annotate(sample.key, release_finalizer="orphan")
    await world.settle()
    assert not world.exists(sample.key)
    assert len(sample.objects(world)) == 1
    assert sample.valid(world)
    assert world.remote_writes() == []


async def test_protected_with_a_lost_status(world: World) -> None:
    """Protection holds for an object that the status does not mention, too."""
    await ready(world, SAMPLES["JitsuStream"], management={"deletionProtection": True})
    resource = world.store.get(STREAM)
    assert resource is not None
    await world.store.write_status(resource, {"observedGeneration": -1})
    world.store.delete(STREAM)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert len(streams(world)) == 1


@pytest.mark.parametrize("policy", ["Cascade", "Orphan"])
@pytest.mark.parametrize("way", ["protected", "paused"])
async def test_cascade_spares_what_must_stay(world: World, policy: str, way: str) -> None:
    """The link of a protected or paused JitsuLink is not deleted with its stream: the deletion names it and waits."""
    await connect_ends(world)
    world.apply(stream(management={"cascade": policy}), link(**{"from": {"streamRef": {"name": "shop"}}}))
    await world.settle()
    if way == "protected":
        world.change(LINK, management={"deletionProtection": True})
    else:
        world.annotate(LINK, paused="true")
    await world.settle()
    assert world.status(LINK)["id"]
    world.forget()
    world.store.delete(STREAM)
    await world.wait(400)
    assert world.condition(STREAM, "Ready") == ("False", "DeletionBlocked")
    assert str(LINK) in world.message(STREAM)
    assert way in world.message(STREAM)
    assert world.remote_writes() == []
    if way == "protected":
        world.change(LINK, management={})
    else:
        world.annotate(LINK, paused=None)
    await world.wait(400)
    assert not world.exists(STREAM)


async def test_protection_keeps_what_was_replaced(world: World) -> None:
    """A replaced registration stays, listed in status and said once, until the protection is taken off."""
    await ready(world, SAMPLES["Connector"], management={"replace": "Allow", "deletionProtection": True})
    former = world.status(CONNECTOR)["id"]
    world.change(CONNECTOR, version="2.0.0")
    await world.resync()
    assert world.ready(CONNECTOR)
    assert "deletionProtection" in world.message(CONNECTOR)
    assert [one["id"] for one in world.status(CONNECTOR)["replaced"]] == [former]
    assert len(SAMPLES["Connector"].objects(world)) == 2
    assert world.events(CONNECTOR).count("DeletionBlocked") == 1
    world.store.delete(CONNECTOR)
    await world.settle()
    assert len(SAMPLES["Connector"].objects(world)) == 2
    world.change(CONNECTOR, management={"replace": "Allow"})
    await world.wait(400)
    assert not world.exists(CONNECTOR)
    assert SAMPLES["Connector"].objects(world) == []
