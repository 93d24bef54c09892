"""The sample of a JitsuStream."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.harness.manifests import (
    STREAM,
    stream,
)
from tests.harness.samples.sample import WS, FieldCase, Sample
from tests.harness.world.world import World

from jitops_sandbox import Fault


def streams(world: World) -> list[Mapping[str, Any]]:
    """Return the live streams, with their keys."""
    return list(world.sandbox.jitsu.objects("stream"))


def only_stream(world: World) -> Mapping[str, Any]:
    """Return the only stream."""
    (found,) = streams(world)
    return found


def verifies(stored: Mapping[str, Any], use: str, key_id: str, plaintext: str) -> bool:
    """Return whether the console accepts a write key, by the salted hash that it holds."""
    for key in stored.get(f"{use}Keys") or ():
        if key["id"] == key_id:
            salt, _, digest = key["hash"].partition(".")
            return bool(hashlib.sha512(f"{plaintext}{salt}sandbox".encode()).hexdigest() == digest)
    return False


def keys_open(world: World, secret: str = "shop-jitsustream") -> bool:
    """Return whether the Secret has the id of a live stream, and keys that open it."""
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
    """Create a stream equal to the sample's, as another person."""
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
