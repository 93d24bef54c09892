"""The form of a case of the tables, and the specs that the cases vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A spec, or a change from `old` to it; `field` is the path that a refusal names, None if it is valid."""

    name: str
    kind: str
    spec: Spec
    old: Spec | None = None
    field: str | None = None


REF = {"name": "acme"}


def workspace(**more: Any) -> Spec:
    """Return a complete JitsuWorkspace spec, changed by `more`."""
    return {"credentialsRef": {"name": "key"}, "workspace": "acme", **more}


def stream(**more: Any) -> Spec:
    """Return a complete JitsuStream spec, changed by `more`."""
    return {"workspaceRef": REF, **more}


def destination(**more: Any) -> Spec:
    """Return a complete JitsuDestination spec, changed by `more`."""
    return {"workspaceRef": REF, "destinationType": "clickhouse", "config": {"hosts": ["ch:8443"]}, **more}


def service(**more: Any) -> Spec:
    """Return a complete JitsuService spec, changed by `more`."""
    return {"workspaceRef": REF, "package": "airbyte/source-github", "version": "1.2.3", **more}


def function(**more: Any) -> Spec:
    """Return a complete JitsuFunction spec, changed by `more`; `code=None` removes the code."""
    spec = {"workspaceRef": REF, "code": "export default async (event) => event;", **more}
    return {name: value for name, value in spec.items() if name != "code" or value is not None}


def link(**more: Any) -> Spec:
    """Return a complete JitsuLink spec, changed by `more`."""
    ends = {"from": {"streamRef": {"name": "shop"}}, "to": {"destinationRef": {"name": "warehouse"}}}
    return {"workspaceRef": REF, **ends, **more}


def organization(**more: Any) -> Spec:
    """Return a complete JitterbitOrganization spec, changed by `more`; None removes a field."""
    spec = {"credentialsRef": {"name": "login"}, "organizationId": "100200", "region": "NA", **more}
    return {name: value for name, value in spec.items() if value is not None}


def connector(**more: Any) -> Spec:
    """Return a complete Connector spec, changed by `more`."""
    return {"organizationRef": REF, "version": "1.0.0", **more}


def builder(**more: Any) -> Spec:
    """Return a complete Connector spec of the Connector Builder, changed by `more`; None removes a field."""
    spec = {"organizationRef": REF, "source": "Builder", "name": "Acme Tickets 2", "version": "2b", **more}
    return {name: value for name, value in spec.items() if value is not None}


def replacing(allow: str = "Allow") -> Spec:
    """Return the part of a spec that allows or forbids replacing its object."""
    return {"management": {"replace": allow}}


def accepted(kind: str, specs: dict[str, Spec]) -> tuple[Case, ...]:
    """Return a case for each valid spec, by name."""
    return tuple(Case(name, kind, spec) for name, spec in specs.items())


def refused(kind: str, fields: dict[str, dict[str, Spec]]) -> tuple[Case, ...]:
    """Return a case for each invalid spec, by the field to blame, then by name."""
    return tuple(Case(name, kind, spec, field=field) for field, specs in fields.items() for name, spec in specs.items())


def changed(kind: str, fields: dict[str | None, dict[str, tuple[Spec, Spec]]]) -> tuple[Case, ...]:
    """Return a case for each change, old spec then new, by the field to blame (None: valid), then by name."""
    return tuple(
        Case(name, kind, new, old, field) for field, changes in fields.items() for name, (old, new) in changes.items()
    )


def adopt(**fields: str) -> Spec:
    """Return the part of a spec that adopts an object."""
    return {"management": {"adopt": fields}}


def secret(**fields: Any) -> Spec:
    """Return the part of a spec that describes the output Secret."""
    return {"outputs": {"secret": fields}}
