"""Cases of Connector."""

from __future__ import annotations

from tests.cases.case import REF, accepted, adopt, changed, connector, refused, secret

CONNECTORS = (
    *accepted(
        "Connector",
        {
            "the least": connector(),
            "with activities": connector(name="Acme CRM", manifest={"activities": ["query", "Upsert_2", "x-y"]}),
            "as many activities as there are": connector(manifest={"activities": [f"a{n}" for n in range(99)]}),
            "adopt by name and version": connector(**adopt(mode="Match")),
            "manifest renamed": connector(**secret(keys={"MANIFEST.MF": "manifest"})),
        },
    ),
    *refused(
        "Connector",
        {
            "spec.version": {
                "version missing": {"organizationRef": REF},
                "version a number": connector(version=1.0),
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
            },
            "spec.name": {
                "renamed": (connector(name="A"), connector(name="B")),
                "name removed": (connector(name="A"), connector()),
                "name added": (connector(), connector(name="A")),
            },
            "spec.version": {
                "another version": (connector(), connector(version="2")),
            },
            "spec.organizationRef": {
                "another organization": (connector(), connector(organizationRef={"name": "other"})),
            },
        },
    ),
)
