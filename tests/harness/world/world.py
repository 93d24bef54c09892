"""The world of the scenarios: both sandboxes over real HTTP, a local store, a clock that the test turns.

A test arranges the world (`apply`, `connect_jitsu`, …), runs the operator (`settle`, `wait`) and checks the result
(`View`). A test can kill the operator before any of its effects outside (`Fate`), and start a new process in the same
world (`restart`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.harness.clock import TurnedClock
from tests.harness.manifests import ORGANIZATION, WORKSPACE, harmony, jitsu, manifest
from tests.harness.world.documented import DOCUMENTED
from tests.harness.world.fate import Fate, Killed
from tests.harness.world.secrecy import Secrecy
from tests.harness.world.store import FatefulStore
from tests.harness.world.witness import Witness

from jitops.api.meta import GROUP
from jitops.core.connection.pool import OpenConnection
from jitops.core.kube import Key
from jitops.core.managed.plan import OperatorPolicy
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller, Pace
from jitops.kinds import registry
from jitops.remote.client import HttpPool
from jitops.runtime.telemetry.observers import Observers

if TYPE_CHECKING:
    from jitops_sandbox import Sandbox


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel the tasks of a process that has ended, and read how all of them ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class World(Secrecy):
    """Everything around one operator process; `restart` puts a new process into the same world."""

    sandbox: Sandbox
    clock: TurnedClock
    pace: Pace = field(default_factory=Pace)
    workers: int = 1
    """How many keys are handled at a time: with one, the order is the same each time."""
    identity: str = "cluster-1"
    operator: OperatorPolicy = field(default_factory=OperatorPolicy)
    """The operator's settings about all resources, from the next start on."""

    def __post_init__(self) -> None:
        self.fate = Fate()
        self.store = FatefulStore(self.clock, self.fate)
        self.store.namespaces = {"team": {}, "other": {"team": "other"}}
        self.witness = Witness()
        self.observers: tuple[Any, ...] = ()
        """Who observes beside the witness, from the next start on."""
        self.planted: set[str] = set()
        self._boot()

    def _boot(self) -> None:
        observer = Observers(self.witness, *self.observers)
        self.pool = HttpPool(self.clock, may_write=self.fate.before_remote, observer=observer)
        kinds = registry(self.pool, self.clock)
        services = Services.assemble(kinds, self.store, self.clock, identity=self.identity, namespace="jitops-system")
        self.services = replace(services, operator=self.operator)
        self.controller = Controller(self.services, self.pace, observer)
        self.store.on_change = self.controller.feed
        self.store.on_deleted = self.controller.on_deleted
        self.store.on_input = self._input_changed

    def _input_changed(self, key: Key) -> None:
        """Report a change to the operator, as a watch by label does."""
        if key in self.store.watched:
            self.controller.changed(key)

    async def restart(self) -> None:
        """Replace the process by a new one, which lists every object again."""
        await self.stop()
        self.fate.spare()
        self._boot()
        for key in self.store.named():
            resource = self.store.get(key)
            assert resource is not None
            self.controller.feed(None, resource)

    async def stop(self) -> None:
        """Close what the process has open."""
        await self.services.connections.aclose()
        await self.pool.aclose()

    async def settle(self, *, rounds: int = 400) -> None:
        """Handle all keys that are due, `workers` at a time, until none is; the clock does not move."""
        queue = self.controller.queue
        running, done = set[asyncio.Task[None]](), set[asyncio.Task[None]]()
        try:
            while queue.waiting(0):
                while len(running) < self.workers and queue.oldest():
                    rounds -= 1
                    assert rounds, f"the world does not come to rest: {queue.keys()}"
                    running.add(asyncio.create_task(self.controller.step()))
                    await asyncio.sleep(0)  # The task takes its key.
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            await _end(running | done)
            self._plant()

    def open_connection(self, key: Key) -> OpenConnection:
        """Return a connection that must be open."""
        found = self.services.connections.open_connection(key)
        assert found is not None
        return found

    async def wait(self, seconds: float) -> None:
        """Advance the clock step by step, and handle each key when it is due."""
        queue, end = self.controller.queue, self.clock.seconds + seconds
        await self.settle()
        while (delay := queue.next_delay()) is not None and self.clock.seconds + delay < end:
            self.clock.turn(max(delay, 0.0) + 0.001)
            await self.settle()
        self.clock.turn(max(end - self.clock.seconds, 0.0))
        await self.settle()

    async def resync(self) -> None:
        """Wait until everything has been resynced once, and only once."""
        await self.wait(self.pace.resync.total_seconds() * 1.2 + 1)

    async def survives(self, effects: int, seconds: float) -> bool:
        """Wait with a process that dies after this many effects; return whether it survived."""
        self.fate.dies_after(effects)
        try:
            await self.wait(seconds)
        except Killed:
            return False
        finally:
            self.fate.spare()
        return True

    # What a user does.

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Apply manifests as kubectl does."""
        for one in manifests:
            self.store.apply(one)
        self._plant()

    def change(self, key: Key, **spec: Any) -> None:
        """Change fields of a spec; None removes one."""
        body = self.store.body(key)
        merged = {name: value for name, value in {**body["spec"], **spec}.items() if value is not None}
        self._apply_again(key, merged, body["metadata"]["annotations"])

    def annotate(self, key: Key, **annotations: str | None) -> None:
        """Set annotations of jitops' group, dashes written as underscores; None removes one."""
        ours = {f"{GROUP}/{name.replace('_', '-')}": value for name, value in annotations.items()}
        self.annotate_with(key, ours)

    def annotate_with(self, key: Key, annotations: Mapping[str, str | None]) -> None:
        """Set annotations; None removes one."""
        body = self.store.body(key)
        merged = {**body["metadata"]["annotations"], **annotations}
        kept = {name: value for name, value in merged.items() if value is not None}
        self._apply_again(key, body["spec"], kept)

    def _apply_again(self, key: Key, spec: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
        self.store.apply(manifest(key.kind, key.name, spec, key.namespace, annotations=annotations))

    def edit_secret(self, name: str, **values: str | None) -> None:
        """Edit an output Secret by hand, dots written as underscores; None removes a value."""
        found = self.store.secret(name)
        assert found is not None
        edits = {key.replace("_", "."): value for key, value in values.items()}
        merged = {**found.data, **edits}
        self.store.edit(found, {key: value for key, value in merged.items() if value is not None})

    async def connect_jitsu(self, **spec: Any) -> Key:
        """Apply a workspace and its credentials."""
        self.apply(*jitsu(self, **spec))
        await self.settle()
        return WORKSPACE

    async def connect_jitterbit(self, **spec: Any) -> Key:
        """Apply an organization and its credentials."""
        self.apply(*harmony(self, **spec))
        await self.settle()
        return ORGANIZATION

    def forget(self) -> None:
        """Forget the writes, events and requests so far."""
        self.insist_on_documented_calls()
        self.store.writes.clear()
        self.store.events.clear()
        self.store.told.clear()
        self.store.read.clear()
        self.sandbox.requests.clear()

    def insist_on_documented_calls(self) -> None:
        """Check that every request to Harmony, the adapter and the gateway is documented."""
        calls = {f"{one.product} {one.method} {one.path}" for one in self.sandbox.requests if one.product != "jitsu"}
        assert {call for call in calls if not DOCUMENTED.fullmatch(call)} == set(), "calls that nobody documents"
