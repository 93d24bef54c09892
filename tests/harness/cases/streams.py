"""Cases of JitsuStream."""

from __future__ import annotations

from tests.harness.cases.case import REF, accepted, adopt, changed, refused, secret, stream

FULL_STREAM = stream(
    workspaceRef={"name": "acme", "namespace": "analytics"},
    name="Shop events",
    domains=["events.example.com", "*.Example.COM", "xn--bcher-kva.example"],
    authorizedJavaScriptDomains="*.example.com",
    strict=True,
    shard=3,
    deduplicateWindowMs=5000,
    extra={"owner": {"team": "shop", "since": 2024, "tags": ["a", None]}, "ratio": 0.5, "nothing": None},
    keys={"public": "Generate", "private": "None", "rotate": "2026-11", "overlap": "1h30m"},
    management={
        "policy": "Managed",
        "adopt": {"mode": "Match", "id": "cl9x"},
        "deletionPolicy": "Retain",
        "cascade": "Orphan",
        "drift": "Report",
        "resyncPeriod": "10m",
    },
    outputs={
        "secret": {
            "name": "shop.events",
            "keys": {"publicWriteKey": "JITSU_WRITE_KEY"},
            "labels": {"team": "shop", "example.com/empty": ""},
            "annotations": {"example.com/note": "what you like: § ü"},
        }
    },
)

STREAMS = (
    *accepted(
        "JitsuStream",
        {
            "the least": stream(),
            "everything": FULL_STREAM,
            "no domains": stream(domains=[]),
            "null is absent": stream(name=None, domains=None, management=None, keys={"rotate": None}),
            "observed": stream(management={"policy": "Observe"}),
            "adopt by id": stream(**adopt(mode="Override", id="x")),
            "no resync": stream(management={"resyncPeriod": "0"}),
            "null entries are absent": stream(**secret(keys={"id": None}, labels={"a": None})),
            "whole number with a point": stream(shard=3.0),
            "resync in seconds": stream(management={"resyncPeriod": "90s"}),
            "outputs swapped": stream(**secret(keys={"publicKeyId": "privateKeyId", "privateKeyId": "publicKeyId"})),
            "keys with dots": stream(**secret(keys={"id": ".id", "publicKeyId": "a..b."})),
            "name with spaces inside": stream(name="Shop  events ü"),
        },
    ),
    *refused(
        "JitsuStream",
        {
            "spec.workspaceRef": {
                "no workspace": {"name": "x"},
            },
            "spec.workspaceRef.name": {
                "workspace without a name": stream(workspaceRef={"namespace": "x"}),
                "workspace name in capitals": stream(workspaceRef={"name": "Acme"}),
                "workspace name empty": stream(workspaceRef={"name": ""}),
                "workspace name too long": stream(workspaceRef={"name": "a" * 254}),
                "workspace name a number": stream(workspaceRef={"name": 7}),
            },
            "spec.workspaceRef.namespace": {
                "namespace with a dot": stream(workspaceRef={"name": "acme", "namespace": "a.b"}),
            },
            "spec.name": {
                "name empty": stream(name=""),
                "name with a space at its end": stream(name="shop "),
                "name of two lines": stream(name="shop\nevents"),
                "name like a date": stream(name="2026-01-02T03:04:05Z"),
            },
            "spec.domains": {
                "domains as a string": stream(domains="example.com"),
                "too many domains": stream(domains=[f"d{n}.example.com" for n in range(257)]),
            },
            "spec.domains[0]": {
                "domain with spaces": stream(domains=["not a domain"]),
                "domain with a scheme": stream(domains=["https://example.com"]),
                "domain with a port": stream(domains=["example.com:8443"]),
                "domain with a path": stream(domains=["example.com/x"]),
                "domain of one label": stream(domains=["localhost"]),
                "domain that is an address": stream(domains=["10.0.0.1"]),
                "domain with a wildcard inside": stream(domains=["a.*.example.com"]),
                "domain with an underscore": stream(domains=["a_b.example.com"]),
                "domain that ends with a dot": stream(domains=["example.com."]),
                "domain label too long": stream(domains=["a" * 64 + ".example.com"]),
                "domain null": stream(domains=[None]),
            },
            "spec.domains[1]": {
                "second domain bad": stream(domains=["example.com", "-a.example.com"]),
            },
            "spec.strict": {
                "strict as a string": stream(strict="true"),
            },
            "spec.shard": {
                "shard negative": stream(shard=-1),
                "shard as a string": stream(shard="3"),
                "shard with a fraction": stream(shard=1.5),
                "shard too large for JavaScript": stream(shard=2**53),
            },
            "spec.extra": {
                "extra shadows the id": stream(extra={"id": "x"}),
                "extra shadows domains": stream(extra={"domains": ["example.com"]}),
                "extra shadows keys": stream(extra={"publicKeys": [{"id": "x"}]}),
                "extra sets deleted": stream(extra={"deleted": True}),
                "extra a list": stream(extra=["x"]),
                "too much extra": stream(extra={f"f{n}": n for n in range(65)}),
            },
            "spec.keys.public": {
                "key mode unknown": stream(keys={"public": "Make"}),
            },
            "spec.keys.overlap": {
                "overlap without a unit": stream(keys={"overlap": "24"}),
                "overlap a number": stream(keys={"overlap": 24}),
                "overlap empty": stream(keys={"overlap": ""}),
                "overlap negative": stream(keys={"overlap": "-1h"}),
            },
            "spec.management.resyncPeriod": {
                "resync in days": stream(management={"resyncPeriod": "1d"}),
                "resync in the wrong order": stream(management={"resyncPeriod": "5m1h"}),
            },
            "spec.management.policy": {
                "policy null word": stream(management={"policy": "no"}),
            },
            "spec.management.cascade": {
                "cascade unknown": stream(management={"cascade": "Force"}),
            },
            "spec.management.adopt.id": {
                "adopt id without a mode": stream(**adopt(id="x")),
                "adopt id with Never": stream(**adopt(id="x", mode="Never")),
                "adopt Match without an id": stream(**adopt(mode="Match")),
                "adopt Override without an id": stream(**adopt(mode="Override")),
            },
            "spec.outputs.secret.keys": {
                "output unknown": stream(**secret(keys={"writeKey": "X"})),
                "two outputs one key": stream(**secret(keys={"id": "X", "publicKeyId": "X"})),
                "renamed onto another output": stream(**secret(keys={"id": "publicKeyId"})),
            },
            "spec.outputs.secret.keys.id": {
                "key with a space": stream(**secret(keys={"id": "A B"})),
                "key that is a dot": stream(**secret(keys={"id": "."})),
                "key that is two dots": stream(**secret(keys={"id": ".."})),
                "key that begins with two dots": stream(**secret(keys={"id": "..a"})),
            },
            "spec.outputs.secret.labels": {
                "label of ours": stream(**secret(labels={"jitops.dev/watch": "false"})),
                "label that says who manages": stream(**secret(labels={"app.kubernetes.io/managed-by": "me"})),
            },
            "spec.outputs.secret.annotations": {
                "annotation key with a space": stream(**secret(annotations={"a b": "c"})),
                "annotation key of two slashes": stream(**secret(annotations={"a/b/c": "d"})),
            },
            "spec.outputs.secret.labels.team": {
                "label value with a space": stream(**secret(labels={"team": "a b"})),
            },
            "spec.keys.nope": {
                "field unknown and null": stream(keys={"nope": None}),
            },
            "spec.domain": {
                "field unknown": stream(domain="example.com"),
            },
            "spec.workspace_ref": {
                "field in Python's spelling": stream(workspace_ref=REF),
            },
            "spec.keys.privat": {
                "field unknown below": stream(keys={"privat": "None"}),
            },
        },
    ),
    *changed(
        "JitsuStream",
        {
            None: {
                "all but the workspace changes": (stream(), FULL_STREAM | {"workspaceRef": REF}),
                "policy changes": (stream(management={"policy": "Observe"}), stream()),
                "the same again": (FULL_STREAM, FULL_STREAM),
            },
            "spec.workspaceRef": {
                "another workspace": (stream(), stream(workspaceRef={"name": "other"})),
                "another namespace's workspace": (stream(), stream(workspaceRef={**REF, "namespace": "x"})),
            },
        },
    ),
)
