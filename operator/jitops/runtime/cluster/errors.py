"""What the API server's refusals mean to the core."""

from __future__ import annotations

from collections.abc import Mapping

from jitops.core import errors
from jitops.core.kube import Key
from jitops.runtime.cluster.session import Refusal

FORBIDDEN, NOT_FOUND, CONFLICT = 403, 404, 409
INVALID = frozenset({400, 413, 422})


def meaning(refusal: Refusal, verb: str, key: Key, values: Mapping[str, str] | None = None) -> errors.JitopsError:
    """Say what a refusal means to the core; the server's words are passed on unless they repeat a value we sent."""
    words = refusal.message
    if not words or any(value and value in words for value in (values or {}).values()):
        words = f"HTTP {refusal.status} {refusal.reason}".rstrip()
    sentence = f"Kubernetes refuses to {verb} {key}: {words}"
    creates_nowhere = verb == "create" and refusal.status == NOT_FOUND
    if refusal.caused_by("NamespaceTerminating") or creates_nowhere:
        return errors.NamespaceTerminating(sentence)
    if refusal.status in (NOT_FOUND, CONFLICT) or refusal.outdated:
        return errors.Conflict(sentence)
    if refusal.status == FORBIDDEN:
        return errors.PermissionDenied(sentence)
    return (errors.SpecInvalid if refusal.status in INVALID else errors.ClusterUnavailable)(sentence)
