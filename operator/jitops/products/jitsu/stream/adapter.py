"""The adapter of JitsuStream: a stream, and the write keys made for it (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from jitops.api.reasons import EventReason
from jitops.core import identity
from jitops.core.contract.adapter import compare
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation
from jitops.core.kube import Event
from jitops.products.jitsu.objects import ObjectAdapter
from jitops.products.jitsu.stream.keys import Question, Ring, decide, entries_of
from jitops.products.jitsu.stream.spec import JitsuStreamSpec
from jitops.products.jitsu.stream.wire import DROPPED_WHEN_OMITTED, STREAM, KeyRow, StreamRow, normal_domains
from jitops.products.jitsu.wire import UNSET, normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from jitops.core.kube import JSON

Want = Desired[JitsuStreamSpec]
Found = Observation[StreamRow]

EXTRA = "extra."
"""The prefix of the paths of `spec.extra`."""


@dataclass(frozen=True, slots=True)
class Rings:
    """The draft: the keys of both uses, and the rotation token that they were decided with."""

    public: Ring
    private: Ring
    rotate: str | None = None

    @property
    def all(self) -> tuple[Ring, Ring]:
        """Return both, public first."""
        return self.public, self.private


Request = Prepared[JitsuStreamSpec, Rings]


class StreamAdapter(ObjectAdapter[JitsuStreamSpec, StreamRow, Rings]):
    """The streams of one workspace: their fields and write keys. `ObjectAdapter` does the rest."""

    object_type = STREAM
    secret_first = True

    def key_stem(self, desired: Want) -> str:
        """Return the stem of the keys' ids: that of existing keys, even if the cluster identity has changed since."""
        known = entries_of(desired.last_status)
        return known[0].stem if known else self.stem(desired)

    @override
    def prepare(self, desired: Want, observation: Found | None) -> Request:
        """Decide which keys the stream has, and what the Secret must contain before they are sent."""
        row = observation.remote if observation else None
        rings = Rings(
            public=decide(self._question(desired, "public", row.public_keys if row else ())),
            private=decide(self._question(desired, "private", row.private_keys if row else ())),
            rotate=self._token(desired),
        )
        id_ = observation.id if observation else identity.numbered(self.stem(desired), desired.incarnation)
        notices = tuple(notice for ring in rings.all for notice in _notices(ring))
        return Prepared.of(desired, rings, material=_material(id_, rings), notices=notices)

    @staticmethod
    def _token(desired: Want) -> str | None:
        """Return the rotation token to act on. Observed streams keep the last one, and so does a removed token."""
        done: str | None = (desired.last_status.get("keys") or {}).get("rotate")
        asked = desired.spec.keys.rotate
        return done if desired.spec.management.policy == "Observe" else asked or done

    def _question(self, desired: Want, use: str, remote: tuple[KeyRow, ...]) -> Question:
        spec, last = desired.spec, desired.last_status.get("keys") or {}
        mode = spec.public_key_mode if use == "public" else spec.private_key_mode
        known = tuple(entry for entry in entries_of(desired.last_status) if entry.use == use)
        return Question(
            use=use,
            stem=self.key_stem(desired),
            desired=mode == "Generate",
            frozen=desired.deleting or spec.management.policy == "Observe",
            # Where status has no key, the token that was acted on is lost too, and asks for nothing.
            rotating=bool(last.get("entries")) and self._token(desired) != last.get("rotate"),
            overlap=spec.key_overlap,
            now=desired.now,
            held_id=desired.proven.get(f"{use}KeyId"),
            held_secret=desired.proven.get(f"{use}KeySecret"),
            remote=remote,
            known=known,
        )

    @override
    def fields(self, desired: Request) -> Mapping[str, JSON]:
        """Return the fields that the user set; domains as the console stores them."""
        spec = desired.spec
        given: dict[str, JSON] = {
            "name": spec.name or desired.key.name,
            "domains": None if spec.domains is None else normal_domains(spec.domains),
            "authorizedJavaScriptDomains": spec.authorized_javascript_domains,
            "strict": spec.strict,
            "shard": spec.shard,
            "deduplicateWindowMs": spec.deduplicate_window_ms,
        }
        extra = {EXTRA + name: normal(value) for name, value in (spec.extra or {}).items()}
        return {path: value for path, value in given.items() if value is not None} | extra

    @override
    def diff(self, desired: Request, observation: Found) -> tuple[Change, ...]:
        """Compare the fields by path, and the keys made by jitops by id and hint."""
        actual = {_path(name, desired): value for name, value in observation.remote.fields.items()}
        return (
            *compare(self.fields(desired), actual, self.leftovers(desired, observation)),
            *self._key_changes(desired, observation.remote),
        )

    def _key_changes(self, desired: Request, row: StreamRow) -> tuple[Change, ...]:
        rings = desired.draft
        found = (("keys.public", rings.public, row.public_keys), ("keys.private", rings.private, row.private_keys))
        return tuple(
            Change(path, generated=True, contested=ring.contested) for path, ring, keys in found if ring.differs(keys)
        )

    @override
    def leftovers(self, desired: Request, observation: Found) -> tuple[str, ...]:
        """Return the paths that jitops once sent, the user no longer sets, and the console still has."""
        fields = observation.remote.fields
        removed = desired.applied - set(self.fields(desired))
        return tuple(sorted(path for path in removed if fields.get(_name(path)) not in (None, [])))

    @override
    def body(self, desired: Request) -> Mapping[str, JSON]:
        """Return the fields, and the keys with their secrets."""
        rings = desired.draft
        keys = {"publicKeys": rings.public.body(()), "privateKeys": rings.private.body(())}
        return {_name(path): value for path, value in self.fields(desired).items()} | keys

    @override
    async def update(self, desired: Request, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Write the fields that differ. The console merges them, but drops one field if a PUT does not have it."""
        body = self._patch(desired, observation.remote, changes)
        await self._client.update(self.object_type.name, observation.id, body)
        return self._seen(observation.id)

    def _patch(self, desired: Request, row: StreamRow, changes: tuple[Change, ...]) -> dict[str, Any]:
        rings, fields = desired.draft, self.fields(desired)
        body: dict[str, Any] = {name: row.fields[name] for name in (DROPPED_WHEN_OMITTED,) if name in row.fields}
        for change in changes:
            match change.path:
                case "keys.public":
                    body["publicKeys"] = rings.public.body(row.public_keys)
                case "keys.private":
                    body["privateKeys"] = rings.private.body(row.private_keys)
                case path if path in fields:
                    body[_name(path)] = fields[path]
                case path:
                    _remove(body, path)
        return body

    @override
    def outputs(self, desired: Request, observation: Found) -> Mapping[str, str]:
        """Return the id, and each key as write key, id and secret."""
        return _material(observation.id, desired.draft)

    @override
    def facts(self, desired: Request, observation: Found) -> Mapping[str, JSON]:
        """Return the id of the workspace, and the keys without their secrets."""
        rings = desired.draft
        entries = [entry.line() for ring in rings.all for entry in ring.entries]
        keys = {name: value for name, value in (("rotate", rings.rotate), ("entries", entries)) if value}
        return {**super().facts(desired, observation), "keys": keys or None}

    @override
    async def expire(self, status: Mapping[str, JSON], now: datetime) -> Mapping[str, JSON]:
        """Remove the keys that are overdue. All others are sent back as the console has them now."""
        known = entries_of(status)
        over = {entry.id for entry in known if entry.retire_after and entry.retire_after <= now}
        id_ = str(status["id"])
        if await self._reread(id_):
            row: StreamRow = self._seen(id_).remote
            body = row.without_keys(over)
            if body:
                await self._client.update(self.object_type.name, id_, body)
        kept = [entry.line() for entry in known if entry.id not in over]
        return {"keys": {**status["keys"], "entries": kept}}


def _notices(ring: Ring) -> Iterator[Event]:
    """Yield the events of a rotation and of new losses; from then on status marks the lost keys."""
    if ring.rotated:
        yield Event(EventReason.KEY_ROTATED, f"the {ring.use} write key is now {ring.id}")
    if ring.lost:
        message = (
            f"the plaintext of the {ring.use} write key {', '.join(ring.lost)} is lost; the Secret has {ring.id} now,"
            " and the lost key stays valid until spec.keys.rotate changes"
        )
        yield Event(EventReason.KEY_LOST, message, warning=True)


def _material(id_: str, rings: Rings) -> dict[str, str]:
    values: dict[str, str | None] = {"id": id_}
    for ring in rings.all:
        values[f"{ring.use}WriteKey"] = ring.write_key
        values[f"{ring.use}KeyId"] = ring.id
        values[f"{ring.use}KeySecret"] = ring.secret
    return {name: value for name, value in values.items() if value}


def _name(path: str) -> str:
    """Return the console's name of a field."""
    return path.removeprefix(EXTRA)


def _path(name: str, desired: Request) -> str:
    """Return the spec's path of a field of the console."""
    return EXTRA + name if name in (desired.spec.extra or {}) or EXTRA + name in desired.applied else name


def _remove(body: dict[str, Any], path: str) -> None:
    """Make a body remove a field: domains become empty, one field is omitted, all others get `UNSET`."""
    name = _name(path)
    if name == DROPPED_WHEN_OMITTED:
        body.pop(name, None)
    else:
        body[name] = [] if name == "domains" else UNSET
