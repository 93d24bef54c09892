"""One sample of each managed kind: what the laws need to know to be tried on it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.scenario.world import (
    CODE,
    CONNECTOR,
    CUSTOM_API,
    DESTINATION,
    FUNCTION,
    LINK,
    SERVICE,
    SERVICE_OF_API,
    STREAM,
    SYNC,
    Manifest,
    World,
    config_map,
    connector,
    custom_api,
    destination,
    from_secret,
    function,
    link,
    secret_manifest,
    service,
    stream,
    sync,
)

from jitops.core.kube import Key
from jitops_sandbox import Fault
from jitops_sandbox.jitsu.state import Link

Spec = Mapping[str, Any]
WS = "cacme00000000000000000001"


@dataclass(frozen=True)
class FieldCase:
    """One field of a spec: a value, another one, and where they are seen (None: the remote's own field)."""

    field: str
    value: Any
    other: Any
    seen: Callable[[World], Any]
    """What is seen of the field where it takes effect."""
    shown: Any
    """What is seen while the field has `value`."""
    shown_other: Any
    """What is seen while the field has `other`."""
    absent: Any
    """What is seen while the field is not set."""
    drift: Callable[[World], None] | None = None
    """Changes the field at the remote; None: nobody can."""
    beside: Spec | None = None
    """What else the spec has while the field is set; None takes a field out."""
    instead: Spec | None = None
    """What the spec has when the field is taken out, where it can't be without."""

    def spec(self, value: Any) -> Spec:
        """Give the part of a spec that sets the field; None takes it out."""
        return {self.field: value, **((self.instead if value is None else self.beside) or {})}


@dataclass(frozen=True)
class Sample:
    """A kind, as the laws see it."""

    key: Key
    secret: str
    connect: Callable[[World], Awaitable[Key]]
    manifest: Callable[..., Manifest]
    objects: Callable[[World], list[Mapping[str, Any]]]
    """What the remote holds of this kind; each has an `id`."""
    remove: Callable[[World, str], None]
    """Deletes a remote object behind the operator's back."""
    plant: Callable[[World], str]
    """Makes a remote object equal to the manifest's, by someone else; returns its id."""
    spoil: Callable[[World, str], None]
    """Makes a planted object differ from the manifest."""
    adoption: Callable[[str, str], Spec]
    """Gives the spec part that adopts an id in a mode."""
    valid: Callable[[World], bool]
    """Tells whether the remote would accept what the Secret holds."""
    creation: Fault
    """A fault that fits the request by which an object is made; its kind and times are to be set."""
    outputs: int
    """How many values the Secret holds."""
    listing: str
    """The path of the listing, as a glob."""
    at_rest: Mapping[str, int] = field(default_factory=dict)
    """What a connection's own check costs at each resync, as path globs of GETs."""
    cases: tuple[FieldCase, ...] = ()
    identity: frozenset[str] = frozenset()
    """Fields that can't be changed."""
    elsewhere: frozenset[str] = frozenset()
    """Fields that make another thing of the resource, which has its own scenarios."""
    setting: Callable[[World], None] = lambda _: None
    """Arranges what must be there beside the connection; `connect` does so too."""
    alike: Spec = field(default_factory=dict)
    """What makes a resource of another name ask for the same object, where that is not its `name`."""
    keeps_id: bool = False
    """Whether what was deleted at the remote comes back under its former id."""

    @property
    def is_jitsu(self) -> bool:
        """Tell which of the two products the kind belongs to."""
        return self.key.kind.startswith("Jitsu")

    @property
    def credentials(self) -> str:
        """Name the Secret of the connection."""
        return "jitsu" if self.is_jitsu else "harmony"

    @property
    def reference(self) -> str:
        """Name the field that names the connection."""
        return "workspaceRef" if self.is_jitsu else "organizationRef"

    @property
    def same(self) -> Spec:
        """Give what makes a resource of another name ask for the same object."""
        return self.alike or {"name": self.key.name}


def untold(field: str, value: Any, other: Any) -> FieldCase:
    """Give the case of a field that speaks of how is written, not of what: nothing of it is seen."""
    return FieldCase(field, value, other, lambda _: None, None, None, None)


# JitsuStream


def streams(world: World) -> list[Mapping[str, Any]]:
    """Show the live streams, keys and all."""
    return list(world.sandbox.jitsu.objects("stream"))


def only_stream(world: World) -> Mapping[str, Any]:
    """Show the one stream there must be."""
    (found,) = streams(world)
    return found


def verifies(stored: Mapping[str, Any], use: str, key_id: str, plaintext: str) -> bool:
    """Tell whether the console would accept a write key: by the salted hash that it holds."""
    for key in stored.get(f"{use}Keys") or ():
        if key["id"] == key_id:
            salt, _, digest = key["hash"].partition(".")
            return bool(hashlib.sha512(f"{plaintext}{salt}sandbox".encode()).hexdigest() == digest)
    return False


def keys_open(world: World, secret: str = "shop-jitsustream") -> bool:
    """Tell whether the Secret's id is that of a live stream, and its keys open it."""
    values = world.values(secret)
    if values["id"] not in {one["id"] for one in streams(world)}:
        return False
    stored = world.sandbox.jitsu.stored(values["id"])
    return all(
        verifies(stored, use, values[f"{use}KeyId"], values[f"{use}KeySecret"])
        and values[f"{use}WriteKey"] == f"{values[f'{use}KeyId']}:{values[f'{use}KeySecret']}"
        for use in ("public", "private")
    )


def plant_stream(world: World, id_: str = "theirs1", **fields: Any) -> str:
    """Make a stream that equals the sample's."""
    config = {"type": "stream", "name": "shop", "domains": [], "publicKeys": [], "privateKeys": [], **fields}
    world.sandbox.jitsu.state.create(WS, "stream", id_, config)
    return id_


def _stream_field(name: str) -> Callable[[World], Any]:
    return lambda world: only_stream(world).get(name)


def _stream_case(field: str, value: Any, other: Any, *, absent: Any = None, drifted: Any = None) -> FieldCase:
    def drift(world: World) -> None:
        world.sandbox.jitsu.change(only_stream(world)["id"], **{field: drifted})

    return FieldCase(field, value, other, _stream_field(field), value, other, absent, drift)


def _drift_extra(world: World) -> None:
    world.sandbox.jitsu.change(only_stream(world)["id"], team={"name": "theirs"})


def _key_uses(world: World) -> Any:
    found = only_stream(world)
    return tuple(len(found[name]) for name in ("publicKeys", "privateKeys"))


STREAM_CASES = (
    _stream_case("name", "Shop", "Shop 2", absent="shop", drifted="theirs"),
    _stream_case("domains", ["a.example.com"], ["b.example.com", "*.c.example.com"], absent=[], drifted=[]),
    _stream_case("authorizedJavaScriptDomains", "*.a.example.com", "*.b.example.com", drifted="x.example.com"),
    _stream_case("strict", value=True, other=False, drifted=None),
    _stream_case("shard", 1, 0, drifted=7),
    _stream_case("deduplicateWindowMs", 1000, 2000, drifted=3000),
    FieldCase(
        "extra",
        {"team": {"name": "a", "at": "2026-01-02T03:04:05Z"}, "flag": False},
        {"team": {"name": "b"}},
        lambda world: {name: only_stream(world).get(name) for name in ("team", "flag") if name in only_stream(world)},
        {"team": {"name": "a", "at": "2026-01-02T03:04:05.000Z"}, "flag": False},
        {"team": {"name": "b"}},
        {},
        _drift_extra,
    ),
    FieldCase("keys", {"private": "None"}, {"public": "None", "private": "None"}, _key_uses, (1, 0), (0, 0), (1, 1)),
)

STREAM_SAMPLE = Sample(
    key=STREAM,
    secret="shop-jitsustream",
    connect=lambda world: world.connect_jitsu(),
    manifest=stream,
    objects=streams,
    remove=lambda world, id_: world.sandbox.jitsu.remove(id_),
    plant=plant_stream,
    spoil=lambda world, id_: world.sandbox.jitsu.change(id_, name="theirs"),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=keys_open,
    creation=Fault(kind="lost", product="jitsu", method="POST", path="*/config/stream", times=1),
    outputs=7,
    listing="*/config/stream",
    at_rest={"/api/workspace/acme": 1},
    cases=STREAM_CASES,
    identity=frozenset({"workspaceRef"}),
)


# JitsuFunction


def functions(world: World) -> list[Mapping[str, Any]]:
    """Show the live functions."""
    return list(world.sandbox.jitsu.objects("function"))


def only_function(world: World) -> Mapping[str, Any]:
    """Show the one function there must be."""
    (found,) = functions(world)
    return found


def plant_function(world: World, id_: str = "theirs2", **fields: Any) -> str:
    """Make a function that equals the sample's."""
    config = {"type": "function", "name": "enrich", "code": CODE, **fields}
    world.sandbox.jitsu.state.create(WS, "function", id_, config)
    return id_


async def _connect_functions(world: World) -> Key:
    world.apply(config_map("code", {"head.js": "const a = 1;\n", "tail.js": CODE}))
    return await world.connect_jitsu()


def source(name: str, key: str) -> Spec:
    """Name a piece of code in a ConfigMap."""
    return {"configMapKeyRef": {"name": name, "key": key}}


def _function_case(field: str, value: Any, other: Any, *, absent: Any = None, drifted: Any = "theirs") -> FieldCase:
    def drift(world: World) -> None:
        world.sandbox.jitsu.change(only_function(world)["id"], **{field: drifted})

    return FieldCase(field, value, other, lambda world: only_function(world).get(field), value, other, absent, drift)


FUNCTION_CASES = (
    _function_case("name", "Enrich", "Enrich 2", absent="enrich"),
    replace(_function_case("code", "a\r\n", "a\n", absent=CODE, drifted="a"), instead={"code": CODE}),
    FieldCase(
        "codeFrom",
        [source("code", "head.js"), source("code", "tail.js")],
        [source("code", "tail.js"), source("code", "head.js")],
        lambda world: only_function(world)["code"],
        f"const a = 1;\n{CODE}",
        f"{CODE}const a = 1;\n",
        CODE,
        lambda world: world.sandbox.jitsu.change(only_function(world)["id"], code="theirs"),
        beside={"code": None},
        instead={"code": CODE},
    ),
    _function_case("kind", "event", "profile", drifted=None),
    _function_case("slug", "enrich", "enrich-2"),
    _function_case("description", "Looks up\nthe country.", ""),
    _function_case("draft", "let a;", "let b;"),
    _function_case("version", "1.0.0", "1.0.1"),
    _function_case("origin", "jitsu-cli", "ours"),
    untold("validation", "Warn", "Off"),
    untold("tests", [{"name": "page", "event": {"type": "page"}}], [{"name": "page", "event": {"type": "track"}}]),
)


def _function_with_secret(name: str = "enrich", namespace: str = "team", /, **spec: Any) -> Manifest:
    return function(name, namespace, **{"outputs": {"secret": {"name": f"{name}-function"}}, **spec})


FUNCTION_SAMPLE = Sample(
    key=FUNCTION,
    secret="enrich-function",
    connect=_connect_functions,
    manifest=_function_with_secret,
    objects=functions,
    remove=lambda world, id_: world.sandbox.jitsu.remove(id_),
    plant=plant_function,
    spoil=lambda world, id_: world.sandbox.jitsu.change(id_, code="theirs"),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=lambda world: world.values("enrich-function")["id"] in {one["id"] for one in functions(world)},
    creation=Fault(kind="lost", product="jitsu", method="POST", path="*/config/function", times=1),
    outputs=1,
    listing="*/config/function",
    at_rest={"/api/workspace/acme": 1},
    cases=FUNCTION_CASES,
    identity=frozenset({"workspaceRef"}),
)


# JitsuDestination

WAREHOUSE = {"password": "warehouse-password-1", "other": "warehouse-password-2", "user": "warehouse-user"}
"""What the Secret `ch` holds."""


def destinations(world: World) -> list[Mapping[str, Any]]:
    """Show the live destinations, masked as clients see them."""
    return list(world.sandbox.jitsu.objects("destination"))


def only_destination(world: World) -> Mapping[str, Any]:
    """Show the one destination there must be, with its secrets."""
    (found,) = destinations(world)
    return dict(world.sandbox.jitsu.stored(found["id"]))


def plant_destination(world: World, id_: str = "theirs3", **fields: Any) -> str:
    """Make a destination that equals the sample's."""
    config = {
        "type": "destination",
        "name": "warehouse",
        "destinationType": "clickhouse",
        "hosts": ["ch.example.com:8443"],
        "password": WAREHOUSE["password"],
        "database": "default",
        **fields,
    }
    world.sandbox.jitsu.state.create(WS, "destination", id_, config)
    return id_


def put_password(world: World) -> None:
    """Apply the Secret that the sample takes its password from, wherever it may be looked for."""
    world.apply(*(secret_manifest("ch", WAREHOUSE, namespace) for namespace in ("team", "other")))


async def connect_warehouse(world: World) -> Key:
    """Apply a workspace, and the Secret."""
    put_password(world)
    return await world.connect_jitsu()


def _destination_with_secret(name: str = "warehouse", namespace: str = "team", /, **spec: Any) -> Manifest:
    return destination(name, namespace, **{"outputs": {"secret": {"name": f"{name}-id"}}, **spec})


def _seen_in_destination(*names: str) -> Callable[[World], Any]:
    return lambda world: tuple(only_destination(world).get(name) for name in names)


def _drift_in_destination(**fields: Any) -> Callable[[World], None]:
    def drift(world: World) -> None:
        world.clock.turn(1.0)  # `updatedAt` is all that shows a change of a masked field.
        world.sandbox.jitsu.change(destinations(world)[0]["id"], **fields)

    return drift


HOSTS = ["ch.example.com:8443"]
PASSWORD = from_secret("password", "ch", "password")

DESTINATION_CASES = (
    FieldCase(
        "name",
        "Warehouse",
        "Warehouse 2",
        _seen_in_destination("name"),
        ("Warehouse",),
        ("Warehouse 2",),
        ("warehouse",),
        _drift_in_destination(name="theirs"),
    ),
    FieldCase(
        "destinationType",
        "june",
        "statsig",
        _seen_in_destination("destinationType", "apiKey", "hosts"),
        ("june", WAREHOUSE["password"], None),
        ("statsig", WAREHOUSE["password"], None),
        ("clickhouse", None, HOSTS),
        _drift_in_destination(destinationType="devnull"),
        beside={"config": None, "secretConfig": [from_secret("apiKey", "ch", "password")]},
        instead={"destinationType": "clickhouse", "config": {"hosts": HOSTS}, "secretConfig": [PASSWORD]},
    ),
    FieldCase(
        "config",
        {"hosts": HOSTS, "database": "events", "cluster": "main", "parameters": {"a.b": "1"}},
        {"hosts": [*HOSTS, "ch2.example.com"], "loadAsJson": True},
        _seen_in_destination("hosts", "database", "cluster", "parameters", "loadAsJson"),
        (HOSTS, "events", "main", {"a.b": "1"}, False),
        ([*HOSTS, "ch2.example.com"], "default", None, None, True),
        (HOSTS, "default", None, None, False),
        _drift_in_destination(database="theirs"),
        instead={"config": {"hosts": HOSTS}},
    ),
    FieldCase(
        "secretConfig",
        [PASSWORD, from_secret("username", "ch", "user")],
        [from_secret("password", "ch", "other"), from_secret("username", "ch", "user")],
        _seen_in_destination("password", "username"),
        (WAREHOUSE["password"], WAREHOUSE["user"]),
        (WAREHOUSE["other"], WAREHOUSE["user"]),
        (WAREHOUSE["password"], "default"),
        _drift_in_destination(password="their-password"),
        instead={"secretConfig": [PASSWORD]},
    ),
    untold("validation", "Warn", "Enforce"),
)

DESTINATION_SAMPLE = Sample(
    key=DESTINATION,
    secret="warehouse-id",
    connect=connect_warehouse,
    manifest=_destination_with_secret,
    objects=destinations,
    remove=lambda world, id_: world.sandbox.jitsu.remove(id_),
    plant=plant_destination,
    spoil=lambda world, id_: world.sandbox.jitsu.change(id_, hosts=["theirs.example.com"]),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=lambda world: only_destination(world)["password"] == WAREHOUSE["password"],
    creation=Fault(kind="lost", product="jitsu", method="POST", path="*/config/destination", times=1),
    outputs=1,
    listing="*/config/destination",
    at_rest={"/api/workspace/acme": 1},
    cases=DESTINATION_CASES,
    identity=frozenset({"workspaceRef"}),
    setting=put_password,
)


# JitsuService


def services(world: World) -> list[Mapping[str, Any]]:
    """Show the live services as clients see them."""
    return list(world.sandbox.jitsu.objects("service"))


def only_service(world: World) -> Mapping[str, Any]:
    """Show the one service there must be, with its secrets."""
    (found,) = services(world)
    return dict(world.sandbox.jitsu.stored(found["id"]))


def mask_tokens(world: World) -> None:
    """Let the console have the specification of the sample's connector, by which it masks."""
    world.sandbox.jitsu.state.learn("airbyte/source-crm", "1.2.3", ("auth.token",))


def plant_service(world: World, id_: str = "theirs4", **fields: Any) -> str:
    """Make a service that equals the sample's."""
    config = {
        "type": "service",
        "name": "crm",
        "package": "airbyte/source-crm",
        "version": "1.2.3",
        "protocol": "airbyte",
        "credentials": {"account": "acme", "auth": {"token": WAREHOUSE["password"]}},
        **fields,
    }
    world.sandbox.jitsu.state.create(WS, "service", id_, config)
    return id_


def _service_with_secret(name: str = "crm", namespace: str = "team", /, **spec: Any) -> Manifest:
    return service(name, namespace, **{"outputs": {"secret": {"name": f"{name}-id"}}, **spec})


def _service_case(field: str, value: Any, other: Any, absent: Any, **more: Any) -> FieldCase:
    def drift(world: World) -> None:
        world.sandbox.jitsu.change(services(world)[0]["id"], **{field: "theirs"})

    return FieldCase(field, value, other, lambda world: only_service(world)[field], value, other, absent, drift, **more)


def _credentials(world: World) -> Any:
    """Show what is set: the console can't forget an entry, and an empty one is as good as none."""
    return _without_empty(only_service(world)["credentials"])


def _without_empty(value: Any) -> Any:
    return {k: _without_empty(v) for k, v in value.items() if v != ""} if isinstance(value, dict) else value


def _drift_credentials(world: World) -> None:
    held = only_service(world)["credentials"]
    world.clock.turn(1.0)
    changed = {**held, "account": "theirs", "auth": {"token": "their-token-1"}}
    world.sandbox.jitsu.change(services(world)[0]["id"], credentials=changed)


TOKEN = from_secret("auth.token", "ch", "password")

SERVICE_CASES = (
    _service_case("name", "CRM", "CRM 2", "crm"),
    _service_case("package", "airbyte/a", "airbyte/b", "airbyte/source-crm", instead={"package": "airbyte/source-crm"}),
    _service_case("version", "2.0.0", "2.0.1", "1.2.3", instead={"version": "1.2.3"}),
    FieldCase(
        "credentials",
        {"account": "acme", "since": "2024-01-01T00:00:00Z", "auth": {"kind": "token"}},
        {"account": "other", "streams": ["a", 1.0], "auth": {"kind": "token"}},
        _credentials,
        {"account": "acme", "since": "2024-01-01T00:00:00Z", "auth": {"kind": "token", "token": WAREHOUSE["password"]}},
        {
            "account": "other",
            "streams": ["a", 1.0],
            "auth": {"kind": "token", "token": WAREHOUSE["password"]},
        },
        {"auth": {"token": WAREHOUSE["password"]}},
        _drift_credentials,
    ),
    FieldCase(
        "secretConfig",
        [TOKEN, from_secret("user", "ch", "user")],
        [from_secret("auth.token", "ch", "other"), from_secret("user", "ch", "user")],
        lambda world: (_credentials(world)["auth"]["token"], _credentials(world).get("user")),
        (WAREHOUSE["password"], WAREHOUSE["user"]),
        (WAREHOUSE["other"], WAREHOUSE["user"]),
        (WAREHOUSE["password"], None),
        _drift_credentials,
        instead={"secretConfig": [TOKEN]},
    ),
    untold("validation", "Warn", "Enforce"),
)

SERVICE_SAMPLE = Sample(
    key=SERVICE,
    secret="crm-id",
    connect=connect_warehouse,
    manifest=_service_with_secret,
    objects=services,
    remove=lambda world, id_: world.sandbox.jitsu.remove(id_),
    plant=plant_service,
    spoil=lambda world, id_: world.sandbox.jitsu.change(id_, version="9.9.9"),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=lambda world: only_service(world)["credentials"]["auth"]["token"] == WAREHOUSE["password"],
    creation=Fault(kind="lost", product="jitsu", method="POST", path="*/config/service", times=1),
    outputs=1,
    listing="*/config/service",
    at_rest={"/api/workspace/acme": 1},
    cases=SERVICE_CASES,
    identity=frozenset({"workspaceRef"}),
    setting=put_password,
)


# JitsuLink


def links(world: World) -> list[Mapping[str, Any]]:
    """Show the live links."""
    return list(world.sandbox.jitsu.summary()["links"])


def only_link(world: World) -> Mapping[str, Any]:
    """Show the one link there must be."""
    (found,) = links(world)
    return found


def plant_ends(world: World) -> None:
    """Make what the samples link, by someone else."""
    create = world.sandbox.jitsu.state.create
    for name in ("1", *OTHERS):
        create(WS, "stream", f"site{name}", {"type": "stream", "name": "site", "domains": []})
    create(WS, "service", "crm1", {"type": "service", "name": "crm", "package": "crm", "version": "1"})
    config = {"name": "warehouse", "destinationType": "clickhouse", "hosts": ["ch:8443"], "database": "events"}
    create(WS, "destination", "warehouse1", {"type": "destination", **config})


async def connect_ends(world: World) -> Key:
    """Connect a workspace that holds what the samples link."""
    plant_ends(world)
    return await world.connect_jitsu()


def plant_link(
    world: World,
    id_: str = "their-link",
    data: Any = None,
    *,
    start: str = "site1",
    end: str = "warehouse1",
) -> str:
    """Make a link that equals the sample's."""
    state, now = world.sandbox.jitsu.state, world.clock.now()
    state.links[id_] = Link(
        id_, WS, "sync" if start == "crm1" else "push", start, end, LINK_DATA if data is None else data, now, now
    )
    return id_


def change_link(world: World, id_: str, **data: Any) -> None:
    """Change options of a link, by someone else; None removes one."""
    link = world.sandbox.jitsu.state.links[id_]
    merged = {**link.data, **data}
    link.data = {name: value for name, value in merged.items() if value is not None}


def remove_link(world: World, id_: str) -> None:
    """Delete a link, by someone else."""
    world.sandbox.jitsu.state.links[id_].deleted = True


LINK_DATA = {"frequency": 5}
OTHERS = (
    "second",
    "third",
    "fourth",
    "late",
    "abroad",
    "zz-oldest",
    "aa-younger",
    *(f"s{number:02}" for number in range(24)),
)
"""The names of resources beside the sample's, each of which gets a stream to start at."""


def start_at(id_: str) -> Spec:
    """Let a link start at a stream."""
    return {"from": {"streamRef": {"external": id_}}}


def _link(name: str = LINK.name, namespace: str = "team", /, **spec: Any) -> Manifest:
    start = start_at("site1" if name == LINK.name else f"site{name}")
    outputs = {"secret": {"name": "shop-link" if name == LINK.name else name}}
    return link(name, namespace, **{"data": LINK_DATA, "outputs": outputs, **start, **spec})


def _drift_link(**data: Any) -> Callable[[World], None]:
    return lambda world: change_link(world, only_link(world)["id"], **data)


def _pipeline(*ids: str) -> list[Spec]:
    return [{"functionRef": {"external": id_}, "options": {"n": 1}} for id_ in ids]


def _shown_pipeline(*ids: str) -> list[Spec]:
    return [{"functionId": f"udf.{id_}", "functionOptions": {"n": 1}} for id_ in ids]


LINK_CASES = (
    FieldCase(
        "data",
        {"frequency": 10, "mode": "batch", "debugTill": "2026-01-02T03:04:05Z"},
        {"mode": "stream", "frequency": None},
        lambda world: only_link(world)["data"],
        {"frequency": 10, "mode": "batch", "debugTill": "2026-01-02T03:04:05.000Z"},
        {"mode": "stream", "frequency": None},
        {},
        _drift_link(mode="stream", frequency=1),
    ),
    FieldCase(
        "functions",
        _pipeline("b", "a", "b"),
        _pipeline("a", "b"),
        lambda world: only_link(world)["data"].get("functions"),
        _shown_pipeline("b", "a", "b"),
        _shown_pipeline("a", "b"),
        None,
        _drift_link(functions=[]),
    ),
    FieldCase(
        "allowParallel",
        value=False,
        other=False,
        seen=lambda world: len(links(world)),
        shown=1,
        shown_other=1,
        absent=1,
    ),
)

LINK_SAMPLE = Sample(
    key=LINK,
    secret="shop-link",
    connect=connect_ends,
    manifest=_link,
    objects=links,
    remove=remove_link,
    plant=plant_link,
    spoil=lambda world, id_: change_link(world, id_, frequency=7),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=lambda world: world.values("shop-link")["id"] in {one["id"] for one in links(world)},
    creation=Fault(kind="lost", product="jitsu", method="POST", path="*/config/link", times=1),
    outputs=1,
    listing="*/config/link",
    at_rest={"/api/workspace/acme": 1, "*/config/stream": 1, "*/config/destination": 1},
    cases=LINK_CASES,
    identity=frozenset({"workspaceRef", "from", "to"}),
    setting=plant_ends,
    alike=start_at("site1"),
)
SYNC_SAMPLE = replace(
    LINK_SAMPLE,
    key=SYNC,
    secret="crm-link",
    manifest=lambda *named, **spec: sync(*named, **{"outputs": {"secret": {"name": "crm-link"}}, **spec}),
    plant=lambda world: plant_link(world, data={"streams": {}}, start="crm1"),
    valid=lambda world: world.values("crm-link")["id"] in {one["id"] for one in links(world)},
)


# Connector


def connectors(world: World) -> list[Mapping[str, Any]]:
    """Show the live registrations."""
    names = ("id", "name", "version", "key", "secret")
    return [{name: getattr(one, name) for name in names} for one in world.sandbox.jitterbit.connectors()]


def security_holds(world: World, secret: str = "billing-connector") -> bool:
    """Tell whether the Secret holds id, key and secret of a registration."""
    values = world.values(secret)
    found = [one for one in connectors(world) if one["id"] == values["id"]]
    return bool(found) and all(values[name] == found[0][name] for name in ("key", "secret"))


def _manifest(world: World) -> Any:
    """Show of the manifest what the spec asks: activities by their names, the other headers as they are."""
    lines = world.values("billing-connector")["MANIFEST.MF"].splitlines()
    asked = ("Author", "Version", "Class-Path", "Jitterbit-Connector-UI", "Jitterbit-Activity-EntityTypeId-")
    shown = [line.removeprefix("Jitterbit-Connector-") for line in lines if line.startswith(asked)]
    return [line.rpartition("-")[2].partition(":")[0] if "-Activity-" in line else line for line in shown]


CONNECTOR_SAMPLE = Sample(
    key=CONNECTOR,
    secret="billing-connector",
    connect=lambda world: world.connect_jitterbit(),
    manifest=connector,
    objects=connectors,
    remove=lambda world, id_: world.sandbox.jitterbit.remove(id_),
    plant=lambda world: world.sandbox.jitterbit.register("100200", "billing", "1.0.0").id,
    spoil=lambda world, id_: setattr(world.sandbox.jitterbit.connector(id_), "version", "9.9.9"),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=security_holds,
    creation=Fault(kind="lost", product="jitterbit", method="POST", path="*/connector", times=1),
    outputs=7,
    listing="*/connector",
    cases=(
        FieldCase(
            "manifest",
            {"activities": ["Query", "Upsert"], "author": "Acme"},
            {"activities": ["Query", "Upsert", "Delete"], "version": "2", "classPath": ["lib/a.jar"], "ui": "b.json"},
            _manifest,
            ["Author: Acme", "UI: adapter.json", "Query", "Upsert"],
            ["Version: 2", "Class-Path: lib/a.jar", "UI: b.json", "Query", "Upsert", "Delete"],
            ["UI: adapter.json"],
        ),
    ),
    identity=frozenset({"organizationRef", "name", "version", "source"}),
    elsewhere=frozenset({"builder"}),
)

# CustomAPI


def apis(world: World) -> list[Mapping[str, Any]]:
    """Show the Custom APIs that the adapter holds, with what is the draft, or live."""
    return [
        {"id": api.key, "state": api.state, **(api.draft or api.published or {})}
        for api in world.sandbox.jitterbit.apis.all()
    ]


def only_api(world: World) -> Mapping[str, Any]:
    """Show the one Custom API there must be."""
    (found,) = apis(world)
    return found


API_CONFIGURATION: Mapping[str, Any] = {
    "name": "customers",
    "description": "",
    "environment": {"name": "Development", "urlPrefix": "dev"},
    "serviceRoot": "customers",
    "version": "",
    "logging": {"debug": False, "verbose": False},
    "services": [{**SERVICE_OF_API, "parameters": []}],
    "roles": [],
    "security": {"profiles": [], "anonymous": True},
}
"""What the sample's spec asks for."""


def plant_api(world: World, key: str = "theirs6", *, live: bool = True, **parts: Any) -> str:
    """Make a Custom API that equals the sample's, by someone else."""
    held = world.sandbox.jitterbit.apis
    api = held.put("100200", key, {**API_CONFIGURATION, **parts})
    if live:
        held.publish(api)
    return key


def change_api(world: World, **parts: Any) -> None:
    """Change the draft of the one Custom API, by someone else."""
    world.sandbox.jitterbit.apis.change(only_api(world)["id"], **parts)


def remove_api(world: World, key: str) -> None:
    """Delete a Custom API, by someone else."""
    held = world.sandbox.jitterbit.apis
    held.remove(held.get(key))


def _publish_api(world: World) -> None:
    held = world.sandbox.jitterbit.apis
    held.publish(held.get(only_api(world)["id"]))


def _custom_api(name: str = "customers", namespace: str = "team", /, **spec: Any) -> Manifest:
    return custom_api(name, namespace, **{"outputs": {"secret": {"name": f"{name}-api"}}, **spec})


def _api_case(field: str, value: Any, other: Any, absent: Any, drifted: Any, **more: Any) -> FieldCase:
    def seen(world: World) -> Any:
        return only_api(world)[field]

    shown, shown_other = more.pop("shown", (value, other))
    drift = None if drifted is None else lambda world: change_api(world, **{field: drifted})
    return FieldCase(field, value, other, seen, shown, shown_other, absent, drift, **more)


ANOTHER_SERVICE = {
    **SERVICE_OF_API,
    "name": "change",
    "method": "PUT",
    "path": "/{id}",
    "parameters": [{"name": "id", "in": "path"}, {"name": "dry", "in": "query", "description": "Only try"}],
}
SHOWN_SERVICES = [
    {
        **ANOTHER_SERVICE,
        "parameters": [
            {"name": "id", "in": "path", "description": ""},
            {"name": "dry", "in": "query", "description": "Only try"},
        ],
    },
    {**SERVICE_OF_API, "parameters": []},
]
NO_LOGGING = {"debug": False, "verbose": False}
PUBLIC = {"profiles": [], "anonymous": True}

API_CASES = (
    _api_case("name", "Customers", "Customers 2", "customers", "theirs"),
    _api_case("description", "Looks up\ncustomers.", "b", "", "theirs"),
    _api_case("serviceRoot", "crm", "crm_2", "customers", "theirs", instead={"serviceRoot": "customers"}),
    _api_case("version", "1", "1.0-2", "", "9"),
    _api_case(
        "logging",
        {"debug": True},
        {"verbose": True},
        NO_LOGGING,
        {"debug": False, "verbose": True},
        shown=({**NO_LOGGING, "debug": True}, {**NO_LOGGING, "verbose": True}),
    ),
    _api_case(
        "services",
        [SERVICE_OF_API, ANOTHER_SERVICE],
        [ANOTHER_SERVICE],
        SHOWN_SERVICES[1:],
        SHOWN_SERVICES[1:],
        shown=(SHOWN_SERVICES, SHOWN_SERVICES[:1]),
        instead={"services": [SERVICE_OF_API]},
    ),
    _api_case("roles", ["b", "a"], ["c"], [], ["theirs"], shown=(["a", "b"], ["c"])),
    _api_case(
        "security",
        {"profiles": [{"name": "partners", "kind": "Basic"}, {"name": "keys"}]},
        {"profiles": [{"name": "keys"}]},
        PUBLIC,
        PUBLIC,
        shown=({"profiles": ["keys", "partners"], "anonymous": False}, {"profiles": ["keys"], "anonymous": False}),
        instead={"security": {"anonymous": True}},
    ),
    FieldCase(
        "publication",
        {"mode": "Adapter", "state": "Draft"},
        {"mode": "Adapter", "state": "Published"},
        lambda world: only_api(world)["state"],
        "draft",
        "published",
        "published",
        _publish_api,
        instead={"publication": {"mode": "Adapter"}},
    ),
    FieldCase(
        "baseUrl",
        "https://a.example.com",
        "https://b.example.com/",
        lambda world: (world.documents()["url"], world.values("customers-api")["baseUrl"]),
        ("https://a.example.com/dev/customers", "https://a.example.com"),
        ("https://b.example.com/dev/customers", "https://b.example.com"),
        ("https://gateway.example.com/dev/customers", "https://gateway.example.com"),
        instead={"baseUrl": "https://gateway.example.com"},
    ),
    FieldCase(
        "verification",
        {"interval": "2h"},
        {"probe": False},
        lambda world: only_api(world)["state"],
        "published",
        "published",
        "published",
    ),
)

API_SAMPLE = Sample(
    key=CUSTOM_API,
    secret="customers-api",
    connect=lambda world: world.connect_jitterbit(),
    manifest=_custom_api,
    objects=apis,
    remove=remove_api,
    plant=plant_api,
    spoil=lambda world, key: world.sandbox.jitterbit.apis.change(key, name="theirs"),
    adoption=lambda mode, id_: {"management": {"adopt": {"mode": mode, "id": id_}}},
    valid=lambda world: world.values("customers-api")["id"] in {one["id"] for one in apis(world)},
    creation=Fault(kind="lost", product="adapter", method="PUT", path="*/apis/*", times=1),
    outputs=3,
    listing="*/apis",
    cases=API_CASES,
    identity=frozenset({"organizationRef", "environment"}),
    alike={"serviceRoot": "customers"},
    keeps_id=True,
)

SAMPLES: Mapping[str, Sample] = {
    sample.key.kind: sample
    for sample in (
        STREAM_SAMPLE,
        DESTINATION_SAMPLE,
        FUNCTION_SAMPLE,
        SERVICE_SAMPLE,
        LINK_SAMPLE,
        CONNECTOR_SAMPLE,
        API_SAMPLE,
    )
}
