"""A local store whose Secrets and ConfigMaps a test changes by hand, as a person with kubectl does."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace

from jitops.core.kube import ConfigMap, DataObject, Key, Secret
from jitops.local.data_objects import DATA_OBJECTS
from jitops.local.store import LocalStore


class EditableStore(LocalStore):
    """A local store with the edits that only other people make."""

    def secret(self, name: str, namespace: str = "team") -> Secret | None:
        """Return a Secret, without recording that."""
        found = self._data_objects.get(Key("Secret", namespace, name))
        return found if isinstance(found, Secret) else None

    def config_map(self, name: str, namespace: str = "team") -> ConfigMap | None:
        """Return a ConfigMap."""
        found = self._data_objects.get(Key("ConfigMap", namespace, name))
        return found if isinstance(found, ConfigMap) else None

    def put(self, data_object: DataObject) -> None:
        """Write a Secret or ConfigMap as it is here, labels, owners and annotations included."""
        self._put_data_object(data_object)

    def edit(self, data_object: DataObject, data: Mapping[str, str]) -> None:
        """Change the values of a Secret or ConfigMap, and keep everything else."""
        self.put(replace(data_object, data=data))

    def put_finalizers(self, key: Key, *finalizers: str) -> None:
        """Set an object's finalizers by hand."""
        if key.kind in DATA_OBJECTS:
            self.put(self._data_objects[key].with_finalizers(finalizers))
            return
        body = deepcopy(self._bodies[key])
        body["metadata"]["finalizers"] = list(finalizers)
        self._settle(key, body)
