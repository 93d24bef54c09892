"""Cases of Connector."""

from __future__ import annotations

from typing import Any

from tests.harness.cases.case import REF, Spec, accepted, adopt, builder, changed, connector, refused, replacing, secret


def jar(**fields: Any) -> Spec:
    """Return a spec whose manifest has these fields besides its activities."""
    return connector(manifest={"activities": ["query"], **fields})


def export(**ref: str) -> Spec:
    """Return a spec that names where the Builder's export is kept."""
    return {"exportFrom": {"configMapKeyRef": {"name": "tickets", "key": "tickets.json", **ref}}}


FULL_CONNECTOR = connector(
    name="A",
    source="SDK",
    manifest={
        "activities": ["a", "b"],
        "author": "A B",
        "version": "1",
        "factoryClass": "a.B",
        "classPath": ["lib/a.jar"],
        "ui": "a.json",
    },
    **secret(keys={"id": "X"}),
    **replacing(),
)
"""A spec with every field set that can be combined."""

CONNECTORS = (
    *accepted(
        "Connector",
        {
            "the least": connector(),
            "with activities": connector(name="Acme CRM", manifest={"activities": ["query", "Upsert_2", "x-y"]}),
            "as many activities as there are": connector(manifest={"activities": [f"a{n}" for n in range(99)]}),
            "adopt by name and version": connector(**adopt(mode="Match")),
            "manifest renamed": connector(**secret(keys={"MANIFEST.MF": "manifest"})),
            "everything": FULL_CONNECTOR,
            "author in any script": jar(author="Söhne & 中 (GmbH): 1"),
            "class with a dollar": jar(factoryClass="$a._b.C$D"),
            "no libraries": jar(classPath=[]),
            "many libraries": jar(classPath=[f"lib/{n}%20ü.jar" for n in range(64)]),
            "interface in a folder": jar(ui="ui/adapter.json"),
            "replaceable": connector(**replacing()),
            "not replaceable": connector(**replacing("Never")),
            "source said": connector(source="SDK"),
            "Builder": builder(),
            "Builder in another script": builder(name="Ünïcode 中", version="2ß"),
            "Builder with its export": builder(builder=export()),
            "Builder observed": builder(management={"policy": "Observe", "deletionPolicy": "Retain"}),
            "Builder adopts nothing": builder(management={"adopt": {"mode": "Never"}, "replace": "Never"}),
        },
    ),
    *refused(
        "Connector",
        {
            "spec.version": {
                "version missing": {"organizationRef": REF},
                "version a number": connector(version=1.0),
                "Builder with a dot": builder(version="1.0"),
            },
            "spec.manifest.activities": {
                "activities missing": connector(manifest={}),
                "too many activities": connector(manifest={"activities": [f"a{n}" for n in range(100)]}),
                "activity twice": connector(manifest={"activities": ["query", "other", "query"]}),
                "activity twice but for its case": connector(manifest={"activities": ["query", "Query"]}),
            },
            "spec.manifest.activities[0]": {
                "activity that breaks the line": connector(manifest={"activities": ["a: b\r\nEvil: yes"]}),
                "activity too long for a header": connector(manifest={"activities": ["a" * 39]}),
                "activity empty": connector(manifest={"activities": [""]}),
            },
            "spec.manifest.author": {
                "author that breaks the line": jar(author="A\r\nEvil: yes"),
                "author with a carriage return": jar(author="A\rEvil: yes"),
                "author with a NUL": jar(author="A\x00"),
                "author with a space after it": jar(author="A "),
                "author empty": jar(author=""),
                "author too long": jar(author="a" * 256),
            },
            "spec.manifest.version": {
                "version of the JAR that breaks the line": jar(version="1\nEvil: yes"),
                "version of the JAR a number": jar(version=1),
            },
            "spec.manifest.factoryClass": {
                "class with a space": jar(factoryClass="a. B"),
                "class that ends in a dot": jar(factoryClass="a.B."),
                "class that begins with a digit": jar(factoryClass="a.1B"),
                "class that breaks the line": jar(factoryClass="a.B\nEvil"),
            },
            "spec.manifest.classPath[0]": {
                "library with a space": jar(classPath=["lib/a b.jar"]),
                "library that breaks the line": jar(classPath=["a.jar\nEvil:yes"]),
                "library empty": jar(classPath=[""]),
            },
            "spec.manifest.classPath": {"too many libraries": jar(classPath=["a"] * 65)},
            "spec.manifest.ui": {
                "interface with a space": jar(ui="a b.json"),
                "interface from the root": jar(ui="/adapter.json"),
            },
            "spec.source": {"source of another kind": connector(source="Studio")},
            "spec.management.replace": {
                "replace misspelt": connector(**replacing("allow")),
                "Builder replaced": builder(**replacing()),
            },
            "spec.name": {
                "Builder without a name": builder(name=None),
                "Builder with a dash": builder(name="Acme-Tickets"),
            },
            "spec.manifest": {"Builder with a manifest": builder(manifest={"activities": []})},
            "spec.builder": {"export without Builder": connector(builder=export())},
            "spec.builder.exportFrom": {"export nowhere": builder(builder={})},
            "spec.builder.exportFrom.configMapKeyRef.key": {"export under no key": builder(builder=export(key=""))},
            "spec.management.policy": {"Builder managed": builder(management={"policy": "Managed"})},
            "spec.management.adopt": {
                "Builder adopted": builder(**adopt(mode="Match")),
                "Builder adopted by id": builder(**adopt(mode="Override", id="1")),
            },
            "spec.outputs.secret.keys": {
                "output of another kind": connector(**secret(keys={"publicWriteKey": "X"})),
            },
        },
    ),
    *changed(
        "Connector",
        {
            None: {
                "activities change": (connector(), connector(manifest={"activities": ["a"]})),
                "renamed with leave": (connector(name="A"), connector(name="B", **replacing())),
                "another version with leave": (connector(**replacing()), connector(version="2", **replacing())),
                "name removed with leave": (connector(name="A"), connector(**replacing())),
                "leave is taken back": (connector(**replacing()), connector(**replacing("Never"))),
                "the default source is said": (connector(), connector(source="SDK")),
                "Builder gets an export": (builder(), builder(builder=export())),
            },
            "spec.name": {
                "renamed": (connector(name="A"), connector(name="B")),
                "name removed": (connector(name="A"), connector()),
                "name added": (connector(), connector(name="A")),
                "renamed when leave is over": (connector(name="A", **replacing()), connector(name="B")),
                "Builder renamed": (builder(name="A"), builder(name="B")),
            },
            "spec.version": {
                "another version": (connector(), connector(version="2")),
                "another version without leave": (
                    connector(**replacing()),
                    connector(version="2", **replacing("Never")),
                ),
            },
            "spec.source": {
                "Builder to SDK": (builder(), connector(name="Acme Tickets 2", version="2b")),
                "SDK to Builder": (connector(name="Acme Tickets 2", version="2b"), builder()),
            },
            "spec.organizationRef": {
                "another organization": (connector(), connector(organizationRef={"name": "other"})),
            },
        },
    ),
)
