"""The Kubernetes port over objects in memory, saved in a folder if there is one.

It does what the API server and its controllers do, as far as the core relies on it: generations,
resource versions, the status subresource, finalizers and deletion, owner references and their garbage collection.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from typing import Any

from typing_extensions import override

from jitops.api.meta import API_VERSION
from jitops.core.clock import Clock, stamp
from jitops.core.errors import Conflict
from jitops.core.kube import JSON, Event, Key, Kube, Resource
from jitops.local.data_objects import DATA_OBJECTS, DataObjectStore
from jitops.local.documents import data_object_of, is_managed, is_output, key_of
from jitops.local.folder import NoFolder, StateFolder

Body = dict[str, Any]


class LocalStore(DataObjectStore, Kube):
    """The objects of a local store. Each write is in the folder before anyone is notified."""

    def __init__(self, clock: Clock, folder: StateFolder | None = None) -> None:
        super().__init__(clock, folder or NoFolder())
        self._bodies: dict[Key, Body] = {}
        self._resources: dict[Key, Resource] = {}
        self.namespaces: dict[str, Mapping[str, str]] = {}
        self.events: list[tuple[Key, Event]] = []
        self.on_change: Callable[[Resource | None, Resource], None] = lambda _before, _after: None
        self.on_deleted: Callable[[Key], None] = lambda _: None
        self._restore()

    # What a user does with kubectl.

    def apply(self, manifest: Mapping[str, JSON]) -> None:
        """Store a manifest as `kubectl apply` does: replace the spec and the annotations, keep the rest."""
        key = key_of(manifest)
        if key.kind in DATA_OBJECTS:
            self._apply_data_object(key, manifest)
            return
        if key.kind == "Namespace":
            self._apply_namespace(key, manifest)
            return
        known = self._bodies.get(key)
        body = deepcopy(known) if known else self._new_body(key)
        spec = deepcopy(dict(manifest.get("spec") or {}))
        if known and known["spec"] != spec:
            body["metadata"]["generation"] += 1
        body["spec"] = spec
        body["metadata"]["annotations"] = dict(manifest["metadata"].get("annotations") or {})
        if body != known:
            self._put(key, body)

    def delete(self, key: Key) -> None:
        """Delete an object, or mark it as deleted while it has finalizers."""
        if key.kind in DATA_OBJECTS:
            self._delete_data_object(key)
            return
        if key.kind == "Namespace":
            self._drop_namespace(key)
            return
        body = self._bodies.get(key)
        if body is None or "deletionTimestamp" in body["metadata"]:
            return
        body = deepcopy(body)
        body["metadata"]["deletionTimestamp"] = stamp(self._clock.now())
        body["metadata"]["generation"] += 1
        self._settle(key, body)

    def undelete(self, key: Key) -> None:
        """Cancel a deletion that is not complete."""
        # No API server can. But a manifest that exists again means that the object shall exist.
        body = self._bodies.get(key)
        if body is not None and "deletionTimestamp" in body["metadata"]:
            body = deepcopy(body)
            del body["metadata"]["deletionTimestamp"]
            self._put(key, body)

    def keys(self) -> list[Key]:
        """Return the keys of all custom resources, sorted."""
        return sorted(self._bodies)

    def resources(self) -> list[Resource]:
        """Return all custom resources."""
        return list(self._resources.values())

    def body(self, key: Key) -> Body:
        """Return a resource as kubectl would show it."""
        return self._bodies[key]

    def user_objects(self) -> list[Key]:
        """Return the keys of the other objects that users applied: Secrets, ConfigMaps and Namespaces."""
        others = [data_object.key for data_object in self.data_objects() if not is_managed(data_object)]
        return [*others, *(Key("Namespace", "", name) for name in self.namespaces)]

    # The port.

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._resources.get(key)

    def list(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind."""
        return [resource for key, resource in self._resources.items() if key.kind == kind]

    async def refresh(self, key: Key) -> Resource | None:
        """Return the resource; nothing is ever outdated here."""
        return self._resources.get(key)

    @override
    async def prune(self, kind: str) -> Collection[Key]:
        # All deletions are reported here.
        return ()

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Replace the finalizers; raise Conflict if the resource is not in this version any more."""
        body = self._current(resource, guarded=True)
        body["metadata"]["finalizers"] = list(finalizers)
        self.writes.append(("finalizers", resource.key))
        self._settle(resource.key, body)
        return Resource.parse(resource.key.kind, body)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Replace the status."""
        body = self._current(resource, guarded=guarded)
        body["status"] = deepcopy(dict(status))
        self.writes.append(("status", resource.key))
        return self._put(resource.key, body)

    async def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return a namespace's labels."""
        return self.namespaces.get(namespace, {})

    def event(self, resource: Resource, event: Event) -> None:
        """Record an event, unless its namespace is terminating."""
        if resource.key.namespace not in self.terminating:
            self.events.append((resource.key, event))

    # Storage.

    def _restore(self) -> None:
        """Load the objects of the folder, and rebuild the files of the outputs."""
        for document in self._folder.documents():
            self._load(key_of(document), document)
        versions = [int(resource.resource_version) for resource in self._resources.values()]
        versions += [int(data_object.resource_version or 0) for data_object in self._data_objects.values()]
        self._versions = itertools.count(max(versions, default=0) + 1)
        outputs = [data_object for data_object in self._data_objects.values() if is_output(data_object)]
        self._folder.find_strays({data_object.key: data_object.data for data_object in outputs})
        for data_object in outputs:
            self._folder.publish(data_object.key, data_object.data)

    def _load(self, key: Key, document: Mapping[str, JSON]) -> None:
        if key.kind in DATA_OBJECTS:
            self._data_objects[key] = data_object_of(document)
        elif key.kind == "Namespace":
            self.namespaces[key.name] = document["metadata"]["labels"]
        else:
            self._bodies[key] = dict(document)
            self._resources[key] = Resource.parse(key.kind, document)

    def _new_body(self, key: Key) -> Body:
        meta = {
            "name": key.name,
            "namespace": key.namespace,
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": stamp(self._clock.now()),
            "finalizers": [],
        }
        status = {"observedGeneration": -1}
        return {"apiVersion": API_VERSION, "kind": key.kind, "metadata": meta, "status": status, "spec": {}}

    def _current(self, resource: Resource, *, guarded: bool) -> Body:
        body = self._bodies.get(resource.key)
        if body is None or body["metadata"]["uid"] != resource.uid:
            raise Conflict(f"{resource.key} was deleted")
        if guarded and body["metadata"]["resourceVersion"] != resource.resource_version:
            raise Conflict(f"{resource.key} changed meanwhile")
        return deepcopy(body)

    def _settle(self, key: Key, body: Body) -> None:
        """Save the body, or remove the object if it is deleted and has no finalizers left."""
        # Its dependents first: a process that is killed in between does it again.
        if "deletionTimestamp" in body["metadata"] and not body["metadata"]["finalizers"]:
            self._collect(body["metadata"]["uid"])
            self._folder.delete(key)
            del self._bodies[key], self._resources[key]
            self.on_deleted(key)
        else:
            self._put(key, body)

    def _put(self, key: Key, body: Body) -> Resource:
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        self._folder.save(key, body)
        before, after = self._resources.get(key), Resource.parse(key.kind, body)
        self._bodies[key], self._resources[key] = body, after
        self.on_change(before, after)
        return after

    def _apply_namespace(self, key: Key, manifest: Mapping[str, JSON]) -> None:
        """Store a Namespace; only its labels matter."""
        metadata = {"name": key.name, "labels": manifest["metadata"].get("labels") or {}}
        document = {"kind": key.kind, "metadata": metadata}
        self._folder.save(key, document)
        self._load(key, document)

    def _drop_namespace(self, key: Key) -> None:
        self._folder.delete(key)
        self.namespaces.pop(key.name, None)
