"""The Secrets and ConfigMaps of a local store: versions, finalizers, owners, and files for what we wrote."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from jitops.core.clock import Clock, stamp
from jitops.core.errors import Conflict, NamespaceTerminating, SpecInvalid
from jitops.core.kube import JSON, ConfigMap, Holder, Key, Secret
from jitops.local.documents import holder_document, holder_of, is_output
from jitops.local.folder import Folder, Nowhere

H = TypeVar("H", bound=Holder)

WRITES = {"Secret": "secret", "ConfigMap": "config map"}
"""How a write of each is told in `HolderStore.writes`."""
HOLDERS = frozenset(WRITES)


class HolderStore:
    """What holds values. Each write is in the folder before anyone hears of it."""

    def __init__(self, clock: Clock, folder: Folder | Nowhere) -> None:
        self._clock = clock
        self._folder = folder
        self._versions = itertools.count(1)
        self._holders: dict[Key, Holder] = {}
        self.terminating: set[str] = set()
        """The namespaces that take nothing new."""
        self.writes: list[tuple[str, Key]] = []
        """Every write of the operator's, as verb and object."""
        self.on_input: Callable[[Key], None] = lambda _: None

    def secrets(self) -> list[Secret]:
        """Return all Secrets."""
        return [holder for holder in self.holders() if isinstance(holder, Secret)]

    def holders(self) -> list[Holder]:
        """Return all Secrets and ConfigMaps."""
        return [self._holders[key] for key in sorted(self._holders)]

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read a Secret."""
        found = self._holders.get(Key("Secret", namespace, name))
        return found if isinstance(found, Secret) else None

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret, or replace that very version of it."""
        return self._write_holder(secret)

    async def delete_secret(self, secret: Secret) -> None:
        """Delete a Secret."""
        self._remove_holder(secret)

    async def read_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap."""
        found = self._holders.get(Key("ConfigMap", namespace, name))
        return found if isinstance(found, ConfigMap) else None

    async def write_config_map(self, config_map: ConfigMap) -> ConfigMap:
        """Create the ConfigMap, or replace that very version of it."""
        return self._write_holder(config_map)

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete a ConfigMap."""
        self._remove_holder(config_map)

    def _write_holder(self, holder: H) -> H:
        known = self._holders.get(holder.key)
        if (known.resource_version if known else "") != holder.resource_version:
            raise Conflict(f"{holder.kind} {holder.name} changed meanwhile")
        if known is None and holder.namespace in self.terminating:
            raise NamespaceTerminating(f"namespace {holder.namespace} is terminating")
        if any(name == "." or name.startswith("..") for name in holder.data):
            raise SpecInvalid(
                f"{holder.kind} {holder.name} can't have a key that is '.' or begins with '..'; choose another"
            )
        self.writes.append((WRITES[holder.kind], holder.key))
        return self._put_holder(holder, ours=True)

    def _remove_holder(self, holder: Holder) -> None:
        self.writes.append(("delete", holder.key))
        self._delete_holder(holder.key)

    def _collect(self, uid: str) -> None:
        """Delete what has no owner left, as the garbage collector does; a killed one does it again."""
        for key, holder in tuple(self._holders.items()):
            others = tuple(owner for owner in holder.owners if owner.uid != uid)
            if others != holder.owners and not others:
                self._delete_holder(key)

    def _apply_holder(self, key: Key, manifest: Mapping[str, JSON]) -> None:
        known, given = self._holders.get(key), holder_of(manifest)
        if known is None:
            self._put_holder(given)
            return
        wanted = replace(known, data=given.data, labels=given.labels, annotations=given.annotations)
        if wanted != known:
            self._put_holder(wanted)

    def _put_holder(self, holder: H, *, ours: bool = False) -> H:
        """Keep a Secret or ConfigMap, and tell of it unless the operator wrote it, who knows."""
        kept = replace(holder, resource_version=str(next(self._versions)))
        if kept.deleting and not kept.finalizers:
            self._folder.drop(kept.key)
            self._holders.pop(kept.key, None)
        else:
            self._folder.keep(kept.key, holder_document(kept, stamp(self._clock.now()) if kept.deleting else None))
            self._holders[kept.key] = kept
        self._lay_out(kept)
        if not ours:
            self.on_input(kept.key)
        return kept

    def _delete_holder(self, key: Key) -> None:
        holder = self._holders.get(key)
        if holder is not None and not holder.deleting:
            self._put_holder(replace(holder, deleting=True))

    def _lay_out(self, holder: Holder) -> None:
        """Show an output's values as files for as long as it exists."""
        if is_output(holder) and holder.key in self._holders:
            self._folder.publish(holder.key, holder.data)
        elif is_output(holder):
            self._folder.withdraw(holder.key)
