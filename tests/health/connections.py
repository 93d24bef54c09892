"""The situations of connections, as `situations` has those of what is managed over them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.harness.manifests import CONNECTOR, ORGANIZATION, STREAM, WORKSPACE, connector, harmony, jitsu, stream
from tests.harness.world.world import World
from tests.health.situations import GOING, NEW, RIGHT, WAITS, WRONG

from jitops.api.reasons import Reason
from jitops.core.kube import Key
from jitops_sandbox import Fault

BOTH = frozenset({WORKSPACE, ORGANIZATION})


@dataclass(frozen=True)
class ConnectionSituation:
    """How a connection comes into a situation, and what is to be said of it."""

    arrange: Callable[[World, Key], Awaitable[None]]
    said: tuple[str, str]
    reason: str | None
    connections: frozenset[Key] = BOTH


def apply(world: World, connection: Key) -> None:
    """Apply a connection with its credentials."""
    world.apply(*(jitsu(world) if connection == WORKSPACE else harmony(world)))


async def brand_new(world: World, connection: Key) -> None:
    """Arrange that nobody has looked at it yet."""
    apply(world, connection)


async def ready(world: World, connection: Key) -> None:
    """Arrange that the remote accepts its credentials."""
    apply(world, connection)
    await world.settle()


async def changed(world: World, connection: Key) -> None:
    """Arrange that its spec was changed, and nobody has looked at that yet."""
    await ready(world, connection)
    world.change(connection, resyncPeriod="1h")


async def waits_for_its_secret(world: World, connection: Key) -> None:
    """Arrange that the Secret that it names isn't there."""
    _, manifest = jitsu(world) if connection == WORKSPACE else harmony(world)
    world.apply(manifest)
    await world.settle()


async def spec_invalid(world: World, connection: Key) -> None:
    """Arrange that it is wrong as written."""
    await ready(world, connection)
    world.change(connection, **({"baseUrl": "ftp://x"} if connection == WORKSPACE else {"host": "ftp://x"}))
    await world.settle()


async def credentials_refused(world: World, connection: Key) -> None:
    """Arrange that the remote refuses its credentials."""
    await ready(world, connection)
    wrong = {"apiKey": "demokey:wrong-for-a-while"} if connection == WORKSPACE else {"password": "wrong-of-someone"}
    world.edit_secret("jitsu" if connection == WORKSPACE else "harmony", **wrong)
    await world.wait(60)


async def permission_denied(world: World, connection: Key) -> None:
    """Arrange that its credentials are good, but not for this workspace."""
    apply(world, connection)
    world.change(connection, workspace="other")
    await world.settle()


async def outage(world: World, connection: Key) -> None:
    """Arrange that the remote can't be reached."""
    apply(world, connection)
    world.sandbox.faults.add(Fault(kind="error", status=503))
    await world.settle()


async def maintenance(world: World, connection: Key) -> None:
    """Arrange that the console takes no writes."""
    await ready(world, connection)
    world.apply(stream())
    world.sandbox.jitsu.mode = "maintenance"
    await world.settle()


async def deletion_blocked(world: World, connection: Key) -> None:
    """Arrange that it is being deleted, and something of ours uses it."""
    await ready(world, connection)
    world.apply(stream() if connection == WORKSPACE else connector())
    await world.settle()
    world.store.delete(connection)
    await world.settle()
    assert world.ready(STREAM if connection == WORKSPACE else CONNECTOR)


CONNECTIONS: Mapping[str, ConnectionSituation] = {
    "brand new": ConnectionSituation(brand_new, NEW, None),
    "ready": ConnectionSituation(ready, RIGHT, Reason.AVAILABLE),
    "changed": ConnectionSituation(changed, NEW, Reason.AVAILABLE),
    "waits for its Secret": ConnectionSituation(waits_for_its_secret, WAITS, Reason.DEPENDENCY_NOT_FOUND),
    "spec invalid": ConnectionSituation(spec_invalid, WRONG, Reason.INVALID_CONFIGURATION),
    "credentials refused": ConnectionSituation(credentials_refused, WRONG, Reason.CREDENTIALS_INVALID),
    "permission denied": ConnectionSituation(
        permission_denied, WRONG, Reason.PERMISSION_DENIED, frozenset({WORKSPACE})
    ),
    "outage": ConnectionSituation(outage, WAITS, Reason.REMOTE_UNAVAILABLE),
    "maintenance": ConnectionSituation(maintenance, WAITS, Reason.REMOTE_UNAVAILABLE, frozenset({WORKSPACE})),
    "deletion blocked": ConnectionSituation(deletion_blocked, GOING, Reason.DELETION_BLOCKED),
}
