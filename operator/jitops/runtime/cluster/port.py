"""The Kubernetes port on a real API server: what the core reads and writes there.

Resources are held in a store that the watch feeds and our own answers correct; Secrets and ConfigMaps are read live.
Before every write the gate is asked, which raises where this replica does not hold the Lease.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any

from jitops.api.meta import GROUP, VERSION
from jitops.core.clock import Clock
from jitops.core.kube import JSON, ConfigMap, DataObject, Event, Key, Resource, Secret
from jitops.kinds import KINDS
from jitops.runtime.cluster import session as apiserver
from jitops.runtime.cluster.cache import Store
from jitops.runtime.cluster.codec import (
    config_map_from,
    data_object_body,
    fingerprint,
    owner_of,
    secret_from,
    status_patch,
    stored,
)
from jitops.runtime.cluster.errors import NOT_FOUND, meaning
from jitops.runtime.cluster.events import Events
from jitops.runtime.cluster.session import ApiServer, Refusal, allow_writes

PLURALS = {info.kind: info.plural for info in KINDS}
NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
"""What can name an object; anything else in a path would ask for something else."""
CHUNK = 500
"""How many resources one page of a listing holds."""


class Cluster:
    """The port. `on_change`, `on_deleted` and `on_input` tell the controller what was learned, by whatever way."""

    def __init__(
        self, api: ApiServer, clock: Clock, *, namespaces: tuple[str, ...] = (), instance: str = "jitops"
    ) -> None:
        self.api = api
        self.gate: Callable[[], None] = allow_writes
        self.on_change: Callable[[Resource | None, Resource], None] = lambda _before, _after: None
        self.on_deleted: Callable[[Key], None] = lambda _: None
        self.on_input: Callable[[Key, Key | None], None] = lambda _target, _but: None
        self.events = Events(api, clock, instance, self._may_write)
        self._namespaces = namespaces
        self._store = Store()
        self._known: dict[Key, int] = {}
        """The fingerprints of the outputs that we wrote, or read as their owner: the watch tells of them once more."""
        self.heard = time.monotonic()
        """The monotonic moment at which the watch last told something."""

    # What was last seen.

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen."""
        return self._store.get(key)

    def list(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind as last seen."""
        return self._store.all(kind)

    # What the watch tells.

    def seen(self, kind: str, body: Mapping[str, JSON]) -> Resource:
        """Take in a resource as anyone showed it; the controller hears of what is newer than what was known."""
        resource = Resource.parse(kind, body)
        before, newer = self._store.put(resource)
        if newer:
            self.on_change(before, resource)
        return resource

    def knows(self, kind: str, body: Mapping[str, JSON]) -> bool:
        """Say whether a resource as someone shows it is no news: most often the echo of a write of ours."""
        meta = body["metadata"]
        return self._store.knows(Key(kind, meta["namespace"], meta["name"]), meta["uid"], int(meta["resourceVersion"]))

    def lost(self, key: Key, uid: str) -> None:
        """Take in that a resource is gone."""
        if self._store.drop(key, uid):
            self.on_deleted(key)

    def input_seen(self, kind: str, body: Mapping[str, JSON], *, deleted: bool) -> None:
        """Take in a Secret or ConfigMap that is watched; in a state that we know it is no news to its owner."""
        meta = body["metadata"]
        key = Key(kind, meta["namespace"], meta["name"])
        if deleted:
            self._known.pop(key, None)
            self.on_input(key, None)
        elif self._known.get(key) != fingerprint(body):
            self.on_input(key, None)
        elif (owner := owner_of(body)) is not None:
            self.on_input(key, owner)

    # Our resources.

    async def prime(self) -> None:
        """Read all resources from the source, connections first: what is decided next rests on nothing older."""
        for kind in PLURALS:
            await self._relist(kind, accept=apiserver.PLAIN, each=self.seen)

    async def refresh(self, key: Key) -> Resource | None:
        """Read the resource from the source and remember it."""
        known = self.get(key)
        try:
            return self.seen(key.kind, await self.api.request("GET", _path(key)))
        except Refusal as refusal:
            if refusal.status != NOT_FOUND:
                raise meaning(refusal, "read", key) from None
        if known is not None:
            self.lost(key, known.uid)
        return None

    async def prune(self, kind: str) -> Collection[Key]:
        """Forget the resources that are gone though no deletion was reported; where none is, that costs one count."""
        if await self._counted(kind) == self._store.count(kind):
            return ()
        return await self._relist(kind, accept=apiserver.METADATA)

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Replace the finalizers, if the resource is still in this version."""
        guards = {"uid": resource.uid, "resourceVersion": resource.resource_version}
        body = {"metadata": {"finalizers": list(finalizers), **guards}}
        return await self._patch(resource, "", body, apiserver.MERGE_PATCH)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Make the status so, sending just the fields that differ."""
        return await self._patch(
            resource, "/status", status_patch(resource, status, guarded=guarded), apiserver.JSON_PATCH
        )

    async def _patch(self, resource: Resource, subresource: str, body: JSON, content_type: str) -> Resource:
        key = resource.key
        try:
            answer = await self._write("PATCH", _path(key) + subresource, body, content_type)
        except Refusal as refusal:
            if refusal.status == NOT_FOUND:
                self.lost(key, resource.uid)
            raise meaning(refusal, "update", key) from None
        return self._answered(key, answer)

    def _answered(self, key: Key, answer: Mapping[str, JSON]) -> Resource:
        """Remember what the API server made of our write; a deletion that nothing holds any more is done."""
        resource = Resource.parse(key.kind, answer)
        if resource.deleting and not resource.finalizers:
            self.lost(key, resource.uid)
        else:
            self.seen(key.kind, answer)
        return resource

    # Secrets, ConfigMaps, namespaces.

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read a Secret now."""
        body = await self._read_data_object(Key("Secret", namespace, name))
        return None if body is None else secret_from(body)

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret (no resource version) or replace that very version of it."""
        return secret_from(await self._write_data_object(secret))

    async def delete_secret(self, secret: Secret) -> None:
        """Delete this very Secret; one that is gone is deleted."""
        await self._delete_data_object(secret)

    async def read_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap now."""
        body = await self._read_data_object(Key("ConfigMap", namespace, name))
        return None if body is None else config_map_from(body)

    async def write_config_map(self, config_map: ConfigMap) -> ConfigMap:
        """Create the ConfigMap (no resource version) or replace that very version of it."""
        return config_map_from(await self._write_data_object(config_map))

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete this very ConfigMap; one that is gone is deleted."""
        await self._delete_data_object(config_map)

    async def _read_data_object(self, key: Key) -> JSON:
        body = await self._read(key)
        if body is not None and owner_of(body) is not None:
            self._known[key] = fingerprint(body)
        return body

    async def _write_data_object(self, data_object: DataObject) -> Any:  # noqa: ANN401 - JSON
        body = data_object_body(data_object)
        self._known[data_object.key] = fingerprint(body)  # before it is sent: the watch may be faster than the answer
        creates = not data_object.resource_version
        path = _path(data_object.key).rpartition("/")[0] if creates else _path(data_object.key)
        try:
            return await self._write("POST" if creates else "PUT", path, body)
        except Refusal as refusal:
            raise meaning(refusal, "create" if creates else "update", data_object.key, body["data"]) from None

    async def _delete_data_object(self, data_object: DataObject) -> None:
        uid = (stored(data_object).get("metadata") or {}).get("uid")
        try:
            await self._write("DELETE", _path(data_object.key), {"preconditions": {"uid": uid}} if uid else None)
        except Refusal as refusal:
            if refusal.status != NOT_FOUND:
                raise meaning(refusal, "delete", data_object.key) from None

    async def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Read a namespace's labels; PermissionDenied where we may not."""
        body = await self._read(Key("Namespace", "", namespace))
        return {} if body is None else body["metadata"].get("labels") or {}

    def event(self, resource: Resource, event: Event) -> None:
        """Tell what happened; never waits, never fails."""
        self.events.tell(resource, event)

    async def namespace_uid(self, name: str) -> str | None:
        """Read a namespace's UID; that of kube-system tells clusters apart."""
        body = await self._read(Key("Namespace", "", name))
        return None if body is None else str(body["metadata"]["uid"])

    async def _read(self, key: Key) -> JSON:
        """Read an object; None where there is none, or can be none of this name."""
        if not NAME.fullmatch(key.name):
            return None
        try:
            return await self.api.request("GET", _path(key))
        except Refusal as refusal:
            if refusal.status == NOT_FOUND:
                return None
            raise meaning(refusal, "read", key) from None

    async def _write(self, method: str, path: str, body: JSON, content_type: str = apiserver.PLAIN) -> Any:  # noqa: ANN401 - JSON
        with self.events.urgent():
            return await self.api.request(method, path, body, content_type=content_type, gate=self._may_write)

    def _may_write(self) -> None:
        self.gate()

    # Listings.

    async def _relist(
        self, kind: str, *, accept: str, each: Callable[[str, Mapping[str, JSON]], object] = lambda _kind, _body: None
    ) -> Collection[Key]:
        """List a kind, tell `each` of what is there, and forget what isn't; name the forgotten."""
        listed: set[Key] = set()
        missing: list[Resource] = []
        for namespace in self._namespaces or ("",):
            version = 0
            async for page in self._pages(kind, namespace, CHUNK, accept):
                version = int(page["metadata"]["resourceVersion"])
                for item in page.get("items") or ():
                    listed.add(Key(kind, item["metadata"]["namespace"], item["metadata"]["name"]))
                    each(kind, item)
                await asyncio.sleep(0)
            missing += self._store.missing(kind, listed, version, self._namespaces and (namespace,))
        for resource in missing:
            self.lost(resource.key, resource.uid)
        return [resource.key for resource in missing]

    async def _counted(self, kind: str) -> int:
        """Count the resources at the source, by a page of one and the number that the server gives for the rest."""
        total = 0
        for namespace in self._namespaces or ("",):
            async for page in self._pages(kind, namespace, 1, apiserver.METADATA):
                total += len(page.get("items") or ()) + (page["metadata"].get("remainingItemCount") or 0)
                break
        return total

    async def _pages(self, kind: str, namespace: str, limit: int, accept: str) -> AsyncIterator[Any]:
        base, token = _collection(Key(kind, namespace, "")), ""
        while True:
            following = f"&continue={token}" if token else ""
            try:
                page = await self.api.request("GET", f"{base}?limit={limit}{following}", accept=accept)
            except Refusal as refusal:
                if refusal.status == NOT_FOUND:  # The kind's definition is not there, or not any more.
                    return
                raise meaning(refusal, "list", Key(kind, namespace, "*")) from None
            yield page
            token = page["metadata"].get("continue")
            if not token:
                return


def _collection(key: Key) -> str:
    scope = f"/namespaces/{key.namespace}" if key.namespace else ""
    match key.kind:
        case "Secret" | "ConfigMap" | "Namespace":
            return f"/api/v1{scope}/{key.kind.lower()}s"
    return f"/apis/{GROUP}/{VERSION}{scope}/{PLURALS[key.kind]}"


def _path(key: Key) -> str:
    return f"{_collection(key)}/{key.name}"
