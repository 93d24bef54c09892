"""The documents of a Custom API: its configuration for API Manager's UI, and OpenAPI for its callers."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitterbit.custom_api.parts import Service
    from jitops.products.jitterbit.custom_api.spec import CustomAPISpec

METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
"""The methods that OpenAPI has. Services with a custom method are left out, as in Jitterbit's documents (4.2)."""
IN_BRACES = re.compile(r"\{([^{}]+)\}")
BASIC = "basic"


def openapi(spec: CustomAPISpec, configuration: Mapping[str, JSON], url: str) -> dict[str, JSON]:
    """Return the OpenAPI document of an API; security profiles that OpenAPI can't express are in an extension."""
    document: dict[str, JSON] = {
        "openapi": "3.1.0",
        "info": {
            "title": configuration["name"],
            "version": configuration["version"] or "unversioned",
            **({"description": configuration["description"]} if configuration["description"] else {}),
        },
        "servers": [{"url": url}],
        "paths": _paths(spec),
        **_security(spec),
    }
    return document


def _paths(spec: CustomAPISpec) -> dict[str, JSON]:
    paths: dict[str, dict[str, JSON]] = {}
    for service in sorted(spec.services, key=lambda one: one.name):
        if service.method in METHODS:
            paths.setdefault(service.path or "/", {})[service.method.lower()] = _operation(service)
    return paths


def _operation(service: Service) -> dict[str, JSON]:
    parameters = list(_parameters(service))
    return {
        "operationId": service.name,
        "summary": f"Runs the operation {service.operation} of the project {service.project}",
        **({"parameters": parameters} if parameters else {}),
        "responses": {"default": {"description": "The response of the operation"}},
    }


def _parameters(service: Service) -> Iterator[dict[str, JSON]]:
    """Yield the parameters of a service, and each part of its path in braces, even if it is not listed."""
    found: dict[tuple[str, str], str | None] = {("path", name): None for name in IN_BRACES.findall(service.path or "")}
    found |= {(one.in_, one.name): one.description for one in service.parameters}
    for (place, name), description in sorted(found.items(), key=itemgetter(0)):
        yield {
            "name": name,
            "in": place,
            "required": place == "path",
            "schema": {"type": "string"},
            **({"description": description} if description else {}),
        }


def _security(spec: CustomAPISpec) -> dict[str, JSON]:
    """Return the security part; only for Basic profiles it is known how callers authenticate."""
    if spec.security.public:
        return {"security": []}
    profiles = [
        {"name": one.name, **({"kind": one.kind} if one.kind else {})}
        for one in sorted(spec.security.profiles, key=lambda one: one.name)
    ]
    document: dict[str, JSON] = {"x-jitterbit-security-profiles": profiles}
    if any(one.kind == "Basic" for one in spec.security.profiles):
        document["components"] = {"securitySchemes": {BASIC: {"type": "http", "scheme": "basic"}}}
    if all(one.kind == "Basic" for one in spec.security.profiles):
        document["security"] = [{BASIC: []}]
    return document


def json_text(value: JSON) -> str:
    """Return a document as readable JSON, always in the same order."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
