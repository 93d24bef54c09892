"""An import writes manifests by which a workspace is taken over as it is."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenario.samples import plant_destination, plant_function, plant_link, plant_service, plant_stream
from tests.scenario.world import World

from jitops.core.errors import CredentialsRejected
from jitops.core.kube import Key
from jitops.importing.reading import read_jitsu
from jitops.importing.writing import as_yaml, write

Manifests = list[dict[str, Any]]


async def imported(world: World) -> Manifests:
    """Import the sandbox's workspace, through YAML as a person would apply it."""
    found = await read_jitsu(world.sandbox.jitsu_url, "acme", world.sandbox.credentials.api_key)
    return [*yaml.safe_load_all(as_yaml(found))]


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
    manifests = await imported(world)
    world.forget()
    before = dict(world.sandbox.jitsu.state.objects)
    for manifest in manifests:
        manifest["metadata"]["namespace"] = "team"
        if manifest["kind"] == "Secret" and "apiKey" in manifest["stringData"]:
            manifest["stringData"]["apiKey"] = world.sandbox.credentials.api_key
    world.apply(*manifests)
    await world.wait(30)
    ours = [one for one in manifests if one["kind"] not in {"Secret", "ConfigMap"}]
    for one in ours:
        key = Key(one["kind"], "team", one["metadata"]["name"])
        assert world.ready(key), (key, world.status(key).get("conditions"))
    assert world.remote_writes() == []
    assert world.sandbox.jitsu.state.objects == before
    adopted = {world.status(Key(one["kind"], "team", one["metadata"]["name"]))["id"] for one in ours[1:]}
    assert adopted == {"site1", "site2", "site3", "fn1", "fn2", "warehouse1", "crm1", "link1", "sync1", "sync2"}


async def test_an_import_holds_no_secret(world: World) -> None:
    """What the console masks becomes a place in a Secret, and the API key is not written down."""
    populate(world)
    found = await read_jitsu(world.sandbox.jitsu_url, "acme", world.sandbox.credentials.api_key)
    text = as_yaml(found)
    assert world.sandbox.credentials.api_key not in text
    assert "MASKED" not in text
    (secret,) = [one for one in found if one["metadata"]["name"] == "warehouse-credentials"]
    assert list(secret["stringData"]) == ["password"]


async def test_names_are_valid_and_given_once(world: World) -> None:
    """Resources are named after their objects; what can't stand in a name is left out, and no two share one."""
    populate(world)
    names = [one["metadata"]["name"] for one in await imported(world) if one["kind"] == "JitsuStream"]
    assert names == ["shop-s-hne", "shop-s-hne-2", "site3"]


async def test_files_are_nobody_elses(world: World, tmp_path: Path) -> None:
    """A file per kind, readable by its owner alone; one that exists is never overwritten."""
    populate(world)
    manifests = await imported(world)
    paths = write(manifests, tmp_path / "import")
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert sum(len([*yaml.safe_load_all(path.read_text(encoding="utf-8"))]) for path in paths) == len(manifests)
    with pytest.raises(FileExistsError):
        write(manifests, tmp_path / "import")


async def test_a_refused_key_is_said(world: World) -> None:
    """A wrong key is told as the operator tells it."""
    with pytest.raises(CredentialsRejected):
        await read_jitsu(world.sandbox.jitsu_url, "acme", "demokey:wrong")
