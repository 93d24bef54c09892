"""The world of the scenarios: both sandboxes over real HTTP, a local store, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jitops.api.meta import API_VERSION
from jitops.core.controller import Controller, Pace
from jitops.core.kube import Event, Key, Secret
from jitops.core.services import Services
from jitops.kinds import table
from jitops.local.store import LocalStore
from jitops.sandbox import Sandbox, Switches
from jitops.vendors.http import HttpPool


class TurnedClock:
    """A clock that stands still until the test turns it."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def monotonic(self) -> float:
        # Two readings never are the same moment, as on a real machine.
        self.passed += 0.000_001
        return self.passed

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.passed)

    def turn(self, seconds: float) -> None:
        self.passed += seconds


@dataclass
class World:
    """Everything around one operator process; `restart` puts a new process into the same world."""

    sandbox: Sandbox
    clock: TurnedClock = field(default_factory=TurnedClock)
    namespace: str = "team"
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.store = LocalStore(self.clock)
        self.store.namespaces = {"team": {}, "other": {"team": "other"}}
        self._boot()

    def _boot(self) -> None:
        self.pool = HttpPool(self.clock)
        kinds = table(self.pool, self.clock)
        self.services = Services.assemble(
            kinds, self.store, self.clock, identity="cluster-1", namespace="jitops-system"
        )
        self.controller = Controller(self.services, self.pace)
        self.store.on_change = self.controller.feed
        self.store.on_gone = self.controller.gone
        self.store.on_secret = self.controller.changed

    async def restart(self) -> None:
        """Lose all memory, as a process does that was killed, and see every object anew."""
        await self.stop()
        self._boot()
        for key in self.store.keys():
            resource = self.store.get(key)
            assert resource is not None
            self.controller.feed(None, resource)

    async def stop(self) -> None:
        """Close what the process holds open."""
        await self.services.connections.aclose()
        await self.pool.aclose()

    async def settle(self, *, rounds: int = 200) -> None:
        """Work on all keys that are due, until none is; time stands still meanwhile."""
        queue = self.controller.queue
        while queue.waiting(0):
            rounds -= 1
            assert rounds, f"the world does not come to rest: {queue._due}"
            key, due = await queue.take()
            await self.controller._work(key, due)

    async def later(self, seconds: float) -> None:
        """Let time pass, then settle."""
        self.clock.turn(seconds)
        await self.settle()

    # What a user does.

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        for manifest in manifests:
            self.store.apply(manifest)

    def annotate(self, key: Key, **annotations: str) -> None:
        body = self.store.body(key)
        manifest = {"kind": key.kind, "spec": body["spec"]}
        known = {
            **body["metadata"]["annotations"],
            **{f"jitops.dev/{n.replace('_', '-')}": v for n, v in annotations.items()},
        }
        self.store.apply({**manifest, "metadata": {"name": key.name, "namespace": key.namespace, "annotations": known}})

    async def connect_jitsu(self, **spec: Any) -> Key:
        """Apply a workspace and its credentials."""
        credentials = {"apiKey": self.sandbox.credentials.api_key}
        self.apply(Make.secret("jitsu", credentials), Make.workspace(self.sandbox.jitsu_url, **spec))
        await self.settle()
        return Key("JitsuWorkspace", "team", "acme")

    async def connect_jitterbit(self, **spec: Any) -> Key:
        """Apply an organization and its credentials."""
        login = {"email": self.sandbox.credentials.email, "password": self.sandbox.credentials.password}
        self.apply(Make.secret("harmony", login), Make.organization(self.sandbox.jitterbit_url, **spec))
        await self.settle()
        return Key("JitterbitOrganization", "team", "org")

    # What a user sees.

    def status(self, key: Key) -> Mapping[str, Any]:
        status: Mapping[str, Any] = self.store.body(key)["status"]
        return status

    def condition(self, key: Key, kind: str) -> tuple[str, str]:
        """Return a condition's status and reason; ("", "") when it isn't there."""
        found = [c for c in self.status(key).get("conditions", []) if c["type"] == kind]
        return (found[0]["status"], found[0]["reason"]) if found else ("", "")

    def message(self, key: Key, kind: str = "Ready") -> str:
        found = [c for c in self.status(key)["conditions"] if c["type"] == kind]
        return str(found[0]["message"])

    def ready(self, key: Key) -> bool:
        return self.condition(key, "Ready")[0] == "True"

    def secret(self, name: str, namespace: str = "team") -> Secret | None:
        return self.store._secrets.get(Key("Secret", namespace, name))

    def values(self, name: str) -> Mapping[str, str]:
        found = self.secret(name)
        assert found is not None, f"no Secret {name}"
        return found.data

    def events(self, key: Key) -> list[str]:
        return [event.reason for where, event in self.store.events if where == key]

    def last_event(self, key: Key) -> Event:
        return [event for where, event in self.store.events if where == key][-1]

    def remote_writes(self) -> int:
        """Count what the remotes were asked to change, log-ins aside."""
        return sum(r.method != "GET" and not r.path.endswith("/login") for r in self.sandbox.requests)


class Make:
    """Manifests as a user would write them, with what a test does not care about filled in."""

    @staticmethod
    def secret(name: str, data: Mapping[str, str], namespace: str = "team") -> dict[str, Any]:
        return {"kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "stringData": data}

    @staticmethod
    def resource(kind: str, name: str, spec: Mapping[str, Any], namespace: str = "team") -> dict[str, Any]:
        return {
            "apiVersion": API_VERSION,
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }

    @staticmethod
    def workspace(url: str, **spec: Any) -> dict[str, Any]:
        usual = {"baseUrl": url, "workspace": "acme", "credentialsRef": {"name": "jitsu"}}
        return Make.resource("JitsuWorkspace", "acme", {**usual, **spec})

    @staticmethod
    def organization(url: str, **spec: Any) -> dict[str, Any]:
        usual = {"host": url, "organizationId": "100200", "credentialsRef": {"name": "harmony"}}
        return Make.resource("JitterbitOrganization", "org", {**usual, **spec})

    @staticmethod
    def stream(name: str = "shop", namespace: str = "team", **spec: Any) -> dict[str, Any]:
        usual = {"workspaceRef": {"name": "acme", "namespace": "team"}}
        return Make.resource("JitsuStream", name, {**usual, **spec}, namespace)

    @staticmethod
    def connector(name: str = "billing", **spec: Any) -> dict[str, Any]:
        return Make.resource("Connector", name, {"organizationRef": {"name": "org"}, "version": "1.0.0", **spec})


@pytest.fixture
def make() -> type[Make]:
    return Make


@pytest.fixture
def switches() -> Switches:
    """The positions of the Jitterbit sandbox's switches; a test overrides them by parametrizing."""
    return Switches()


@pytest.fixture
async def world(switches: Switches) -> AsyncIterator[World]:
    async with Sandbox.start(switches=switches) as sandbox:
        world = World(sandbox)
        yield world
        await world.stop()
