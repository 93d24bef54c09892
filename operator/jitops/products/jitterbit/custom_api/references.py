"""What a Custom API refers to and lays claim to, from the spec as written, which may be invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.core.kube import Resource


def api_claims(resource: Resource) -> frozenset[str]:
    """Claim the URL, which can lead to one API only; whoever just observes claims nothing."""
    spec = resource.spec
    if (spec.get("publication") or {}).get("mode") == "Observe":
        return frozenset()
    prefix = (spec.get("environment") or {}).get("urlPrefix")
    return frozenset({f"{prefix}\0{spec.get('version') or ''}\0{spec.get('serviceRoot')}"})


def kept_by_hand(resource: Resource) -> str | None:
    """Say what stays where no adapter can delete it."""
    if (resource.spec.get("publication") or {}).get("mode") == "Adapter":
        return None
    return "the Custom API stays in API Manager as it is: jitops can't delete it there, a person can"
