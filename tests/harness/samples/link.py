"""The samples of a JitsuLink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.harness.manifests import (
    LINK,
    SYNC,
    Manifest,
    link,
    sync,
)
from tests.harness.samples.sample import WS, FieldCase, Sample, Spec
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault
from jitops_sandbox.jitsu.state import Link


def links(world: World) -> list[Mapping[str, Any]]:
    """Return the live links."""
    return list(world.sandbox.jitsu.summary()["links"])


def only_link(world: World) -> Mapping[str, Any]:
    """Return the only link."""
    (found,) = links(world)
    return found


def plant_ends(world: World) -> None:
    """Create the ends of the samples' links, as another person."""
    create = world.sandbox.jitsu.state.create
    for name in ("1", *OTHERS):
        create(WS, "stream", f"site{name}", {"type": "stream", "name": "site", "domains": []})
    create(WS, "service", "crm1", {"type": "service", "name": "crm", "package": "crm", "version": "1"})
    config = {"name": "warehouse", "destinationType": "clickhouse", "hosts": ["ch:8443"], "database": "events"}
    create(WS, "destination", "warehouse1", {"type": "destination", **config})


async def connect_ends(world: World) -> Key:
    """Connect a workspace that has the ends of the samples' links."""
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
    """Create a link equal to the sample's, as another person."""
    state, now = world.sandbox.jitsu.state, world.clock.now()
    state.links[id_] = Link(
        id_, WS, "sync" if start == "crm1" else "push", start, end, LINK_DATA if data is None else data, now, now
    )
    return id_


def change_link(world: World, id_: str, **data: Any) -> None:
    """Change options of a link, as another person; None removes one."""
    link = world.sandbox.jitsu.state.links[id_]
    merged = {**link.data, **data}
    link.data = {name: value for name, value in merged.items() if value is not None}


def remove_link(world: World, id_: str) -> None:
    """Delete a link, as another person."""
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
"""The names of further resources, each with a stream to start at."""


def start_at(id_: str) -> Spec:
    """Return the part of a spec that starts a link at a stream."""
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
