"""The content of the console: workspaces, users, keys, config objects and links, and the ids used up."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jitops_sandbox.jitsu.errors import unique_constraint
from jitops_sandbox.seed import moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from jitops.core.clock import Clock
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.seed import JitsuSeed, Role

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Workspace:
    """A workspace; a deleted one can still be read and written (docs/reference/jitsu.md section 2)."""

    id: str
    slug: str
    name: str
    created: datetime
    updated: datetime
    deleted: bool = False


@dataclass(slots=True)
class User:
    """A user with a role in each workspace, by its id."""

    id: str
    admin: bool
    roles: dict[str, Role]


@dataclass(slots=True)
class Key:
    """An API key; `label` is the name that the console shows."""

    id: str
    secret: str = field(repr=False)
    user: str
    label: str
    created: datetime
    expires: datetime | None = None
    used: datetime | None = None

    @property
    def hint(self) -> str:
        """The first and last three characters of the secret, as the console shows them."""
        return f"{self.secret[:3]}*{self.secret[-3:]}"


@dataclass(slots=True)
class Stored:
    """One row of the console's object table: soft deletion keeps it, so that its id can never be used again."""

    id: str
    workspace: str
    type: str
    config: dict[str, Any] = field(repr=False)
    updated: datetime
    deleted: bool = False
    row: bytes | None = field(default=None, repr=False)
    """The object as in listings, cached until it changes."""


@dataclass(slots=True)
class Listing:
    """A listing as last answered, cached until an object of its workspace and type changes."""

    body: bytes
    etag: str
    packed: bytes | None = None


@dataclass(slots=True)
class Link:
    """One row of the console's link table."""

    id: str
    workspace: str
    type: str
    source: str
    target: str
    data: Any
    created: datetime
    updated: datetime
    deleted: bool = False


@dataclass(slots=True)
class DataPlane:
    """A data plane: how its connection tests end, and how long those of services last."""

    error: str | None = None
    """The error of every tested connection; None: it works."""
    seconds: float = 0.0
    """How long the result of a service's test is pending."""
    checks: dict[str, float] = field(default_factory=dict)
    """When the tests of services started, by their storage keys."""


class State:
    """The console's database."""

    def __init__(self, seed: JitsuSeed, clock: Clock) -> None:
        self.clock = clock
        self.service_tokens = list(seed.service_tokens)
        self._has_data_plane = seed.data_plane
        self.source_specs: dict[tuple[object, object], tuple[str, ...]] = {
            (one.package, one.version): tuple(one.secrets) for one in seed.source_specs
        }
        now = clock.now()
        self.workspaces = {
            one.id: Workspace(
                one.id,
                one.slug,
                one.name or one.slug,
                moment(one.created_at, now),
                moment(one.created_at, now),
                one.deleted,
            )
            for one in seed.workspaces
        }
        ids = {slug: one.id for one in seed.workspaces for slug in (one.slug, one.id)}
        self.users = {
            one.id: User(one.id, one.admin, {ids[name]: role for name, role in one.roles.items()}) for one in seed.users
        }
        self.keys = {
            one.id: Key(one.id, one.secret, one.user, one.label or one.name, moment(one.created_at, now), one.expires)
            for one in seed.keys
        }
        self.clear()

    def clear(self) -> None:
        """Remove all objects; users, keys and workspaces remain (the control `reset` of a recording)."""
        self.objects: dict[str, Stored] = {}
        self.links: dict[str, Link] = {}
        self._tables: dict[tuple[str, str], dict[str, Stored]] = {}
        self._domains: dict[str, dict[str, list[str]]] = {}
        self.listings: dict[tuple[str, str], Listing] = {}
        self.data_plane = DataPlane() if self._has_data_plane else None
        self.knows_flags = True
        """Whether a deletion supports `strict` and `cascade`; consoles before 2025-10-22 ignore them (section 0)."""

    def workspace(self, id_or_slug: str) -> Workspace | None:
        """Return a workspace by id or slug, as `/api/workspace/{idOrSlug}` finds it."""
        found = self.workspaces.get(id_or_slug)
        return found or next((one for one in self.workspaces.values() if one.slug == id_or_slug), None)

    def table(self, workspace: str, kind: str) -> dict[str, Stored]:
        """Return the live objects of a workspace and type by id, oldest first."""
        return self._tables.get((workspace, kind), {})

    def find(self, workspace: str, object_id: str) -> Stored | None:
        """Return a live object of a workspace by its id alone, whatever its type."""
        found = self.objects.get(object_id)
        return found if found and not found.deleted and found.workspace == workspace else None

    def create(self, workspace: str, kind: str, object_id: str, config: dict[str, Any]) -> Stored:
        """Create an object and return it; raise if its id exists or ever existed anywhere."""
        if object_id in self.objects:
            raise unique_constraint()
        stored = Stored(object_id, workspace, kind, {}, self.clock.now())
        self.objects[object_id] = stored
        self._tables.setdefault((workspace, kind), {})[object_id] = stored
        self.replace(stored, config)
        return stored

    def replace(self, stored: Stored, config: dict[str, Any]) -> None:
        """Store another config; `updatedAt` changes even if nothing else does."""
        stored.config = jsonb(config)
        stored.updated = self.clock.now()
        stored.row = None
        self.listings.pop((stored.workspace, stored.type), None)
        domains = stored.config.get("domains") if stored.type == "stream" else None
        mine = self._domains.setdefault(stored.workspace, {})
        if domains:
            mine[stored.id] = domains
        else:
            mine.pop(stored.id, None)

    def learn(self, package: str, version: str, secrets: tuple[str, ...]) -> None:
        """Cache a connector's specification: its secrets are masked from now on, also of existing services."""
        self.source_specs[package, version] = secrets
        self.listings.clear()
        for stored in self.objects.values():
            stored.row = None

    def delete(self, stored: Stored) -> None:
        """Delete an object softly: its id remains used."""
        stored.deleted = True
        self._tables[stored.workspace, stored.type].pop(stored.id)
        self._domains.get(stored.workspace, {}).pop(stored.id, None)
        self.listings.pop((stored.workspace, stored.type), None)

    def foreign_domains(self, workspace: str) -> Iterator[str]:
        """Yield the domains of the streams of all other workspaces."""
        for other, streams in self._domains.items():
            if other != workspace:
                for domains in streams.values():
                    yield from domains

    def live_links(self, workspace: str) -> list[Link]:
        """Return the live links of a workspace, oldest first."""
        return [one for one in self.links.values() if one.workspace == workspace and not one.deleted]


def jsonb(value: JSON) -> JSON:
    """Return JSON as Postgres stores it: keys by length, then by bytes (section 4, key order is not preserved)."""
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: jsonb(value[key]) for key in ordered}
    if isinstance(value, list):
        return [jsonb(item) for item in value]
    return value


def iso(when: datetime) -> str:
    """Return a moment as JavaScript writes it, in milliseconds."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def salted(plaintext: str) -> str:
    """Return a key's secret hashed as the console does: a new salt, then SHA-512 (section 2)."""
    salt = secrets.token_hex(16)
    digest = hashlib.sha512(f"{plaintext}{salt}sandbox".encode()).hexdigest()
    return f"{salt}.{digest}"


def random_id(length: int) -> str:
    """Return a random id, as the console creates them."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
