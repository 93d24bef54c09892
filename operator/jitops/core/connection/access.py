"""Whether a connection may be used from a namespace: no, unless its owner allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api.reasons import Reason
from jitops.core.errors import DependencyNotReady, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON, Kube, Resource


async def require_permission(kube: Kube, connection: Resource, namespace: str) -> None:
    """Raise DependencyNotReady (ReferenceNotPermitted) unless the connection allows another namespace than its own."""
    allowed = connection.spec.get("allowedNamespaces") or {}
    if allowed.get("from") == "All":
        return
    if allowed.get("from") == "Selector" and await _selected(kube, allowed.get("selector") or {}, namespace):
        return
    raise _refused(
        f"{connection.key} may not be used from namespace {namespace}:"
        " its spec.allowedNamespaces must allow that namespace"
    )


async def _selected(kube: Kube, selector: Mapping[str, JSON], namespace: str) -> bool:
    try:
        labels = await kube.namespace_labels(namespace)
    except PermissionDenied:
        raise _refused(
            "spec.allowedNamespaces.from is Selector, but the operator has no right to read namespaces;"
            " grant it, or use All or Same"
        ) from None
    return matches(selector, labels)


def matches(selector: Mapping[str, JSON], labels: Mapping[str, str]) -> bool:
    """Return whether a Kubernetes label selector matches the labels."""
    exact = all(labels.get(name) == value for name, value in (selector.get("matchLabels") or {}).items())
    return exact and all(_holds(term, labels) for term in selector.get("matchExpressions") or ())


def _holds(term: Mapping[str, JSON], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(term["key"]), term.get("values") or ()
    match term["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _refused(message: str) -> DependencyNotReady:
    return DependencyNotReady(message, reason=Reason.REFERENCE_NOT_PERMITTED)
