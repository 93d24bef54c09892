"""What people read of a Custom API: its configuration for API Manager's UI, and OpenAPI for its callers."""

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
"""What OpenAPI has a place for; a service with a custom method gets none, as in Jitterbit's own documents (4.2)."""
IN_BRACES = re.compile(r"\{([^{}]+)\}")
BASIC = "basic"


def openapi(spec: CustomAPISpec, configuration: Mapping[str, JSON], url: str) -> dict[str, JSON]:
    """Describe the API as its callers find it; what isn't known of its security profiles is told in words."""
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
        "responses": {"default": {"description": "What the operation answers"}},
    }


def _parameters(service: Service) -> Iterator[dict[str, JSON]]:
    """Give what is named, and each part of the path in braces, named or not."""
    told: dict[tuple[str, str], str | None] = {("path", name): None for name in IN_BRACES.findall(service.path or "")}
    told |= {(one.in_, one.name): one.description for one in service.parameters}
    for (place, name), description in sorted(told.items(), key=itemgetter(0)):
        yield {
            "name": name,
            "in": place,
            "required": place == "path",
            "schema": {"type": "string"},
            **({"description": description} if description else {}),
        }


def _security(spec: CustomAPISpec) -> dict[str, JSON]:
    """Name the profiles; only how Basic ones are used is known for sure."""
    if spec.security.public:
        return {"security": []}
    profiles = [
        {"name": one.name, **({"kind": one.kind} if one.kind else {})}
        for one in sorted(spec.security.profiles, key=lambda one: one.name)
    ]
    told: dict[str, JSON] = {"x-jitterbit-security-profiles": profiles}
    if any(one.kind == "Basic" for one in spec.security.profiles):
        told["components"] = {"securitySchemes": {BASIC: {"type": "http", "scheme": "basic"}}}
    if all(one.kind == "Basic" for one in spec.security.profiles):
        told["security"] = [{BASIC: []}]
    return told


def written(value: JSON) -> str:
    """Write a document as people read it, and the same each time."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
