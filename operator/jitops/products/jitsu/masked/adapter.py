"""What destinations and services have in common: values out of Secrets, masks over them, and merges that never forget.

A masked value can't be compared (docs/reference/jitsu.md section 4). So status keeps keyed hashes of what we sent and
the object's `updatedAt` as of then: a hash that differs tells that our Secret changed, a moved `updatedAt` that someone
wrote to the object, perhaps to its secrets. Values that come back in clear are compared, sealed.
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
from jitops.products.jitsu.masked.secret_fields import SECRET, filled, refuse_placeholders, refuse_signs, without_nulls
from jitops.products.jitsu.masked.spec import SecretSpec
from jitops.products.jitsu.masked.wire import MaskedRow
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.preflight.trials import preflight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jitops.core.kube import JSON

S = TypeVar("S", bound=SecretSpec)
Found = Observation[MaskedRow]


class MaskedAdapter(ObjectAdapter[S, MaskedRow, None]):
    """Objects of one type with a free-form part; the kind's own adapter says what else a body holds."""

    root: ClassVar[str]
    """The spec's name of the free-form part."""
    base: ClassVar[Path]
    """Where the console has it in the object."""

    def plain(self, desired: Desired[S]) -> Mapping[str, JSON]:
        """Give the fields that are not free-form."""
        raise NotImplementedError

    async def check(self, desired: Desired[S]) -> None:
        """Refuse what the console would; the plain kind leaves that to the console."""

    async def trial(self, desired: Prepared[S, None]) -> str | None:
        """Have the console connect to what is about to be written; return what is wrong."""
        raise NotImplementedError

    async def preflight(self, desired: Prepared[S, None]) -> tuple[str, ...]:
        """Have the connection tested, if the spec asks for that."""

        async def trial() -> Iterable[str]:
            complaint = await self.trial(desired)
            return () if complaint is None else (complaint,)

        return await preflight(desired.spec.validation, trial)

    def same_type(self, desired: Desired[S], observation: Found) -> bool:  # noqa: ARG002 - a default
        """Say whether the object is of the type that is asked for, so that its masks tell what is secret there."""
        return True

    def surplus(self, desired: Prepared[S, None], observation: Found) -> set[Path]:
        """Name the values that an update must do away with."""
        return {self.remote(path) for path in self.leftovers(desired, observation)}

    def nothing(self, desired: Prepared[S, None], path: Path) -> JSON:  # noqa: ARG002 - a default
        """Give the value that stands for none, as omission keeps and null is an error; None: there is no such value."""
        return ""

    async def strip(self, id_: str) -> None:
        """Make the console forget all values of an object, for want of a way to forget one."""
        raise NotImplementedError

    def remote(self, path: str) -> Path:
        """Turn the spec's path of a value into the console's."""
        block, _, rest = path.partition(".")
        return (*self.base, *parted(rest)) if block in {self.root, SECRET} else (path,)

    @override
    async def observe(self, desired: Desired[S]) -> Found | None:
        """Find the object, read it where only our own write is known of it, and check what is asked."""
        found = await super().observe(desired)
        if found is not None and found.remote.predicted and desired.inputs:
            await self._read(found.id)
            found = replace(found, remote=self._seen(found.id).remote)
        if not desired.deleting:
            self._refuse_clear_secrets(desired, found)
            await self.check(desired)
        return found

    def _refuse_clear_secrets(self, desired: Desired[S], found: Found | None) -> None:
        """Refuse in clear what the console treats as a secret, and values that are none."""
        refuse_signs({path: value for path, value in self._clear(desired).items() if not isinstance(value, dict)})
        refuse_signs(desired.inputs)
        if found is None or not self.same_type(desired, found):
            return
        for path in self._clear(desired):
            leaf = found.remote.at(self.remote(path))
            if leaf is not None and leaf.masked:
                raise SpecInvalid(self.cure(path.partition(".")[2]))

    def cure(self, path: str) -> str:
        """Say how to set a secret."""
        return (
            f"spec.{self.root}.{path}: is a secret to the console; take it out, put its value into a Secret,"
            f" and name that in spec.{SECRET} with path: {path}"
        )

    def _clear(self, desired: Desired[S]) -> dict[str, JSON]:
        """Give the values that stand in clear in the spec, by the spec's paths."""
        return {f"{self.root}.{dotted(path)}": value for path, value in _flat(without_nulls(desired.spec.free_form))}

    def _secret(self, desired: Desired[S]) -> dict[str, JSON]:
        """Give the values out of Secrets, by the spec's paths; of what is being deleted they are not read."""
        paths = (f"{SECRET}.{each.path}" for each in desired.spec.secret_config or ())
        return {path: self.read(desired, path, desired.inputs[path]) for path in paths if path in desired.inputs}

    def read(self, desired: Desired[S], path: str, text: str) -> JSON:  # noqa: ARG002 - a default
        """Give the value that the text in a Secret stands for."""
        return text

    def fields(self, desired: Desired[S]) -> Mapping[str, Leaf]:
        """Give what the user set, sealed."""
        given = {**self.plain(desired), **self._clear(desired), **self._secret(desired)}
        return {path: leaf for path, value in given.items() if isinstance(leaf := seal(value), Leaf)}

    def filled(self, desired: Desired[S]) -> dict[str, Any]:
        """Give the free-form part with the secrets in it."""
        secrets = {parted(path.partition(".")[2]): value for path, value in self._secret(desired).items()}
        return filled(desired.spec.free_form, secrets, self.root)

    def body(self, desired: Prepared[S, None]) -> dict[str, Any]:
        """Write all that the user set."""
        refuse_placeholders(desired.inputs)
        whole: dict[str, Any] = self.filled(desired)
        for name in reversed(self.base):
            whole = {name: whole}
        return {**whole, **self.plain(desired)}

    def diff(self, desired: Prepared[S, None], observation: Found) -> tuple[Change, ...]:
        """Compare what can be seen, by path, and judge by hashes and moments about what is masked."""
        secrets = self._secret(desired)
        seen = (
            path
            for path, leaf in self.fields(desired).items()
            if path not in secrets and leaf != observation.remote.at(self.remote(path))
        )
        plain = sorted({*seen, *self.leftovers(desired, observation)})
        hidden = (change for path in secrets for change in self._secret_change(desired, observation, path))
        return (*map(Change, plain), *hidden)

    def _secret_change(self, desired: Prepared[S, None], observation: Found, path: str) -> Iterator[Change]:
        """Tell a Secret that changed, of which no generation speaks, from what others did to the object."""
        row, leaf = observation.remote, observation.remote.at(self.remote(path))
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

    def leftovers(self, desired: Prepared[S, None], observation: Found) -> tuple[str, ...]:
        """Name the paths we once sent, the user no longer sets, and the console still holds a value for."""
        asked = {self.remote(path) for path in self.fields(desired)}
        gone = {path for path in desired.applied if self.remote(path) not in asked}
        return tuple(sorted(path for path in gone if self._holds(desired, observation.remote, self.remote(path))))

    def _holds(self, desired: Prepared[S, None], row: MaskedRow, path: Path) -> bool:
        """Tell whether a value is there that is not as good as none; a mask hides that one was made empty."""
        leaf, none = row.at(path), self.nothing(desired, path)
        if leaf is None or (leaf.masked and row.written):
            return False
        return none is None or leaf != seal(none)

    @override
    def prepare(self, desired: Desired[S], observation: Found | None) -> Prepared[S, None]:
        """Decide whether values must go that the console can't forget one by one, and have that told."""
        asked = Prepared.of(desired, None)
        management = desired.spec.management
        if observation is None or desired.deleting or management.policy == "Observe":
            return asked
        gone = self.surplus(asked, observation)
        if management.drift == "Report":  # What others did to the type stays; what we take out goes.
            gone &= MaskedAdapter.surplus(self, asked, observation)
        stuck = sorted(path for path in gone if self.nothing(asked, path) is None)
        if not stuck:
            return asked
        what = ", ".join(map(dotted, stuck))
        message = f"for a moment the destination was of type devnull: the console forgets {what} in no other way"
        return replace(asked, notices=(Event(EventReason.REPLACED_NON_ATOMICALLY, message),))

    async def update(self, desired: Prepared[S, None], observation: Found, changes: tuple[Change, ...]) -> Found:  # noqa: ARG002 - the contract's
        """PUT everything: the console merges, and what is to go is set to what stands for none."""
        body, gone = self.body(desired), self.surplus(desired, observation)
        if any(self.nothing(desired, path) is None for path in gone):
            await self.strip(observation.id)
        else:
            for path in gone:
                _put(body, path, self.nothing(desired, path))
        await self._client.update(self.object_type.name, observation.id, body, secrets=self.secrets(desired))
        return await self._written(desired, observation.id, look=bool(gone or self.leftovers(desired, observation)))

    async def _written(self, desired: Prepared[S, None], id_: str, *, look: bool = False) -> Found:
        """Read what has secrets once more: no answer to a write tells `updatedAt`."""
        if look or desired.inputs:
            await self._read(id_)
        seen: Found = self._seen(id_)
        return replace(seen, remote=replace(seen.remote, written=True))

    async def _read(self, id_: str) -> None:
        if not await self._look(id_):
            self._listing.record(id_, None)
            raise NotYet(f"the {self.object_type.name} vanished while it was being looked at", after=1.0)

    def facts(self, desired: Prepared[S, None], observation: Found) -> Mapping[str, JSON]:
        """Tell the workspace, and remember what was sent of the secrets, and when."""
        memory, row = desired.last_status, observation.remote
        first = not memory.get("secretHashes") and desired.spec.management.policy != "Observe"
        hashes, at = memory.get("secretHashes"), memory.get("remoteUpdatedAt")
        if row.written or first:
            hashes = {_name(path): desired.digests[path] for path in self._secret(desired) if path in desired.digests}
            at = row.updated_at
        told = {"secretHashes": hashes or None, "remoteUpdatedAt": at if hashes else None}
        return {**super().facts(desired, observation), **told}


def _name(path: str) -> str:
    """Give a secret's path without the block that names it."""
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
