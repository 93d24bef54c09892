"""Rows of streams, and how writes change them (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.products.jitsu.object_type import ObjectType
from jitops.products.jitsu.wire import UNSET, normal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from jitops.core.kube import JSON

NO_FIELDS = frozenset({"id", "type", "workspaceId", "updatedAt", "publicKeys", "privateKeys"})
"""Identity, bookkeeping and keys: the parts of a stream that are not compared by field."""
DROPPED_WHEN_OMITTED = "authorizedJavaScriptDomains"
"""The only field that a PUT removes by not having it."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A write key as listed by the console, without its secret."""

    id: str
    hint: str | None = None

    def sent(self) -> Mapping[str, JSON]:
        """Return the key as a PUT must repeat it: without its hint it would lose the hint."""
        return {"id": self.id} if self.hint is None else {"id": self.id, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream as listed by the console; rows of an unchanged stream are equal."""

    id: str
    name: str
    domains: tuple[str, ...]
    public_keys: tuple[KeyRow, ...]
    private_keys: tuple[KeyRow, ...]
    fields: Mapping[str, JSON] = field(repr=False)
    """All remote fields except `NO_FIELDS`, including `name` and `domains`."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> StreamRow:
        """Return the row of a stream that the console returned, or that was sent."""
        fields = {name: normal(value) for name, value in body.items() if name not in NO_FIELDS}
        domains = fields.get("domains")
        fields["domains"] = normal_domains(domains if isinstance(domains, list | tuple) else ())
        return cls(
            id=str(body.get("id", "")),
            name=str(body.get("name", "")),
            domains=tuple(fields["domains"]),
            public_keys=_keys(body.get("publicKeys")),
            private_keys=_keys(body.get("privateKeys")),
            fields=fields,
        )

    def without_keys(self, ids: Collection[str]) -> dict[str, JSON]:
        """Return the PUT that removes keys and nothing else; empty if the stream has none of them."""
        lists = {"publicKeys": self.public_keys, "privateKeys": self.private_keys}
        held = {name: keys for name, keys in lists.items() if any(key.id in ids for key in keys)}
        fields = {name: self.fields[name] for name in (DROPPED_WHEN_OMITTED,) if held and name in self.fields}
        return {**fields, **{name: [key.sent() for key in keys if key.id not in ids] for name, keys in held.items()}}


def normal_domains(domains: Iterable[str]) -> list[str]:
    """Return domains as the console stores them: trimmed and in lower case."""
    return [str(domain).strip().lower() for domain in domains]


def stream_created(body: Mapping[str, JSON]) -> StreamRow:
    """Return the row after the console accepted this POST."""
    return StreamRow.parse({name: value for name, value in body.items() if value != UNSET})


def stream_updated(row: StreamRow, body: Mapping[str, JSON]) -> StreamRow:
    """Return the row after the console accepted this PUT, which is a shallow merge."""
    kept = {name: value for name, value in row.fields.items() if name != DROPPED_WHEN_OMITTED}
    sent = {name: value for name, value in body.items() if name not in NO_FIELDS}
    merged = {name: value for name, value in {**kept, **sent}.items() if value != UNSET}
    public, private = body.get("publicKeys"), body.get("privateKeys")
    after = StreamRow.parse({**merged, "id": row.id})
    return StreamRow(
        id=row.id,
        name=after.name,
        domains=after.domains,
        public_keys=row.public_keys if public is None else _keys(public),
        private_keys=row.private_keys if private is None else _keys(private),
        fields=after.fields,
    )


def plaintexts(body: Mapping[str, JSON]) -> list[str]:
    """Return the secrets of the keys in a body that is sent."""
    keys = [*(body.get("publicKeys") or ()), *(body.get("privateKeys") or ())]
    return [key["plaintext"] for key in keys if key.get("plaintext")]


def _keys(listed: JSON) -> tuple[KeyRow, ...]:
    keys = listed if isinstance(listed, list | tuple) else ()
    return tuple(KeyRow(str(key.get("id", "")), key.get("hint")) for key in keys if isinstance(key, dict))


STREAM = ObjectType("stream", "JitsuStream", StreamRow.parse, stream_created, stream_updated, plaintexts)
