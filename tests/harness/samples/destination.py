"""The sample of a JitsuDestination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.harness.manifests import (
    DESTINATION,
    Manifest,
    destination,
    from_secret,
    secret_manifest,
)
from tests.harness.samples.sample import WS, FieldCase, Sample, untold
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault

WAREHOUSE = {"password": "warehouse-password-1", "other": "warehouse-password-2", "user": "warehouse-user"}
"""The values of the Secret `ch`."""


def destinations(world: World) -> list[Mapping[str, Any]]:
    """Return the live destinations, masked as clients see them."""
    return list(world.sandbox.jitsu.objects("destination"))


def only_destination(world: World) -> Mapping[str, Any]:
    """Return the only destination, with its secrets."""
    (found,) = destinations(world)
    return dict(world.sandbox.jitsu.stored(found["id"]))


def plant_destination(world: World, id_: str = "theirs3", **fields: Any) -> str:
    """Create a destination equal to the sample's, as another person."""
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
    """Apply the Secret with the sample's password in each namespace."""
    world.apply(*(secret_manifest("ch", WAREHOUSE, namespace) for namespace in ("team", "other")))


async def connect_warehouse(world: World) -> Key:
    """Apply a workspace, and the Secret with the password."""
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
