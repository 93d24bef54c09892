"""An import writes manifests by which a workspace, or the connectors of an organization, are taken over as they are."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.harness.destination_types import TYPES, values
from tests.harness.manifests import DESTINATION
from tests.harness.samples.connector import connectors
from tests.harness.samples.destination import only_destination, plant_destination
from tests.harness.samples.function import plant_function
from tests.harness.samples.link import plant_link
from tests.harness.samples.sample import WS
from tests.harness.samples.service import plant_service
from tests.harness.samples.stream import plant_stream
from tests.harness.world.world import World

from jitops.api.schema.model import InvalidSpec
from jitops.core.errors import CredentialsRejected
from jitops.core.kube import Key
from jitops.importing.jitsu import SHOWN_SECRETS
from jitops.importing.manifests import Imported
from jitops.importing.reading import read_jitsu, read_jitterbit
from jitops.importing.writing import as_yaml, write
from jitops.products.jitsu.schemas import masked_fields
from jitops_sandbox import Switches

Manifests = list[dict[str, Any]]


async def read(world: World) -> tuple[Manifests, list[str]]:
    """Import the sandbox's workspace, through YAML as a person would apply it, with the notes."""
    found = await read_jitsu(world.sandbox.jitsu_url, "acme", world.sandbox.credentials.api_key)
    return [*yaml.safe_load_all(as_yaml(found))], list(found.notes)


async def imported(world: World) -> Manifests:
    """Give the manifests of an import that leaves nothing out."""
    found, notes = await read(world)
    assert notes == []
    return found


def held(world: World) -> list[str]:
    """Show all that the console holds."""
    state = world.sandbox.jitsu.state
    return [*(repr(one.config) for one in state.objects.values()), *map(repr, state.links.values())]


async def taken_over(world: World, manifests: Manifests) -> list[str]:
    """Apply an import, check that everything is Ready and not one write reached the console; give what it adopted."""
    world.forget()
    before = held(world)
    for manifest in manifests:
        manifest["metadata"]["namespace"] = "team"
        if manifest["metadata"]["name"] == "acme-jitsu":
            manifest["stringData"]["apiKey"] = world.sandbox.credentials.api_key
    world.apply(*manifests)
    await world.wait(30)
    ours = [Key(one["kind"], "team", one["metadata"]["name"]) for one in manifests if "spec" in one]
    for key in ours:
        assert world.ready(key), (key, world.message(key))
    await world.restart()
    await world.resync()
    assert world.remote_writes() == []
    assert held(world) == before
    return [str(world.status(key)["id"]) for key in ours if key.kind != "JitsuWorkspace"]


def populate(world: World) -> None:
    """Make one of everything, by someone else, and some things that are hard to write down."""
    plant_stream(world, "site1", name="Shop & Söhne", domains=["a.example.com"], shard=2, customField={"deep": [1]})
    plant_stream(world, "site2", name="shop söhne")
    plant_stream(world, "site3", name="中")
    plant_function(world, "fn1", name="Enrich", code="  a;\r\n\tb  \n\n", description="2 lines:\n- no. 2")
    plant_function(world, "fn2", name="large", code="ü" * 300_000)
    plant_destination(world, "warehouse1", name="Warehouse")
    plant_service(world, "crm1", name="CRM")
    functions = [{"functionId": "udf.fn1", "functionOptions": {"a": 1}}, {"functionId": "udf.gone"}]
    plant_link(world, "link1", {"mode": "batch", "functions": functions})
    plant_link(world, "sync1", {"streams": {}}, start="crm1")
    plant_link(world, "sync2", {"streams": {"b": {}}}, start="crm1")


async def test_applying_an_import_changes_nothing(world: World) -> None:
    """Every object of a populated workspace is adopted, and not one write reaches the console."""
    populate(world)
    adopted = await taken_over(world, await imported(world))
    assert adopted == ["site1", "site2", "site3", "fn1", "fn2", "warehouse1", "crm1", "link1", "sync1", "sync2"]


async def test_every_type_of_destination(world: World) -> None:
    """All types are taken over with all their fields, and no secret of theirs stands outside of a Secret."""
    for type_ in TYPES:
        hidden = {*masked_fields(type_), *SHOWN_SECRETS.get(type_, ())}
        config = values(type_, 0)
        secret = {name: f"https://secret.example/{name}" for name in hidden if isinstance(config[name], str)}
        fields = {"name": type_, "destinationType": type_, **config, **secret}
        world.sandbox.jitsu.state.create(WS, "destination", f"id-{type_}", {"type": "destination", **fields})
    manifests = await imported(world)
    public = [one for one in manifests if one["kind"] != "Secret"]
    assert "secret.example" not in json.dumps(public)
    assert len(await taken_over(world, manifests)) == len(TYPES)


async def test_what_is_hard_to_write_down(world: World) -> None:
    """Large code of wide characters, words that YAML mistakes, names that clash, options that are empty."""
    plant_function(world, "fn1", name="wide", code="\U0001f600" * 600_000)
    hard = {
        "a": "1e3",
        "b": "y",
        "c": "012",
        "d": "a\x85b\u2028c\nd",
        "e": "2026-01-01T00:00:00Z",
        "f": 1e21,
        "g": "- x\n",
    }
    plant_service(world, "crm1", name="Same", credentials={**hard, "api_key": "key-in-clear", "n": None})
    plant_destination(world, "warehouse1", name="same", testConnectionError="refused", parameters={"a.b": "1", "": "2"})
    plant_stream(world, "s/1 ü", name="odd id", authorizedJavaScriptDomains="")
    functions = [{"functionId": "udf.fn1", "functionOptions": {}}, {"functionId": "udf.fn1"}]
    plant_link(world, "link1", {"functions": functions, "mode": None}, start="s/1 ü")
    manifests = await imported(world)
    sizes = [len(one["data"]["code"].encode()) for one in manifests if one["kind"] == "ConfigMap"]
    assert max(sizes) < 2**20
    assert "key-in-clear" not in json.dumps([one for one in manifests if one["kind"] != "Secret"])
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests]
    assert len({*names}) == len(names)
    assert await taken_over(world, manifests) == ["s/1 ü", "fn1", "warehouse1", "crm1", "link1"]


LEFT_OUT: dict[str, tuple[Callable[[World], object], str]] = {
    "provisioned": (
        lambda world: plant_destination(world, "d1", provisioned=True),
        "left out destination d1: Jitsu itself provisioned it",
    ),
    "of an older schema": (
        lambda world: plant_destination(world, "d1", retired="x"),
        "left out destination d1: the schema of its type has changed since it was made: spec.config.retired",
    ),
    "without code": (
        lambda world: plant_function(world, "fn1", code=""),
        "left out function fn1: spec.code: must have at least 1 character(s)",
    ),
    "name that can't be": (
        lambda world: plant_stream(world, "s1", name=" shop"),
        "left out stream s1: spec.name: must be one line",
    ),
    "field that can't be": (
        lambda world: plant_stream(world, "s1", domains=["local_host"]),
        "JitsuStream shop: left out spec.domains[0]: must be a host name",
    ),
    "path that can't be": (
        lambda world: plant_service(world, "crm1", credentials={"the token": "secret"}),
        "JitsuService crm: left out credentials.the token: no path in secretConfig can name it",
    ),
    "no data": (
        lambda world: setattr(world.sandbox.jitsu.state.links[plant_link(world)], "data", None),
        "left out link their-link: it has no options at all",
    ),
    "other type": (
        lambda world: setattr(world.sandbox.jitsu.state.links[plant_link(world)], "type", "reverse"),
        "left out link their-link: it is neither a push nor a sync",
    ),
    "duplicate": (
        lambda world: [plant_link(world, "older"), plant_link(world, "younger")],
        "left out link younger: it is a duplicate of an older one",
    ),
    "leads nowhere": (
        lambda world: plant_link(world, end="gone"),
        "left out link their-link: the console has no destination gone: it leads nowhere",
    ),
    "built-in function": (
        lambda world: plant_link(world, data={"functions": [{"functionId": "builtin.geo"}]}),
        "JitsuLink shop-warehouse: left out data.functions: there is more to it",
    ),
}


@pytest.mark.parametrize(("arrange", "note"), LEFT_OUT.values(), ids=LEFT_OUT)
async def test_what_is_left_out_is_said(world: World, arrange: Callable[[World], object], note: str) -> None:
    """Of what can't be taken over nothing is written but a sentence, and the rest is taken over as it is."""
    if "link" in note.lower():
        plant_stream(world, "site1")
        plant_destination(world, "warehouse1")
    arrange(world)
    manifests, notes = await read(world)
    assert len(notes) == 1
    assert notes[0].startswith(note)
    await taken_over(world, manifests)


async def test_placeholder_is_never_sent(world: World) -> None:
    """Until a person puts the real value into the Secret, a change is refused rather than sent with the placeholder."""
    plant_destination(world, "warehouse1")
    await taken_over(world, await imported(world))
    world.change(DESTINATION, name="Renamed")
    await world.settle()
    assert world.condition(DESTINATION, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.secretConfig.password: the Secret still has the placeholder of the import" in world.message(
        DESTINATION
    )
    assert world.remote_writes() == []
    world.edit_secret("warehouse-credentials", password="password-from-a-person")
    await world.settle()
    assert world.ready(DESTINATION)
    assert only_destination(world)["password"] == "password-from-a-person"
    assert only_destination(world)["name"] == "Renamed"


async def test_an_import_holds_no_secret(world: World) -> None:
    """What the console masks becomes a place in a Secret, and the API key is not written down."""
    populate(world)
    found = await read_jitsu(world.sandbox.jitsu_url, "acme", world.sandbox.credentials.api_key)
    text = as_yaml(found)
    assert world.sandbox.credentials.api_key not in text
    assert "MASKED" not in text
    (secret,) = [one for one in found.manifests if one["metadata"]["name"] == "warehouse-credentials"]
    assert list(secret["stringData"]) == ["password"]


async def test_names_are_valid_and_given_once(world: World) -> None:
    """Resources are named after their objects; what can't stand in a name is left out, and no two share one."""
    populate(world)
    names = [one["metadata"]["name"] for one in await imported(world) if one["kind"] == "JitsuStream"]
    assert names == ["shop-s-hne", "shop-s-hne-2", "site3"]


async def test_files_are_nobody_elses(world: World, tmp_path: Path) -> None:
    """A file per kind, readable by its owner alone; one that exists is never overwritten."""
    populate(world)
    found = await read_jitsu(world.sandbox.jitsu_url, "acme", world.sandbox.credentials.api_key)
    paths = write(found, tmp_path / "import")
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert sum(len([*yaml.safe_load_all(path.read_text(encoding="utf-8"))]) for path in paths) == len(found.manifests)
    with pytest.raises(FileExistsError):
        write(found, tmp_path / "import")


async def test_a_refused_key_is_said(world: World) -> None:
    """A wrong key is told as the operator tells it."""
    with pytest.raises(CredentialsRejected):
        await read_jitsu(world.sandbox.jitsu_url, "acme", "demokey:wrong")


# Jitterbit


async def imported_organization(world: World) -> Imported:
    """Import the sandbox's organization."""
    login = world.sandbox.credentials
    return await read_jitterbit({"host": world.sandbox.jitterbit_url}, "100200", login.email, login.password)


def register(world: World) -> list[str]:
    """Register connectors by someone else: names that are hard to write down, two versions, two of one name."""
    names = [("billing", "1.0.0"), ("Acme CRM: # 1", "yes"), ("billing", "2.0.0"), ("billing", "1.0.0"), ("中", "1")]
    ids = [world.sandbox.jitterbit.register("100200", *one).id for one in names]
    return [*ids, world.sandbox.jitterbit.publish_in_builder("100200", "Acme Tickets", "2").id]


@pytest.mark.parametrize("switches", [Switches(), Switches(ids="numbers")], ids=["strings", "numbers"])
async def test_applying_an_import_of_connectors_changes_nothing(world: World) -> None:
    """Every connector is adopted with its key in a Secret, nothing is written to Harmony; key checks aside."""
    ids = register(world)
    before = connectors(world)
    manifests = [*yaml.safe_load_all(as_yaml(await imported_organization(world)))]
    world.forget()
    for manifest in manifests:
        manifest["metadata"]["namespace"] = "team"
        if manifest["kind"] == "Secret":
            manifest["stringData"]["password"] = world.sandbox.credentials.password
    world.apply(*manifests)
    await world.wait(30)
    ours = [Key(one["kind"], "team", one["metadata"]["name"]) for one in manifests if one["kind"] != "Secret"]
    assert [key for key in ours if not world.ready(key)] == []
    assert {line.rpartition("/connector")[2] for line in world.remote_writes()} == {"/validate/securityinfo"}
    assert connectors(world) == before
    assert sorted(world.status(key)["id"] for key in ours if key.kind == "Connector") == sorted(ids)
    for key in ours:
        world.store.delete(key)
    await world.wait(30)
    assert connectors(world) == before, "what may be the Builder's is not deleted with its resource"


async def test_an_import_of_connectors_holds_no_secret(world: World) -> None:
    """Neither the password nor any key or secret of a connector is written down."""
    register(world)
    text = as_yaml(await imported_organization(world))
    hidden = [one[name] for one in connectors(world) for name in ("key", "secret")]
    assert not [value for value in (*hidden, world.sandbox.credentials.password) if value in text]


async def test_an_import_of_connectors_says_what_it_can_not_know(world: World, tmp_path: Path) -> None:
    """The file begins with a comment on the Builder's connectors; what no spec can say is left out and named there."""
    register(world)
    odd = world.sandbox.jitterbit.register("100200", " odd ", "1").id
    imported = await imported_organization(world)
    paths = write(imported, tmp_path)
    text = (tmp_path / "connector.yaml").read_text(encoding="utf-8")
    said = "".join(line for line in text.splitlines() if line.startswith("#"))
    assert "source: Builder" in said
    assert f"left out connector {odd}: spec.name" in said
    assert [note.partition(": ")[0] for note in imported.notes] == [f"left out connector {odd}"]
    assert odd not in [one["spec"]["management"]["adopt"]["id"] for one in yaml.safe_load_all(text)]
    assert sorted(path.name for path in paths) == [
        "connector.yaml",
        "jitterbitorganization.yaml",
        "secret.yaml",
    ]


async def test_an_import_of_no_connectors(world: World) -> None:
    """An organization without connectors gives its connection."""
    assert [one["kind"] for one in (await imported_organization(world)).manifests] == [
        "Secret",
        "JitterbitOrganization",
    ]


async def test_an_import_with_a_wrong_password_makes_one_attempt(world: World) -> None:
    """A refused log-in is told as the operator tells it, and not tried again."""
    where = {"host": world.sandbox.jitterbit_url}
    with pytest.raises(CredentialsRejected):
        await read_jitterbit(where, "100200", world.sandbox.credentials.email, "wrong-password-of-someone")
    assert world.count("PUT", "*/user/login") == 1


@pytest.mark.parametrize(
    ("where", "field"),
    [({}, "spec.region"), ({"region": "na"}, "spec.region"), ({"host": "x y"}, "spec.host")],
    ids=["nowhere", "no region", "no address"],
)
async def test_an_import_from_nowhere(where: dict[str, str], field: str) -> None:
    """Without a region or host, or with one that can't be, it is refused by field and nothing is asked."""
    with pytest.raises(InvalidSpec, match=field):
        await read_jitterbit(where, "100200", "a@example.com", "password-of-someone")
