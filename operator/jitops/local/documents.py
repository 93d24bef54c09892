"""Manifests and the store's own documents: the same form, read and written in one place."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.kube import JSON, Key, Owner, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE = "default"
"""Where an object lives that names no namespace, as with kubectl."""


def key_of(manifest: Mapping[str, JSON]) -> Key:
    """Name the object that a manifest is about."""
    metadata = manifest["metadata"]
    if manifest["kind"] == "Namespace":
        return Key("Namespace", "", metadata["name"])
    return Key(manifest["kind"], metadata.get("namespace") or NAMESPACE, metadata["name"])


def secret_data(manifest: Mapping[str, JSON]) -> dict[str, str]:
    """Give a Secret manifest's values: `stringData` over `data`."""
    decoded = {name: base64.b64decode(value).decode() for name, value in (manifest.get("data") or {}).items()}
    return {**decoded, **(manifest.get("stringData") or {})}


def secret_of(manifest: Mapping[str, JSON]) -> Secret:
    """Read a Secret from a manifest, or from a document of the store."""
    metadata, key = manifest["metadata"], key_of(manifest)
    return Secret(
        namespace=key.namespace,
        name=key.name,
        data=secret_data(manifest),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        finalizers=tuple(metadata.get("finalizers") or ()),
        owners=tuple(_owners(metadata.get("ownerReferences") or ())),
        resource_version=metadata.get("resourceVersion") or "",
        deleting=bool(metadata.get("deletionTimestamp")),
    )


def _owners(references: Iterable[Mapping[str, JSON]]) -> Iterable[Owner]:
    return (Owner(one["kind"], one["name"], one["uid"]) for one in references)


def secret_document(secret: Secret, deleted: str | None) -> dict[str, JSON]:
    """Write a Secret with all that the store knows of it; `deleted` is the moment of its deletion, if any."""
    metadata = {
        "name": secret.name,
        "namespace": secret.namespace,
        "labels": dict(secret.labels),
        "annotations": dict(secret.annotations),
        "finalizers": list(secret.finalizers),
        "ownerReferences": [
            {"apiVersion": meta.API_VERSION, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
            for owner in secret.owners
        ],
        "resourceVersion": secret.resource_version,
        **({"deletionTimestamp": deleted} if deleted else {}),
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(secret.data)}


def is_ours(secret: Secret) -> bool:
    """Tell what the operator wrote from what users wrote."""
    return secret.labels.get(meta.MANAGED_BY) == meta.MANAGER


def is_output(secret: Secret) -> bool:
    """Tell what was written for a resource from what the operator keeps for itself."""
    return is_ours(secret) and meta.OWNER_KIND in secret.labels
