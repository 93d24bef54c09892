"""The values computed from the spec of a Custom API: configuration, hash, URL, name of the ConfigMap."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from jitops.products.jitterbit.api_rows import Configuration, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitterbit.custom_api.spec import CustomAPISpec

AS_IT_IS = "_~()$;/:@=&'!*,+-"
"""The documented special characters of a service root that a path may contain; others are percent-encoded."""
HASH = 16
"""The characters of the hash that a person copies."""


def configuration_of(spec: CustomAPISpec, name: str) -> Configuration:
    """Return the configuration that a spec asks for; `name` is its default name."""
    return canonical({"name": name, **spec.model_dump(by_alias=True, mode="json", exclude_none=True)})


def fingerprint(configuration: Mapping[str, JSON], state: str) -> str:
    """Return the hash that a person acknowledges: of the configuration, and of `publication.state`."""
    text = json.dumps([configuration, state], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH]


def environment_url(base: str, spec: CustomAPISpec) -> str:
    """Return the URL that all APIs of this environment and version begin with (section 4.4)."""
    parts = (spec.environment.url_prefix, *((spec.version,) if spec.version else ()))
    return "/".join((base.rstrip("/"), *(quote(part, safe=AS_IT_IS) for part in parts)))


def service_url(base: str, spec: CustomAPISpec) -> str:
    """Return the URL of the API (section 4.4)."""
    return f"{environment_url(base, spec)}/{quote(spec.service_root, safe=AS_IT_IS)}"


def config_map_name(name: str) -> str:
    """Return the default name of the ConfigMap of a resource."""
    return f"{name}-customapi"
