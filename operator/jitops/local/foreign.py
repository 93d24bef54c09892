"""Documents that other tools apply: they may be in the same files, and jitops skips them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from jitops.api.meta import GROUP

CORE = "v1"
CORE_KINDS = frozenset({"Secret", "ConfigMap", "Namespace"})
"""The kinds of Kubernetes that jitops reads."""
KUSTOMIZATION = "kustomization"


def foreign_kind(document: object, file: str) -> str | None:
    """Return the kind of a document that is for other tools; None if jitops must accept or refuse it.

    A document under `jitops.dev` is never foreign, whatever its kind and version.
    """
    if not isinstance(document, Mapping):
        return None
    kind, version = document.get("kind"), document.get("apiVersion")
    if not kind and not version:
        # Kustomize lets its own file leave out both.
        return "Kustomization" if PurePath(file).stem.lower() == KUSTOMIZATION else None
    if not (isinstance(kind, str) and isinstance(version, str) and kind and version):
        return None
    group = version.partition("/")[0].lower()
    if group == GROUP or (version == CORE and kind in CORE_KINDS):
        return None
    return f"{kind} ({version})"
