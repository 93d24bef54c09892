"""Manifests as users write them: for each kind a complete one, with defaults for what a test does not set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from jitops.api.meta import API_VERSION, WATCH
from jitops.core.kube import Key, Resource
from jitops_sandbox import Sandbox

Manifest = dict[str, Any]


class Served(Protocol):
    """Anything with both products running."""

    @property
    def sandbox(self) -> Sandbox:
        """The products."""


def secret_manifest(
    name: str, data: Mapping[str, str], namespace: str | None = "team", *, watched: bool = True
) -> Manifest:
    """Return a Secret as a user writes it."""
    meta = _metadata(name, namespace, labels={WATCH: "true"} if watched else {})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": dict(data)}


def manifest(
    kind: str, name: str, spec: Mapping[str, Any] | None = None, namespace: str | None = "team", /, **metadata: Any
) -> Manifest:
    """Return a manifest of one of jitops' kinds; without a namespace, whoever applies it chooses one."""
    meta = _metadata(name, namespace, **metadata)
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": dict(spec or {})}


def _metadata(name: str, namespace: str | None, **more: Any) -> Manifest:
    return {"name": name, **({} if namespace is None else {"namespace": namespace}), **more}


def resource(key: Key, spec: Mapping[str, Any] | None = None, /, *, status: Any = None, **metadata: Any) -> Resource:
    """Return a resource as the operator reads it from the API server."""
    body = manifest(key.kind, key.name, spec, key.namespace, **metadata)
    return Resource.parse(key.kind, {**body, "status": status})


def workspace(url: str, name: str = "acme", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuWorkspace."""
    usual = {"baseUrl": url, "workspace": "acme", "credentialsRef": {"name": "jitsu"}}
    return manifest("JitsuWorkspace", name, {**usual, **spec}, namespace)


def organization(url: str, name: str = "org", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitterbitOrganization."""
    usual = {"host": url, "organizationId": "100200", "credentialsRef": {"name": "harmony"}}
    return manifest("JitterbitOrganization", name, {**usual, **spec}, namespace)


def jitsu(world: Served, **spec: Any) -> tuple[Manifest, Manifest]:
    """Return a workspace's credentials, and the workspace."""
    credentials = {"apiKey": world.sandbox.credentials.api_key}
    return secret_manifest("jitsu", credentials), workspace(world.sandbox.jitsu_url, **spec)


def harmony(world: Served, **spec: Any) -> tuple[Manifest, Manifest]:
    """Return an organization's credentials, and the organization."""
    known = world.sandbox.credentials
    login = {"email": known.email, "password": known.password, "adapterToken": known.adapter_token}
    usual = {"apiAdapter": {"baseUrl": world.sandbox.adapter_url}}
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url, **given)


def stream(name: str = "shop", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuStream."""
    usual = {"workspaceRef": {"name": "acme", "namespace": "team"}}
    return manifest("JitsuStream", name, {**usual, **spec}, namespace)


def function(name: str = "enrich", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuFunction; None removes a default."""
    usual = {"workspaceRef": {"name": "acme", "namespace": "team"}, "code": CODE}
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return manifest("JitsuFunction", name, given, namespace)


def destination(name: str = "warehouse", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuDestination; None removes a default."""
    usual = {
        "workspaceRef": {"name": "acme", "namespace": "team"},
        "destinationType": "clickhouse",
        "config": {"hosts": ["ch.example.com:8443"]},
        "secretConfig": [from_secret("password", "ch", "password")],
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return manifest("JitsuDestination", name, given, namespace)


def service(name: str = "crm", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuService; None removes a default."""
    usual = {
        "workspaceRef": {"name": "acme", "namespace": "team"},
        "package": "airbyte/source-crm",
        "version": "1.2.3",
        "credentials": {"account": "acme"},
        "secretConfig": [from_secret("auth.token", "ch", "password")],
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return manifest("JitsuService", name, given, namespace)


def from_secret(path: str, name: str = "ch", key: str = "password") -> Manifest:
    """Return the part of a spec by which a field is read from a Secret."""
    return {"path": path, "secretKeyRef": {"name": name, "key": key}}


def config_map(name: str, data: Mapping[str, str], namespace: str = "team", *, watched: bool = False) -> Manifest:
    """Return a ConfigMap as a user writes it."""
    meta = _metadata(name, namespace, labels={WATCH: "true"} if watched else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)}


def link(name: str = "shop-events", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuLink between two ends that jitops does not manage."""
    ends = {"from": {"streamRef": {"external": "site1"}}, "to": {"destinationRef": {"external": "warehouse1"}}}
    usual = {"workspaceRef": {"name": "acme", "namespace": "team"}, **ends}
    return manifest("JitsuLink", name, {**usual, **spec}, namespace)


def sync(name: str = "crm-sync", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a JitsuLink that syncs a service to a destination."""
    usual = {"from": {"serviceRef": {"external": "crm1"}}, "data": {"streams": {}}}
    return link(name, namespace, **{**usual, **spec})


def connector(name: str = "billing", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a Connector."""
    usual = {"organizationRef": {"name": "org", "namespace": "team"}, "version": "1.0.0"}
    return manifest("Connector", name, {**usual, **spec}, namespace)


def custom_api(name: str = "customers", namespace: str = "team", /, **spec: Any) -> Manifest:
    """Return a public CustomAPI that the adapter publishes; None removes a default."""
    usual = {
        "organizationRef": {"name": "org", "namespace": "team"},
        "environment": {"name": "Development", "urlPrefix": "dev"},
        "serviceRoot": name,
        "baseUrl": "https://gateway.example.com",
        "services": [SERVICE_OF_API],
        "security": {"anonymous": True},
        "publication": {"mode": "Adapter"},
    }
    given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
    return manifest("CustomAPI", name, given, namespace)


SERVICE_OF_API = {
    "name": "read",
    "project": "CRM",
    "operation": "Read customer",
    "method": "GET",
    "path": "/{id}",
    "responseType": "FinalTarget",
}
CODE = "export default async (event) => event;\n"
STREAM = Key("JitsuStream", "team", "shop")
SERVICE = Key("JitsuService", "team", "crm")
DESTINATION = Key("JitsuDestination", "team", "warehouse")
FUNCTION = Key("JitsuFunction", "team", "enrich")
LINK = Key("JitsuLink", "team", "shop-events")
SYNC = Key("JitsuLink", "team", "crm-sync")
CONNECTOR = Key("Connector", "team", "billing")
CUSTOM_API = Key("CustomAPI", "team", "customers")
WORKSPACE = Key("JitsuWorkspace", "team", "acme")
ORGANIZATION = Key("JitterbitOrganization", "team", "org")
