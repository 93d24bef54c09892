"""Cases of JitsuLink."""

from __future__ import annotations

from tests.harness.cases.case import REF, Spec, accepted, adopt, changed, link, refused, secret

FROM_SERVICE: Spec = {"serviceRef": {"name": "crm"}}
FULL_LINK = link(
    workspaceRef={"name": "acme", "namespace": "analytics"},
    functions=[
        {"functionRef": {"name": "enrich"}, "options": {"depth": 2, "tags": ["a", None], "nothing": None}},
        {"functionRef": {"external": "cl9x"}},
    ],
    data={"mode": "batch", "frequency": None, "functionsEnv": {"REGION": "eu"}},
    management={"adopt": {"mode": "Match"}, "deletionPolicy": "Retain", "drift": "Report"},
    outputs={"secret": {"name": "shop-link", "keys": {"id": "LINK_ID"}}},
)
FULL_SYNC = link(
    **{"from": FROM_SERVICE},
    to={"destinationRef": {"external": "cl9x"}},
    data={"streams": {"users": {"sync_mode": "incremental", "cursor_field": ["id"]}}, "schedule": "0 * * * *"},
    allowParallel=True,
    management={"adopt": {"mode": "Override", "id": "ws-a-b-c"}},
)

LINKS = (
    *accepted(
        "JitsuLink",
        {
            "the least": link(),
            "everything": FULL_LINK,
            "a sync": FULL_SYNC,
            "no functions": link(functions=[]),
            "no options": link(data={}),
            "a sync that is not parallel": link(**{"from": FROM_SERVICE}, allowParallel=False),
            "a push that is not parallel": link(allowParallel=False),
            "adopt by its pair": link(**adopt(mode="Override")),
            "null is absent": link(functions=None, data=None, allowParallel=None),
        },
    ),
    *refused(
        "JitsuLink",
        {
            "spec.from": {
                "no start": {"workspaceRef": REF, "to": {"destinationRef": {"name": "x"}}},
                "start at nothing": link(**{"from": {}}),
                "start at both": link(**{"from": {**FROM_SERVICE, "streamRef": {"name": "shop"}}}),
            },
            "spec.from.streamRef": {
                "stream without a name": link(**{"from": {"streamRef": {}}}),
                "stream by name and id": link(**{"from": {"streamRef": {"name": "shop", "external": "x"}}}),
            },
            "spec.from.streamRef.external": {
                "id with a space": link(**{"from": {"streamRef": {"external": "a b"}}}),
                "id empty": link(**{"from": {"streamRef": {"external": ""}}}),
            },
            "spec.from.streamRef.namespace": {
                "stream of another namespace": link(**{"from": {"streamRef": {"name": "shop", "namespace": "x"}}}),
            },
            "spec.to": {
                "no end": {"workspaceRef": REF, "from": {"streamRef": {"name": "shop"}}},
            },
            "spec.to.destinationRef": {
                "end at nothing": link(to={}),
                "destination as a string": link(to={"destinationRef": "warehouse"}),
                "destination by name and id": link(to={"destinationRef": {"name": "a", "external": "b"}}),
            },
            "spec.functions": {
                "functions in a sync": link(**{"from": FROM_SERVICE}, functions=[{"functionRef": {"name": "f"}}]),
                "too many functions": link(functions=[{"functionRef": {"name": "f"}}] * 65),
            },
            "spec.functions[0].functionRef": {
                "function missing": link(functions=[{"options": {}}]),
                "function by name and id": link(functions=[{"functionRef": {"name": "a", "external": "b"}}]),
            },
            "spec.functions[1].functionRef.name": {
                "function name in capitals": link(
                    functions=[{"functionRef": {"name": "f"}}, {"functionRef": {"name": "F"}}]
                ),
            },
            "spec.data": {
                "functions in data": link(data={"functions": [{"functionId": "udf.x"}]}),
                "data a list": link(data=[]),
            },
            "spec.allowParallel": {
                "push that is parallel": link(allowParallel=True),
            },
            "spec.management.adopt.id": {
                "adopt one of several": link(**{"from": FROM_SERVICE}, allowParallel=True, **adopt(mode="Match")),
            },
            "spec.name": {
                "links have no name": link(name="x"),
            },
            "spec.management.cascade": {
                "links have nothing to cascade to": link(management={"cascade": "Strict"}),
            },
            "spec.outputs.secret.keys": {
                "output of another kind": link(**secret(keys={"publicWriteKey": "X"})),
            },
        },
    ),
    *changed(
        "JitsuLink",
        {
            None: {
                "all but the ends changes": (link(), FULL_LINK | {"workspaceRef": REF}),
                "sync becomes parallel": (
                    link(**{"from": FROM_SERVICE}),
                    link(**{"from": FROM_SERVICE}, allowParallel=True),
                ),
            },
            "spec.workspaceRef": {
                "another workspace": (link(), link(workspaceRef={"name": "other"})),
            },
            "spec.from": {
                "another stream": (link(), link(**{"from": {"streamRef": {"name": "blog"}}})),
                "a service instead": (link(), link(**{"from": FROM_SERVICE})),
                "the id instead of the name": (link(), link(**{"from": {"streamRef": {"external": "shop"}}})),
            },
            "spec.to": {
                "another destination": (link(), link(to={"destinationRef": {"name": "lake"}})),
            },
        },
    ),
)
