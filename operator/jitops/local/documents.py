"""Manifests and the documents of the store: both have the same form."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.kube import JSON, ConfigMap, DataObject, Key, Owner, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE = "default"
"""The namespace of an object that names none, as with kubectl."""


def key_of(manifest: Mapping[str, JSON]) -> Key:
    """Return the key of the object in a manifest."""
    metadata = manifest["metadata"]
    if manifest["kind"] == "Namespace":
        return Key("Namespace", "", metadata["name"])
    return Key(manifest["kind"], metadata.get("namespace") or NAMESPACE, metadata["name"])


def secret_data(manifest: Mapping[str, JSON]) -> dict[str, str]:
    """Return a Secret manifest's values; `stringData` overrides `data`."""
    decoded = {name: base64.b64decode(value).decode() for name, value in (manifest.get("data") or {}).items()}
    return {**decoded, **(manifest.get("stringData") or {})}


def secret_of(manifest: Mapping[str, JSON]) -> Secret:
    """Return a Secret from a manifest, or from a document of the store."""
    return Secret(**_parts(manifest), data=secret_data(manifest))


def data_object_of(manifest: Mapping[str, JSON]) -> DataObject:
    """Return a Secret or ConfigMap from a manifest, or from a document of the store."""
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
    """Return the store's document for a Secret or ConfigMap; `deleted` is the moment of its deletion."""
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


def is_managed(data_object: DataObject) -> bool:
    """Return whether the operator wrote the object, and not a user."""
    return data_object.labels.get(meta.MANAGED_BY) == meta.MANAGER


def is_output(data_object: DataObject) -> bool:
    """Return whether the operator wrote the object for a resource, and not for itself."""
    return is_managed(data_object) and meta.OWNER_KIND in data_object.labels
