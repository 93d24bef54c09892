"""The world of the scenarios: both sandboxes over real HTTP, a local store, a clock that the test turns.

A test says how the world is (`apply`, `connect_jitsu`, …), lets it come to rest (`settle`, `wait`) and looks at what
it has become. A process of the operator can be made to die before any of its effects outside (`Fate`), and a new one
be put into the same world (`restart`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tests.clock import TurnedClock

from jitops.api.meta import API_VERSION, GROUP, WATCH
from jitops.core.kube import ConfigMap, DataObject, Key, Resource, Secret
from jitops.core.managed.services import Services
from jitops.core.schedule.controller import Controller, Pace
from jitops.kinds import registry
from jitops.local.data_objects import DATA_OBJECTS
from jitops.local.store import LocalStore
from jitops.remote.client import HttpPool
from jitops.remote.exchange import Exchange
from jitops.runtime.telemetry.observers import Observers

if TYPE_CHECKING:
    from jitops.core.kube import JSON, Event
    from jitops_sandbox import Sandbox

H = TypeVar("H", bound=DataObject)
Manifest = dict[str, Any]
SHORTEST_SECRET = 8
LONG = 3600.0


class Killed(BaseException):
    """The process is no more; nothing of it may catch this."""


class Fate:
    """Counts what the operator does to the outside, and ends it before the effect that it is told."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.last: int | None = None

    def dies_after(self, effects: int) -> None:
        """Let so many more effects happen, and no other."""
        self.effects.clear()
        self.last = effects

    def spare(self) -> None:
        """Let the next process live."""
        self.last = None

    def before(self, effect: str) -> None:
        """Is called before each effect."""
        if self.last is not None and len(self.effects) >= self.last:
            raise Killed(effect)
        self.effects.append(effect)

    def before_remote(self) -> None:
        """Is called before each request that may change something at a remote."""
        self.before("remote")


class FatefulStore(LocalStore):
    """A local store whose every write may be the operator's last; remembers each status that was ever written."""

    def __init__(self, clock: TurnedClock, fate: Fate) -> None:
        super().__init__(clock)
        self.fate = fate
        self.told: list[str] = []
        self.read: list[str] = []
        """The Secrets that were read, by name."""
        self.watched: set[Key] = set()
        """The Secrets and ConfigMaps that bear, or bore, the label by which they are watched."""

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Die or write."""
        self.fate.before(f"finalizers {resource.key}")
        return await super().set_finalizers(resource, finalizers)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Die or write."""
        self.fate.before(f"status {resource.key}")
        self.told.append(json.dumps(status))
        return await super().write_status(resource, status, guarded=guarded)

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read, and remember that."""
        self.read.append(name)
        return await super().read_secret(namespace, name)

    def _write_data_object(self, data_object: H) -> H:
        """Die or write."""
        self.fate.before(f"{data_object.kind.lower()} {data_object.key}")
        return super()._write_data_object(data_object)

    def _remove_data_object(self, data_object: DataObject) -> None:
        """Die or delete."""
        self.fate.before(f"delete {data_object.key}")
        super()._remove_data_object(data_object)

    def secret(self, name: str, namespace: str = "team") -> Secret | None:
        """Look at a Secret."""
        found = self._data_objects.get(Key("Secret", namespace, name))
        return found if isinstance(found, Secret) else None

    def config_map(self, name: str, namespace: str = "team") -> ConfigMap | None:
        """Look at a ConfigMap."""
        found = self._data_objects.get(Key("ConfigMap", namespace, name))
        return found if isinstance(found, ConfigMap) else None

    def _put_data_object(self, data_object: H, *, own: bool = False) -> H:
        """Note who is watched."""
        if data_object.labels.get(WATCH) == "true":
            self.watched.add(data_object.key)
        return super()._put_data_object(data_object, own=own)

    def named(self) -> list[Key]:
        """Name all custom resources."""
        return self.keys()

    def put_finalizers(self, key: Key, *finalizers: str) -> None:
        """Set an object's finalizers by hand."""
        if key.kind in DATA_OBJECTS:
            self._put_data_object(self._data_objects[key].with_finalizers(finalizers))
            return
        body = deepcopy(self._bodies[key])
        body["metadata"]["finalizers"] = list(finalizers)
        self._settle(key, body)

    def edit(self, data_object: DataObject, data: Mapping[str, str]) -> None:
        """Change the values of a Secret or ConfigMap as `kubectl edit` does, everything else kept."""
        self._put_data_object(replace(data_object, data=data))


async def until(condition: Callable[[], object]) -> None:
    """Let others work until something holds."""
    while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
        await asyncio.sleep(0.001)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Let tasks die with the process that they belong to."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Witness:
    """Hears all that goes into metrics."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Note what is begun."""
        self.heard.append(f"{action} {key}")
        return nullcontext()

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Note one piece of work."""
        self.heard.append(f"{kind} {outcome} {seconds}")

    def request(self, exchange: Exchange) -> None:
        """Note one request."""
        self.heard.append(repr(exchange))


@dataclass
class World:
    """Everything around one operator process; `restart` puts a new process into the same world."""

    sandbox: Sandbox
    clock: TurnedClock
    pace: Pace = field(default_factory=Pace)
    workers: int = 1
    """How many keys are worked on at a time: one makes for an order that is the same each time."""
    identity: str = "cluster-1"

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
        self.services = Services.assemble(
            kinds, self.store, self.clock, identity=self.identity, namespace="jitops-system"
        )
        self.controller = Controller(self.services, self.pace, observer)
        self.store.on_change = self.controller.feed
        self.store.on_deleted = self.controller.on_deleted
        self.store.on_input = self._input_changed

    def _input_changed(self, key: Key) -> None:
        """Tell the operator of a change as a watch does that selects by our label."""
        if key in self.store.watched:
            self.controller.changed(key)

    async def restart(self) -> None:
        """Lose all memory, as a process does that was killed, and see every object anew."""
        await self.stop()
        self.fate.spare()
        self._boot()
        for key in self.store.named():
            resource = self.store.get(key)
            assert resource is not None
            self.controller.feed(None, resource)

    async def stop(self) -> None:
        """Close what the process holds open."""
        await self.services.connections.aclose()
        await self.pool.aclose()

    async def settle(self, *, rounds: int = 400) -> None:
        """Work on all keys that are due, `workers` at a time, until none is; time stands still meanwhile."""
        queue, running = self.controller.queue, set[asyncio.Task[None]]()
        try:
            while queue.waiting(0):
                while len(running) < self.workers and queue.oldest():
                    rounds -= 1
                    assert rounds, f"the world does not come to rest: {queue._due}"
                    running.add(asyncio.create_task(self.controller._work(*await queue.take())))
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            await _end(running)
            self._plant()

    async def wait(self, seconds: float) -> None:
        """Let time pass, and have everything done in it when it is due."""
        queue, end = self.controller.queue, self.clock.seconds + seconds
        await self.settle()
        while (delay := queue._next_delay()) is not None and self.clock.seconds + delay < end:
            self.clock.turn(max(delay, 0.0) + 0.001)
            await self.settle()
        self.clock.turn(max(end - self.clock.seconds, 0.0))
        await self.settle()

    async def resync(self) -> None:
        """Let just so much time pass that everything was resynced once, and only once."""
        await self.wait(self.pace.resync.total_seconds() * 1.2 + 1)

    async def survives(self, effects: int, seconds: float) -> bool:
        """Let time pass with a process that dies after so many effects; tell whether it lived through."""
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
        for manifest in manifests:
            self.store.apply(manifest)
        self._plant()

    def change(self, key: Key, **spec: Any) -> None:
        """Change fields of a spec; None removes one."""
        body = self.store.body(key)
        merged = {name: value for name, value in {**body["spec"], **spec}.items() if value is not None}
        self._apply_again(key, merged, body["metadata"]["annotations"])

    def annotate(self, key: Key, **annotations: str | None) -> None:
        """Set annotations of our group, underscores standing for dashes; None removes one."""
        ours = {f"{GROUP}/{name.replace('_', '-')}": value for name, value in annotations.items()}
        self.annotate_with(key, ours)

    def annotate_with(self, key: Key, annotations: Mapping[str, str | None]) -> None:
        """Set annotations; None removes one."""
        body = self.store.body(key)
        merged = {**body["metadata"]["annotations"], **annotations}
        kept = {name: value for name, value in merged.items() if value is not None}
        self._apply_again(key, body["spec"], kept)

    def _apply_again(self, key: Key, spec: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
        meta = {"name": key.name, "namespace": key.namespace, "annotations": annotations}
        self.store.apply({"apiVersion": API_VERSION, "kind": key.kind, "metadata": meta, "spec": spec})

    def edit_secret(self, name: str, **values: str | None) -> None:
        """Edit a Secret of ours by hand; None removes a value, underscores stand for dots."""
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

    # What a user sees.

    def exists(self, key: Key) -> bool:
        """Tell whether an object is there."""
        return self.store.get(key) is not None

    def status(self, key: Key) -> Mapping[str, Any]:
        """Show a resource's status."""
        status: Mapping[str, Any] = self.store.body(key)["status"]
        return status

    def finalizers(self, key: Key) -> list[str]:
        """Show a resource's finalizers."""
        finalizers: list[str] = self.store.body(key)["metadata"]["finalizers"]
        return finalizers

    def condition(self, key: Key, kind: str) -> tuple[str, str]:
        """Show a condition's status and reason; ("", "") when it isn't there."""
        found = [c for c in self.status(key).get("conditions", []) if c["type"] == kind]
        return (found[0]["status"], found[0]["reason"]) if found else ("", "")

    def why(self, key: Key) -> str:
        """Show the Ready condition's reason."""
        return self.condition(key, "Ready")[1]

    def message(self, key: Key, kind: str = "Ready") -> str:
        """Show a condition's message."""
        found = [c for c in self.status(key).get("conditions", []) if c["type"] == kind]
        return str(found[0]["message"]) if found else ""

    def ready(self, key: Key) -> bool:
        """Tell whether a resource is Ready, in the generation that its spec has now."""
        observed = self.status(key)["observedGeneration"] == self.store.body(key)["metadata"]["generation"]
        return observed and self.condition(key, "Ready")[0] == "True"

    def secret(self, name: str, namespace: str = "team") -> Secret | None:
        """Show a Secret."""
        return self.store.secret(name, namespace)

    def documents(self, name: str = "customers-customapi", namespace: str = "team") -> Mapping[str, str]:
        """Show a ConfigMap's values."""
        found = self.store.config_map(name, namespace)
        assert found is not None, f"no ConfigMap {name}"
        return found.data

    def values(self, name: str, namespace: str = "team") -> Mapping[str, str]:
        """Show a Secret's values."""
        found = self.secret(name, namespace)
        assert found is not None, f"no Secret {name}"
        return found.data

    def events(self, key: Key) -> list[str]:
        """Show the events of a resource by their reasons."""
        return [event.reason for where, event in self.store.events if where == key]

    def last_event(self, key: Key) -> Event:
        """Show a resource's last event."""
        return [event for where, event in self.store.events if where == key][-1]

    def writes(self, key: Key) -> list[str]:
        """Show what was written to an object, by verb."""
        return [verb for verb, where in self.store.writes if where == key]

    def remote_writes(self) -> list[str]:
        """Show what the remotes were asked to change, log-ins aside."""
        seen = self.sandbox.requests
        return [f"{r.method} {r.path}" for r in seen if r.method != "GET" and not r.path.endswith("/login")]

    def count(self, method: str, path: str = "*") -> int:
        """Count the requests that the remotes saw."""
        return self.sandbox.requests.count(method=method, path=path)

    def forget(self) -> None:
        """Begin to count from here: writes, events and requests so far are forgotten."""
        self.insist_on_documented_calls()
        self.store.writes.clear()
        self.store.events.clear()
        self.store.told.clear()
        self.store.read.clear()
        self.sandbox.requests.clear()

    def insist_on_documented_calls(self) -> None:
        """See that Harmony heard nothing but the six documented calls, the adapter its contract, the gateway looks."""
        calls = {f"{one.product} {one.method} {one.path}" for one in self.sandbox.requests if one.product != "jitsu"}
        assert {call for call in calls if not DOCUMENTED.fullmatch(call)} == set(), "calls that nobody documents"

    # What nobody may see.

    def _plant(self) -> None:
        """Take down every secret that there is now."""
        secrets = [value for secret in self.store.secrets() for value in secret.data.values()]
        keys = self.sandbox.jitterbit.connectors()
        hidden = [*secrets, *(one.key for one in keys), *(one.secret for one in keys)]
        public = {*self.public_values()}
        parts = [part for value in {*hidden} - public for part in (value, value.partition(":")[2])]
        self.planted |= {part for part in parts if len(part) >= SHORTEST_SECRET and part not in public}

    def public_values(self) -> list[str]:
        """Give the values in output Secrets that are no secret: ids, under whatever name."""
        shown = [value for secret in self.store.secrets() for value in _public(secret)]
        return [
            *shown,
            *self.sandbox.jitsu.state.objects,
            *(str(self.status(key).get("id", "")) for key in self.store.named()),
        ]

    def told(self) -> str:
        """Give all that people and programs without rights on Secrets may read."""
        bodies = [json.dumps(self.store.body(key)) for key in self.store.named()]
        events = [f"{key} {event!r}" for key, event in self.store.events]
        return "\n".join([*bodies, *self.store.told, *events, *self.witness.heard])

    def reveals(self, text: str) -> set[str]:
        """Find the planted secrets in a text."""
        self._plant()
        return {secret for secret in self.planted if secret in text}


HARMONY = "/jitterbit-cloud-restful-service"
DOCUMENTED = re.compile(
    rf"jitterbit PUT {HARMONY}/user/login"
    rf"|jitterbit (GET|POST) {HARMONY}/orgs/[^/]+/connector"
    rf"|jitterbit DELETE {HARMONY}/orgs/[^/]+/connector/[^/]+(/sdk/delete)?"
    rf"|jitterbit PUT {HARMONY}/orgs/[^/]+/connector/validate/securityinfo"
    r"|adapter GET /v1/organizations/[^/]+/apis"
    r"|adapter (GET|PUT|DELETE) /v1/organizations/[^/]+/apis/[^/]+"
    r"|adapter POST /v1/organizations/[^/]+/apis/[^/]+/(publish|unpublish)"
    r"|gateway GET .*"
)
"""All that may be asked of Harmony (reference/jitterbit.md section 2.2: a log-in, five calls), adapter and gateway."""


def _public(secret: Secret) -> list[str]:
    names = json.loads(secret.annotations.get("jitops.dev/outputs", "{}")).get("keys", {})
    return [secret.data.get(names.get(name, name), "") for name in PUBLIC_OUTPUTS]


PUBLIC_OUTPUTS = (
    "id",
    "publicKeyId",
    "privateKeyId",
    "endpointEntityId",
    "functionEntityStartId",
    "functionEntityEndId",
    "email",
    "url",
    "baseUrl",
)


def secret_manifest(name: str, data: Mapping[str, str], namespace: str = "team", *, watched: bool = True) -> Manifest:
    """Write a Secret as a user would."""
    labels = {WATCH: "true"} if watched else {}
    meta = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": dict(data)}


def resource(kind: str, name: str, spec: Mapping[str, Any], namespace: str = "team") -> Manifest:
    """Write one of our resources."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": dict(spec)}


def workspace(url: str, name: str = "acme", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuWorkspace, with what a test does not care about filled in."""
    usual = {"baseUrl": url, "workspace": "acme", "credentialsRef": {"name": "jitsu"}}
    return resource("JitsuWorkspace", name, {**usual, **spec}, namespace)


def organization(url: str, name: str = "org", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitterbitOrganization."""
    usual = {"host": url, "organizationId": "100200", "credentialsRef": {"name": "harmony"}}
    return resource("JitterbitOrganization", name, {**usual, **spec}, namespace)


def jitsu(world: World, **spec: Any) -> tuple[Manifest, Manifest]:
    """Write a workspace and its credentials."""
    credentials = {"apiKey": world.sandbox.credentials.api_key}
    return secret_manifest("jitsu", credentials), workspace(world.sandbox.jitsu_url, **spec)


def harmony(world: World, **spec: Any) -> tuple[Manifest, Manifest]:
    """Write an organization and its credentials."""
    known = world.sandbox.credentials
    login = {"email": known.email, "password": known.password, "adapterToken": known.adapter_token}
    usual = {"apiAdapter": {"baseUrl": world.sandbox.adapter_url}}
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url, **given)


def stream(name: str = "shop", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuStream."""
    usual = {"workspaceRef": {"name": "acme", "namespace": "team"}}
    return resource("JitsuStream", name, {**usual, **spec}, namespace)


def function(name: str = "enrich", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuFunction; None takes out what it usually has."""
    usual = {"workspaceRef": {"name": "acme", "namespace": "team"}, "code": CODE}
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return resource("JitsuFunction", name, given, namespace)


def destination(name: str = "warehouse", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuDestination; None takes out what it usually has."""
    usual = {
        "workspaceRef": {"name": "acme", "namespace": "team"},
        "destinationType": "clickhouse",
        "config": {"hosts": ["ch.example.com:8443"]},
        "secretConfig": [from_secret("password", "ch", "password")],
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return resource("JitsuDestination", name, given, namespace)


def service(name: str = "crm", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuService; None takes out what it usually has."""
    usual = {
        "workspaceRef": {"name": "acme", "namespace": "team"},
        "package": "airbyte/source-crm",
        "version": "1.2.3",
        "credentials": {"account": "acme"},
        "secretConfig": [from_secret("auth.token", "ch", "password")],
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return resource("JitsuService", name, given, namespace)


def from_secret(path: str, name: str, key: str) -> Manifest:
    """Say that a field comes out of a Secret."""
    return {"path": path, "secretKeyRef": {"name": name, "key": key}}


def config_map(name: str, data: Mapping[str, str], namespace: str = "team", *, watched: bool = False) -> Manifest:
    """Write a ConfigMap."""
    meta = {"name": name, "namespace": namespace, "labels": {WATCH: "true"} if watched else {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)}


def link(name: str = "shop-events", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuLink between two ends that no resource stands for."""
    ends = {"from": {"streamRef": {"external": "site1"}}, "to": {"destinationRef": {"external": "warehouse1"}}}
    return resource(
        "JitsuLink", name, {"workspaceRef": {"name": "acme", "namespace": "team"}, **ends, **spec}, namespace
    )


def sync(name: str = "crm-sync", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a JitsuLink that syncs a service to a destination."""
    usual = {"from": {"serviceRef": {"external": "crm1"}}, "data": {"streams": {}}}
    return link(name, namespace, **{**usual, **spec})


def connector(name: str = "billing", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a Connector."""
    usual = {"organizationRef": {"name": "org", "namespace": "team"}, "version": "1.0.0"}
    return resource("Connector", name, {**usual, **spec}, namespace)


def custom_api(name: str = "customers", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Write a CustomAPI that is public, and published by the adapter; None takes out what it usually has."""
    usual = {
        "organizationRef": {"name": "org", "namespace": "team"},
        "environment": {"name": "Development", "urlPrefix": "dev"},
        "serviceRoot": name,
        "baseUrl": "https://gateway.example.com",
        "services": [SERVICE_OF_API],
        "security": {"anonymous": True},
        "publication": {"mode": "Adapter"},
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return resource("CustomAPI", name, given, namespace)


SERVICE_OF_API = {
    "name": "read",
    "project": "CRM",
    "operation": "Read customer",
    "method": "GET",
    "path": "/{id}",
    "responseType": "FinalTarget",
}
CODE = "export default async (event) => event;\n"
STREAM = Key("JitsuStream", "team", "shop")
SERVICE = Key("JitsuService", "team", "crm")
DESTINATION = Key("JitsuDestination", "team", "warehouse")
FUNCTION = Key("JitsuFunction", "team", "enrich")
LINK = Key("JitsuLink", "team", "shop-events")
SYNC = Key("JitsuLink", "team", "crm-sync")
CONNECTOR = Key("Connector", "team", "billing")
CUSTOM_API = Key("CustomAPI", "team", "customers")
WORKSPACE = Key("JitsuWorkspace", "team", "acme")
ORGANIZATION = Key("JitterbitOrganization", "team", "org")
