"""Cases of JitsuDestination."""

from __future__ import annotations

from tests.harness.cases.case import REF, accepted, adopt, changed, destination, refused, secret
from tests.harness.manifests import from_secret

FULL_DESTINATION = destination(
    workspaceRef={"name": "acme", "namespace": "analytics"},
    name="Warehouse",
    config={"hosts": ["ch:8443"], "loadAsJson": True, "parameters": {"a.b": "1", "empty": ""}, "port": 1.5},
    secretConfig=[from_secret("password"), from_secret("parameters.token", key="token")],
)

DESTINATIONS = (
    *accepted(
        "JitsuDestination",
        {
            "tested": destination(validation="Warn"),
            "the least": {"workspaceRef": REF, "destinationType": "devnull"},
            "everything": FULL_DESTINATION,
            "config is the console's to judge": destination(config={"anything": {"goes": [1, {"in": None}]}}),
            "a type that is not known yet": destination(destinationType="brand-new-2"),
            "null is absent": destination(config=None, secretConfig=None, name=None),
            "no secrets": destination(secretConfig=[]),
            "paths that begin alike": destination(secretConfig=[from_secret("key"), from_secret("keyFile")]),
            "one Secret twice": destination(secretConfig=[from_secret("a.b"), from_secret("a.c")]),
            "adopt by id": destination(**adopt(mode="Match", id="x")),
        },
    ),
    *refused(
        "JitsuDestination",
        {
            "spec.destinationType": {
                "type missing": {"workspaceRef": REF},
                "type in capitals": destination(destinationType="ClickHouse"),
                "type that leads elsewhere": destination(destinationType="../stream"),
                "type empty": destination(destinationType=""),
            },
            "spec.name": {
                "name like a date": destination(name="2026-01-02T03:04:05Z"),
            },
            "spec.config": {
                "config a list": destination(config=["x"]),
                "config sets the id": destination(config={"id": "x"}),
                "config sets the type": destination(config={"destinationType": "s3"}),
                "config sets the name": destination(config={"name": "x"}),
                "config clones": destination(config={"cloneId": "x"}),
                "config says provisioned": destination(config={"provisioned": True}),
                "too much config": destination(config={f"f{n}": n for n in range(129)}),
            },
            "spec.secretConfig": {
                "path twice": destination(secretConfig=[from_secret("password"), from_secret("password", key="b")]),
                "path inside another": destination(secretConfig=[from_secret("a"), from_secret("a.b")]),
                "too many secrets": destination(secretConfig=[from_secret(f"f{n}") for n in range(33)]),
            },
            "spec.secretConfig[0].path": {
                "path empty": destination(secretConfig=[from_secret("")]),
                "path with an index": destination(secretConfig=[from_secret("headers[0]")]),
                "path that ends with a dot": destination(secretConfig=[from_secret("a.")]),
            },
            "spec.secretConfig[0].secretKeyRef": {
                "secret in clear": destination(secretConfig=[{"path": "password"}]),
            },
            "spec.secretConfig[0].value": {
                "secret with a value": destination(secretConfig=[{**from_secret("password"), "value": "x"}]),
            },
            "spec.management.adopt.id": {
                "adopt Match without an id": destination(**adopt(mode="Match")),
            },
            "spec.outputs.secret.keys": {
                "output of another kind": destination(**secret(keys={"publicWriteKey": "X"})),
            },
        },
    ),
    *changed(
        "JitsuDestination",
        {
            None: {
                "another type": (destination(), destination(destinationType="s3", config={"bucket": "b"})),
                "secrets come and go": (FULL_DESTINATION, FULL_DESTINATION | {"secretConfig": []}),
            },
            "spec.workspaceRef": {
                "another workspace": (destination(), destination(workspaceRef={"name": "other"})),
            },
        },
    ),
)
