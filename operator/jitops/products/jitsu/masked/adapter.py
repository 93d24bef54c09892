"""The adapter of destinations and services: values from Secrets, masks, and merges that never remove a field.

A masked value can't be compared (docs/reference/jitsu.md section 4). So status keeps keyed hashes of the sent secrets,
and the object's `updatedAt` after that write. If a hash differs, the Secret changed. If `updatedAt` is later, someone
else wrote to the object, perhaps to its secrets. Values that the console returns in plain text are compared as sealed
values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from typing_extensions import override

from jitops.api.reasons import EventReason
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation
from jitops.core.errors import NotYet, SpecInvalid
from jitops.core.kube import Event
from jitops.products.jitsu.masked.sealed import Leaf, Path, dotted, parted, seal
from jitops.products.jitsu.masked.secret_fields import (
    SECRET,
    reject_markers,
    reject_placeholders,
    with_secrets,
    without_nulls,
)
from jitops.products.jitsu.masked.spec import SecretSpec
from jitops.products.jitsu.masked.wire import MaskedRow
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.preflight.console import run_preflight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jitops.core.kube import JSON

S = TypeVar("S", bound=SecretSpec)
Found = Observation[MaskedRow]


class MaskedAdapter(ObjectAdapter[S, MaskedRow, None]):
    """The objects of one type with a free-form configuration; the adapter of the kind adds the other fields."""

    root: ClassVar[str]
    """The name of the free-form configuration in the spec."""
    base: ClassVar[Path]
    """The path of the free-form configuration in the console's object."""

    def plain(self, desired: Desired[S]) -> Mapping[str, JSON]:
        """Return the remote fields that are not free-form."""
        raise NotImplementedError

    async def check(self, desired: Desired[S]) -> None:
        """Raise SpecInvalid for a config that the console would reject; by default only the console checks it."""

    async def test_connection(self, desired: Prepared[S, None]) -> str | None:
        """Test the connection of an object that is about to be written; return what failed, None if it works."""
        raise NotImplementedError

    @override
    async def preflight(self, desired: Prepared[S, None]) -> tuple[str, ...]:
        """Test the connection, if the spec asks for that."""

        async def test() -> Iterable[str]:
            failure = await self.test_connection(desired)
            return () if failure is None else (failure,)

        return await run_preflight(desired.spec.validation, test)

    def has_same_type(self, _desired: Desired[S], _observation: Found) -> bool:
        """Return whether the object has the type of the spec, so that its masks show its secrets."""
        return True

    def surplus(self, desired: Prepared[S, None], observation: Found) -> set[Path]:
        """Return the remote paths of the values that an update must remove."""
        return {self.remote_path(path) for path in self.leftovers(desired, observation)}

    def empty_value(self, _desired: Prepared[S, None], _path: Path) -> JSON:
        """Return the value that empties a field, as an omitted field is kept and null is an error; None: none does."""
        return ""

    async def remove_all_values(self, id_: str) -> None:
        """Make the console remove all values of an object, as it can't remove a single one."""
        raise NotImplementedError

    def remote_path(self, path: str) -> Path:
        """Return the console's path for a path of the spec."""
        block, _, rest = path.partition(".")
        return (*self.base, *parted(rest)) if block in {self.root, SECRET} else (path,)

    @override
    async def observe(self, desired: Desired[S]) -> Found | None:
        """Find the object, read it if only a write of it is known, and check the spec."""
        found = await super().observe(desired)
        if found is not None and found.remote.predicted and desired.inputs:
            await self._read(found.id)
            found = replace(found, remote=self._seen(found.id).remote)
        if not desired.deleting:
            self._reject_clear_secrets(desired, found)
            await self.check(desired)
        return found

    def _reject_clear_secrets(self, desired: Desired[S], found: Found | None) -> None:
        """Raise SpecInvalid for secrets in plain text, and for markers in place of values."""
        reject_markers({path: value for path, value in self._clear(desired).items() if not isinstance(value, dict)})
        reject_markers(desired.inputs)
        if found is None or not self.has_same_type(desired, found):
            return
        for path in self._clear(desired):
            leaf = found.remote.at(self.remote_path(path))
            if leaf is not None and leaf.masked:
                raise SpecInvalid(self.cure(path.partition(".")[2]))

    def cure(self, path: str) -> str:
        """Return the message that a field is a secret, and how to set it."""
        return (
            f"spec.{self.root}.{path}: is a secret at the console; remove it, put its value into a Secret,"
            f" and refer to that in spec.{SECRET} with path: {path}"
        )

    def _clear(self, desired: Desired[S]) -> dict[str, JSON]:
        """Return the values that the spec has in plain text, by its paths."""
        return {f"{self.root}.{dotted(path)}": value for path, value in _flat(without_nulls(desired.spec.free_form))}

    def _secret(self, desired: Desired[S]) -> dict[str, JSON]:
        """Return the values from Secrets, by the spec's paths; none while deleting, when Secrets are not read."""
        paths = (f"{SECRET}.{each.path}" for each in desired.spec.secret_config or ())
        return {path: self.read(desired, path, desired.inputs[path]) for path in paths if path in desired.inputs}

    def read(self, _desired: Desired[S], _path: str, text: str) -> JSON:
        """Return the value of a text in a Secret."""
        return text

    @override
    def fields(self, desired: Desired[S]) -> Mapping[str, Leaf]:
        """Return the fields that the user set, sealed."""
        given = {**self.plain(desired), **self._clear(desired), **self._secret(desired)}
        return {path: leaf for path, value in given.items() if isinstance(leaf := seal(value), Leaf)}

    def complete_config(self, desired: Desired[S]) -> dict[str, Any]:
        """Return the free-form configuration with the secrets in it."""
        secrets = {parted(path.partition(".")[2]): value for path, value in self._secret(desired).items()}
        return with_secrets(desired.spec.free_form, secrets, self.root)

    @override
    def body(self, desired: Prepared[S, None]) -> dict[str, Any]:
        """Return all fields that the user set."""
        reject_placeholders(desired.inputs)
        whole = self.complete_config(desired)
        for name in reversed(self.base):
            whole = {name: whole}
        return {**whole, **self.plain(desired)}

    @override
    def diff(self, desired: Prepared[S, None], observation: Found) -> tuple[Change, ...]:
        """Compare visible values by path, and masked values by hash and time."""
        secrets = self._secret(desired)
        seen = (
            path
            for path, leaf in self.fields(desired).items()
            if path not in secrets and leaf != observation.remote.at(self.remote_path(path))
        )
        plain = sorted({*seen, *self.leftovers(desired, observation)})
        hidden = (change for path in secrets for change in self._secret_change(desired, observation, path))
        return (*map(Change, plain), *hidden)

    def _secret_change(self, desired: Prepared[S, None], observation: Found, path: str) -> Iterator[Change]:
        """Yield the change of a secret, if any; `generated` if the Secret changed, which changes no generation."""
        row, leaf = observation.remote, observation.remote.at(self.remote_path(path))
        known = (desired.last_status.get("secretHashes") or {}).get(_name(path))
        edited = observation.owned and known != desired.digests.get(path)
        if leaf is None or not leaf.masked:
            if leaf != self.fields(desired).get(path):
                yield Change(path, generated=edited)
        elif row.written or (known is None and desired.spec.management.policy == "Observe"):
            return
        elif edited or (not observation.owned and desired.spec.management.adopt.mode == "Override"):
            yield Change(path, generated=True)
        elif observation.owned and row.updated_at != desired.last_status.get("remoteUpdatedAt"):
            yield Change(path)

    @override
    def leftovers(self, desired: Prepared[S, None], observation: Found) -> tuple[str, ...]:
        """Return the paths that jitops once sent, the user no longer sets, and the console still has a value for."""
        asked = {self.remote_path(path) for path in self.fields(desired)}
        removed = {path for path in desired.applied if self.remote_path(path) not in asked}
        return tuple(
            sorted(path for path in removed if self._holds(desired, observation.remote, self.remote_path(path)))
        )

    def _holds(self, desired: Prepared[S, None], row: MaskedRow, path: Path) -> bool:
        """Return whether there is a value that is not empty. Behind a mask, the last write has emptied it."""
        leaf, empty = row.at(path), self.empty_value(desired, path)
        if leaf is None or (leaf.masked and row.written):
            return False
        return empty is None or leaf != seal(empty)

    @override
    def prepare(self, desired: Desired[S], observation: Found | None) -> Prepared[S, None]:
        """Announce if values must be removed that the console can only remove together with all others."""
        asked = Prepared.of(desired, None)
        management = desired.spec.management
        if observation is None or desired.deleting or management.policy == "Observe":
            return asked
        removed = self.surplus(asked, observation)
        if management.drift == "Report":  # A type that others changed is kept; fields removed from the spec are not.
            removed &= MaskedAdapter.surplus(self, asked, observation)
        stuck = sorted(path for path in removed if self.empty_value(asked, path) is None)
        if not stuck:
            return asked
        what = ", ".join(map(dotted, stuck))
        message = f"the destination had the type devnull for a moment: the console can't remove {what} in another way"
        return replace(asked, notices=(Event(EventReason.REPLACED_NON_ATOMICALLY, message),))

    @override
    async def update(self, desired: Prepared[S, None], observation: Found, changes: tuple[Change, ...]) -> Found:
        """Write all fields. The console merges them, so removed fields are set to their empty value."""
        body, removed = self.body(desired), self.surplus(desired, observation)
        if any(self.empty_value(desired, path) is None for path in removed):
            await self.remove_all_values(observation.id)
        else:
            for path in removed:
                _put(body, path, self.empty_value(desired, path))
        await self._client.update(self.object_type.name, observation.id, body, secrets=self.secrets(desired))
        return await self._written(
            desired, observation.id, reread=bool(removed or self.leftovers(desired, observation))
        )

    @override
    async def _written(self, desired: Prepared[S, None], id_: str, *, reread: bool = False) -> Found:
        """Return the object after a write; with secrets it is read again, as no answer to a write has `updatedAt`."""
        if reread or desired.inputs:
            await self._read(id_)
        seen: Found = self._seen(id_)
        return replace(seen, remote=replace(seen.remote, written=True))

    async def _read(self, id_: str) -> None:
        if not await self._reread(id_):
            self._listing.record(id_, None)
            raise NotYet(f"the {self.object_type.name} was deleted while it was being read", after=1.0)

    @override
    def facts(self, desired: Prepared[S, None], observation: Found) -> Mapping[str, JSON]:
        """Return the id of the workspace, the hashes of the sent secrets, and the time of that write."""
        row, last = observation.remote, desired.last_status
        hashes, at = last.get("secretHashes"), last.get("remoteUpdatedAt")
        first = not hashes and desired.spec.management.policy != "Observe"
        if row.written or first:
            hashes = {_name(path): desired.digests[path] for path in self._secret(desired) if path in desired.digests}
            at = row.updated_at
        secrets = {"secretHashes": hashes or None, "remoteUpdatedAt": at if hashes else None}
        return {**super().facts(desired, observation), **secrets}


def _name(path: str) -> str:
    """Return the path of a secret inside the configuration."""
    return path.partition(".")[2]


def _flat(value: Mapping[str, JSON], path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    for name, each in value.items():
        if isinstance(each, dict):
            yield from _flat(each, (*path, name))
        else:
            yield (*path, name), each


def _put(body: dict[str, Any], path: Path, value: JSON) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value
