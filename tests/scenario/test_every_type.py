"""Every type of destination, with every field of its schema: set, changed, changed by others, taken out, at rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.harness.destination_types import TYPES, schema_of, values
from tests.harness.manifests import DESTINATION, destination, from_secret, secret_manifest
from tests.harness.samples.destination import only_destination
from tests.harness.world.world import World

from jitops.products.jitsu.schemas import BASE, masked_fields

every_type = pytest.mark.parametrize(("type_", "build"), [(type_, "AB"[at % 2]) for at, type_ in enumerate(TYPES)])
"""The builds of the console take turns: where they differ, no type plays a part."""


def spec(type_: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Split a config in what stands in clear and what comes out of the Secret."""
    hidden = [name for name in masked_fields(type_) if name in config]
    return {
        "destinationType": type_,
        "config": {name: each for name, each in config.items() if name not in hidden},
        "secretConfig": [from_secret(name, "ch", name) for name in hidden],
    }


def put(world: World, type_: str, config: Mapping[str, Any]) -> None:
    """Apply the destination, and the Secret that it needs."""
    hidden = {name: config[name] for name in masked_fields(type_) if name in config}
    world.apply(secret_manifest("ch", {"unused": "unused-value", **hidden}), destination(**spec(type_, config)))


def stored(world: World) -> dict[str, Any]:
    """Show the fields of the type that the console holds."""
    return {name: each for name, each in only_destination(world).items() if name not in BASE}


async def brought_to(world: World, config: Mapping[str, Any]) -> None:
    """Check that the console holds just this, and that nothing is written any more, over a restart either."""
    await world.settle()
    assert world.ready(DESTINATION), world.message(DESTINATION)
    assert stored(world) == config
    world.forget()
    await world.restart()
    await world.resync()
    assert world.store.writes == []
    assert world.store.events == []
    assert world.remote_writes() == []


def without(type_: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a destination holds when all that it can do without was taken out of the spec."""
    left = {}
    for name, node in schema_of(type_)["properties"].items():
        if name in schema_of(type_)["required"]:
            left[name] = config[name]
        elif "default" in node:
            left[name] = node["default"]
    return left


@every_type
async def test_every_field(world: World, type_: str) -> None:
    """All fields are set, changed, changed by others and taken out: each time they converge, and then there is rest."""
    first, second = values(type_, 0), values(type_, 1)
    await world.connect_jitsu()
    put(world, type_, first)
    await brought_to(world, first)
    put(world, type_, second)
    await brought_to(world, second)
    world.sandbox.jitsu.change(world.status(DESTINATION)["id"], **first)
    await world.resync()
    theirs = {name: each for name, each in first.items() if isinstance(each, dict)}
    await brought_to(world, {**second, **{name: {**each, **second[name]} for name, each in theirs.items()}})
    put(world, type_, {name: second[name] for name in schema_of(type_)["required"]})
    await world.settle()
    left = {name: each for name, each in stored(world).items() if each not in ("", [], {})}
    defaults = {name: each for name, each in without(type_, second).items() if each not in ("", [], {})}
    assert left == defaults
    await brought_to(world, stored(world))
