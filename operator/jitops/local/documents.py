"""Manifests and the store's own documents: the same form, read and written in one place."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.kube import JSON, ConfigMap, DataObject, Key, Owner, Secret

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
    return Secret(**_parts(manifest), data=secret_data(manifest))


def data_object_of(manifest: Mapping[str, JSON]) -> DataObject:
    """Read a Secret or ConfigMap from a manifest, or from a document of the store."""
    if manifest["kind"] == "Secret":
        return secret_of(manifest)
    return ConfigMap(**_parts(manifest), data=dict(manifest.get("data") or {}))


def _parts(manifest: Mapping[str, JSON]) -> dict[str, JSON]:
    metadata, key = manifest["metadata"], key_of(manifest)
    return {
        "namespace": key.namespace,
        "name": key.name,
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
        "finalizers": tuple(metadata.get("finalizers") or ()),
        "owners": tuple(_owners(metadata.get("ownerReferences") or ())),
        "resource_version": metadata.get("resourceVersion") or "",
        "deleting": bool(metadata.get("deletionTimestamp")),
    }


def _owners(references: Iterable[Mapping[str, JSON]]) -> Iterable[Owner]:
    return (Owner(one["kind"], one["name"], one["uid"]) for one in references)


def data_object_document(data_object: DataObject, deleted: str | None) -> dict[str, JSON]:
    """Write a Secret or ConfigMap with all that the store knows of it; `deleted` is the moment of its deletion."""
    metadata = {
        "name": data_object.name,
        "namespace": data_object.namespace,
        "labels": dict(data_object.labels),
        "annotations": dict(data_object.annotations),
        "finalizers": list(data_object.finalizers),
        "ownerReferences": [
            {"apiVersion": meta.API_VERSION, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
            for owner in data_object.owners
        ],
        "resourceVersion": data_object.resource_version,
        **({"deletionTimestamp": deleted} if deleted else {}),
    }
    values = "stringData" if isinstance(data_object, Secret) else "data"
    return {"apiVersion": "v1", "kind": data_object.kind, "metadata": metadata, values: dict(data_object.data)}


def is_ours(data_object: DataObject) -> bool:
    """Tell what the operator wrote from what users wrote."""
    return data_object.labels.get(meta.MANAGED_BY) == meta.MANAGER


def is_output(data_object: DataObject) -> bool:
    """Tell what was written for a resource from what the operator keeps for itself."""
    return is_ours(data_object) and meta.OWNER_KIND in data_object.labels
