"""The claims of a Custom API, from the spec as written, which may be invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.core.kube import Resource


def api_claims(resource: Resource) -> frozenset[str]:
    """Return a claim on the URL, which only one API can have; none for mode Observe."""
    spec = resource.spec
    if (spec.get("publication") or {}).get("mode") == "Observe":
        return frozenset()
    prefix = (spec.get("environment") or {}).get("urlPrefix")
    return frozenset({f"{prefix}\0{spec.get('version') or ''}\0{spec.get('serviceRoot')}"})


def kept_by_hand(resource: Resource) -> str | None:
    """Return a sentence about the API that stays after a deletion; None if an adapter deletes it."""
    if (resource.spec.get("publication") or {}).get("mode") == "Adapter":
        return None
    return "the Custom API stays in API Manager: jitops can't delete it there, only a person can"
