"""The output Secrets and ConfigMaps: verified when read, written only if they differ, never taken from anyone.

Values that the remote shows again are compared. Write-once values are trusted only while they match the keyed hash in
the annotation `jitops.dev/data-hash`, so an edited Secret is noticed although the remote shows no plaintext.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from jitops.api import meta
from jitops.core.errors import AlreadyOwned
from jitops.core.identity import keyed_hash
from jitops.core.kube import DataObject, Owner, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.kube import Kube, Resource
    from jitops.core.outputs.backends import OutputBackend

H = TypeVar("H", bound=DataObject)
_MEMORY = "jitops.dev/outputs"
"""The annotation that holds the spec's `outputs` as of the last write."""


@dataclass(frozen=True, slots=True)
class PublishedOutput(Generic[H]):
    """An output Secret or ConfigMap as found, with its values by canonical name."""

    data_object: H | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    proven: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The write-once values that match their hash."""
    moved_from: H | None = None
    """The object under its former name, if the name in `outputs` changed or was removed."""


class Outputs(Generic[H]):
    """Reads and writes the output Secrets, or the ConfigMaps, of all kinds."""

    def __init__(self, backend: OutputBackend[H], hash_key: HashKey) -> None:
        self._backend = backend
        self._hash_key = hash_key

    def name(self, row: ManagedKind, resource: Resource) -> str | None:
        """Return the name of what the resource writes, if any."""
        return self._backend.name(row, resource)

    async def read(self, row: ManagedKind, resource: Resource) -> PublishedOutput[H]:
        """Read what the resource wrote; AlreadyOwned if someone else owns an object of its name."""
        name = self.name(row, resource)
        if name is None:
            return PublishedOutput(moved_from=await self._former(resource, name))
        found = await self._backend.read(resource.key.namespace, name)
        if found is not None and not _is_ours(found, resource):
            raise AlreadyOwned(
                f"{found.kind} {name} exists and was not written by jitops for this resource;"
                f" set spec.outputs.{self._backend.part}.name to another name, or delete that {found.kind}"
            )
        moved = await self._former(resource, name)
        source = found or moved
        if source is None:
            return PublishedOutput()
        values = _canonical(source)
        key = await self._hash_key.get()
        return PublishedOutput(found, values, _proven(key, row, resource, source, values), moved)

    async def _former(self, resource: Resource, name: str | None) -> H | None:
        """Return what the resource wrote under its former name, unless someone else owns it by now."""
        former = resource.status.get(self._backend.status_field)
        if not former or former == name:
            return None
        found = await self._backend.read(resource.key.namespace, former)
        return found if found is not None and _is_ours(found, resource) else None

    async def publish(
        self, row: ManagedKind, resource: Resource, held: PublishedOutput[H], values: Mapping[str, str], *, owned: bool
    ) -> PublishedOutput[H]:
        """Write exactly these values into the Secret or ConfigMap; no request if it holds them already."""
        name = self.name(row, resource)
        if name is None:
            return held
        desired = await self._wanted(row, resource, name, values, owned=owned)
        if held.data_object is not None:
            desired = _merged(held.data_object, desired)
        if held.data_object == desired:
            return held
        return replace(held, data_object=await self._backend.write(desired), values=values)

    async def _wanted(
        self, row: ManagedKind, resource: Resource, name: str, values: Mapping[str, str], *, owned: bool
    ) -> H:
        asked = (resource.spec.get("outputs") or {}).get(self._backend.part) or {}
        names, labels, notes = (asked.get(part) or {} for part in ("keys", "labels", "annotations"))
        key = await self._hash_key.get()
        memory = {"keys": names, "labels": sorted(labels), "annotations": sorted(notes)}
        memory = {part: content for part, content in memory.items() if content}
        annotations = {**notes, meta.DATA_HASH: _data_hash(key, row, resource, values)}
        if memory:
            annotations[_MEMORY] = json.dumps(memory, sort_keys=True)
        return self._backend.make(
            namespace=resource.key.namespace,
            name=name,
            data={names.get(canonical, canonical): value for canonical, value in values.items()},
            labels={**labels, **_labels(resource)},
            annotations=annotations,
            owners=(_owner(resource),) if owned else (),
        )

    async def drop_former(self, held: PublishedOutput[H]) -> None:
        """Delete the object under the former name, once the new one holds everything."""
        if held.moved_from is not None:
            await self._backend.delete(held.moved_from)

    async def disown(self, row: ManagedKind, resource: Resource, *, always: bool) -> tuple[str, ...]:
        """Remove the owner reference, so that the output outlives the resource; return the names of such outputs.

        Unless `always`, only a Secret with write-once values stays. The object under the former name counts too.
        """
        names = dict.fromkeys((self.name(row, resource), resource.status.get(self._backend.status_field)))
        return tuple([name for name in names if name and await self._disown(row, resource, name, always=always)])

    async def _disown(self, row: ManagedKind, resource: Resource, name: str, *, always: bool) -> bool:
        found = await self._backend.read(resource.key.namespace, name)
        if found is None or not _is_ours(found, resource):
            return False
        if not always and not row.write_once & _canonical(found).keys():
            return False
        others = tuple(owner for owner in found.owners if owner != _owner(resource))
        if others != found.owners:
            await self._backend.write(replace(found, owners=others))
        return True


def is_changed(held: PublishedOutput[H], values: Mapping[str, str]) -> bool:
    """Return whether publishing would change values."""
    return held.data_object is None or dict(held.values) != dict(values)


def _labels(resource: Resource) -> dict[str, str]:
    return {
        meta.MANAGED_BY: meta.MANAGER,
        meta.WATCH: "true",
        meta.OWNER_KIND: resource.key.kind,
        meta.OWNER_NAME: resource.key.name[:63],
    }


def _owner(resource: Resource) -> Owner:
    return Owner(resource.key.kind, resource.key.name, resource.uid)


def _is_ours(data_object: DataObject, resource: Resource) -> bool:
    expected = _labels(resource)
    names = (meta.MANAGED_BY, meta.OWNER_KIND, meta.OWNER_NAME)
    return all(data_object.labels.get(name) == expected[name] for name in names)


def _remembered(data_object: DataObject) -> tuple[dict[str, str], set[str], set[str]]:
    """Return the renamed keys, labels and annotations of the last write; nothing if the annotation was edited."""
    try:
        memory = json.loads(data_object.annotations.get(_MEMORY, "{}"))
        names = {str(actual): canonical for canonical, actual in memory.get("keys", {}).items()}
        return names, {*memory.get("labels", ())}, {*memory.get("annotations", ())}
    except (ValueError, AttributeError, TypeError):
        return {}, set(), set()


def _canonical(data_object: DataObject) -> dict[str, str]:
    names, _, _ = _remembered(data_object)
    return {names.get(actual, actual): value for actual, value in data_object.data.items()}


def _merged(found: H, desired: H) -> H:
    """Return the new object with what others added: labels, annotations, owners, finalizers."""
    _, former_labels, former_notes = _remembered(found)
    labels = {name: value for name, value in found.labels.items() if name not in former_labels}
    notes = {name: value for name, value in found.annotations.items() if name not in {*former_notes, _MEMORY}}
    others = tuple(owner for owner in found.owners if owner not in desired.owners)
    return replace(
        found,
        data=desired.data,
        labels={**labels, **desired.labels},
        annotations={**notes, **desired.annotations},
        owners=found.owners if set(desired.owners) <= set(found.owners) else (*desired.owners, *others),
    )


def _data_hash(key: bytes, row: ManagedKind, resource: Resource, values: Mapping[str, str]) -> str:
    """Return the annotation: the key's fingerprint, then a hash of each write-once value, or one of all values."""
    digests = _digests(key, row, resource, values)
    return ":".join((_fingerprint(key), *(f"{name}={digest}" for name, digest in sorted(digests.items()))))


def _digests(key: bytes, row: ManagedKind, resource: Resource, values: Mapping[str, str]) -> dict[str, str]:
    where = (resource.key.namespace, resource.key.name)
    if not row.write_once:
        flat = [part for pair in sorted(values.items()) for part in pair]
        return {"all": keyed_hash(key, *where, *flat)}
    return {name: keyed_hash(key, *where, name, values[name]) for name in row.write_once & values.keys()}


def _proven(
    key: bytes, row: ManagedKind, resource: Resource, data_object: DataObject, values: Mapping[str, str]
) -> dict[str, str]:
    """Return the write-once values that match their hash; all of them if a lost hash key made it."""
    known, *listed = data_object.annotations.get(meta.DATA_HASH, "").split(":")
    if listed and known != _fingerprint(key):
        return {name: values[name] for name in row.write_once & values.keys()}
    digests = _digests(key, row, resource, values)
    return {name: values[name] for name in row.write_once & values.keys() if f"{name}={digests[name]}" in listed}


def _fingerprint(key: bytes) -> str:
    return keyed_hash(key, "fingerprint")[:8]


HASH_KEY_SECRET = "jitops-hash-key"  # noqa: S105 - a name


class HashKey:
    """The random key of the keyed hashes, created once and kept in the operator's namespace."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._key: bytes | None = None
        self._finding = asyncio.Lock()

    async def get(self) -> bytes:
        """Return the key, and create it at the first use; concurrent callers share one read and one key."""
        async with self._finding:
            if self._key is None:
                found = await self._kube.read_secret(self._namespace, HASH_KEY_SECRET)
                self._key = bytes.fromhex((found or await self._make()).data["key"])
            return self._key

    async def _make(self) -> Secret:
        labels = {meta.MANAGED_BY: meta.MANAGER}
        made = Secret(self._namespace, HASH_KEY_SECRET, {"key": secrets.token_hex(32)}, labels)
        return await self._kube.write_secret(made)
