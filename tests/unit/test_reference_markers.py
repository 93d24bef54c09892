"""References of specs: what each kind refers to, and that no spec as written makes the walker fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from tests.harness.cases.case import (
    builder,
    destination,
    function,
    link,
    organization,
    service,
    stream,
    workspace,
)
from tests.harness.cases.custom_apis import FULL_CUSTOM_API
from tests.harness.cases.mutations import FULL, ODD, places, replaced
from tests.harness.cases.specs import CASES
from tests.harness.manifests import from_secret

from jitops.api.managed import ConfigMapKeyRef, NameRef, SecretKeyRef
from jitops.api.schema.model import Model
from jitops.api.schema.reference import ReferenceModel, RefersTo, connection_field, find_references
from jitops.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitops.api.schema.reference import Reference

SPECS = {kind.kind: kind.spec for kind in KINDS}

BUNDLE = {"configMapKeyRef": {"name": "bundle", "key": "code.js"}}
PRIVATE_CA = {"caRef": {"kind": "ConfigMap", "name": "ca"}}
SECRET_CA = {"caRef": {"kind": "Secret", "name": "ca", "key": "x"}}
ENDS = {"from": {"serviceRef": {"name": "crm"}}, "to": {"destinationRef": {"name": "lake"}}}

FOUND: dict[str, tuple[str, dict[str, Any], list[Reference]]] = {
    "a stream": ("JitsuStream", stream(), []),
    "code of ConfigMaps": (
        "JitsuFunction",
        function(code=None, codeFrom=[BUNDLE, {"configMapKeyRef": {"name": "more", "key": "b"}}]),
        [
            ("codeFrom[0].configMapKeyRef", "ConfigMap", "bundle", "code.js"),
            ("codeFrom[1].configMapKeyRef", "ConfigMap", "more", "b"),
        ],
    ),
    "secrets of a destination, named by their paths": (
        "JitsuDestination",
        destination(secretConfig=[from_secret("password"), from_secret("tls.key", name="tls", key="tls.key")]),
        [
            ("secretConfig.password", "Secret", "ch", "password"),
            ("secretConfig.tls.key", "Secret", "tls", "tls.key"),
        ],
    ),
    "secrets of a service": (
        "JitsuService",
        service(secretConfig=[from_secret("token")]),
        [("secretConfig.token", "Secret", "ch", "password")],
    ),
    "both ends of a link, and its functions by name": (
        "JitsuLink",
        link(functions=[{"functionRef": {"external": "x"}}, {"functionRef": {"name": "enrich"}}]),
        [
            ("from.streamRef", "JitsuStream", "shop", None),
            ("to.destinationRef", "JitsuDestination", "warehouse", None),
            ("functions[1].functionRef", "JitsuFunction", "enrich", None),
        ],
    ),
    "both ends of a sync": (
        "JitsuLink",
        link(**ENDS),
        [("from.serviceRef", "JitsuService", "crm", None), ("to.destinationRef", "JitsuDestination", "lake", None)],
    ),
    "the export of a connector": (
        "Connector",
        builder(builder={"exportFrom": BUNDLE}),
        [("builder.exportFrom.configMapKeyRef", "ConfigMap", "bundle", "code.js")],
    ),
    "the credentials of a Custom API": (
        "CustomAPI",
        {**FULL_CUSTOM_API, "verification": {"credentialsRef": {"name": "caller", "key": "basic"}}},
        [("verification.credentialsRef", "Secret", "caller", "basic")],
    ),
    "the credentials and the certificate authority of a workspace": (
        "JitsuWorkspace",
        workspace(tls=PRIVATE_CA),
        [("credentialsRef", "Secret", "key", None), ("tls.caRef", "ConfigMap", "ca", None)],
    ),
    "the same of an organization": (
        "JitterbitOrganization",
        organization(tls=SECRET_CA),
        [("credentialsRef", "Secret", "login", None), ("tls.caRef", "Secret", "ca", None)],
    ),
}


@pytest.mark.parametrize(("kind", "spec", "expected"), FOUND.values(), ids=FOUND.keys())
def test_each_kind_has_the_references_of_its_fields(kind: str, spec: dict[str, Any], expected: list[Reference]) -> None:
    """The references of a spec are those of its marked fields, with their paths, in the order of the fields."""
    assert find_references(SPECS[kind], spec) == expected


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.is_connection], ids=lambda kind: kind.kind)
def test_each_managed_kind_names_its_connection(kind: Any) -> None:
    """The connection's field and kind follow from the marker, and the kind is a connection."""
    field, connection = connection_field(kind.spec)
    assert field in {"workspaceRef", "organizationRef"}
    assert next(one for one in KINDS if one.kind == connection).is_connection


def test_a_connection_uses_none() -> None:
    """A model without the marker is a defect that shows at once."""
    with pytest.raises(LookupError, match="JitsuWorkspaceSpec"):
        connection_field(SPECS["JitsuWorkspace"])


def variants(kind: str) -> Iterator[dict[str, Any]]:
    """Yield all specs of a kind that the tests know, and each with any part replaced by something odd."""
    known = [spec for case in CASES if case.kind == kind for spec in (case.spec, case.old) if spec is not None]
    rich = [FULL[kind], *(spec for each, spec, _ in FOUND.values() if each == kind)]
    yield from (*known, *rich)
    for spec in rich:
        for path in places(spec):
            yield from (replaced(spec, path, odd) for odd in (*ODD, "name", ["x"], {"name": "n", "key": "k"}))


def at(spec: Any, path: str) -> list[Any]:
    """Return what a spec has at a path such as `functions[1].functionRef`, or for each item with that `path`."""
    if path.startswith("secretConfig."):
        named = path.removeprefix("secretConfig.")
        return [item["secretKeyRef"] for item in spec["secretConfig"] if is_secret(item) and item["path"] == named]
    for name in path.replace("[", ".[").split("."):
        spec = spec[int(name[1:-1])] if name.startswith("[") else spec[name]
    return [spec]


def is_secret(item: object) -> bool:
    """Return whether an item of `secretConfig` has the parts of one."""
    return isinstance(item, dict) and {"path", "secretKeyRef"} <= item.keys() and isinstance(item["secretKeyRef"], dict)


@pytest.mark.parametrize("kind", SPECS)
def test_references_of_any_spec_are_found_where_they_are(kind: str) -> None:
    """Whatever a spec holds, nothing fails, and each reference has the name and key that are at its path."""
    for spec in variants(kind):
        for path, _, name, key in find_references(SPECS[kind], spec):
            assert isinstance(name, str)
            assert (name, key) in [(ref["name"], key and ref["key"]) for ref in at(spec, path)]


class Pair(Model):
    """A model whose two lists lie in one another."""

    ref: SecretKeyRef | None = None
    """A reference by its type."""
    named: Annotated[NameRef, RefersTo("JitsuStream")] | None = None
    """A reference by a marker."""
    plain: NameRef | None = None
    """No reference."""


class Nested(Model):
    """A model with references in lists of lists."""

    outer: list[Pair] | None = None
    """A list of models."""
    config_map: ConfigMapKeyRef | None = None
    """A field with another alias."""


class Deep(Model):
    """A model around another."""

    groups: Annotated[list[Nested], "any marker"] | None = None
    """A list of lists."""


def test_references_in_lists_of_lists_have_all_indexes() -> None:
    """Each list on the way adds an index to the path, and fields are read by their aliases."""
    items = [{"ref": {"name": "a", "key": "b"}, "plain": {"name": "c"}}, {"named": {"name": "shop", "key": "x"}}]
    spec = {"groups": [{}, {"outer": items, "configMap": {"name": "d", "key": "e"}}, "odd"]}
    assert find_references(Deep, spec) == [
        ("groups[1].outer[0].ref", "Secret", "a", "b"),
        ("groups[1].outer[1].named", "JitsuStream", "shop", None),
        ("groups[1].configMap", "ConfigMap", "d", "e"),
    ]


def test_every_reference_model_says_what_it_refers_to() -> None:
    """A model that is a reference by its type says to which kind."""
    assert {model.__name__ for model in ReferenceModel.__subclasses__()} >= {"SecretKeyRef", "ConfigMapKeyRef", "CaRef"}
    assert all(isinstance(model.refers_to, RefersTo) for model in ReferenceModel.__subclasses__())
