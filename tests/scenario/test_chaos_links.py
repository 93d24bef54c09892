"""Everything at once, in no order, for what is linked: ends that vanish and return, and links that follow them.

As in `test_chaos`, each seed is another history, and a seed that fails stays as a scenario of its own elsewhere. After
it the faults end; what is being deleted ends too, once what a person has to take out of its way is taken out; what is
missing is applied again; and then there is one object for each resource, as its spec asks, each link between ends that
exist, and nothing else of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.harness.manifests import CODE, WORKSPACE, destination, from_secret, function, jitsu, link, service, stream
from tests.harness.samples.destination import WAREHOUSE, put_password
from tests.harness.samples.link import links, plant_link
from tests.harness.samples.sample import WS
from tests.harness.samples.stream import plant_stream
from tests.harness.world.history import History
from tests.harness.world.world import World

from jitops.core.kube import Key

Manifest = Mapping[str, Any]

STREAMS = [Key("JitsuStream", "team", name) for name in ("shop", "blog")]
SERVICES = [Key("JitsuService", "team", name) for name in ("crm", "erp")]
DESTINATIONS = [Key("JitsuDestination", "team", name) for name in ("warehouse", "lake")]
FUNCTIONS = [Key("JitsuFunction", "team", name) for name in ("enrich", "redact")]
LINKS = [Key("JitsuLink", "team", name) for name in ("shop-wh", "shop-lake", "blog-wh", "sync1", "sync2", "outside")]
ENDS = [*STREAMS, *SERVICES, *DESTINATIONS, *FUNCTIONS]
ALL = [*ENDS, *LINKS]
TYPES = {
    "JitsuStream": "stream",
    "JitsuService": "service",
    "JitsuDestination": "destination",
    "JitsuFunction": "function",
}
FROM = {
    "shop-wh": {"streamRef": {"name": "shop"}},
    "shop-lake": {"streamRef": {"name": "shop"}},
    "blog-wh": {"streamRef": {"name": "blog"}},
    "sync1": {"serviceRef": {"name": "crm"}},
    "sync2": {"serviceRef": {"name": "crm"}},
    "outside": {"streamRef": {"external": "outside1"}},
}
TO = {"shop-lake": "lake", "outside": "lake"}
"""Where a link leads if not to the warehouse."""
UNTOUCHED = "their-link"
SEEDS = range(200, 208)
ACTS = 30


class Linked(History):
    """One history of streams, services, destinations, functions and links."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.cascaded = False
        self.foreign: set[str] = set()
        """Links that others made between objects of ours."""
        self.vanished: set[str] = set()
        """Objects of ours that others deleted."""

    def arrange(self) -> None:
        """Make what others have, and the Secrets."""
        world = self.world
        world.apply(*jitsu(world))
        put_password(world)
        self._plant_outside()
        plant_stream(world, "theirs1", name="theirs")
        plant_link(world, UNTOUCHED, start="theirs1", end="elsewhere1")
        world.sandbox.jitsu.state.create(WS, "destination", "elsewhere1", _elsewhere())
        self.apply_all()

    def _plant_outside(self) -> None:
        state = self.world.sandbox.jitsu.state
        state.objects.pop("outside1", None)
        state.create(WS, "stream", "outside1", {"type": "stream", "name": "outside", "domains": []})

    def there(self) -> list[Key]:
        """Name the resources that there are."""
        return [key for key in ALL if self.world.exists(key)]

    # What users do.

    def apply(self) -> None:
        """Apply a resource, new or changed."""
        key = self.dice.choice(ALL)
        self.world.apply(self.manifest(key, plain=False))

    def apply_all(self) -> None:
        """Apply everything, as a folder is applied."""
        for key in self.dice.sample(ALL, len(ALL)):
            self.world.apply(self.manifest(key, plain=self.dice.random() < 0.7))

    def manifest(self, key: Key, *, plain: bool) -> dict[str, Any]:
        """Write a resource: as it is in the end, or with fields at random."""
        management = {} if plain else self.dice.choice([{}, {}, {"drift": "Report"}])
        spec: dict[str, Any] = {"management": management} if management else {}
        if key in STREAMS:
            return stream(key.name, **spec, domains=self._any(plain, [], [f"{key.name}.example.com"]))
        if key in SERVICES:
            account = {"account": self._any(plain, "acme", "other")}
            return service(key.name, **spec, version=self._any(plain, "1.2.3", "2.0.0"), credentials=account)
        if key in FUNCTIONS:
            return function(key.name, **spec, code=self._any(plain, CODE, "// changed\n"))
        if key in DESTINATIONS:
            secrets = [from_secret("password", "ch", self._any(plain, "password", "other"))]
            config = {"hosts": [self._any(plain, "ch.example.com:8443", "ch2.example.com:8443")]}
            more = self._any(plain, {}, {"database": "events"}, {"username": "writer"})
            return destination(key.name, **spec, config={**config, **more}, secretConfig=secrets)
        return self._link(key, spec, plain=plain)

    def _link(self, key: Key, spec: dict[str, Any], *, plain: bool) -> dict[str, Any]:
        sync = key.name.startswith("sync")
        data = self._any(
            plain, {"frequency": 5}, {"frequency": 10}, {"frequency": 5, "mode": "batch"}, {"frequency": "x"}
        )
        used = () if plain else self.dice.sample(FUNCTIONS, self.dice.randrange(3))
        pipeline = {} if sync or not used else {"functions": [{"functionRef": {"name": one.name}} for one in used]}
        return link(
            key.name,
            **spec,
            **{"from": FROM[key.name], "to": {"destinationRef": {"name": TO.get(key.name, "warehouse")}}},
            data={"streams": {}, "schedule": self._any(plain, "0 0 * * *", "0 1 * * *")} if sync else data,
            **({"allowParallel": True} if sync else pipeline),
        )

    def _any(self, plain: bool, usual: Any, *others: Any) -> Any:
        return usual if plain else self.dice.choice([usual, *others])

    def delete(self) -> None:
        """Delete a resource, whatever uses it."""
        key = self.pick()
        if key is None:
            return
        cascade = self.dice.choice(["Strict", "Strict", "Cascade", "Orphan"])
        if key in (*STREAMS, *SERVICES, *DESTINATIONS):
            self.world.change(key, management={"cascade": cascade})
            self.cascaded = self.cascaded or cascade == "Cascade"
        self.world.store.delete(key)

    def edit_password(self) -> None:
        """Change or delete the Secret that destinations and services read, or bring it back."""
        if self.world.secret("ch") is None:
            put_password(self.world)
        elif self.dice.random() < 0.3:
            self.world.store.delete(Key("Secret", "team", "ch"))
        else:
            self.world.edit_secret("ch", password=self.dice.choice([WAREHOUSE["password"], "warehouse-password-3"]))

    # What others do.

    def drift(self) -> None:
        """Change an object of ours."""
        if mine := self.mine():
            id_ = self.dice.choice(mine)
            self.world.clock.turn(1.0)
            self.world.sandbox.jitsu.change(id_, name="drifted")

    def vanish(self) -> None:
        """Delete an object of ours, linked or not."""
        if mine := self.mine():
            self.vanished.add(self.dice.choice(mine))
            for id_ in self.vanished & set(mine):
                self.world.sandbox.jitsu.remove(id_)

    def mine(self) -> list[str]:
        """Return the ids of the objects that this history made."""
        objects = [one for kind in TYPES.values() for one in self.world.sandbox.jitsu.objects(kind)]
        return [one["id"] for one in objects if one["id"] not in {"outside1", "theirs1", "elsewhere1"}]

    def harm_link(self) -> None:
        """Change or delete a link of ours."""
        state = self.world.sandbox.jitsu.state
        mine = [one["id"] for one in links(self.world) if one["id"] not in {UNTOUCHED, *self.foreign}]
        if mine and self.dice.random() < 0.5:
            state.links[self.dice.choice(mine)].data = self.dice.choice([{}, {"frequency": 99}, None])
        elif mine:
            state.links[self.dice.choice(mine)].deleted = True

    def link_ours(self) -> None:
        """Link a service and a destination of ours that no JitsuLink links."""
        start, end = (self._id(key) for key in (SERVICES[1], DESTINATIONS[1]))
        if start and end:
            id_ = f"foreign{len(self.foreign)}"
            plant_link(self.world, id_, start=start, end=end)
            self.world.sandbox.jitsu.state.links[id_].type = "sync"
            self.foreign.add(id_)

    def _id(self, key: Key) -> str | None:
        return self.world.status(key).get("id") if self.world.exists(key) else None

    def move_outside(self) -> None:
        """Delete the stream that no resource stands for, or make it again."""
        if any(one["id"] == "outside1" for one in self.world.sandbox.jitsu.objects("stream")):
            self.world.sandbox.jitsu.remove("outside1")
        else:
            self._plant_outside()

    acts = (
        apply,
        apply,
        apply,
        apply_all,
        delete,
        delete,
        edit_password,
        drift,
        vanish,
        harm_link,
        link_ours,
        move_outside,
        History.pause,
        History.fail,
        History.fail,
        History.revoke,
        History.ask,
    )

    # The end.

    async def heal(self) -> None:
        """End all that is wrong, take out of the way what only a person can, and apply what is missing."""
        world = self.world
        world.sandbox.faults.clear()
        world.workers = 1
        world.edit_secret("jitsu", apiKey=world.sandbox.credentials.api_key)
        world.annotate(WORKSPACE, reconcile_requested_at="healed")
        self._plant_outside()
        if world.secret("ch") is None:
            put_password(world)
        for key in self.there():
            world.annotate(key, paused=None)
        await world.wait(3600)
        self._clear_the_way()
        await world.wait(3600)
        going = {key: world.message(key) for key in self.there() if _deleting(world, key)}
        assert not going, going
        self._check_for_dangling()
        for key in ALL:
            world.apply(self.manifest(key, plain=True))
        await world.wait(3 * 3600)

    def _clear_the_way(self) -> None:
        """Take out what blocks deletions: links of others, which were let be till then, and links of ours."""
        state = self.world.sandbox.jitsu.state
        assert self.cascaded or not any(state.links[id_].deleted for id_ in self.foreign)
        for id_ in self.foreign:
            state.links[id_].deleted = True
        blocked = [key for key in self.there() if _deleting(self.world, key)]
        for key in blocked:
            assert self.world.why(key) == "DeletionBlocked", (key, self.world.status(key))
        for key in self.there() if blocked else ():
            if key in LINKS:
                self.world.store.delete(key)

    def _check_for_dangling(self) -> None:
        """See that we left no link that leads nowhere; one whose end others deleted waits for it, and says so."""
        objects = {one["id"] for kind in TYPES.values() for one in self.world.sandbox.jitsu.objects(kind)}
        known = objects | self.vanished
        dangling = [one["id"] for one in links(self.world) if not {one["fromId"], one["toId"]} <= known]
        assert not dangling, dangling
        waiting = [key for key in self.there() if not self.world.ready(key)]
        reasons = {key: self.world.why(key) for key in waiting}
        assert set(reasons.values()) <= {"DependencyNotFound", "InvalidConfiguration", "DriftDetected"}, reasons

    async def check(self) -> None:
        """See that all is well."""
        world = self.world
        for key in ALL:
            assert world.ready(key), (key, world.status(key))
        for kind, type_ in TYPES.items():
            held = {world.status(key)["id"] for key in ENDS if key.kind == kind}
            found = [one["id"] for one in world.sandbox.jitsu.objects(type_)]
            assert sorted(set(found) - {"outside1", "theirs1", "elsewhere1"}) == sorted(held), kind
            assert len(found) == len(set(found))
        self._check_links()
        self._check_ends()

    def _check_links(self) -> None:
        world = self.world
        found = {one["id"]: one for one in links(world)}
        theirs = found.pop(UNTOUCHED)
        assert (theirs["fromId"], theirs["toId"], theirs["data"]) == ("theirs1", "elsewhere1", {"frequency": 5})
        assert sorted(found) == sorted(world.status(key)["id"] for key in LINKS)
        for key in LINKS:
            one = found[world.status(key)["id"]]
            ref = next(iter(FROM[key.name].values()))
            kind = "JitsuService" if key.name.startswith("sync") else "JitsuStream"
            start = ref.get("external") or world.status(Key(kind, "team", ref["name"]))["id"]
            end = world.status(Key("JitsuDestination", "team", TO.get(key.name, "warehouse")))["id"]
            assert (one["fromId"], one["toId"]) == (start, end), key
            expected = self.manifest(key, plain=True)["spec"]["data"]
            assert expected.items() <= one["data"].items(), key
            assert "functions" not in one["data"], key

    def _check_ends(self) -> None:
        world = self.world
        stored = {key: world.sandbox.jitsu.stored(world.status(key)["id"]) for key in ENDS}
        password = world.values("ch")["password"]
        for key, one in stored.items():
            assert one["name"] == key.name, key
        assert {one["code"] for key, one in stored.items() if key in FUNCTIONS} == {CODE}
        assert {one["password"] for key, one in stored.items() if key in DESTINATIONS} == {password}
        assert {one["credentials"]["auth"]["token"] for key, one in stored.items() if key in SERVICES} == {password}


def _elsewhere() -> dict[str, Any]:
    return {"type": "destination", "name": "elsewhere", "destinationType": "devnull"}


def _deleting(world: World, key: Key) -> bool:
    resource = world.store.get(key)
    return resource is not None and resource.deleting


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_is_well_in_the_end(world: World, seed: int) -> None:
    """Whatever happened, the world comes right by itself, comes to rest, and can be cleared without a trace."""
    world.sandbox.jitsu.build = "B" if seed % 2 else "A"
    history = Linked(world, seed)
    history.arrange()
    await world.settle()
    await history.go_on(ACTS)
    await history.tell(history.heal())
    await history.tell(history.check())
    world.forget()
    await world.resync()
    assert world.store.writes == []
    assert world.remote_writes() == []
    assert world.store.events == []
    for key in history.dice.sample([*ALL, WORKSPACE], len(ALL) + 1):
        world.store.delete(key)
    await world.wait(1200)
    assert world.store.named() == []
    assert history.mine() == []
    assert [one["id"] for one in links(world)] == [UNTOUCHED]
