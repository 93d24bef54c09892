"""The sample of a JitsuFunction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.harness.manifests import (
    CODE,
    FUNCTION,
    Manifest,
    config_map,
    function,
)
from tests.harness.samples.sample import WS, FieldCase, Sample, Spec, untold
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault


def functions(world: World) -> list[Mapping[str, Any]]:
    """Return the live functions."""
    return list(world.sandbox.jitsu.objects("function"))


def only_function(world: World) -> Mapping[str, Any]:
    """Return the only function."""
    (found,) = functions(world)
    return found


def plant_function(world: World, id_: str = "theirs2", **fields: Any) -> str:
    """Create a function equal to the sample's, as another person."""
    config = {"type": "function", "name": "enrich", "code": CODE, **fields}
    world.sandbox.jitsu.state.create(WS, "function", id_, config)
    return id_


async def _connect_functions(world: World) -> Key:
    world.apply(config_map("code", {"head.js": "const a = 1;\n", "tail.js": CODE}))
    return await world.connect_jitsu()


def source(name: str, key: str) -> Spec:
    """Return a reference to code in a ConfigMap."""
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
