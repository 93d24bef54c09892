"""Connectors, those of the Builder, and Custom APIs in no order, each history with another position of all switches.

As in `test_chaos`: after it the faults end and time passes; then all is well, at rest, and can be cleared without a
trace, and what others made is as they left it.
"""

from __future__ import annotations

import random
from typing import Any, ClassVar

import pytest
from tests.harness.manifests import ORGANIZATION, connector, custom_api, harmony
from tests.harness.samples.connector import connectors, security_holds
from tests.harness.samples.custom_api import apis, plant_api
from tests.harness.world.history import History
from tests.harness.world.world import World

from jitops.core.kube import DataObject, Key
from jitops_sandbox import Fault, Switches

CONNECTORS = [Key("Connector", "team", name) for name in ("billing", "sales", "hr")]
APIS = [Key("CustomAPI", "team", name) for name in ("customers", "orders")]
BUILT = Key("Connector", "team", "built")
OF_BUILDER = ("Built One", "1")
SEEDS = range(300, 304)
ACTS = 35
WAYS: dict[str, list[Any]] = {
    "names": ["as_given", "normalised"],
    "duplicate_name": ["accept", "accept", "rejected_with_200", "conflict"],
    "in_use_delete": ["rejected_with_200", "conflict"],
    "bad_token": ["unauthorized", "rejected_with_200"],
    "empty_listing": ["list", "null", "absent"],
    "listing_lag_seconds": [0.0, 0.0, 5.0, 30.0, 55.0],
    "register_has_id": [True, False],
    "register_status": [200, 201],
    "ids": ["strings", "numbers"],
    "missing_delete": ["true", "false", "not_found"],
    "missing_payload": ["true", "false"],
    "validate_answer": ["status_false", "unauthorized", "always_true"],
    "login_has_status": [True, False],
    "session_timeout_seconds": [14400.0, 600.0],
    "sliding_sessions": [True, False],
    "single_session": [True, False],
    "html_errors": [False, False, True],
}
"""Every switch whose positions all lead to Ready."""


class Chaos(History):
    """One history of an organization."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.theirs: dict[str, tuple[str, str]] = {}

    def there(self) -> list[Key]:
        """Name the resources that there are."""
        return [key for key in (*CONNECTORS, *APIS, BUILT) if self.world.exists(key)]

    def apply(self) -> None:
        """Apply a connector, new or changed in whatever can be."""
        key = self.dice.choice(CONNECTORS)
        found = self.world.store.get(key)
        # Going, and observed, it would let its registration be.
        observes = found is not None and not found.deleting and self.dice.random() < 0.2
        spec = {
            "version": self.dice.choice(["1.0.0", "1.0.0", "2.0.0", "3.0.0"]),
            "name": self.dice.choice([key.name, f"{key.name} two"]),
            "manifest": {"activities": self.dice.sample(["A", "B", "C"], self.dice.randrange(3))},
            "outputs": {"secret": self.dice.choice([{}, {"name": f"{key.name}-moved"}, {"keys": {"id": "ID"}}])},
            "management": {"replace": "Allow", **({"policy": "Observe"} if observes else {})},
        }
        self.world.apply(connector(key.name, **spec))

    def apply_api(self) -> None:
        """Apply a Custom API, new or changed in whatever can be."""
        key = self.dice.choice(APIS)
        spec = {
            "description": self.dice.choice([None, "a", "b"]),
            "roles": self.dice.choice([None, ["x"], ["y", "x"]]),
            "version": self.dice.choice([None, "1"]),
            "serviceRoot": self.dice.choice([key.name, f"{key.name}2"]),
            "security": self.dice.choice([{"anonymous": True}, {"profiles": [{"name": "partners"}]}]),
            "publication": {"mode": "Adapter", "state": self.dice.choice(["Draft", "Published"])},
            "outputs": self.dice.choice([None, {"configMap": {"name": f"{key.name}-moved"}}]),
        }
        self.world.apply(custom_api(key.name, **spec))

    def apply_built(self) -> None:
        """Observe a connector of the Builder."""
        self.world.apply(connector("built", source="Builder", name=OF_BUILDER[0], version=OF_BUILDER[1]))

    def build(self) -> None:
        """Publish the connector of the Builder, or take it down."""
        mine = [id_ for id_, what in self.theirs.items() if what == OF_BUILDER]
        for id_ in mine:
            del self.theirs[id_]
            self.world.sandbox.jitterbit.remove(id_)
        if not mine:
            row = self.world.sandbox.jitterbit.publish_in_builder("100200", *OF_BUILDER)
            self.theirs[row.id] = OF_BUILDER

    def delete(self) -> None:
        """Delete a resource; one that is only observed would rightly leave everything behind."""
        if key := self.pick():
            self.world.change(key, management=None)
            self.world.store.delete(key)

    def lose(self) -> None:
        """Delete or edit an output, be it a Secret or a ConfigMap."""
        maps = [self.world.store.config_map(f"{key.name}-customapi") for key in APIS]
        outputs: list[DataObject] = [one for one in maps if one]
        outputs += [one for one in self.world.store.secrets() if one.namespace == "team" and one.owners]
        if not outputs:
            return
        output = self.dice.choice(outputs)
        if self.dice.random() < 0.5:
            self.world.store.delete(output.key)
        else:
            self.world.store.edit(output, {**output.data, self.dice.choice(sorted(output.data)): "edited"})

    def unregister(self) -> None:
        """Delete a registration of ours."""
        mine = [one["id"] for one in connectors(self.world) if one["id"] not in self.theirs]
        if mine:
            self.world.sandbox.jitterbit.remove(self.dice.choice(mine))

    def plant(self) -> None:
        """Make a registration and a Custom API of others."""
        row = self.world.sandbox.jitterbit.register("100200", f"theirs {len(self.theirs)}", "1.0.0")
        self.theirs[row.id] = (row.name, row.version)
        plant_api(self.world, f"theirs{row.id}")

    def drift(self) -> None:
        """Change, publish, take off or delete a Custom API of ours."""
        held = self.world.sandbox.jitterbit.apis
        mine = [api for api in held.all() if not api.key.startswith("theirs")]
        if not mine:
            return
        api = self.dice.choice(mine)
        match self.dice.randrange(4):
            case 0:
                held.change(api.key, description="theirs")
            case 1:
                held.publish(api)
            case 2:
                held.unpublish(api)
            case 3:
                held.remove(api)

    def fail_adapter(self) -> None:
        """Order a fault of the adapter; a 404 to a deletion, and a 304, would be lies about what it holds."""
        kind = self.dice.choice(["lost", "lost", "reset", "error", "malformed", "throttled"])
        method = self.dice.choice(["GET", "POST", "PUT", "DELETE", "*"])
        status = self.dice.choice([400, 403, 409, 412, 422, 500, 503])
        times = self.dice.choice([1, 2, 5])
        self.world.sandbox.faults.add(
            Fault(kind=kind, method=method, product="adapter", times=times, seconds=7, status=status)  # type: ignore[arg-type]
        )

    def end_sessions(self) -> None:
        """End Harmony's sessions."""
        self.world.sandbox.jitterbit.sessions.end_all()

    def use(self) -> None:
        """Put connectors to use, or out of it."""
        for row in self.world.sandbox.jitterbit.connectors():
            row.used = self.dice.random() < 0.3

    acts: ClassVar = (
        *(apply, apply, apply, apply_api, apply_api, apply_api, apply_built, build, build, delete, lose, lose),
        *(unregister, plant, drift, drift, fail_adapter, fail_adapter, end_sessions, use),
        *(History.pause, History.fail, History.fail, History.ask),
    )

    async def heal(self) -> None:
        """End all that is wrong, and give it time."""
        self.world.sandbox.faults.clear()
        self.world.workers = 1
        for row in self.world.sandbox.jitterbit.connectors():
            row.used = False
        for key in self.there():
            self.world.annotate(key, paused=None)
            self.world.change(key, management={"replace": "Allow"} if key in CONNECTORS else None, outputs=None)
        self.world.annotate(ORGANIZATION, reconcile_requested_at="healed")
        await self.world.wait(3 * 3600)

    async def check(self) -> None:
        """See that all is well."""
        world, there = self.world, self.there()
        mine = {one["id"]: one for one in (*connectors(world), *apis(world)) if not self._is_theirs(one["id"])}
        for key in there:
            listed = key != BUILT or OF_BUILDER in self.theirs.values()
            assert world.ready(key) == listed, (key, world.status(key))
            assert key not in CONNECTORS or security_holds(world, f"{key.name}-connector")
        assert sorted(mine) == sorted(world.status(key)["id"] for key in there if key != BUILT)
        for key in set(there) & set(APIS):
            spec, api = world.store.body(key)["spec"], mine[world.status(key)["id"]]
            shown = (api["state"], api["description"], api["serviceRoot"])
            assert shown == (spec["publication"]["state"].lower(), spec.get("description", ""), spec["serviceRoot"])
            assert world.documents(f"{key.name}-customapi")["configurationHash"]
        self.check_theirs()

    def check_theirs(self) -> None:
        """See that what others made is as they left it."""
        rows = {one["id"]: (one["name"], one["version"]) for one in connectors(self.world)}
        assert {id_: what for id_, what in rows.items() if id_ in self.theirs} == self.theirs
        planted = [one for one in apis(self.world) if self._is_theirs(one["id"])]
        assert {(one["state"], one["description"]) for one in planted} <= {("published", "")}

    def _is_theirs(self, id_: str) -> bool:
        return id_ in self.theirs or id_.startswith("theirs")


@pytest.fixture
def switches(request: pytest.FixtureRequest) -> Switches:
    """Put every switch somewhere, for each seed elsewhere."""
    dice = random.Random(request.getfixturevalue("seed"))  # noqa: S311 - a history that can be told again
    return Switches(**{name: dice.choice(positions) for name, positions in WAYS.items()})


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_is_well_in_the_end(world: World, seed: int) -> None:
    """Whatever happened, the organization comes right by itself, comes to rest, and can be cleared without a trace."""
    world.apply(*harmony(world))
    await world.settle()
    chaos = Chaos(world, seed)
    await chaos.go_on(ACTS)
    await chaos.tell(chaos.heal())
    await chaos.tell(chaos.check())
    world.forget()
    await world.resync()
    assert [key for _, key in world.store.writes if key != ORGANIZATION] == []
    assert world.remote_writes() == []
    for key in (*CONNECTORS, *APIS, BUILT, ORGANIZATION):
        world.store.delete(key)
    await world.wait(1200)
    assert world.store.named() == []
    assert {one["id"] for one in connectors(world)} == set(chaos.theirs)
    assert all(one["id"].startswith("theirs") for one in apis(world))
    chaos.check_theirs()
    assert {secret.name for secret in world.store.secrets() if secret.namespace == "team"} == {"harmony"}
