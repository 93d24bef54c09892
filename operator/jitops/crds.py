"""From the models to CustomResourceDefinitions: pydantic's JSON schema, in Kubernetes' structural form.

Pure functions, but for `write` and `current`, which keep a folder of generated files. Rules, list-map keys
and descriptions come from the models; added here is what every CRD has: names, columns, the subresource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from jitops.api.kind import KindInfo
from jitops.api.meta import GROUP, LONGEST_NAME, VERSION
from jitops.api.schema.reference import connection_field
from jitops.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jitops.api.schema.model import Model

Schema = dict[str, Any]

HEADER = "# Generated from operator/jitops/api by `make crds`; edit the models, not this file.\n"

DROPPED = {"title", "default", "$defs"}
"""What Kubernetes has no use for. Defaults live in code: in the CRD, GitOps tools would see differences."""

ORDER = (
    "description", "type", "format", "enum", "pattern", "default",
    "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-preserve-unknown-fields",
    "required", "properties", "additionalProperties", "items", "x-kubernetes-validations",
)  # fmt: skip
"""All that a node may have, as a reader wants it: what it is, then what it holds, then what must be true."""


class UnstructuralError(TypeError):
    """A model uses something that a structural schema can't express."""


def structural(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """Turn one node of pydantic's schema, and all below it, into the structural form."""

    def below(part: Schema) -> Schema:
        return structural(part, definitions)

    node = {key: value for key, value in _plain(resolve(schema, definitions)).items() if key not in DROPPED}
    if "properties" in node:
        node["properties"] = {name: below(part) for name, part in node["properties"].items()}
    for holder in ("items", "additionalProperties"):
        if holder in node:
            node[holder] = below(node[holder])
    unknown = node.keys() - set(ORDER)
    if unknown:
        raise UnstructuralError(f"{sorted(unknown)} have no place in a structural schema")
    return {key: node[key] for key in ORDER if key in node}


def resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """Replace a reference by what it means, and "this or null" by this; the node's own words win."""
    node = dict(schema)
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            inner = definitions[node.pop("$ref").removeprefix("#/$defs/")]
        else:
            inner = _only_choice(node.pop("anyOf"))
        node = {**inner, **node}
    return node


def _only_choice(choices: list[Schema]) -> Schema:
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(real) != 1:
        raise UnstructuralError("a structural schema has no unions: give the field one type")
    return real[0]


def _plain(node: Schema) -> Schema:
    """Say in Kubernetes' words what pydantic says in others, and aloud what Kubernetes would assume."""
    if node.get("additionalProperties") is False:
        del node["additionalProperties"]
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if "exclusiveMinimum" in node:
        node["minimum"] = node.pop("exclusiveMinimum") + 1
    if "exclusiveMaximum" in node:
        node["maximum"] = node.pop("exclusiveMaximum") - 1
    if "description" in node:
        node["description"] = " ".join(node["description"].split())
    if node.get("type") == "array":
        node.setdefault("x-kubernetes-list-type", "atomic")
    if node.get("type") == "integer":
        node.setdefault("format", "int64")
    return node


def model_schema(model: type[Model]) -> Schema:
    """Give the structural schema of a model."""
    schema = model.model_json_schema(by_alias=True)
    return structural(schema, schema.get("$defs", {}))


def object_schema(kind: KindInfo) -> Schema:
    """Give the schema of a whole resource."""
    return {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"Always {kind.kind}."},
            "metadata": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": LONGEST_NAME}},
            },
            "spec": model_schema(kind.spec),
            "status": {"default": {"observedGeneration": -1}, **model_schema(kind.status)},
        },
    }


def columns(kind: KindInfo) -> list[Schema]:
    """Give what `kubectl get` shows; from the fifth on with `-o wide` only."""
    shown = [
        _column("READY", _condition("Ready", "status"), "Whether the resource is ready, as the condition Ready says."),
        _column("SYNCED", _condition("Synced", "status"), "Whether the last comparison or write succeeded."),
        _column("REMOTE-ID", ".status.id", "The id of the remote object."),
        _column("AGE", ".metadata.creationTimestamp", "When the resource was created.", type="date"),
        _column("REASON", _condition("Ready", "reason"), "The reason of the condition Ready.", priority=1),
    ]
    if not kind.is_connection:
        shown += [
            _column(
                "CONNECTION",
                f".spec.{connection_field(kind.spec).name}.name",
                "The connection that the resource uses.",
                priority=1,
            ),
            _column(
                "DRIFT", _condition("DriftDetected", "status"), "Whether others changed the remote object.", priority=1
            ),
        ]
    return [
        *shown,
        _column("MESSAGE", _condition("Ready", "message"), "The message of the condition Ready.", priority=1),
    ]


def _condition(name: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{name}")].{field}'


def _column(name: str, path: str, description: str, *, type: str = "string", priority: int = 0) -> Schema:  # noqa: A002 - the CRD's word
    column = {"name": name, "type": type, "description": description, "jsonPath": path}
    return {**column, "priority": priority} if priority else column


def manifest(kind: KindInfo) -> Schema:
    """Give the CustomResourceDefinition of a kind."""
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns(kind),
        "schema": {"openAPIV3Schema": object_schema(kind)},
    }
    names = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def manifests() -> list[Schema]:
    """Give all CustomResourceDefinitions."""
    return [manifest(kind) for kind in KINDS]


class _Plain(yaml.SafeDumper):
    """Writes everything out, with no anchors, and lists indented below their key."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - as above
        super().increase_indent(flow, indentless=False)


def files() -> dict[str, str]:
    """Give the generated files: name → text."""
    return {f"{GROUP}_{kind.plural}.yaml": HEADER + _text(manifest(kind)) for kind in KINDS}


def _text(document: Schema) -> str:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True)


def write(directory: Path) -> None:
    """Write the generated files, and remove those of kinds that are no more."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for path in directory.glob(f"{GROUP}_*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (directory / name).write_text(text, encoding="utf-8")


def current(directory: Path) -> list[str]:
    """Name the files that are missing, differ from what the models say, or are of kinds that are no more."""
    wanted = files()
    found = {path.name: path.read_text(encoding="utf-8") for path in directory.glob(f"{GROUP}_*.yaml")}
    return sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
