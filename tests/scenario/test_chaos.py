"""Everything at once, in no order: users, other people, faults and deaths, and in the end all is well.

Each seed is another history. After it the faults end and time passes; then every resource is Ready with one object and
a Secret that works, nothing else of ours is anywhere, and what others made is as they left it. For a longer search,
widen SEEDS for once (a seed takes most of a second); a seed that fails stays, as a scenario of its own elsewhere.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.harness.manifests import ORGANIZATION, WORKSPACE, connector, harmony, jitsu, stream
from tests.harness.samples.connector import connectors, security_holds
from tests.harness.samples.stream import keys_open, plant_stream, streams
from tests.harness.world.history import History
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Switches

STREAMS = [Key("JitsuStream", "team", name) for name in ("shop", "blog", "docs")]
CONNECTORS = [Key("Connector", "team", name) for name in ("billing", "sales")]
SEEDS = range(100, 116)
ACTS = 30
POSITIONS = [
    Switches(),
    Switches(listing_lag_seconds=20.0, missing_delete="false"),
    Switches(register_has_id=False, duplicate_name="conflict", bad_token="rejected_with_200"),
]


class Chaos(History):
    """One history of streams and connectors."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.theirs: dict[str, Any] = {}

    def there(self) -> list[Key]:
        """Name the resources that there are."""
        return [key for key in (*STREAMS, *CONNECTORS) if self.world.exists(key)]

    def apply(self) -> None:
        """Apply a resource, new or changed."""
        key = self.dice.choice([*STREAMS, *CONNECTORS])
        outputs = {"secret": self.dice.choice([{}, {}, {"name": f"{key.name}-moved"}, {"keys": {"id": "ID"}}])}
        policy = {"policy": self.dice.choice(["Managed"] * 5 + ["Observe"])} if self._stays(key) else {}
        if key in CONNECTORS:
            activities = self.dice.sample(["A", "B", "C"], self.dice.randrange(3))
            spec = {
                "version": self.dice.choice(["1.0.0", "1.0.0", "2.0.0", "3.0.0"]),
                "manifest": {"activities": activities},
                "outputs": outputs,
                "management": {**policy, "replace": "Allow"},
            }
            self.world.apply(connector(key.name, **spec))
            return
        fields: dict[str, Any] = {
            "domains": self.dice.choice([None, [], [f"{key.name}.example.com"]]),
            "shard": self.dice.choice([None, 1, 2]),
            "authorizedJavaScriptDomains": self.dice.choice([None, "*.example.com"]),
            "extra": self.dice.choice([None, {"a": 1}, {"b": {"c": 2}}]),
            "keys": self.dice.choice([None, {"rotate": str(self.dice.randrange(3)), "overlap": "10m"}]),
            "outputs": outputs,
            "management": policy,
        }
        self.world.apply(stream(key.name, **{name: value for name, value in fields.items() if value is not None}))

    def _stays(self, key: Key) -> bool:
        """Tell whether a resource is there and not going; going, and observed, it would let its object be."""
        resource = self.world.store.get(key)
        return resource is not None and not resource.deleting

    def delete(self) -> None:
        """Delete a resource; one that is only observed would rightly leave everything behind."""
        if key := self.pick():
            self.world.change(key, management=None)
            self.world.store.delete(key)

    def lose_secret(self) -> None:
        """Delete or edit an output."""
        secret = self.world.secret(_output(self.pick() or STREAMS[0], self.dice.choice([False, False, True])))
        if secret is not None and self.dice.random() < 0.5:
            self.world.store.delete(secret.key)
        elif secret is not None:
            name = self.dice.choice(sorted(secret.data))
            self.world.store.edit(secret, {**secret.data, name: "edited"})

    def drift(self) -> None:
        """Change or delete a remote object of ours."""
        mine = [one["id"] for one in streams(self.world) if one["id"] not in self.theirs]
        if mine and self.dice.random() < 0.5:
            self.world.sandbox.jitsu.change(self.dice.choice(mine), name="drifted", shard=9)
        elif mine:
            self.world.sandbox.jitsu.remove(self.dice.choice(mine))

    def unregister(self) -> None:
        """Delete a registration of ours."""
        mine = [one["id"] for one in connectors(self.world) if one["id"] not in self.theirs]
        if mine:
            self.world.sandbox.jitterbit.remove(self.dice.choice(mine))

    def plant(self) -> None:
        """Make objects of others."""
        id_ = plant_stream(self.world, f"theirs{len(self.theirs)}", name="theirs")
        self.theirs[id_] = dict(self.world.sandbox.jitsu.stored(id_))
        row = self.world.sandbox.jitterbit.register("100200", f"theirs {len(self.theirs)}", "1.0.0")
        self.theirs[row.id] = (row.name, row.version)

    def end_sessions(self) -> None:
        """End Harmony's sessions."""
        self.world.sandbox.jitterbit.sessions.end_all()

    def use(self) -> None:
        """Put a connector to use, or out of it."""
        for row in self.world.sandbox.jitterbit.connectors():
            row.used = self.dice.random() < 0.3

    acts = (
        apply,
        apply,
        apply,
        delete,
        lose_secret,
        drift,
        unregister,
        plant,
        History.pause,
        History.fail,
        History.fail,
        end_sessions,
        History.revoke,
        use,
        History.ask,
    )

    async def heal(self) -> None:
        """End all that is wrong, and give it time."""
        self.world.sandbox.faults.clear()
        self.world.workers = 1
        self.world.edit_secret("jitsu", apiKey=self.world.sandbox.credentials.api_key)
        for row in self.world.sandbox.jitterbit.connectors():
            row.used = False
        for key in (*STREAMS, *CONNECTORS):
            if self.world.exists(key):
                self.world.annotate(key, paused=None)
                management = {"replace": "Allow"} if key in CONNECTORS else None
                self.world.change(key, management=management, outputs=None)
                if key in STREAMS:  # Nothing but a rotation ends the keys that were lost on the way.
                    self.world.change(key, keys={"rotate": "healed", "overlap": "0s"})
        self.world.annotate(ORGANIZATION, reconcile_requested_at="healed")
        await self.world.wait(3 * 3600)

    async def check(self) -> None:
        """See that all is well."""
        world = self.world
        there = self.there()
        for key in there:
            assert world.ready(key), (key, world.status(key))
            assert keys_open(world, _output(key)) if key in STREAMS else security_holds(world, _output(key))
        for kind, found in (("JitsuStream", streams(world)), ("Connector", connectors(world))):
            held = [world.status(key)["id"] for key in there if key.kind == kind]
            assert sorted(one["id"] for one in found if one["id"] not in self.theirs) == sorted(held)
        for id_, config in self.theirs.items():
            if isinstance(config, dict):
                assert world.sandbox.jitsu.stored(id_) == config
            else:
                row = world.sandbox.jitterbit.connector(id_)
                assert (row.live, row.name, row.version) == (True, *config)
        secrets = {secret.name: secret for secret in world.store.secrets() if secret.namespace == "team"}
        assert {"jitsu", "harmony", *map(_output, there)} <= set(secrets)
        # A death between writing a Secret and noting its name, and a renaming before the next life, leave it to
        # the garbage collector.
        stray = set(secrets) - {"jitsu", "harmony", *map(_output, there)}
        assert {owner.name for name in stray for owner in secrets[name].owners} <= {key.name for key in there}
        assert all(secrets[name].owners for name in stray)
        for one in streams(world):
            if one["id"] not in self.theirs:
                assert [len(one[name]) for name in ("publicKeys", "privateKeys")] == [1, 1]


def _output(key: Key, moved: object = None) -> str:
    return f"{key.name}-{'moved' if moved else 'jitsustream' if key.kind == 'JitsuStream' else 'connector'}"


@pytest.mark.parametrize("switches", POSITIONS, ids=["defaults", "late", "no id"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_all_is_well_in_the_end(world: World, seed: int) -> None:
    """Whatever happened, the world comes right by itself, comes to rest, and can be cleared without a trace."""
    world.apply(*jitsu(world), *harmony(world))
    await world.settle()
    chaos = Chaos(world, seed)
    await chaos.go_on(ACTS)
    await chaos.tell(chaos.heal())
    await chaos.tell(chaos.check())
    world.forget()
    await world.resync()
    assert [key for _, key in world.store.writes if key != ORGANIZATION] == []
    assert len(world.store.writes) <= 2 * world.count("PUT", "*/user/login"), "a log-in is counted, then cleared"
    assert world.remote_writes() == []
    for key in (*STREAMS, *CONNECTORS, WORKSPACE, ORGANIZATION):
        world.store.delete(key)
    await world.wait(1200)
    assert world.store.named() == []
    assert {one["id"] for one in (*streams(world), *connectors(world))} == set(chaos.theirs)
    assert {secret.name for secret in world.store.secrets() if secret.namespace == "team"} == {"jitsu", "harmony"}
