"""The core's errors for the errors of the API server."""

from __future__ import annotations

from collections.abc import Mapping

from jitops.core import errors
from jitops.core.kube import Key
from jitops.runtime.cluster.session import ApiError

FORBIDDEN, NOT_FOUND, CONFLICT = 403, 404, 409
INVALID = frozenset({400, 413, 422})


def core_error(error: ApiError, verb: str, key: Key, values: Mapping[str, str] | None = None) -> errors.JitopsError:
    """Return the core's error for an error of the API server.

    `values` are the ones sent. The server's message is part of the error unless it repeats one of them.
    """
    message = error.message
    if not message or any(value and value in message for value in (values or {}).values()):
        message = f"HTTP {error.status} {error.reason}".rstrip()
    sentence = f"Kubernetes refuses to {verb} {key}: {message}"
    # A create fails with 404 only if its namespace doesn't exist any more.
    in_deleted_namespace = verb == "create" and error.status == NOT_FOUND
    if error.caused_by("NamespaceTerminating") or in_deleted_namespace:
        return errors.NamespaceTerminating(sentence)
    if error.status in (NOT_FOUND, CONFLICT) or error.outdated:
        return errors.Conflict(sentence)
    if error.status == FORBIDDEN:
        return errors.PermissionDenied(sentence)
    return (errors.SpecInvalid if error.status in INVALID else errors.ClusterUnavailable)(sentence)
