"""The Secrets and ConfigMaps of a local store: versions, finalizers, owners, and files for the outputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from jitops.core.clock import Clock, stamp
from jitops.core.errors import Conflict, NamespaceTerminating, SpecInvalid
from jitops.core.kube import JSON, ConfigMap, DataObject, Key, Secret
from jitops.local.documents import data_object_document, data_object_of, is_output
from jitops.local.folder import NoFolder, StateFolder

D = TypeVar("D", bound=DataObject)

WRITES = {"Secret": "secret", "ConfigMap": "config map"}
"""The name of a write of each in `DataObjectStore.writes`."""
DATA_OBJECTS = frozenset(WRITES)


class DataObjectStore:
    """The Secrets and ConfigMaps of a store. Each write is in the folder before anyone is notified."""

    def __init__(self, clock: Clock, folder: StateFolder | NoFolder) -> None:
        self._clock = clock
        self._folder = folder
        self._versions = itertools.count(1)
        self._data_objects: dict[Key, DataObject] = {}
        self.terminating: set[str] = set()
        """The namespaces in which nothing can be created."""
        self.writes: list[tuple[str, Key]] = []
        """All writes of the operator, as verb and object."""
        self.on_input: Callable[[Key], None] = lambda _: None

    def secrets(self) -> list[Secret]:
        """Return all Secrets."""
        return [data_object for data_object in self.data_objects() if isinstance(data_object, Secret)]

    def data_objects(self) -> list[DataObject]:
        """Return all Secrets and ConfigMaps."""
        return [self._data_objects[key] for key in sorted(self._data_objects)]

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Return a Secret."""
        found = self._data_objects.get(Key("Secret", namespace, name))
        return found if isinstance(found, Secret) else None

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret if it has no resource version, else replace this very version of it."""
        return self._write_data_object(secret)

    async def delete_secret(self, secret: Secret) -> None:
        """Delete a Secret."""
        self._remove_data_object(secret)

    async def read_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap."""
        found = self._data_objects.get(Key("ConfigMap", namespace, name))
        return found if isinstance(found, ConfigMap) else None

    async def write_config_map(self, config_map: ConfigMap) -> ConfigMap:
        """Create the ConfigMap if it has no resource version, else replace this very version of it."""
        return self._write_data_object(config_map)

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete a ConfigMap."""
        self._remove_data_object(config_map)

    def _write_data_object(self, data_object: D) -> D:
        known = self._data_objects.get(data_object.key)
        if (known.resource_version if known else "") != data_object.resource_version:
            raise Conflict(f"{data_object.kind} {data_object.name} changed meanwhile")
        if known is None and data_object.namespace in self.terminating:
            raise NamespaceTerminating(f"namespace {data_object.namespace} is terminating")
        if any(name == "." or name.startswith("..") for name in data_object.data):
            raise SpecInvalid(f"{data_object.kind} {data_object.name} can't have a key '.' or '..…'; choose another")
        self.writes.append((WRITES[data_object.kind], data_object.key))
        return self._put_data_object(data_object, own=True)

    def _remove_data_object(self, data_object: DataObject) -> None:
        self.writes.append(("delete", data_object.key))
        self._delete_data_object(data_object.key)

    def _collect(self, uid: str) -> None:
        """Delete the objects without any owner left, as the garbage collector does."""
        for key, data_object in tuple(self._data_objects.items()):
            others = tuple(owner for owner in data_object.owners if owner.uid != uid)
            if others != data_object.owners and not others:
                self._delete_data_object(key)

    def _apply_data_object(self, key: Key, manifest: Mapping[str, JSON]) -> None:
        known, given = self._data_objects.get(key), data_object_of(manifest)
        if known is None:
            self._put_data_object(given)
            return
        wanted = replace(known, data=given.data, labels=given.labels, annotations=given.annotations)
        if wanted != known:
            self._put_data_object(wanted)

    def _put_data_object(self, data_object: D, *, own: bool = False) -> D:
        """Save a Secret or ConfigMap, and notify the controller unless it wrote the object itself (`own`)."""
        kept = replace(data_object, resource_version=str(next(self._versions)))
        removed = kept.deleting and not kept.finalizers
        # Files first: killed in between, the next process writes them again, and none remains without its document.
        self._withdraw(kept, removed=removed)
        if removed:
            self._folder.delete(kept.key)
            self._data_objects.pop(kept.key, None)
        else:
            self._folder.save(kept.key, data_object_document(kept, stamp(self._clock.now()) if kept.deleting else None))
            self._data_objects[kept.key] = kept
            if is_output(kept):
                self._folder.publish(kept.key, kept.data)
        if not own:
            self.on_input(kept.key)
        return kept

    def _delete_data_object(self, key: Key) -> None:
        data_object = self._data_objects.get(key)
        if data_object is not None and not data_object.deleting:
            self._put_data_object(replace(data_object, deleting=True))

    def _withdraw(self, data_object: DataObject, *, removed: bool) -> None:
        """Remove the files of the values that an output no longer has."""
        known = self._data_objects.get(data_object.key)
        if known is not None and is_output(known):
            remaining = data_object.data if is_output(data_object) and not removed else {}
            self._folder.withdraw(data_object.key, known.data.keys() - remaining.keys())
