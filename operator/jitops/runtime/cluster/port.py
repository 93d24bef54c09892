"""The Kubernetes port on a real API server: what the core reads and writes there.

Resources are kept in a cache that the watch feeds and the answers to own writes correct. Secrets and ConfigMaps are
read live. Before each write the gate is asked: it raises unless this process holds the Lease.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

from jitops.core.clock import Clock
from jitops.core.kube import JSON, ConfigMap, DataObject, Event, Key, Resource, Secret
from jitops.runtime.cluster import session
from jitops.runtime.cluster.cache import ResourceCache
from jitops.runtime.cluster.codec import (
    config_map_from,
    data_object_body,
    fingerprint,
    owner_of,
    secret_from,
    status_patch,
    stored_body,
)
from jitops.runtime.cluster.errors import NOT_FOUND, core_error
from jitops.runtime.cluster.events import EventRecorder
from jitops.runtime.cluster.listing import CHUNK, Lister
from jitops.runtime.cluster.paths import NAME, PLURALS, collection_path, object_path
from jitops.runtime.cluster.session import ApiError, ApiServer, allow_writes


class Cluster:
    """The port. `on_change`, `on_deleted` and `on_input` report to the controller what was learned from any source."""

    def __init__(
        self, api: ApiServer, clock: Clock, *, namespaces: tuple[str, ...] = (), instance: str = "jitops"
    ) -> None:
        self.api = api
        self.gate: Callable[[], None] = allow_writes
        self.on_change: Callable[[Resource | None, Resource], None] = lambda _before, _after: None
        self.on_deleted: Callable[[Key], None] = lambda _: None
        self.on_input: Callable[[Key, Key | None], None] = lambda _target, _but: None
        self.events = EventRecorder(api, clock, instance, self._may_write)
        self._namespaces = namespaces
        self._lister = Lister(api, namespaces)
        self._cache = ResourceCache()
        self._fingerprints: dict[Key, int] = {}
        """Of the outputs as written here, or as read by their owner: the watch will deliver each of them once more."""
        self.last_watch_event = time.monotonic()
        """The monotonic moment of the last event of the watch."""

    # Reads from the cache.

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._cache.get(key)

    def list(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind as last seen."""
        return self._cache.all(kind)

    # Events of the watch.

    def resource_seen(self, kind: str, body: Mapping[str, JSON]) -> Resource:
        """Store a resource from any source, and report it to the controller if it is newer than what was known."""
        resource = Resource.parse(kind, body)
        before, newer = self._cache.put(resource)
        if newer:
            self.on_change(before, resource)
        return resource

    def knows(self, kind: str, body: Mapping[str, JSON]) -> bool:
        """Return whether this version of a resource is no news; most often it is the echo of an own write."""
        meta = body["metadata"]
        return self._cache.knows(Key(kind, meta["namespace"], meta["name"]), meta["uid"], int(meta["resourceVersion"]))

    def resource_deleted(self, key: Key, uid: str) -> None:
        """Remove a deleted resource, and report it to the controller if it was known."""
        if self._cache.drop(key, uid):
            self.on_deleted(key)

    def input_seen(self, kind: str, body: Mapping[str, JSON], *, deleted: bool) -> None:
        """Report a watched Secret or ConfigMap to its users; to its owner only if it was edited or deleted."""
        meta = body["metadata"]
        key = Key(kind, meta["namespace"], meta["name"])
        if deleted:
            self._fingerprints.pop(key, None)
            self.on_input(key, None)
        elif self._fingerprints.get(key) != fingerprint(body):
            self.on_input(key, None)
        # As its owner wrote or read it: news to the others that use it.
        elif (owner := owner_of(body)) is not None:
            self.on_input(key, owner)

    # Custom resources.

    async def prime(self) -> None:
        """Read all resources live, connections first, so that no later decision rests on an older state."""
        # kopf's own listing delivers object by object without a sign of its end. The controller must not start before
        # all is known: a connection that is being deleted would be released because its users weren't listed yet.
        for kind in PLURALS:
            await self._relist(kind, accept=session.PLAIN, each=self.resource_seen)

    async def refresh(self, key: Key) -> Resource | None:
        """Read the resource live and store it; return None if it doesn't exist."""
        known = self.get(key)
        try:
            return self.resource_seen(key.kind, await self.api.request("GET", object_path(key)))
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise core_error(error, "read", key) from None
        if known is not None:
            self.resource_deleted(key, known.uid)
        return None

    async def prune(self, kind: str) -> Collection[Key]:
        """Remove the resources whose deletion the watch did not report, and return their keys."""
        # A deletion during a gap of the watch (410 Gone) is never reported. A count is cheap, and almost always equal.
        if await self._lister.count(kind) == self._cache.count(kind):
            return ()
        return await self._relist(kind, accept=session.METADATA)

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Replace the finalizers; raise Conflict if the resource is not in this version any more."""
        guards = {"uid": resource.uid, "resourceVersion": resource.resource_version}
        body = {"metadata": {"finalizers": list(finalizers), **guards}}
        return await self._patch(resource, "", body, session.MERGE_PATCH)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Write the status by sending only the fields that differ; `guarded`: over this version only."""
        patch = status_patch(resource, status, guarded=guarded)
        return await self._patch(resource, "/status", patch, session.JSON_PATCH)

    async def _patch(self, resource: Resource, subresource: str, body: JSON, content_type: str) -> Resource:
        key = resource.key
        try:
            answer = await self._write("PATCH", object_path(key) + subresource, body, content_type)
        except ApiError as error:
            if error.status == NOT_FOUND:
                self.resource_deleted(key, resource.uid)
            raise core_error(error, "update", key) from None
        return self._written(key, answer)

    def _written(self, key: Key, answer: Mapping[str, JSON]) -> Resource:
        """Store the answer to an own write and return it as a resource."""
        resource = Resource.parse(key.kind, answer)
        # Without finalizers a deletion is complete: this answer is the last state of the resource.
        if resource.deleting and not resource.finalizers:
            self.resource_deleted(key, resource.uid)
        else:
            self.resource_seen(key.kind, answer)
        return resource

    # Secrets, ConfigMaps, namespaces, events.

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Return a Secret, read live."""
        body = await self._read_data_object(Key("Secret", namespace, name))
        return None if body is None else secret_from(body)

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret if it has no resource version, else replace this very version of it."""
        return secret_from(await self._write_data_object(secret))

    async def delete_secret(self, secret: Secret) -> None:
        """Delete this very Secret; do nothing if it doesn't exist any more."""
        await self._delete_data_object(secret)

    async def read_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap, read live."""
        body = await self._read_data_object(Key("ConfigMap", namespace, name))
        return None if body is None else config_map_from(body)

    async def write_config_map(self, config_map: ConfigMap) -> ConfigMap:
        """Create the ConfigMap if it has no resource version, else replace this very version of it."""
        return config_map_from(await self._write_data_object(config_map))

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete this very ConfigMap; do nothing if it doesn't exist any more."""
        await self._delete_data_object(config_map)

    async def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return a namespace's labels; raise PermissionDenied if it can't be read."""
        body = await self._read(Key("Namespace", "", namespace))
        return {} if body is None else body["metadata"].get("labels") or {}

    async def namespace_uid(self, name: str) -> str | None:
        """Return a namespace's UID; that of kube-system identifies the cluster."""
        body = await self._read(Key("Namespace", "", name))
        return None if body is None else str(body["metadata"]["uid"])

    def event(self, resource: Resource, event: Event) -> None:
        """Record an event of a resource; never waits, never fails."""
        self.events.record(resource, event)

    async def _read_data_object(self, key: Key) -> JSON:
        body = await self._read(key)
        if body is not None and owner_of(body) is not None:
            self._fingerprints[key] = fingerprint(body)
        return body

    async def _write_data_object(self, data_object: DataObject) -> JSON:
        body = data_object_body(data_object)
        # Taken before the request is sent: the watch may be faster than the answer.
        self._fingerprints[data_object.key] = fingerprint(body)
        creates = not data_object.resource_version
        path = collection_path(data_object.key) if creates else object_path(data_object.key)
        try:
            return await self._write("POST" if creates else "PUT", path, body)
        except ApiError as error:
            raise core_error(error, "create" if creates else "update", data_object.key, body["data"]) from None

    async def _delete_data_object(self, data_object: DataObject) -> None:
        uid = (stored_body(data_object).get("metadata") or {}).get("uid")
        preconditions = {"preconditions": {"uid": uid}} if uid else None
        try:
            await self._write("DELETE", object_path(data_object.key), preconditions)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise core_error(error, "delete", data_object.key) from None

    async def _read(self, key: Key) -> JSON:
        """Return an object's JSON, read live; None if it doesn't exist, or its name is not valid."""
        if not NAME.fullmatch(key.name):
            return None
        try:
            return await self.api.request("GET", object_path(key))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise core_error(error, "read", key) from None

    async def _write(self, method: str, path: str, body: JSON, content_type: str = session.PLAIN) -> JSON:
        with self.events.urgent():
            return await self.api.request(method, path, body, content_type=content_type, gate=self._may_write)

    def _may_write(self) -> None:
        # Read at each call: the gate is set after the recorder and its queue exist.
        self.gate()

    async def _relist(
        self, kind: str, *, accept: str, each: Callable[[str, Mapping[str, JSON]], object] = lambda _kind, _body: None
    ) -> Collection[Key]:
        """List a kind, call `each` for all that exist, remove all others and return their keys."""
        listed: set[Key] = set()
        missing: list[Resource] = []
        for namespace in self._lister.scopes:
            version = 0
            async for page in self._lister.pages(kind, namespace, limit=CHUNK, accept=accept):
                version = int(page["metadata"]["resourceVersion"])
                for item in page.get("items") or ():
                    listed.add(Key(kind, item["metadata"]["namespace"], item["metadata"]["name"]))
                    each(kind, item)
                # A page is work of some milliseconds; probes and the Lease must not wait for all of them.
                await asyncio.sleep(0)
            missing += self._cache.missing(kind, listed, version, self._namespaces and (namespace,))
        for resource in missing:
            self.resource_deleted(resource.key, resource.uid)
        return [resource.key for resource in missing]
