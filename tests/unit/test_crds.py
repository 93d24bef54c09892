"""The generated CRDs: structural, complete as a manual, bounded, and the same as what is committed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from tests.harness.repository import ROOT

from jitops import crds
from jitops.api.connection import ConnectionSpec
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.api.schema.reference import connection_field
from jitops.kinds import KINDS
from jitops.products.jitsu.stream.kind import KIND as STREAM
from jitops.products.jitterbit.connector.kind import KIND as REGISTRATION

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFESTS = {crd["spec"]["names"]["kind"]: crd for crd in crds.manifests()}


def root_schema(kind: str) -> dict[str, Any]:
    """Return the schema of a kind's resources."""
    schema: dict[str, Any] = MANIFESTS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every node of a schema with its path."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for holder in ("items", "additionalProperties"):
        if holder in schema:
            yield from nodes(schema[holder], f"{path}[]")


every_definition = pytest.mark.parametrize("kind", MANIFESTS)


@every_definition
def test_every_node_is_structural(kind: str) -> None:
    """Each node has a type, only known words, and no default that would make GitOps tools see differences."""
    for path, node in nodes(root_schema(kind)):
        assert "type" in node, path
        assert set(node) <= set(crds.ORDER), path
        assert node.get("default") == ({"observedGeneration": -1} if path == ".status" else None), path


@every_definition
def test_every_field_is_described(kind: str) -> None:
    """`kubectl explain` is the manual: each field says what it is, in whole sentences on one line."""
    for path, node in nodes(root_schema(kind)):
        if not path.endswith("[]") and not path.startswith(".metadata"):
            assert re.fullmatch(r"[A-Z].*\.", node.get("description", "")), path


OPEN = {
    "JitsuStream.spec.extra",
    "JitsuDestination.spec.config",
    "JitsuService.spec.credentials",
    "JitsuLink.spec.data",
    "JitsuLink.spec.functions[].options",
    "JitsuFunction.spec.tests[].event",
    "JitsuFunction.spec.tests[].options",
    "JitsuFunction.spec.tests[].expect.event",
}
"""The parts of specs that accept unknown fields."""


def is_open(path: str) -> bool:
    """Return whether a path is inside such a part."""
    return any(path.startswith(f"{part}.") for part in OPEN)


@every_definition
def test_what_users_write_is_bounded(kind: str) -> None:
    """Everything in a spec has a largest size, or the cost of the rules could not be bounded."""
    limits = {"string": "maxLength", "array": "maxItems", "integer": "maximum"}
    for path, node in nodes(root_schema(kind)["properties"]["spec"]):
        if "enum" not in node and not is_open(f"{kind}.spec{path}"):
            is_map = "additionalProperties" in node or "x-kubernetes-preserve-unknown-fields" in node
            limit = "maxProperties" if is_map else limits.get(node["type"], "type")
            assert limit in node, path


@every_definition
def test_merge_keys_are_required(kind: str) -> None:
    """A list that is a map has keys that each item must have."""
    for path, node in nodes(root_schema(kind)):
        for key in node.get("x-kubernetes-list-map-keys", ()):
            assert key in node["items"]["required"], path


def test_unknown_fields_are_kept_in_one_place() -> None:
    """Only the free-form parts take what we don't know; everywhere else the API server refuses it."""
    kept = {
        f"{kind}{path}"
        for kind in MANIFESTS
        for path, node in nodes(root_schema(kind))
        if "x-kubernetes-preserve-unknown-fields" in node
    }
    assert {place for place in kept if not is_open(place)} == OPEN


@pytest.mark.parametrize("kind", [STREAM.info, REGISTRATION.info], ids=lambda kind: kind.kind)
def test_columns(kind: Any) -> None:
    """Columns are found by the type of condition, never by its place; the last ones need `-o wide`."""
    shown = MANIFESTS[kind.kind]["spec"]["versions"][0]["additionalPrinterColumns"]
    names = [column["name"] for column in shown]
    assert names == ["READY", "SYNCED", "REMOTE-ID", "AGE", "REASON", "CONNECTION", "DRIFT", "PAUSED", "MESSAGE"]
    assert [column["name"] for column in shown if column.get("priority") == 1] == names[4:]
    assert not any("[0]" in column["jsonPath"] for column in shown)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_rules_of_the_models_are_all_there(kind: Any) -> None:
    """Each rule of a spec stands in its CRD with its words, so that both judges say the same."""
    found = root_schema(kind.kind)["properties"]["spec"]["x-kubernetes-validations"]
    assert found == [rule.manifest() for rule in kind.spec.rules]


def test_committed_files_are_current() -> None:
    """What is committed is what the models say (`make crds` writes it)."""
    assert crds.current(ROOT / "crds") == []


def test_files_are_plain_and_repeatable(tmp_path: Path) -> None:
    """Writing twice gives the same bytes, which hold no anchors and read back as the manifests."""
    crds.write(tmp_path)
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    crds.write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first
    assert [yaml.safe_load(text) for text in first.values()] == [
        MANIFESTS[yaml.safe_load(text)["spec"]["names"]["kind"]] for text in first.values()
    ]
    assert all(text.startswith("# Generated") and "&id0" not in text for text in first.values())


def test_stale_files_are_named_and_removed(tmp_path: Path) -> None:
    """A file that is missing, edited, or of a kind that is no more is reported, then set right."""
    crds.write(tmp_path)
    (tmp_path / "jitops.dev_connectors.yaml").unlink()
    (tmp_path / "jitops.dev_jitsustreams.yaml").write_text("edited")
    (tmp_path / "jitops.dev_gone.yaml").write_text("old")
    (tmp_path / "kustomization.yaml").write_text("someone else's")
    assert crds.current(tmp_path) == [
        "jitops.dev_connectors.yaml",
        "jitops.dev_gone.yaml",
        "jitops.dev_jitsustreams.yaml",
    ]
    crds.write(tmp_path)
    assert crds.current(tmp_path) == []
    assert (tmp_path / "kustomization.yaml").exists()


class Part(BaseModel):
    """A part."""

    model_config = ConfigDict(extra="forbid")


class Whole(BaseModel):
    """A model with everything that pydantic and Kubernetes express differently."""

    constant: Literal["x"] = "x"
    limited: int | None = Field(None, ge=1)
    part: Part | None = Field(None, description="Its\n  own words.")
    parts: list[Part] = []
    named: dict[str, Part] = {}


def test_translation_into_a_structural_schema() -> None:
    """Constants, defaults, alternatives with null and references become what a structural schema has for them."""
    part = {"type": "object", "description": "A part.", "properties": {}}
    assert crds.model_schema(Whole)["properties"] == {
        "constant": {"type": "string", "enum": ["x"]},
        "limited": {"type": "integer", "format": "int64", "minimum": 1},
        "part": {**part, "description": "Its own words."},
        "parts": {"type": "array", "x-kubernetes-list-type": "atomic", "items": part},
        "named": {"type": "object", "additionalProperties": part},
    }


class TwoTypes(BaseModel):
    """A model that no structural schema can express."""

    either: int | str


class Pair(BaseModel):
    """Another one."""

    pair: tuple[int, str]


class Open(BaseModel):
    """A limit that is not part of its range."""

    above: int = Field(gt=0)


@pytest.mark.parametrize("model", [TwoTypes, Pair, Open])
def test_what_cannot_be_expressed_is_refused(model: Any) -> None:
    """A model that Kubernetes can't take fails when the CRDs are made, not when they are applied."""
    with pytest.raises(crds.UnstructuralError):
        crds.model_schema(model)


def example_documents() -> list[dict[str, Any]]:
    """Read all examples in the order of their numbers."""
    paths = sorted((ROOT / "examples").rglob("*.yaml"))
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def test_examples_are_valid_and_show_every_kind() -> None:
    """Each example would be accepted, and what it refers to is there."""
    documents = example_documents()
    specs = {kind.kind: kind.spec for kind in KINDS}
    names = {(document["kind"], document["metadata"]["name"]) for document in documents}
    for document in documents:
        if document["kind"] in specs:
            spec = validate_spec(specs[document["kind"]], document["spec"])
            if isinstance(spec, ConnectionSpec):
                assert ("Secret", spec.credentials_ref.name) in names
            else:
                field, kind = connection_field(type(spec))
                assert (kind, document["spec"][field]["name"]) in names
    assert {kind for kind, _ in names} == {"Secret", "ConfigMap", *specs}


def test_examples_would_fail_if_they_were_wrong() -> None:
    """The check above has teeth."""
    with pytest.raises(InvalidSpec):
        validate_spec(KINDS[0].spec, {"workspace": "acme"})
