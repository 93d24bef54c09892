"""The sample of a CustomAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.harness.manifests import (
    CUSTOM_API,
    SERVICE_OF_API,
    Manifest,
    custom_api,
)
from tests.harness.samples.sample import FieldCase, Sample
from tests.harness.world.world import World

from jitops_sandbox import Fault


def apis(world: World) -> list[Mapping[str, Any]]:
    """Return the adapter's Custom APIs, each with its draft, or else its published version."""
    return [
        {"id": api.key, "state": api.state, **(api.draft or api.published or {})}
        for api in world.sandbox.jitterbit.apis.all()
    ]


def only_api(world: World) -> Mapping[str, Any]:
    """Return the only Custom API."""
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
"""The configuration that the sample's spec describes."""


def plant_api(world: World, key: str = "theirs6", *, live: bool = True, **parts: Any) -> str:
    """Create a Custom API equal to the sample's, as another person."""
    held = world.sandbox.jitterbit.apis
    api = held.put("100200", key, {**API_CONFIGURATION, **parts})
    if live:
        held.publish(api)
    return key


def change_api(world: World, **parts: Any) -> None:
    """Change the draft of the only Custom API, as another person."""
    world.sandbox.jitterbit.apis.change(only_api(world)["id"], **parts)


def remove_api(world: World, key: str) -> None:
    """Delete a Custom API, as another person."""
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
