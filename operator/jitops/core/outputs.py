"""The Secrets we write: read back with suspicion, written only when they differ, never taken from anyone.

Values that can be had again are simply compared. Write-once values are trusted only while they match the keyed hash
beside them (`jitops.dev/data-hash`), so an edited Secret is noticed even though the remote shows no plaintext.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.errors import AlreadyOwned
from jitops.core.identity import keyed_hash
from jitops.core.kube import Owner, Secret
from jitops.core.references import output_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.adapter import Row
    from jitops.core.kube import Kube, Resource

HASH_KEY_SECRET = "jitops-hash-key"  # noqa: S105 - a name
_NAMES = "jitops.dev/key-names"


class HashKey:
    """The random key of our keyed hashes: made once, kept in the operator's namespace."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._key: bytes | None = None

    async def get(self) -> bytes:
        """Return the key, making it on the very first use."""
        if self._key is None:
            found = await self._kube.read_secret(self._namespace, HASH_KEY_SECRET)
            self._key = bytes.fromhex((found or await self._make()).data["key"])
        return self._key

    async def _make(self) -> Secret:
        labels = {meta.MANAGED_BY: meta.MANAGER}
        made = Secret(self._namespace, HASH_KEY_SECRET, {"key": secrets.token_hex(32)}, labels)
        return await self._kube.write_secret(made)


@dataclass(frozen=True, slots=True)
class Held:
    """Our Secret as found, its values by canonical name, and whether the write-once ones are as we wrote them."""

    secret: Secret | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: bool = False
    moved_from: Secret | None = None
    """The Secret under its former name, when `outputs.secret.name` changed."""


class Outputs:
    """Reads and writes the output Secrets of all kinds."""

    def __init__(self, kube: Kube, hash_key: HashKey) -> None:
        self._kube = kube
        self._hash_key = hash_key

    @staticmethod
    def name(row: Row, resource: Resource) -> str | None:
        """Name the resource's Secret, if it has one."""
        return output_secret(row, resource)

    async def read(self, row: Row, resource: Resource) -> Held:
        """Read the resource's Secret; AlreadyOwned if its name is taken by something that isn't ours."""
        name = output_secret(row, resource)
        if name is None or _untouched(resource):
            return Held()
        found = await self._mine(resource, name)
        former = resource.status.get("secretName")
        moved = await self._mine(resource, former) if former and former != name else None
        return await self._held(row, resource, found, moved)

    async def _mine(self, resource: Resource, name: str) -> Secret | None:
        found = await self._kube.read_secret(resource.key.namespace, name)
        if found is not None and not _is_ours(found, resource):
            raise AlreadyOwned(
                f"Secret {name} exists and was not written by jitops for this resource;"
                " set spec.outputs.secret.name to another name, or delete that Secret"
            )
        return found

    async def _held(self, row: Row, resource: Resource, found: Secret | None, moved: Secret | None) -> Held:
        source = found or moved
        if source is None:
            return Held()
        values = _canonical(source)
        known, _, digest = source.annotations.get(meta.DATA_HASH, "").partition(":")
        key = await self._hash_key.get()
        another_key = bool(digest) and known != _fingerprint(key)
        trusted = another_key or digest == _digest(key, row, resource, values)
        return Held(found, values, trusted, moved)

    async def publish(
        self, row: Row, resource: Resource, held: Held, values: Mapping[str, str], *, owned: bool
    ) -> Held:
        """Make the Secret hold just these values; no request if it already does."""
        name = output_secret(row, resource)
        if name is None:
            return held
        wanted = await self._wanted(row, resource, name, values, owned=owned)
        if held.secret is not None:
            wanted = _merged(held.secret, wanted)
        if held.secret == wanted:
            return held
        return replace(held, secret=await self._kube.write_secret(wanted), values=values, trusted=True)

    async def _wanted(
        self, row: Row, resource: Resource, name: str, values: Mapping[str, str], *, owned: bool
    ) -> Secret:
        asked = (resource.spec.get("outputs") or {}).get("secret") or {}
        names = asked.get("keys") or {}
        key = await self._hash_key.get()
        annotations = {
            **(asked.get("annotations") or {}),
            meta.DATA_HASH: f"{_fingerprint(key)}:{_digest(key, row, resource, values)}",
        }
        if names:
            annotations[_NAMES] = json.dumps(names, sort_keys=True)
        return Secret(
            namespace=resource.key.namespace,
            name=name,
            data={names.get(canonical, canonical): value for canonical, value in values.items()},
            labels={**(asked.get("labels") or {}), **_labels(resource)},
            annotations=annotations,
            owners=(_owner(resource),) if owned else (),
        )

    async def drop_former(self, held: Held) -> None:
        """Delete the Secret under its former name, once the new one is in status."""
        if held.moved_from is not None:
            await self._kube.delete_secret(held.moved_from)

    async def disown(self, row: Row, resource: Resource) -> None:
        """Take our owner reference off, so that the Secret outlives the resource."""
        name = output_secret(row, resource)
        found = await self._kube.read_secret(resource.key.namespace, name) if name else None
        if found is not None and _is_ours(found, resource) and _owner(resource) in found.owners:
            others = tuple(owner for owner in found.owners if owner != _owner(resource))
            await self._kube.write_secret(replace(found, owners=others))


def is_changed(held: Held, values: Mapping[str, str]) -> bool:
    """Say whether publishing would change values."""
    return held.secret is None or dict(held.values) != dict(values)


def _untouched(resource: Resource) -> bool:
    """No finalizer: we never wrote anything for it, so its Secret needs no look (a create will tell)."""
    return meta.FINALIZER not in resource.finalizers and not resource.status.get("id")


def _labels(resource: Resource) -> dict[str, str]:
    return {
        meta.MANAGED_BY: meta.MANAGER,
        meta.WATCH: "true",
        meta.OWNER_KIND: resource.key.kind,
        meta.OWNER_NAME: resource.key.name[:63],
    }


def _owner(resource: Resource) -> Owner:
    return Owner(resource.key.kind, resource.key.name, resource.uid)


def _is_ours(secret: Secret, resource: Resource) -> bool:
    expected = _labels(resource)
    names = (meta.MANAGED_BY, meta.OWNER_KIND, meta.OWNER_NAME)
    return all(secret.labels.get(name) == expected[name] for name in names)


def _canonical(secret: Secret) -> dict[str, str]:
    names: Mapping[str, str] = json.loads(secret.annotations.get(_NAMES, "{}"))
    back = {actual: canonical for canonical, actual in names.items()}
    return {back.get(actual, actual): value for actual, value in secret.data.items()}


def _merged(found: Secret, wanted: Secret) -> Secret:
    """Keep what others added beside our values: labels, annotations, owners, finalizers."""
    others = tuple(owner for owner in found.owners if owner not in wanted.owners)
    annotations = {**found.annotations, **wanted.annotations}
    if _NAMES not in wanted.annotations:
        annotations.pop(_NAMES, None)
    return replace(
        found,
        data=wanted.data,
        labels={**found.labels, **wanted.labels},
        annotations=annotations,
        owners=found.owners if set(wanted.owners) <= set(found.owners) else (*wanted.owners, *others),
    )


def _fingerprint(key: bytes) -> str:
    return keyed_hash(key, "fingerprint")[:8]


def _digest(key: bytes, row: Row, resource: Resource, values: Mapping[str, str]) -> str:
    covered = sorted(
        (name, value) for name, value in values.items() if not row.write_once or name in row.write_once
    )
    flat = [part for pair in covered for part in pair]
    return keyed_hash(key, resource.key.namespace, resource.key.name, *flat)
