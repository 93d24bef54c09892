"""The sample of a JitsuService."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.harness.manifests import (
    SERVICE,
    Manifest,
    from_secret,
    service,
)
from tests.harness.samples.destination import WAREHOUSE, connect_warehouse, put_password
from tests.harness.samples.sample import WS, FieldCase, Sample, untold
from tests.harness.world.world import World

from jitops_sandbox import Fault


def services(world: World) -> list[Mapping[str, Any]]:
    """Return the live services as clients see them."""
    return list(world.sandbox.jitsu.objects("service"))


def only_service(world: World) -> Mapping[str, Any]:
    """Return the only service, with its secrets."""
    (found,) = services(world)
    return dict(world.sandbox.jitsu.stored(found["id"]))


def mask_tokens(world: World) -> None:
    """Load the specification of the sample's connector, by which the console masks."""
    world.sandbox.jitsu.state.learn("airbyte/source-crm", "1.2.3", ("auth.token",))


def plant_service(world: World, id_: str = "theirs4", **fields: Any) -> str:
    """Create a service equal to the sample's, as another person."""
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
    """Return the credentials that are set: the console can't remove an entry, and an empty one counts as none."""
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
