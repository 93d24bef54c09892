"""What a case of the tables is, and the specs that they vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A spec, or a change from `old` to it; `field` is the path that a refusal names, None if it is fine."""

    name: str
    kind: str
    spec: Spec
    old: Spec | None = None
    field: str | None = None


REF = {"name": "acme"}


def workspace(**more: Any) -> Spec:
    """Give a whole JitsuWorkspace spec, changed by `more`."""
    return {"credentialsRef": {"name": "key"}, "workspace": "acme", **more}


def stream(**more: Any) -> Spec:
    """Give a whole JitsuStream spec, changed by `more`."""
    return {"workspaceRef": REF, **more}


def destination(**more: Any) -> Spec:
    """Give a whole JitsuDestination spec, changed by `more`."""
    return {"workspaceRef": REF, "destinationType": "clickhouse", "config": {"hosts": ["ch:8443"]}, **more}


def service(**more: Any) -> Spec:
    """Give a whole JitsuService spec, changed by `more`."""
    return {"workspaceRef": REF, "package": "airbyte/source-github", "version": "1.2.3", **more}


def function(**more: Any) -> Spec:
    """Give a whole JitsuFunction spec, changed by `more`; without code where that is None."""
    spec = {"workspaceRef": REF, "code": "export default async (event) => event;", **more}
    return {name: value for name, value in spec.items() if name != "code" or value is not None}


def link(**more: Any) -> Spec:
    """Give a whole JitsuLink spec, changed by `more`."""
    ends = {"from": {"streamRef": {"name": "shop"}}, "to": {"destinationRef": {"name": "warehouse"}}}
    return {"workspaceRef": REF, **ends, **more}


def organization(**more: Any) -> Spec:
    """Give a whole JitterbitOrganization spec, changed by `more`; None takes a field out."""
    spec = {"credentialsRef": {"name": "login"}, "organizationId": "100200", "region": "NA", **more}
    return {name: value for name, value in spec.items() if value is not None}


def connector(**more: Any) -> Spec:
    """Give a whole Connector spec, changed by `more`."""
    return {"organizationRef": REF, "version": "1.0.0", **more}


def builder(**more: Any) -> Spec:
    """Give a whole Connector spec of the Connector Builder, changed by `more`; None takes a field out."""
    spec = {"organizationRef": REF, "source": "Builder", "name": "Acme Tickets 2", "version": "2b", **more}
    return {name: value for name, value in spec.items() if value is not None}


def replacing(allow: str = "Allow") -> Spec:
    """Give the part of a spec that says whether its object may be replaced."""
    return {"management": {"replace": allow}}


def accepted(kind: str, specs: dict[str, Spec]) -> tuple[Case, ...]:
    """Make cases of specs that are fine, by name."""
    return tuple(Case(name, kind, spec) for name, spec in specs.items())


def refused(kind: str, fields: dict[str, dict[str, Spec]]) -> tuple[Case, ...]:
    """Make cases of specs that are wrong, by the field that is to blame, then by name."""
    return tuple(Case(name, kind, spec, field=field) for field, specs in fields.items() for name, spec in specs.items())


def changed(kind: str, fields: dict[str | None, dict[str, tuple[Spec, Spec]]]) -> tuple[Case, ...]:
    """Make cases of changes, old spec then new, by the field that is to blame (None: fine), then by name."""
    return tuple(
        Case(name, kind, new, old, field) for field, changes in fields.items() for name, (old, new) in changes.items()
    )


def adopt(**fields: str) -> Spec:
    """Give the part of a spec that says what to adopt."""
    return {"management": {"adopt": fields}}


def secret(**fields: Any) -> Spec:
    """Give the part of a spec that says how the Secret looks."""
    return {"outputs": {"secret": fields}}
