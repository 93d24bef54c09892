"""The cluster of the scenarios: a local store that records its calls, and may kill the process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from tests.harness.clock import TurnedClock
from tests.harness.store import EditableStore
from tests.harness.world.fate import Fate

from jitops.api.meta import WATCH
from jitops.core.kube import JSON, DataObject, Key, Resource, Secret

H = TypeVar("H", bound=DataObject)


class FatefulStore(EditableStore):
    """A local store whose every write may be the operator's last; it keeps each status ever written."""

    def __init__(self, clock: TurnedClock, fate: Fate) -> None:
        super().__init__(clock)
        self.fate = fate
        self.told: list[str] = []
        self.read: list[str] = []
        """The Secrets that were read, by name."""
        self.watched: set[Key] = set()
        """The Secrets and ConfigMaps that have, or had, the label by which they are watched."""

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Die or write."""
        self.fate.before(f"finalizers {resource.key}")
        return await super().set_finalizers(resource, finalizers)

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Die or write."""
        self.fate.before(f"status {resource.key}")
        self.told.append(json.dumps(status))
        return await super().write_status(resource, status, guarded=guarded)

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read, and record the name."""
        self.read.append(name)
        return await super().read_secret(namespace, name)

    def _write_data_object(self, data_object: H) -> H:
        """Die or write."""
        self.fate.before(f"{data_object.kind.lower()} {data_object.key}")
        return super()._write_data_object(data_object)

    def _remove_data_object(self, data_object: DataObject) -> None:
        """Die or delete."""
        self.fate.before(f"delete {data_object.key}")
        super()._remove_data_object(data_object)

    def _put_data_object(self, data_object: H, *, own: bool = False) -> H:
        """Record which objects have the watch label."""
        if data_object.labels.get(WATCH) == "true":
            self.watched.add(data_object.key)
        return super()._put_data_object(data_object, own=own)

    def named(self) -> list[Key]:
        """Return the keys of all custom resources."""
        return self.keys()
