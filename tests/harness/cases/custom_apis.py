"""Cases of CustomAPI."""

from __future__ import annotations

from typing import Any

from tests.harness.cases.case import REF, Spec, accepted, adopt, changed, refused, secret

SERVICE: Spec = {
    "name": "read",
    "project": "CRM",
    "operation": "Read customer",
    "method": "GET",
    "path": "/{id}",
    "responseType": "FinalTarget",
}
ENVIRONMENT: Spec = {"name": "Development", "urlPrefix": "dev"}


def api(**more: Any) -> Spec:
    """Return a complete CustomAPI spec, changed by `more`; None removes a field."""
    spec: Spec = {
        "organizationRef": REF,
        "environment": ENVIRONMENT,
        "serviceRoot": "customers",
        "services": [SERVICE],
        "security": {"anonymous": True},
        "publication": {"mode": "Manual"},
        **more,
    }
    return {name: value for name, value in spec.items() if value is not None}


def service(**more: Any) -> Spec:
    """Return a spec whose only service is changed by `more`; None removes a field."""
    parts = {name: value for name, value in {**SERVICE, **more}.items() if value is not None}
    return api(services=[parts])


def protected(*profiles: Spec, **more: Any) -> Spec:
    """Return a spec with security profiles."""
    return api(security={"profiles": list(profiles), **more})


def observed(**verification: Any) -> Spec:
    """Return a spec whose URL is probed."""
    return api(publication={"mode": "Observe"}, verification=verification)


KEY = {"name": "caller", "key": "authorization"}

FULL_CUSTOM_API = api(
    services=[{**SERVICE, "parameters": [{"name": "id", "in": "path", "description": "The number"}]}],
    name="Customers",
    description="Looks up\ncustomers.",
    version="1.0-2",
    baseUrl="https://api.example.com",
    logging={"debug": True, "verbose": False},
    roles=["Sales", "Support team"],
    security={
        "profiles": [
            {"name": "partners", "kind": "Basic"},
            {"name": "two words", "kind": "OAuth2", "provider": "Okta"},
            {"name": "key"},
        ]
    },
    publication={"mode": "Adapter", "state": "Draft", "acknowledgedHash": "0123456789abcdef"},
    verification={"probe": True, "path": "/health", "interval": "2h", "credentialsRef": KEY, "header": "X-Api-Key"},
    outputs={"secret": {"name": "urls"}, "configMap": {"name": "docs"}},
)

CUSTOM_APIS = (
    *accepted(
        "CustomAPI",
        {
            "the least": api(),
            "all of it": FULL_CUSTOM_API,
            "all specials of a service root": api(serviceRoot="a_~()$;/\\?:@=&'!*,+-Z9"),
            "version of 50": api(version="1" * 50),
            "custom method": service(method="LOOKUP"),
            "service without a path": service(path=None),
            "parameters": service(
                parameters=[{"name": "id", "in": "path"}, {"name": "q", "in": "query"}, {"name": "X-Y", "in": "header"}]
            ),
            "same path by two methods": api(services=[SERVICE, {**SERVICE, "name": "w", "method": "PUT"}]),
            "anonymous profile said aloud": protected({"name": "open", "kind": "Anonymous"}, anonymous=True),
            "base that only looks like Harmony": api(baseUrl="https://notjitterbit.com/jitterbit.com"),
            "base of a region's gateway": api(baseUrl="https://Example100200.jitterbit.net"),
            "look with every character": observed(path="/a..b/.c/A0-_~!$&'()*+,;=:@%C3%A4//"),
            "same name in query and header": service(
                parameters=[{"name": "q", "in": "query"}, {"name": "q", "in": "header"}]
            ),
            "credentials": observed(credentialsRef=KEY, header="X-Api-Key"),
            "adopt by id": api(**adopt(mode="Match", id="theirs")),
            "outputs renamed": api(**secret(name="urls", keys={"url": "API_URL"})),
        },
    ),
    *refused(
        "CustomAPI",
        {
            "spec.environment": {"environment missing": api(environment=None)},
            "spec.environment.urlPrefix": {
                "prefix missing": api(environment={"name": "Development"}),
                "prefix with a space": api(environment={"name": "Development", "urlPrefix": "d v"}),
                "prefix with a slash": api(environment={"name": "Development", "urlPrefix": "a/b"}),
            },
            "spec.serviceRoot": {
                "service root missing": api(serviceRoot=None),
                "service root with a space": api(serviceRoot="my customers"),
                "service root with a special that isn't documented": api(serviceRoot="customers#1"),
                "service root with a dot": api(serviceRoot="customers.v1"),
                "service root empty": api(serviceRoot=""),
            },
            "spec.version": {
                "version with a space": api(version="1 0"),
                "version of 51": api(version="1" * 51),
                "version that leaves the path": api(version=".."),
                "version a number": api(version=1),
            },
            "spec.baseUrl": {
                "base with a query": api(baseUrl="https://a.example.com?x=1"),
                "base on Harmony": api(baseUrl="https://na-east.jitterbit.com"),
                "base on Harmony with a path": api(baseUrl="https://Apps.NA-east.Jitterbit.com:443/dev"),
            },
            "spec.services": {
                "services missing": api(services=None),
                "no service": api(services=[]),
                "two services that can't be told apart": api(services=[SERVICE, {**SERVICE, "name": "again"}]),
                "two services without a path": api(
                    services=[
                        {**SERVICE, "path": "/"},
                        {k: v for k, v in SERVICE.items() if k != "path"} | {"name": "a"},
                    ]
                ),
            },
            "spec.services[0].responseType": {
                "response type missing": service(responseType=None),
                "response type that isn't documented": service(responseType="NoResponse"),
            },
            "spec.services[0].method": {"method in small letters": service(method="get")},
            "spec.services[0].path": {
                "path without its slash": service(path="x"),
                "path with a control character": service(path="/x\x01"),
                "path with half a parameter": service(path="/{id"),
                "path with a parameter without a name": service(path="/{}"),
                "path with a parameter over two parts": service(path="/{a/b}"),
            },
            "spec.services[0].operation": {"operation missing": service(operation=None)},
            "spec.services[0].parameters": {
                "path parameter that isn't in the path": service(parameters=[{"name": "no", "in": "path"}]),
                "parameter named twice": service(
                    parameters=[{"name": "q", "in": "query"}, {"name": "q", "in": "query"}]
                ),
            },
            "spec.services[0].parameters[0].in": {
                "parameter in a cookie": service(parameters=[{"name": "a", "in": "x"}])
            },
            "spec.roles[0]": {"role with a space before it": api(roles=[" Sales"])},
            "spec.roles": {"role named twice": api(roles=["Sales", "Support", "Sales"])},
            "spec.security": {"security missing": api(security=None)},
            "spec.security.anonymous": {
                "public and not said": api(security={}),
                "no profile and not said": protected(),
                "anonymous profile and not said": protected({"name": "open", "kind": "Anonymous"}),
                "said though it is not public": protected({"name": "key"}, anonymous=True),
            },
            "spec.security.profiles[0].name": {
                "profile with a space at its end": protected({"name": "key "}),
                "profile for Entra ID with a space": protected(
                    {"name": "two words", "kind": "OAuth2", "provider": "EntraID"}
                ),
            },
            "spec.security.profiles[0].provider": {
                "provider of what has none": protected({"name": "key", "kind": "Basic", "provider": "Okta"}),
            },
            "spec.publication": {"publication missing": api(publication=None)},
            "spec.publication.mode": {
                "mode missing": api(publication={"state": "Draft"}),
                "mode unknown": api(publication={"mode": "Api"}),
            },
            "spec.publication.state": {"state unknown": api(publication={"mode": "Manual", "state": "Live"})},
            "spec.verification.probe": {"credentials that are not used": observed(probe=False, credentialsRef=KEY)},
            "spec.verification.header": {
                "header without credentials": observed(header="X-Api-Key"),
                "header that no caller sets": observed(credentialsRef=KEY, header="Content-Length"),
                "header of dashes": observed(credentialsRef=KEY, header="--"),
            },
            "spec.verification.path": {
                "look with a parameter": observed(path="/customers/{id}"),
                "look at another API": observed(path="/../orders"),
                "look at another API, encoded": observed(path="/x/%2E%2e/orders"),
                "look with half an escape": observed(path="/100%"),
                "look with a letter that no URL has": observed(path="/ä"),
                "look with a control character": observed(path="/\x01"),
                "look with a query": observed(path="/x?y=1"),
            },
            "spec.outputs.secret.keys": {"output of another kind": api(**secret(keys={"secret": "X"}))},
        },
    ),
    *changed(
        "CustomAPI",
        {
            None: {
                "moved to another URL": (api(), api(serviceRoot="crm", version="2")),
                "another mode": (api(), api(publication={"mode": "Adapter"})),
            },
            "spec.environment": {
                "another environment": (api(), api(environment={"name": "Production", "urlPrefix": "dev"})),
            },
            "spec.organizationRef": {
                "another organization": (api(), api(organizationRef={"name": "other"})),
            },
        },
    ),
)
