"""Every situation that a resource can be in, how it comes about, and what a person would say of it.

Nothing here is recorded and kept: each situation comes about anew in the world of the scenarios, so that what is judged
is what jitops writes today.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.harness.manifests import CONNECTOR, ORGANIZATION, STREAM, WORKSPACE, Manifest
from tests.harness.samples.link import plant_link
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import only_stream
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World

from jitops.api.reasons import Reason
from jitops.core.kube import Key
from jitops.core.managed.memory import MOST_CORRECTIONS
from jitops_sandbox import Fault, Switches

Arrange = Callable[[World, Sample], Awaitable[Key]]
JITSU = frozenset(kind for kind, sample in SAMPLES.items() if sample.is_jitsu)
LONG_OUTAGE = 700.0
SHORT_OUTAGE = 100.0
RIGHT, NEW, WAITS, WRONG, GOING, PAUSED, ASKS = (
    ("Current", "Healthy"),
    ("InProgress", "Progressing"),
    ("InProgress", "Progressing"),
    ("Failed", "Degraded"),
    ("Terminating", "Progressing"),
    ("InProgress", "Suspended"),
    ("Failed", "Suspended"),
)
"""What a person says, in the words of kstatus and of ArgoCD."""


@dataclass(frozen=True)
class Situation:
    """How a situation comes about, and what is to be said of it."""

    arrange: Arrange
    said: tuple[str, str]
    reason: str | None
    """Why Ready is as it is; None: it is not there yet."""
    kinds: frozenset[str] = frozenset(SAMPLES)


async def made(world: World, sample: Sample, **spec: Any) -> Key:
    """Bring a resource to Ready."""
    await sample.connect(world)
    return await applied(world, sample, **spec)


async def applied(world: World, sample: Sample, *named: str, **spec: Any) -> Key:
    """Apply a resource, and let the world come to rest."""
    manifest = sample.manifest(*named, **spec)
    world.apply(manifest)
    await world.settle()
    return key_of(manifest)


def key_of(manifest: Manifest) -> Key:
    """Name the object that a manifest is of."""
    return Key(manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"])


def paused(manifest: Manifest) -> Manifest:
    """Write a manifest of a resource that begins paused."""
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": {"jitops.dev/paused": "true"}}}


def product(sample: Sample) -> Any:
    """Name where a kind's objects are made, as a fault wants it."""
    return sample.creation.product


def adopting(mode: str, id_: str, **management: str) -> Mapping[str, Any]:
    """Write the part of a spec that adopts."""
    return {"management": {"adopt": {"mode": mode, "id": id_}, **management}}


# A resource's life


async def brand_new(world: World, sample: Sample) -> Key:
    """Arrange that nobody has looked at it yet."""
    await sample.connect(world)
    world.apply(sample.manifest())
    return sample.key


async def changed(world: World, sample: Sample) -> Key:
    """Arrange that its spec was changed, and nobody has looked at that yet."""
    key = await made(world, sample)
    world.change(key, management={"resyncPeriod": "1h"})
    return key


async def waits_for_its_connection(world: World, sample: Sample) -> Key:
    """Arrange that the connection that it names isn't there."""
    return await applied(world, sample)


async def waits_for_consent(world: World, sample: Sample) -> Key:
    """Arrange that the connection's owner does not permit its namespace."""
    connection = await sample.connect(world)
    reference = {sample.reference: {"name": connection.name, "namespace": "team"}}
    return await applied(world, sample, "abroad", "other", **reference)


async def waits_for_a_good_connection(world: World, sample: Sample) -> Key:
    """Arrange that the connection is there, and leads nowhere."""
    connection = await sample.connect(world)
    world.change(connection, credentialsRef={"name": "nowhere"})
    await world.settle()
    return await applied(world, sample)


async def spec_invalid(world: World, sample: Sample) -> Key:
    """Arrange that its spec is wrong, which a cluster with other definitions may have let pass."""
    await sample.connect(world)
    return await applied(world, sample, management={"deletionPolicy": "Sometimes"})


async def conflict(world: World, sample: Sample) -> Key:
    """Arrange that another resource has adopted what it wants to adopt."""
    await sample.connect(world)
    theirs = sample.plant(world)
    await applied(world, sample, "second", **sample.same, **adopting("Override", theirs))
    world.clock.turn(5)
    return await applied(world, sample, **sample.same, **adopting("Override", theirs))


async def adoption_mismatch(world: World, sample: Sample) -> Key:
    """Arrange that what it is to adopt if it is equal isn't equal."""
    await sample.connect(world)
    theirs = sample.plant(world)
    sample.spoil(world, theirs)
    return await applied(world, sample, **adopting("Match", theirs))


async def nothing_to_adopt(world: World, sample: Sample) -> Key:
    """Arrange that what it is to adopt isn't there."""
    await sample.connect(world)
    return await applied(world, sample, **adopting("Override", "nowhere1"))


async def drift_reported(world: World, sample: Sample) -> Key:
    """Arrange that others changed what it only observes."""
    await sample.connect(world)
    theirs = sample.plant(world)
    await applied(world, sample, **adopting("Match", theirs, policy="Observe"))
    sample.spoil(world, theirs)
    await world.resync()
    return sample.key


async def drift_under_report(world: World, sample: Sample) -> Key:
    """Arrange that others changed what it would correct, if it were not told to report."""
    await made(world, sample, management={"drift": "Report"})
    (found,) = sample.objects(world)
    sample.spoil(world, found["id"])
    await world.resync()
    return sample.key


async def drift_held(world: World, sample: Sample) -> Key:
    """Arrange that others changed it, and it is corrected when the hold ends."""
    key = await made(world, sample)
    world.annotate(key, drift_hold_until="2031-01-01T00:00:00Z")
    await world.settle()
    (found,) = sample.objects(world)
    sample.spoil(world, found["id"])
    await world.resync()
    return key


async def thrashing(world: World, sample: Sample) -> Key:
    """Arrange that somebody undoes each correction."""
    key = await made(world, sample, management={"resyncPeriod": "60s"})
    for _ in range(MOST_CORRECTIONS + 1):
        world.sandbox.jitsu.change(only_stream(world)["id"], name="theirs")
        await world.wait(75)
    return key


async def paused_ready(world: World, sample: Sample) -> Key:
    """Arrange that it was Ready when it was paused."""
    key = await made(world, sample)
    world.annotate(key, paused="true")
    await world.settle()
    return key


async def paused_by_its_connection(world: World, sample: Sample) -> Key:
    """Arrange that its connection was paused when it was Ready."""
    key = await made(world, sample)
    world.annotate(WORKSPACE if sample.is_jitsu else ORGANIZATION, paused="true")
    await world.settle()
    return key


async def paused_new(world: World, sample: Sample) -> Key:
    """Arrange that it is paused from the start: nothing was made."""
    await sample.connect(world)
    world.apply(paused(sample.manifest()))
    await world.settle()
    return sample.key


async def paused_and_changed(world: World, sample: Sample) -> Key:
    """Arrange that it was Ready when it was paused, and asks for something else since."""
    key = await paused_ready(world, sample)
    world.change(key, management={"resyncPeriod": "1h"})
    await world.settle()
    return key


async def paused_in_conflict(world: World, sample: Sample) -> Key:
    """Arrange that it was not right when it was paused."""
    key = await conflict(world, sample)
    world.annotate(key, paused="true")
    await world.settle()
    return key


# The remote


async def short_outage(world: World, sample: Sample) -> Key:
    """Arrange that the remote has been failing for less than five minutes."""
    key = await made(world, sample)
    await _outage(world, sample, SHORT_OUTAGE)
    return key


async def long_outage(world: World, sample: Sample) -> Key:
    """Arrange that the remote has been failing for long."""
    key = await made(world, sample)
    await _outage(world, sample, LONG_OUTAGE)
    return key


async def _outage(world: World, sample: Sample, seconds: float) -> None:
    world.sandbox.faults.add(Fault(kind="error", product=product(sample), status=503))
    world.annotate(sample.key, reconcile_requested_at="now")
    await world.wait(seconds)


async def new_in_an_outage(world: World, sample: Sample) -> Key:
    """Arrange that it was made while the remote fails."""
    await sample.connect(world)
    world.sandbox.faults.add(Fault(kind="error", product=product(sample), method=sample.creation.method, status=503))
    return await applied(world, sample)


async def throttled(world: World, sample: Sample) -> Key:
    """Arrange that the remote's budget is used up for a while."""
    await sample.connect(world)
    refused = sample.creation.model_copy(update={"kind": "throttled", "seconds": 60.0, "times": None})
    world.sandbox.faults.add(refused)
    await applied(world, sample)
    await world.wait(30)
    return sample.key


async def creation_unclear(world: World, sample: Sample) -> Key:
    """Arrange that the answer to the creation was lost, and the listing does not tell yet."""
    await sample.connect(world)
    world.sandbox.jitterbit.switches = Switches(listing_lag_seconds=30.0)
    world.sandbox.faults.add(sample.creation)
    await applied(world, sample)
    await world.wait(15)
    return sample.key


async def permission_denied(world: World, sample: Sample) -> Key:
    """Arrange that the key may read, and not write."""
    await sample.connect(world)
    world.edit_secret("jitsu", apiKey=world.sandbox.credentials.keys["analyst"])
    await world.settle()
    return await applied(world, sample)


async def credentials_revoked(world: World, sample: Sample) -> Key:
    """Arrange that it was Ready, and for long the remote has refused the connection's credentials."""
    key = await made(world, sample)
    _spoil_credentials(world, sample)
    await world.wait(LONG_OUTAGE)
    return key


def _spoil_credentials(world: World, sample: Sample) -> None:
    if sample.is_jitsu:
        world.edit_secret("jitsu", apiKey="demokey:wrong-for-a-while")
    else:
        world.edit_secret("harmony", password="wrong-password-of-someone")


# The end


async def deletion_without_credentials(world: World, sample: Sample) -> Key:
    """Arrange that it is being deleted, and nothing can be done at the remote."""
    key = await made(world, sample)
    _spoil_credentials(world, sample)
    await world.settle()
    world.store.delete(key)
    await world.settle()
    return key


async def deletion_of_what_is_protected(world: World, sample: Sample) -> Key:
    """Arrange that it is being deleted, and protected from that."""
    key = await made(world, sample, management={"deletionProtection": True})
    world.store.delete(key)
    await world.settle()
    return key


async def deletion_paused(world: World, sample: Sample) -> Key:
    """Arrange that it is being deleted, and paused."""
    key = await paused_ready(world, sample)
    world.store.delete(key)
    await world.settle()
    return key


async def deletion_of_a_linked_stream(world: World, sample: Sample) -> Key:
    """Arrange that it is being deleted, and a link of others uses it."""
    key = await made(world, sample)
    plant_link(world, "theirs", start=only_stream(world)["id"])
    world.store.delete(key)
    await world.settle()
    return key


async def deletion_of_a_used_connector(world: World, sample: Sample) -> Key:
    """Arrange that it is being deleted, and a project uses it."""
    key = await made(world, sample)
    world.sandbox.jitterbit.connectors()[0].used = True
    world.store.delete(key)
    await world.settle()
    return key


SITUATIONS: Mapping[str, Situation] = {
    "brand new": Situation(brand_new, NEW, None),
    "ready": Situation(made, RIGHT, Reason.AVAILABLE),
    "changed": Situation(changed, NEW, Reason.AVAILABLE),
    "waits for its connection": Situation(waits_for_its_connection, WAITS, Reason.DEPENDENCY_NOT_FOUND),
    "waits for consent": Situation(waits_for_consent, WAITS, Reason.REFERENCE_NOT_PERMITTED),
    "waits for a good connection": Situation(waits_for_a_good_connection, WAITS, Reason.DEPENDENCY_NOT_READY),
    "spec invalid": Situation(spec_invalid, WRONG, Reason.INVALID_CONFIGURATION),
    "conflict": Situation(conflict, WRONG, Reason.CONFLICT),
    "adoption mismatch": Situation(adoption_mismatch, WRONG, Reason.ADOPTION_MISMATCH),
    "nothing to adopt": Situation(nothing_to_adopt, WRONG, Reason.REMOTE_NOT_FOUND),
    "drift of what is observed": Situation(drift_reported, WRONG, Reason.DRIFT_DETECTED),
    "drift under Report": Situation(drift_under_report, WRONG, Reason.DRIFT_DETECTED),
    "drift on hold": Situation(drift_held, WAITS, Reason.DRIFT_DETECTED),
    "thrashing": Situation(thrashing, WRONG, Reason.THRASHING, frozenset({STREAM.kind})),
    "paused when ready": Situation(paused_ready, ("Current", "Suspended"), Reason.AVAILABLE),
    "paused by its connection": Situation(paused_by_its_connection, ("Current", "Suspended"), Reason.AVAILABLE),
    "paused from the start": Situation(paused_new, PAUSED, None),
    "paused and changed": Situation(paused_and_changed, PAUSED, Reason.AVAILABLE),
    "paused in conflict": Situation(paused_in_conflict, PAUSED, Reason.CONFLICT),
    "short outage": Situation(short_outage, RIGHT, Reason.AVAILABLE),
    "long outage": Situation(long_outage, WAITS, Reason.REMOTE_UNAVAILABLE),
    "new in an outage": Situation(new_in_an_outage, WAITS, Reason.REMOTE_UNAVAILABLE),
    "throttled": Situation(throttled, WAITS, Reason.THROTTLED),
    "creation unclear": Situation(creation_unclear, WAITS, Reason.CREATING, frozenset({CONNECTOR.kind})),
    "permission denied": Situation(permission_denied, WRONG, Reason.PERMISSION_DENIED, JITSU),
    "credentials revoked": Situation(credentials_revoked, WAITS, Reason.REMOTE_UNAVAILABLE),
    "deletion without credentials": Situation(deletion_without_credentials, GOING, None),
    "deletion of what is protected": Situation(deletion_of_what_is_protected, GOING, Reason.DELETION_BLOCKED),
    "deletion paused": Situation(deletion_paused, GOING, Reason.AVAILABLE),
    "deletion of a linked stream": Situation(
        deletion_of_a_linked_stream, GOING, Reason.DELETION_BLOCKED, frozenset({STREAM.kind})
    ),
    "deletion of a used connector": Situation(
        deletion_of_a_used_connector, GOING, Reason.DELETION_BLOCKED, frozenset({CONNECTOR.kind})
    ),
}
