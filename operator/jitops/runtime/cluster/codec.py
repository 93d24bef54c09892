"""Secrets, ConfigMaps, statuses and events between the core's values and Kubernetes' JSON.

What a Secret or ConfigMap has beyond the core's value (its type, binary values, owners of other groups) is kept with
it and written back, so that a PUT removes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jitops.api.meta import API_VERSION, MANAGED_BY, MANAGER, OWNER_KIND, OWNER_NAME
from jitops.core.kube import JSON, ConfigMap, DataObject, Event, Key, Owner, Resource, Secret

LONGEST_NOTE = 1024
LONGEST_EVENT_NAME = 236
"""A name may have 253 characters; an event's ends in a dot and 16 characters of a hash."""


@dataclass(frozen=True, slots=True)
class StoredSecret(Secret):
    """A Secret with its whole JSON, as the API server sent it."""

    body: Mapping[str, JSON] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class StoredConfigMap(ConfigMap):
    """A ConfigMap with its whole JSON, as the API server sent it."""

    body: Mapping[str, JSON] = field(default_factory=dict, repr=False, compare=False)


def secret_from(body: Mapping[str, JSON]) -> StoredSecret:
    """Return a Secret from its JSON. Values that are no text are left out; `body` keeps them."""
    decoded = {name: _text(value) for name, value in (body.get("data") or {}).items()}
    data = {name: value for name, value in decoded.items() if value is not None}
    return StoredSecret(**_parts(body), data=data, body=body)


def config_map_from(body: Mapping[str, JSON]) -> StoredConfigMap:
    """Return a ConfigMap from its JSON. Binary values are left out; `body` keeps them."""
    return StoredConfigMap(**_parts(body), data=body.get("data") or {}, body=body)


def _parts(body: Mapping[str, JSON]) -> dict[str, JSON]:
    meta = body["metadata"]
    return {
        "namespace": meta["namespace"],
        "name": meta["name"],
        "labels": meta.get("labels") or {},
        "annotations": meta.get("annotations") or {},
        "finalizers": tuple(meta.get("finalizers") or ()),
        "owners": tuple(Owner(ref["kind"], ref["name"], ref["uid"]) for ref in meta.get("ownerReferences") or ()),
        "resource_version": meta["resourceVersion"],
        "deleting": bool(meta.get("deletionTimestamp")),
    }


def stored_body(data_object: DataObject) -> Mapping[str, JSON]:
    """Return the JSON that the API server sent of a Secret or ConfigMap; empty for one that was not read."""
    return data_object.body if isinstance(data_object, StoredSecret | StoredConfigMap) else {}


def data_object_body(data_object: DataObject) -> dict[str, JSON]:
    """Return the JSON to write for a Secret or ConfigMap: all of it, for a PUT replaces all of it."""
    before = stored_body(data_object)
    body = {
        "apiVersion": "v1",
        "kind": data_object.kind,
        "metadata": _metadata(data_object, before.get("metadata") or {}),
        **(
            _secret_values(data_object, before)
            if isinstance(data_object, Secret)
            else _config_map_values(data_object, before)
        ),
    }
    return {**body, "immutable": True} if before.get("immutable") else body


def _secret_values(secret: Secret, before: Mapping[str, JSON]) -> dict[str, JSON]:
    kept = {name: value for name, value in (before.get("data") or {}).items() if _text(value) is None}
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in secret.data.items()}
    return {"type": before.get("type", "Opaque"), "data": {**kept, **encoded}}


def _config_map_values(config_map: DataObject, before: Mapping[str, JSON]) -> dict[str, JSON]:
    binary = before.get("binaryData")
    return {"data": dict(config_map.data), **({"binaryData": binary} if binary else {})}


def _metadata(data_object: DataObject, stored: Mapping[str, JSON]) -> dict[str, JSON]:
    references = {ref["uid"]: ref for ref in stored.get("ownerReferences") or ()}
    meta = {
        "namespace": data_object.namespace,
        "name": data_object.name,
        "labels": dict(data_object.labels),
        "annotations": dict(data_object.annotations),
        "finalizers": list(data_object.finalizers),
        "ownerReferences": [references.get(owner.uid) or _reference(owner) for owner in data_object.owners],
    }
    if data_object.resource_version:
        meta["resourceVersion"] = data_object.resource_version
        meta["uid"] = stored.get("uid", "")
    return meta


def _reference(owner: Owner) -> dict[str, JSON]:
    """Return an owner reference that does not block the owner's deletion."""
    # The finalizer of jitops does what blocking would, and `blockOwnerDeletion` needs a right on finalizers.
    return {
        "apiVersion": API_VERSION,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": False,
        "blockOwnerDeletion": False,
    }


def fingerprint(body: Mapping[str, JSON]) -> int:
    """Return a hash of all that anyone can edit on a Secret or ConfigMap.

    It distinguishes the echo of an own write from an edit. Python salts it per process, so it reveals no value.
    """
    meta = body["metadata"]
    return hash(
        (
            frozenset((body.get("data") or {}).items()),
            frozenset((meta.get("labels") or {}).items()),
            frozenset((meta.get("annotations") or {}).items()),
            tuple(meta.get("finalizers") or ()),
            tuple(ref["uid"] for ref in meta.get("ownerReferences") or ()),
            bool(meta.get("deletionTimestamp")),
        )
    )


def owner_of(body: Mapping[str, JSON]) -> Key | None:
    """Return the resource whose output an object is; None if jitops did not make it."""
    meta = body["metadata"]
    labels = meta.get("labels") or {}
    if labels.get(MANAGED_BY) != MANAGER or OWNER_KIND not in labels:
        return None
    return Key(labels[OWNER_KIND], meta["namespace"], labels.get(OWNER_NAME, ""))


def status_patch(resource: Resource, status: Mapping[str, JSON], *, guarded: bool) -> list[JSON]:
    """Return the changes as a JSON patch for this very resource, and if `guarded` for this version of it."""
    # Not a merge patch: on the status subresource the API server ignores its UID, and a resource created again under
    # the same name would inherit the id of its predecessor's remote object.
    known = resource.status
    tests = {"uid": resource.uid} | ({"resourceVersion": resource.resource_version} if guarded else {})
    patch: list[JSON] = [{"op": "test", "path": f"/metadata/{name}", "value": value} for name, value in tests.items()]
    if not known:
        return [*patch, {"op": "add", "path": "/status", "value": dict(status)}]
    for name, value in status.items():
        if known.get(name) != value:
            patch.append({"op": "add", "path": f"/status/{name}", "value": value})
    removed = known.keys() - status.keys()
    return patch + [{"op": "remove", "path": f"/status/{name}"} for name in sorted(removed)]


def event_body(resource: Resource, event: Event, instance: str, moment: datetime) -> dict[str, JSON]:
    """Return the JSON of an event."""
    key = resource.key
    # The name follows from the content, so that the same event sent twice (a leader changed) is refused.
    content = f"{resource.uid}\0{resource.resource_version}\0{event.reason}\0{event.message}"
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": key.namespace, "name": f"{key.name[:LONGEST_EVENT_NAME]}.{digest}"},
        "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": f"jitops.dev/{MANAGER}",
        "reportingInstance": instance,
        "action": "Reconcile",
        "reason": event.reason,
        "note": _shortened(event.message),
        "type": "Warning" if event.warning else "Normal",
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "uid": resource.uid,
            "resourceVersion": resource.resource_version,
        },
    }


def _shortened(note: str) -> str:
    """Return a note cut to the API server's limit, which counts bytes."""
    encoded = note.encode()
    return note if len(encoded) <= LONGEST_NOTE else encoded[: LONGEST_NOTE - 3].decode(errors="ignore") + "…"


def _text(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded).decode()
    except UnicodeDecodeError:
        return None
