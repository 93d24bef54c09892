"""JitsuFunction: code from wherever it comes, byte for byte; told apart from drift; deleted only when unused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.manifests import CODE, FUNCTION, config_map, function, jitsu
from tests.harness.samples.function import functions, only_function, plant_function, source
from tests.harness.samples.sample import WS
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.local.absent import Consent
from jitops.local.apply import Outcome, prepare_apply
from jitops.local.documents import key_of
from jitops.local.folder import StateFolder
from jitops.local.manifests import Manifest as Manifested
from jitops_sandbox import Fault
from jitops_sandbox.jitsu.state import Link

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.manifests import Manifest

both_builds = pytest.mark.parametrize("build", ["A", "B"])
CONFIG_MAP = Key("ConfigMap", "team", "code")
MARK = "planted_in_the_code"
MEGABYTE = 1_048_576
PIECES = [source("code", "main.js")]
SLOW = 400.0
"""Seconds in which what is retried slowly was tried again."""


async def made(world: World, **spec: Any) -> str:
    """Bring a function to Ready, begin to count, and give its id."""
    await world.connect_jitsu()
    world.apply(function(**spec))
    await world.settle()
    assert world.ready(FUNCTION), world.status(FUNCTION)
    world.forget()
    return str(only_function(world)["id"])


async def made_of(world: World, code: str, *, watched: bool = False, **spec: Any) -> str:
    """Do the same with code in a ConfigMap."""
    supply(world, code, watched=watched)
    return await made(world, code=None, codeFrom=PIECES, **spec)


def supply(world: World, code: str, *, watched: bool = False) -> None:
    """Put code into the ConfigMap."""
    world.apply(config_map("code", {"main.js": code}, watched=watched))


def link(world: World, function_id: str, id_: str = "their-link") -> str:
    """Run a function in a link, as others do in the console."""
    state = world.sandbox.jitsu.state
    now = state.clock.now()
    data = {"functions": [{"functionId": f"udf.{function_id}", "functionOptions": {"token": MARK}}]}
    state.links[id_] = Link(id_, WS, "push", "their-stream", "their-destination", data, now, now)
    return id_


# The whole life, on both builds


@both_builds
async def test_life(world: World) -> None:
    """Made, changed, a field removed, repaired, made again under the next id, deleted: the same on both builds."""
    first = await made(world, description="one", kind="event")
    world.change(FUNCTION, description=None, slug="enrich", code="let a;")
    await world.settle()
    found = only_function(world)
    assert "description" not in found
    assert (found["slug"], found["code"], found["kind"], found["name"]) == ("enrich", "let a;", "event", "enrich")
    assert world.events(FUNCTION) == ["Updated"]
    world.sandbox.jitsu.change(first, code="theirs", draft="theirs too")
    await world.resync()
    assert only_function(world)["code"] == "let a;"
    assert only_function(world)["draft"] == "theirs too"
    assert world.events(FUNCTION) == ["Updated", "DriftCorrected"]
    world.sandbox.jitsu.remove(first)
    await world.resync()
    assert world.ready(FUNCTION)
    assert only_function(world)["id"] == f"{first[:-1]}1" == world.status(FUNCTION)["id"]
    world.store.delete(FUNCTION)
    await world.settle()
    assert not world.exists(FUNCTION)
    assert functions(world) == []


@both_builds
async def test_vanished_while_being_changed(world: World) -> None:
    """A PUT of what is gone, 500 or 404, makes the function again: nothing is retried on what no longer exists."""
    first = await made(world)
    world.sandbox.faults.add(Fault(kind="latency", method="PUT", path="*/config/function/*", seconds=0.2, times=1))
    world.change(FUNCTION, slug="enrich")
    pass_ = world.sandbox.jitsu
    original = pass_.respond

    def respond(call: Any) -> Any:
        if call.method == "PUT" and not pass_.state.objects[first].deleted:
            pass_.remove(first)
        return original(call)

    pass_.respond = respond  # type: ignore[method-assign]
    await world.wait(60)
    assert world.ready(FUNCTION), world.status(FUNCTION)
    assert only_function(world)["id"] != first
    assert only_function(world)["slug"] == "enrich"


@both_builds
async def test_ids_of_other_types_are_never_taken(world: World) -> None:
    """The id of a destination is no function to adopt, though build A would answer with it under any type."""
    config = {"type": "destination", "name": "enrich", "destinationType": "devnull", "code": CODE}
    world.sandbox.jitsu.state.create(WS, "destination", "theirdest", config)
    await world.connect_jitsu()
    world.apply(function(management={"adopt": {"mode": "Override", "id": "theirdest"}}))
    await world.settle()
    assert world.why(FUNCTION) == "RemoteNotFound"
    assert "theirdest" in world.message(FUNCTION)
    world.store.delete(FUNCTION)
    await world.wait(SLOW)
    assert not world.exists(FUNCTION)
    assert world.remote_writes() == []
    assert world.sandbox.jitsu.stored("theirdest") == config


# Code from ConfigMaps


@both_builds
async def test_several_megabytes(world: World) -> None:
    """Code of several ConfigMaps is joined byte for byte, in the order of the spec, and then there is rest."""
    pieces = ["\r\n// é 漢 \U0001f600\r\n" + "x" * (MEGABYTE - 100), "y" * (MEGABYTE - 1), "\tend \n\n"]
    world.apply(config_map("first", {"a": pieces[0], "z": pieces[2]}), config_map("second", {"b": pieces[1]}))
    await made(world, code=None, codeFrom=[source("first", "a"), source("second", "b"), source("first", "z")])
    assert only_function(world)["code"] == "".join(pieces)
    await world.resync()
    world.forget()
    await world.resync()
    await world.resync()
    assert world.remote_writes() == []
    assert world.store.writes == []
    assert world.store.events == []


async def test_code_is_told_nowhere(world: World) -> None:
    """Neither status nor events nor metrics hold code or draft, whatever happens to them; and no listing is kept."""
    id_ = await made_of(world, f"// {MARK} 1", watched=True, draft=f"// {MARK} 2")
    supply(world, f"// {MARK} 3", watched=True)
    await world.settle()
    world.sandbox.jitsu.change(id_, code=f"// {MARK} 4")
    world.sandbox.faults.add(
        Fault(
            kind="error", method="PUT", status=500, times=1, body=json.dumps({"error": MARK, "object": {"code": MARK}})
        )
    )
    await world.resync()
    await world.wait(60)
    link(world, id_)
    world.store.delete(FUNCTION)
    await world.settle()
    assert world.why(FUNCTION) == "DeletionBlocked"
    told = [*world.store.told, *world.witness.heard, *(repr(event) for event in world.store.events)]
    assert len(told) > 10
    assert not [line for line in told if MARK in line]
    client = world.open_connection(Key("JitsuWorkspace", "team", "acme")).client
    assert MARK not in repr(client.snapshots["JitsuFunction"].seen(id_).fields)  # type: ignore[union-attr]


async def test_changed_config_map_with_the_label(world: World) -> None:
    """What changes in a labelled ConfigMap is carried out at once, and is a change of ours, not drift."""
    await made_of(world, "let a;", watched=True)
    supply(world, "let b;", watched=True)
    await world.settle()
    assert only_function(world)["code"] == "let b;"
    assert world.events(FUNCTION) == ["Updated"]
    assert "codeFrom" in world.last_event(FUNCTION).message


async def test_changed_config_map_without_the_label(world: World) -> None:
    """Without the label it is carried out at the next resync."""
    await made_of(world, "let a;")
    supply(world, "let b;")
    await world.settle()
    assert only_function(world)["code"] == "let a;"
    await world.resync()
    assert only_function(world)["code"] == "let b;"
    assert world.events(FUNCTION) == ["Updated"]


async def test_changed_config_map_while_down(world: World) -> None:
    """The same where it changed while no operator ran."""
    await made_of(world, "let a;")
    await world.stop()
    supply(world, "let b;")
    await world.restart()
    await world.settle()
    assert only_function(world)["code"] == "let b;"
    assert world.events(FUNCTION) == ["Updated"]


async def test_changed_config_map_though_drift_is_only_reported(world: World) -> None:
    """`drift: Report` is about what others change: a ConfigMap of ours that changes is carried out."""
    id_ = await made_of(world, "let a;", watched=True, management={"drift": "Report"})
    supply(world, "let b;", watched=True)
    await world.settle()
    assert only_function(world)["code"] == "let b;"
    world.sandbox.jitsu.change(id_, code="theirs")
    await world.resync()
    assert only_function(world)["code"] == "theirs"
    assert world.status(FUNCTION)["drift"]["fields"] == ["codeFrom"]
    assert world.events(FUNCTION) == ["Updated", "DriftDetected"]


async def test_changed_config_map_while_observing(world: World) -> None:
    """Under Observe a ConfigMap that changes makes a difference to report; nothing is ever written."""
    plant_function(world)
    management = {"policy": "Observe", "adopt": {"mode": "Match", "id": "theirs2"}}
    await made_of(world, CODE, watched=True, management=management)
    supply(world, "let b;", watched=True)
    await world.settle()
    assert world.condition(FUNCTION, "Ready") == ("False", "DriftDetected")
    world.change(FUNCTION, management={"adopt": {"mode": "Match", "id": "theirs2"}})
    await world.settle()
    assert world.why(FUNCTION) == "AdoptionMismatch"
    assert "codeFrom" in world.message(FUNCTION)
    assert world.remote_writes() == []


async def test_changed_config_map_before_adopting(world: World) -> None:
    """A ConfigMap that changed since we only observed is a difference, which `Match` refuses."""
    adopt = {"mode": "Match", "id": plant_function(world)}
    await made_of(world, CODE, management={"policy": "Observe", "adopt": adopt})
    supply(world, "let b;")
    world.change(FUNCTION, management={"adopt": adopt})
    await world.settle()
    assert world.why(FUNCTION) == "AdoptionMismatch"
    assert world.remote_writes() == []


async def test_changed_config_map_after_managing(world: World) -> None:
    """A function of ours that is only observed by now is not written, whatever its ConfigMap says."""
    await made_of(world, "let a;", watched=True)
    world.change(FUNCTION, management={"policy": "Observe"})
    await world.settle()
    assert world.ready(FUNCTION)
    supply(world, "let b;", watched=True)
    await world.settle()
    assert world.condition(FUNCTION, "Ready") == ("False", "DriftDetected")
    assert world.remote_writes() == []


async def test_code_moves_into_a_config_map(world: World) -> None:
    """The same code from elsewhere is no change to the console; other code is."""
    await made(world, code=CODE)
    supply(world, CODE)
    world.change(FUNCTION, code=None, codeFrom=PIECES)
    await world.settle()
    assert world.ready(FUNCTION)
    assert world.remote_writes() == []
    assert world.status(FUNCTION)["appliedFields"] == ["codeFrom", "name"]
    world.change(FUNCTION, code="let b;", codeFrom=None)
    await world.settle()
    assert only_function(world)["code"] == "let b;"


async def test_missing_pieces(world: World) -> None:
    """A ConfigMap or key that is missing is named with its place in the spec; it goes on once it has come."""
    await world.connect_jitsu()
    world.apply(function(code=None, codeFrom=[source("code", "main.js"), source("code", "tail.js")]))
    await world.settle()
    assert world.condition(FUNCTION, "ReferencesResolved") == ("False", "DependencyNotFound")
    assert "spec.codeFrom[0].configMapKeyRef: ConfigMap team/code does not exist" in world.message(FUNCTION)
    supply(world, "let a;")
    await world.wait(70)
    assert "spec.codeFrom[1].configMapKeyRef: ConfigMap team/code has no key tail.js" in world.message(FUNCTION)
    world.apply(config_map("code", {"main.js": "let a;", "tail.js": "let b;"}))
    await world.wait(70)
    assert world.ready(FUNCTION)
    assert only_function(world)["code"] == "let a;let b;"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "have no code"),
        ("2026-01-02T03:04:05Z", "ISO date"),
        ("let a;\n\x00", "NUL"),
        ("x" * (20 * MEGABYTE), "larger than the console"),
    ],
    ids=["empty", "date", "NUL", "20 MiB"],
)
async def test_pieces_that_make_no_code(world: World, code: str, told: str) -> None:
    """What the console would not take is refused with a sentence, without the code; other code heals it."""
    await world.connect_jitsu()
    supply(world, code, watched=True)
    world.apply(function(code=None, codeFrom=PIECES))
    await world.settle()
    assert world.condition(FUNCTION, "Stalled") == ("True", "InvalidConfiguration")
    assert told in world.message(FUNCTION)
    assert functions(world) == []
    supply(world, "let a;", watched=True)
    await world.settle()
    assert world.ready(FUNCTION)


async def test_deletion_needs_no_config_map(world: World) -> None:
    """A function goes though its ConfigMap is gone already, as when a namespace is deleted."""
    await made_of(world, "let a;")
    world.store.delete(CONFIG_MAP)
    world.store.delete(FUNCTION)
    await world.settle()
    assert not world.exists(FUNCTION)
    assert functions(world) == []


class Unseen:
    """Shows progress to nobody."""

    def show(self, rows: object) -> None:
        """Show nothing."""


async def test_apply_without_a_cluster(world: World, tmp_path: Path) -> None:
    """A pass of `jitops apply` carries ConfigMaps out, comes to its end by itself, and says what is missing."""

    async def passed(*manifests: Manifest) -> Outcome:
        named = [Manifested(key_of(one), one, "here") for one in (*jitsu(world), *manifests)]
        agreed = Consent(show=lambda _: None, ask=bool)
        with StateFolder.open(tmp_path / "state", init=True, cluster_id="here") as folder:
            return await prepare_apply(named, folder, agreed).run(Unseen(), timeout=20)

    ours = function(code=None, codeFrom=PIECES)
    for code in ("let a;", "let b;"):
        assert (await passed(config_map("code", {"main.js": code}), ours)).complete
        assert only_function(world)["code"] == code
    (complaint,) = (await passed(ours)).complaints()
    assert complaint.startswith("ConfigMap team/code: is not in the manifests any more, but still in use")
    assert (await passed()).complete
    assert functions(world) == []


# Deletion of what is in use


@both_builds
async def test_in_use(world: World) -> None:
    """A function that a link runs stays, with the link's id and what to do; the end of the link ends the deletion."""
    named = link(world, await made(world))
    world.store.delete(FUNCTION)
    await world.settle()
    assert world.condition(FUNCTION, "Ready") == ("False", "DeletionBlocked")
    assert world.condition(FUNCTION, "Stalled") == ("True", "DeletionBlocked")
    assert named in world.message(FUNCTION)
    assert "remove the function" in world.message(FUNCTION)
    assert "cascade" not in world.message(FUNCTION)
    assert world.events(FUNCTION) == ["DeletionBlocked"]
    await world.wait(2 * SLOW)
    assert world.events(FUNCTION) == ["DeletionBlocked"]
    assert functions(world)
    del world.sandbox.jitsu.state.links[named]
    await world.wait(SLOW)
    assert not world.exists(FUNCTION)
    assert functions(world) == []
    assert world.events(FUNCTION) == ["DeletionBlocked", "Deleted"]
    assert all(one.query == {"strict": "true"} for one in world.sandbox.requests.matching(method="DELETE"))


async def test_used_by_many(world: World) -> None:
    """Profile builders are named too, of many users a few, and nothing but their ids and types is repeated."""
    await made(world)
    connections = [{"id": f"link{n}", "type": "push", "name": MARK, "data": {"token": MARK}} for n in range(7)]
    builders = [{"id": "builder1", "name": MARK, "version": 1}, {"id": f"{MARK} with spaces"}]
    body = {"message": f"in use by {MARK}", "code": "FUNCTION_IN_USE", "connections": connections[:3]}
    world.sandbox.faults.add(
        Fault(
            kind="error", method="DELETE", status=409, times=1, body=json.dumps({**body, "profileBuilders": builders})
        )
    )
    world.sandbox.faults.add(
        Fault(kind="error", method="DELETE", status=409, body=json.dumps({**body, "connections": connections}))
    )
    world.store.delete(FUNCTION)
    await world.settle()
    assert "link link2 (push); profile builder builder1; profile builder ?" in world.message(FUNCTION)
    assert MARK not in world.told()
    await world.wait(SLOW)
    assert "link link4 (push) and 2 more" in world.message(FUNCTION)


async def test_retained_though_in_use(world: World) -> None:
    """Retain asks the console nothing, whoever uses the function."""
    link(world, await made(world, management={"deletionPolicy": "Retain"}))
    world.store.delete(FUNCTION)
    await world.settle()
    assert not world.exists(FUNCTION)
    assert len(functions(world)) == 1
    assert world.remote_writes() == []


async def test_no_secret_unless_asked(world: World) -> None:
    """A function writes a Secret only where the spec names one, and takes it away when the name goes."""
    id_ = await made(world)
    assert {secret.name for secret in world.store.secrets() if secret.namespace == "team"} == {"jitsu"}
    world.change(FUNCTION, outputs={"secret": {"name": "enrich", "keys": {"id": "FUNCTION_ID"}}})
    await world.settle()
    assert world.values("enrich") == {"FUNCTION_ID": id_}
    world.change(FUNCTION, outputs=None)
    await world.settle()
    assert world.secret("enrich") is None
    assert world.ready(FUNCTION)
