"""The Kubernetes port over objects in memory, kept in a folder when one is given.

It does what the API server and its controllers do for our objects, as far as the core relies on it: generations,
resource versions, the status subresource, finalizers and deletion, owner references and their garbage collection.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from jitops.api.meta import API_VERSION
from jitops.core.clock import Clock, stamp
from jitops.core.errors import Conflict, NamespaceTerminating, SpecInvalid
from jitops.core.kube import JSON, Event, Key, Resource, Secret
from jitops.local.documents import is_ours, is_output, key_of, secret_document, secret_of
from jitops.local.folder import Folder, Nowhere

Body = dict[str, Any]


class LocalStore:
    """The objects of a cluster that is none. Each write is in the folder before anyone hears of it."""

    def __init__(self, clock: Clock, folder: Folder | None = None) -> None:
        self._clock = clock
        self._folder = folder or Nowhere()
        self._versions = itertools.count(1)
        self._bodies: dict[Key, Body] = {}
        self._resources: dict[Key, Resource] = {}
        self._secrets: dict[Key, Secret] = {}
        self.config_maps: dict[Key, Mapping[str, str]] = {}
        self.namespaces: dict[str, Mapping[str, str]] = {}
        self.terminating: set[str] = set()
        self.events: list[tuple[Key, Event]] = []
        self.writes: list[tuple[str, Key]] = []
        """Every write of the operator's, as verb and object."""
        self.on_change: Callable[[Resource | None, Resource], None] = lambda _before, _after: None
        self.on_gone: Callable[[Key], None] = lambda _: None
        self.on_input: Callable[[Key], None] = lambda _: None
        self._restore()

    # What a user does.

    def apply(self, manifest: Mapping[str, JSON]) -> None:
        """Take in a manifest as `kubectl apply` does: the spec and annotations replaced, the rest kept."""
        key = key_of(manifest)
        if key.kind == "Secret":
            self._apply_secret(key, manifest)
            return
        if key.kind in ("ConfigMap", "Namespace"):
            self._apply_other(key, manifest)
            return
        known = self._bodies.get(key)
        body = deepcopy(known) if known else self._born(key)
        spec = deepcopy(dict(manifest.get("spec") or {}))
        if known and known["spec"] != spec:
            body["metadata"]["generation"] += 1
        body["spec"] = spec
        body["metadata"]["annotations"] = dict(manifest["metadata"].get("annotations") or {})
        if body != known:
            self._put(key, body)

    def delete(self, key: Key) -> None:
        """Delete an object: at once, or marked while finalizers hold it."""
        if key.kind == "Secret":
            self._delete_secret(key)
            return
        if key.kind in ("ConfigMap", "Namespace"):
            self._drop_other(key)
            return
        body = self._bodies.get(key)
        if body is None or "deletionTimestamp" in body["metadata"]:
            return
        body = deepcopy(body)
        body["metadata"]["deletionTimestamp"] = stamp(self._clock.now())
        body["metadata"]["generation"] += 1
        self._settle(key, body)

    def take_back(self, key: Key) -> None:
        """Take a deletion back that is not over yet: no API server can, but a manifest that comes back means it."""
        body = self._bodies.get(key)
        if body is not None and "deletionTimestamp" in body["metadata"]:
            body = deepcopy(body)
            del body["metadata"]["deletionTimestamp"]
            self._put(key, body)

    def keys(self) -> list[Key]:
        """Name all custom resources."""
        return sorted(self._bodies)

    def resources(self) -> list[Resource]:
        """Return all custom resources."""
        return list(self._resources.values())

    def body(self, key: Key) -> Body:
        """Return a resource as it would be read with kubectl."""
        return self._bodies[key]

    def secrets(self) -> list[Secret]:
        """Return all Secrets."""
        return [self._secrets[key] for key in sorted(self._secrets)]

    def given(self) -> list[Key]:
        """Name what users brought in besides custom resources: Secrets not written by us, ConfigMaps, Namespaces."""
        secrets = [secret.key for secret in self.secrets() if not is_ours(secret)]
        return [*secrets, *self.config_maps, *(Key("Namespace", "", name) for name in self.namespaces)]

    # The port.

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._resources.get(key)

    def list(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind."""
        return [resource for key, resource in self._resources.items() if key.kind == kind]

    async def refresh(self, key: Key) -> Resource | None:
        """Return the resource: nothing is ever outdated here."""
        return self._resources.get(key)

    async def prune(self, kind: str) -> Collection[Key]:  # noqa: ARG002 - the port's
        """Forget nothing: deletions are always reported here."""
        return ()

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Replace the finalizers, if the resource is still in this version."""
        body = self._current(resource, guarded=True)
        body["metadata"]["finalizers"] = list(finalizers)
        self.writes.append(("finalizers", resource.key))
        self._settle(resource.key, body)
        return Resource.parse(resource.key.kind, body)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Make the status so."""
        body = self._current(resource, guarded=guarded)
        body["status"] = deepcopy(dict(status))
        self.writes.append(("status", resource.key))
        return self._put(resource.key, body)

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read a Secret."""
        return self._secrets.get(Key("Secret", namespace, name))

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret, or replace that very version of it."""
        known = self._secrets.get(secret.key)
        if (known.resource_version if known else "") != secret.resource_version:
            raise Conflict(f"Secret {secret.name} changed meanwhile")
        if known is None and secret.namespace in self.terminating:
            raise NamespaceTerminating(f"namespace {secret.namespace} is terminating")
        if any(name == "." or name.startswith("..") for name in secret.data):
            raise SpecInvalid(f"Secret {secret.name} can't have a key that is '.' or begins with '..'; choose another")
        self.writes.append(("secret", secret.key))
        return self._put_secret(secret, ours=True)

    async def delete_secret(self, secret: Secret) -> None:
        """Delete a Secret."""
        self.writes.append(("delete", secret.key))
        self._delete_secret(secret.key)

    async def read_config_map(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """Read a ConfigMap's values."""
        return self.config_maps.get(Key("ConfigMap", namespace, name))

    async def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Read a namespace's labels."""
        return self.namespaces.get(namespace, {})

    def event(self, resource: Resource, event: Event) -> None:
        """Keep the event for whoever looks; a namespace that is terminating takes none."""
        if resource.key.namespace not in self.terminating:
            self.events.append((resource.key, event))

    # Below the surface.

    def _restore(self) -> None:
        """Take in what the folder holds, and lay the outputs out as it says."""
        for document in self._folder.documents():
            self._take_in(key_of(document), document)
        versions = [int(resource.resource_version) for resource in self._resources.values()]
        versions += [int(secret.resource_version) for secret in self._secrets.values()]
        self._versions = itertools.count(max(versions, default=0) + 1)
        outputs = [secret for secret in self._secrets.values() if is_output(secret)]
        self._folder.withdraw_others(secret.key for secret in outputs)
        for secret in outputs:
            self._folder.publish(secret.key, secret.data)

    def _take_in(self, key: Key, document: Mapping[str, JSON]) -> None:
        match key.kind:
            case "Secret":
                self._secrets[key] = secret_of(document)
            case "ConfigMap":
                self.config_maps[key] = document["data"]
            case "Namespace":
                self.namespaces[key.name] = document["metadata"]["labels"]
            case _:
                self._bodies[key] = dict(document)
                self._resources[key] = Resource.parse(key.kind, document)

    def _born(self, key: Key) -> Body:
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
            raise Conflict(f"{resource.key} is gone")
        if guarded and body["metadata"]["resourceVersion"] != resource.resource_version:
            raise Conflict(f"{resource.key} changed meanwhile")
        return deepcopy(body)

    def _settle(self, key: Key, body: Body) -> None:
        """Keep the body, or let it go when its deletion is held by nothing any more."""
        if "deletionTimestamp" in body["metadata"] and not body["metadata"]["finalizers"]:
            self._collect(body["metadata"]["uid"])
            self._folder.drop(key)
            del self._bodies[key], self._resources[key]
            self.on_gone(key)
        else:
            self._put(key, body)

    def _put(self, key: Key, body: Body) -> Resource:
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        self._folder.keep(key, body)
        before, after = self._resources.get(key), Resource.parse(key.kind, body)
        self._bodies[key], self._resources[key] = body, after
        self.on_change(before, after)
        return after

    def _collect(self, uid: str) -> None:
        """Delete the Secrets whose owners are all gone, as the garbage collector does; a killed one does it again."""
        for key, secret in tuple(self._secrets.items()):
            others = tuple(owner for owner in secret.owners if owner.uid != uid)
            if others != secret.owners and not others:
                self._delete_secret(key)

    def _apply_secret(self, key: Key, manifest: Mapping[str, JSON]) -> None:
        known, given = self._secrets.get(key), secret_of(manifest)
        if known is None:
            self._put_secret(given)
            return
        wanted = replace(known, data=given.data, labels=given.labels, annotations=given.annotations)
        if wanted != known:
            self._put_secret(wanted)

    def _put_secret(self, secret: Secret, *, ours: bool = False) -> Secret:
        """Keep a Secret, and tell of it unless the operator wrote it, who knows."""
        kept = replace(secret, resource_version=str(next(self._versions)))
        if kept.deleting and not kept.finalizers:
            self._folder.drop(kept.key)
            self._secrets.pop(kept.key, None)
        else:
            self._folder.keep(kept.key, secret_document(kept, stamp(self._clock.now()) if kept.deleting else None))
            self._secrets[kept.key] = kept
        self._lay_out(kept)
        if not ours:
            self.on_input(kept.key)
        return kept

    def _delete_secret(self, key: Key) -> None:
        secret = self._secrets.get(key)
        if secret is not None and not secret.deleting:
            self._put_secret(replace(secret, deleting=True))

    def _apply_other(self, key: Key, manifest: Mapping[str, JSON]) -> None:
        """Take in a ConfigMap or a Namespace, of which nothing but values and labels counts."""
        metadata = {"name": key.name, "namespace": key.namespace, "labels": manifest["metadata"].get("labels") or {}}
        document = {"kind": key.kind, "metadata": metadata, "data": dict(manifest.get("data") or {})}
        self._folder.keep(key, document)
        self._take_in(key, document)
        self.on_input(key)

    def _drop_other(self, key: Key) -> None:
        self._folder.drop(key)
        self.config_maps.pop(key, None)
        if key.kind == "Namespace":
            self.namespaces.pop(key.name, None)
        self.on_input(key)

    def _lay_out(self, secret: Secret) -> None:
        """Show an output's values as files for as long as it exists."""
        if is_output(secret) and secret.key in self._secrets:
            self._folder.publish(secret.key, secret.data)
        elif is_output(secret):
            self._folder.withdraw(secret.key)
