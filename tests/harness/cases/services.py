"""Cases of JitsuService."""

from __future__ import annotations

from tests.harness.cases.case import REF, accepted, adopt, changed, refused, secret, service
from tests.harness.manifests import from_secret

FULL_SERVICE = service(
    workspaceRef={"name": "acme", "namespace": "analytics"},
    name="GitHub",
    credentials={"repositories": ["a/b"], "start": "2024-01-01T00:00:00Z", "auth": {"kind": "token"}, "id": 7},
    secretConfig=[from_secret("auth.token"), from_secret("client_secret", key="client")],
)

SERVICES = (
    *accepted(
        "JitsuService",
        {
            "tested": service(validation="Enforce"),
            "the least": service(),
            "everything": FULL_SERVICE,
            "credentials are the connector's to judge": service(credentials={"name": "x", "a": [{"b": None}]}),
            "null is absent": service(credentials=None, secretConfig=None, name=None),
            "adopt by id": service(**adopt(mode="Override", id="x")),
        },
    ),
    *refused(
        "JitsuService",
        {
            "spec.package": {
                "package missing": {"workspaceRef": REF, "version": "1"},
                "package empty": service(package=""),
            },
            "spec.version": {
                "version a number": service(version=1.2),
                "version like a date": service(version="2026-01-02T03:04:05Z"),
            },
            "spec.credentials": {
                "credentials a list": service(credentials=["x"]),
                "too many credentials": service(credentials={f"f{n}": n for n in range(129)}),
            },
            "spec.secretConfig": {
                "path twice": service(secretConfig=[from_secret("a"), from_secret("a", key="b")]),
            },
            "spec.protocol": {
                "protocol is the console's": service(protocol="airbyte"),
            },
            "spec.management.adopt.id": {
                "adopt Match without an id": service(**adopt(mode="Match")),
            },
            "spec.outputs.secret.keys": {
                "output of another kind": service(**secret(keys={"publicWriteKey": "X"})),
            },
        },
    ),
    *changed(
        "JitsuService",
        {
            None: {
                "another version": (service(), service(version="2")),
                "secrets come and go": (FULL_SERVICE, FULL_SERVICE | {"secretConfig": []}),
            },
            "spec.workspaceRef": {
                "another workspace": (service(), service(workspaceRef={"name": "other"})),
            },
        },
    ),
)
