"""Read the references of resources: values of Secrets and ConfigMaps, ids of other resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import Reason
from jitops.core.connection.pool import MISSING_RETRY
from jitops.core.errors import DependencyNotReady, SpecInvalid
from jitops.core.identity import keyed_hash
from jitops.core.index.ownership import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.desired import Input
    from jitops.core.contract.kinds import KindRegistry, ManagedKind
    from jitops.core.kube import Key, Kube, Resource
    from jitops.core.outputs.outputs import HashKey


@dataclass(frozen=True, slots=True)
class Resolved:
    """The values by path, keyed hashes of values from Secrets, and whether the watch reports every change of them."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    digests: Mapping[str, str] = field(default_factory=dict)
    watched: bool = True


NO_INPUTS = Resolved()


class Inputs:
    """Reads the inputs of all kinds, each Secret and ConfigMap once per reconcile."""

    def __init__(self, kinds: KindRegistry, kube: Kube, hash_key: HashKey) -> None:
        self._kinds = kinds
        self._kube = kube
        self._hash_key = hash_key

    async def resolve(self, row: ManagedKind, resource: Resource, inputs: tuple[Input, ...]) -> Resolved:
        """Read the references; DependencyNotReady names a missing one, SpecInvalid one of another connection."""
        reading = _Reading(self._kube)
        values, digests = {}, {}
        for each in inputs:
            if each.entry is None:
                values[each.path] = self._id(row, resource, each)
                continue
            values[each.path] = value = await reading.value(each)
            if each.target.kind == "Secret":
                digests[each.path] = await self._digest(resource.key, each, value)
        return Resolved(values, digests, reading.watched)

    def refuse_deleted(self, row: ManagedKind, resource: Resource) -> None:
        """Raise DependencyNotReady if a reference is being deleted, as far as is known now."""
        for each in row.inputs(resource):
            target = self._kube.get(each.target) if each.entry is None else None
            if target is not None:
                _refuse_if_deleting(each, target)

    async def _digest(self, owner: Key, each: Input, value: str) -> str:
        return keyed_hash(await self._hash_key.get(), *owner, each.path, value)

    def _id(self, row: ManagedKind, resource: Resource, each: Input) -> str:
        """Return the remote id of another resource, which must exist in the same workspace and not be deleted."""
        target = self._kube.get(each.target)
        if target is None:
            raise DependencyNotReady(
                f"spec.{each.path}: {each.target} does not exist", reason=Reason.DEPENDENCY_NOT_FOUND
            )
        if place(self._kinds.managed[each.target.kind], target, self._kube) != place(row, resource, self._kube):
            raise SpecInvalid(f"spec.{each.path}: {each.target} belongs to another connection than this resource")
        _refuse_if_deleting(each, target)
        if not target.status.get("id"):
            raise DependencyNotReady(f"spec.{each.path}: {each.target} has not been created yet")
        return str(target.status["id"])


def _refuse_if_deleting(each: Input, target: Resource) -> None:
    if target.deleting:
        raise DependencyNotReady(f"spec.{each.path}: {each.target} is being deleted")


class _Reading:
    """Secrets and ConfigMaps as they were read during one reconcile."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._data: dict[Key, Mapping[str, str] | None] = {}
        self.watched = True

    async def value(self, each: Input) -> str:
        """Return one value; DependencyNotReady names a missing one."""
        target, entry = each.target, each.entry or ""
        if target not in self._data:
            self._data[target] = await self._read(target)
        data = self._data[target]
        if data is None or entry not in data:
            what = "does not exist" if data is None else f"has no key {entry}"
            raise DependencyNotReady(
                f"spec.{each.path}: {target} {what}", reason=Reason.DEPENDENCY_NOT_FOUND, after=MISSING_RETRY
            )
        return data[entry]

    async def _read(self, target: Key) -> Mapping[str, str] | None:
        read = self._kube.read_config_map if target.kind == "ConfigMap" else self._kube.read_secret
        found = await read(target.namespace, target.name)
        self.watched = self.watched and found is not None and found.labels.get(meta.WATCH) == meta.TRUE
        return found.data if found else None
