"""Cases of the connections, JitsuWorkspace and JitterbitOrganization."""

from __future__ import annotations

from tests.harness.cases.case import accepted, changed, organization, refused, workspace

FULL_WORKSPACE = workspace(
    baseUrl="http://127.0.0.1:7710",
    allowedNamespaces={
        "from": "Selector",
        "selector": {
            "matchLabels": {"team": "shop"},
            "matchExpressions": [
                {"key": "stage", "operator": "In", "values": ["test", "live"]},
                {"key": "legacy", "operator": "DoesNotExist"},
            ],
        },
    },
    deletionPolicy="Retain",
    resyncPeriod="0",
    limits={"get": 600, "post": 120, "put": 120, "delete": 60},
    tls={"caRef": {"kind": "ConfigMap", "name": "company-ca", "key": "ca.crt"}},
    credentials={"protect": "Never"},
)

WORKSPACES = (
    *accepted(
        "JitsuWorkspace",
        {
            "the least": workspace(),
            "everything": FULL_WORKSPACE,
            "address with a path": workspace(baseUrl="https://intranet.example.com/jitsu/"),
            "address of version 6": workspace(baseUrl="http://[::1]:3000"),
            "all namespaces": workspace(allowedNamespaces={"from": "All"}),
            "selects everything": workspace(allowedNamespaces={"from": "Selector", "selector": {}}),
        },
    ),
    *refused(
        "JitsuWorkspace",
        {
            "spec.workspace": {
                "no workspace": {"credentialsRef": {"name": "key"}},
                "workspace with a slash": workspace(workspace="a/b"),
                "workspace that climbs": workspace(workspace=".."),
            },
            "spec.credentialsRef": {
                "no credentials": {"workspace": "acme"},
            },
            "spec.baseUrl": {
                "address without a scheme": workspace(baseUrl="use.jitsu.com"),
                "address of another scheme": workspace(baseUrl="ftp://use.jitsu.com"),
                "address with a password": workspace(baseUrl="https://me:pass@use.jitsu.com"),
                "address with a query": workspace(baseUrl="https://use.jitsu.com/?a=b"),
            },
            "spec.allowedNamespaces.selector": {
                "selector missing": workspace(allowedNamespaces={"from": "Selector"}),
                "selector not used": workspace(allowedNamespaces={"from": "All", "selector": {}}),
                "selector with the default": workspace(allowedNamespaces={"selector": {}}),
            },
            "spec.allowedNamespaces.selector.matchExpressions[0].values": {
                "In without values": workspace(
                    allowedNamespaces={
                        "from": "Selector",
                        "selector": {"matchExpressions": [{"key": "a", "operator": "In"}]},
                    }
                ),
                "Exists with values": workspace(
                    allowedNamespaces={
                        "from": "Selector",
                        "selector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
                    }
                ),
            },
            "spec.limits.get": {
                "limit of nothing": workspace(limits={"get": 0}),
            },
            "spec.tls.caRef.kind": {
                "authority without a kind": workspace(tls={"caRef": {"name": "ca"}}),
            },
            "spec.tls.caRef.key": {
                "authority under a key that begins with two dots": workspace(
                    tls={"caRef": {"kind": "Secret", "name": "ca", "key": "..data"}}
                ),
            },
        },
    ),
    *changed(
        "JitsuWorkspace",
        {
            None: {
                "another address": (workspace(), FULL_WORKSPACE),
            },
            "spec.workspace": {
                "another": (workspace(), workspace(workspace="b")),
            },
        },
    ),
)

ORGANIZATIONS = (
    *accepted(
        "JitterbitOrganization",
        {
            "by region": organization(),
            "by host": organization(region=None, host="http://127.0.0.1:7720"),
            "by both": organization(host="https://apac.jitterbit.com", settleSeconds=0),
            "with an adapter": organization(apiAdapter={"baseUrl": "https://adapter.example/base"}),
        },
    ),
    *refused(
        "JitterbitOrganization",
        {
            "spec.region": {
                "neither region nor host": organization(region=None),
                "region unknown": organization(region="MARS"),
            },
            "spec.organizationId": {
                "id a number": organization(organizationId=100200),
                "id missing": organization(organizationId=None),
            },
            "spec.settleSeconds": {
                "settles in no time": organization(settleSeconds=-1),
            },
            "spec.apiAdapter.baseUrl": {
                "adapter nowhere": organization(apiAdapter={}),
                "adapter on Harmony": organization(apiAdapter={"baseUrl": "https://na-east.jitterbit.com/x"}),
                "adapter on Harmony itself": organization(apiAdapter={"baseUrl": "http://JITTERBIT.com"}),
                "adapter with a password in its address": organization(apiAdapter={"baseUrl": "https://a:b@x.example"}),
            },
        },
    ),
    *changed(
        "JitterbitOrganization",
        {
            None: {
                "region becomes host": (organization(), organization(region=None, host="https://x.example")),
            },
            "spec.organizationId": {
                "another organization": (organization(), organization(organizationId="7")),
            },
        },
    ),
)
