"""The sample of a Connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.harness.manifests import (
    CONNECTOR,
    connector,
)
from tests.harness.samples.sample import FieldCase, Sample
from tests.harness.world.world import World

from jitops_sandbox import Fault


def connectors(world: World) -> list[Mapping[str, Any]]:
    """Return the live registrations."""
    names = ("id", "name", "version", "key", "secret")
    return [{name: getattr(one, name) for name in names} for one in world.sandbox.jitterbit.connectors()]


def security_holds(world: World, secret: str = "billing-connector") -> bool:
    """Return whether the Secret holds id, key and secret of a registration."""
    values = world.values(secret)
    found = [one for one in connectors(world) if one["id"] == values["id"]]
    return bool(found) and all(values[name] == found[0][name] for name in ("key", "secret"))


def _manifest(world: World) -> Any:
    """Return the part of the manifest that the spec sets: names of activities, and the other headers."""
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
