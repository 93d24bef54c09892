"""Cases of JitsuFunction."""

from __future__ import annotations

from tests.harness.cases.case import REF, Spec, accepted, adopt, changed, function, refused, secret

from jitops.products.jitsu.function.spec import LONGEST

TEST = {"name": "page", "event": {"type": "page"}, "options": {"deep": {"er": [1, None]}}}
DATE = "2026-01-02T03:04:05Z"


def code_from(*sources: object) -> Spec:
    """Return a spec whose code is read from ConfigMaps."""
    return function(code=None, codeFrom=list(sources))


def source(name: str = "code", key: str = "main.js") -> Spec:
    """Return a reference to a key of a ConfigMap."""
    return {"configMapKeyRef": {"name": name, "key": key}}


FULL_FUNCTION = function(
    workspaceRef={"name": "acme", "namespace": "analytics"},
    name="Enrich",
    kind="profile",
    slug="enrich",
    description="Looks up\nthe country.",
    draft="let a;",
    version="1.0.0",
    origin="jitsu-cli",
    management={"adopt": {"mode": "Match", "id": "cl9x"}, "deletionPolicy": "Retain", "drift": "Report"},
    outputs={"secret": {"name": "enrich", "keys": {"id": "FUNCTION_ID"}}},
)
FROM_CONFIG_MAPS = function(code=None, codeFrom=[source(), source("more.code", ".tail_1.js")])

FUNCTIONS = (
    *accepted(
        "JitsuFunction",
        {
            "the least": function(),
            "everything": FULL_FUNCTION,
            "code from ConfigMaps": FROM_CONFIG_MAPS,
            "one key twice": code_from(source(), source()),
            "null is absent": function(codeFrom=None, kind=None, draft=None),
            "the longest code": function(code="x" * LONGEST),
            "the longest code of two bytes a letter": function(code="é" * (LONGEST // 2)),
            "code with a date in it": function(code=f"const since = '{DATE}';"),
            "code of spaces": function(code=" \n"),
            "description empty": function(description=""),
            "description with a date in it": function(description=f"since {DATE}"),
            "draft as long as code": function(draft="x" * LONGEST),
            "adopt by id": function(**adopt(mode="Override", id="x")),
            "tested": function(
                validation="Enforce", tests=[TEST, {**TEST, "name": "drop", "expect": {"outcome": "Dropped"}}]
            ),
            "test with an event expected": function(tests=[{**TEST, "expect": {"event": {"country": "DE"}}}]),
            "observed": function(management={"policy": "Observe"}),
        },
    ),
    *refused(
        "JitsuFunction",
        {
            "spec.workspaceRef": {"no workspace": {"code": "x"}},
            "spec.name": {"name like a date": function(name=DATE), "name empty": function(name="")},
            "spec.code": {
                "no code": function(code=None),
                "code and codeFrom": function(codeFrom=[source()]),
                "code empty": function(code=""),
                "code like a date": function(code=DATE),
                "code with a NUL": function(code="let a\x00;\n"),
                "code too long": function(code="x" * (LONGEST + 1)),
                "code too long in bytes": function(code="é" * (LONGEST // 2 + 1)),
                "code a number": function(code=7),
            },
            "spec.codeFrom": {
                "codeFrom empty": code_from(),
                "codeFrom a text": function(code=None, codeFrom="main.js"),
                "too many sources": code_from(*(source(key=f"{n}.js") for n in range(65))),
            },
            "spec.codeFrom[0].configMapKeyRef": {"source of nothing": code_from({})},
            "spec.codeFrom[0].secretKeyRef": {
                "source in a Secret": code_from({**source(), "secretKeyRef": {"name": "code", "key": "main.js"}}),
            },
            "spec.codeFrom[1].configMapKeyRef.key": {
                "key missing": code_from(source(), {"configMapKeyRef": {"name": "code"}}),
                "key with a slash": code_from(source(), source(key="a/b.js")),
            },
            "spec.codeFrom[0].configMapKeyRef.name": {"ConfigMap in capitals": code_from(source("Code"))},
            "spec.codeFrom[0].configMapKeyRef.namespace": {
                "ConfigMap elsewhere": code_from({"configMapKeyRef": {**REF, "key": "a", "namespace": "other"}}),
            },
            "spec.kind": {"kind unknown": function(kind="batch")},
            "spec.slug": {"slug like a date": function(slug=DATE), "slug empty": function(slug="")},
            "spec.description": {
                "description like a date": function(description=DATE),
                "description with a NUL": function(description="\x00"),
                "description too long": function(description="x" * 4097),
            },
            "spec.draft": {
                "draft too long": function(draft="x" * (LONGEST + 1)),
                "draft empty": function(draft=""),
                "draft like a date": function(draft=DATE),
            },
            "spec.version": {"version a number": function(version=1), "version like a date": function(version=DATE)},
            "spec.validation": {"validation unknown": function(validation="Maybe")},
            "spec.tests": {"too many tests": function(tests=[{**TEST, "name": f"t{n}"} for n in range(33)])},
            "spec.tests[0].event": {"test without an event": function(tests=[{"name": "page"}])},
            "spec.tests[0].expect.event": {
                "event expected of a dropped one": function(
                    tests=[{**TEST, "expect": {"outcome": "Dropped", "event": {"country": "DE"}}}]
                ),
            },
            "spec.origin": {"origin like a date": function(origin=DATE)},
            "spec.management.adopt.id": {"adopt Match without an id": function(**adopt(mode="Match"))},
            "spec.management.cascade": {
                "cascade, which functions have not": function(management={"cascade": "Strict"})
            },
            "spec.outputs.secret.keys": {"output unknown": function(**secret(keys={"code": "X"}))},
        },
    ),
    *changed(
        "JitsuFunction",
        {
            None: {
                "all but the workspace changes": (function(), FULL_FUNCTION | {"workspaceRef": REF}),
                "code moves into ConfigMaps": (function(), FROM_CONFIG_MAPS),
                "code comes back": (FROM_CONFIG_MAPS, function()),
            },
            "spec.workspaceRef": {"another workspace": (function(), function(workspaceRef={"name": "other"}))},
        },
    ),
)
