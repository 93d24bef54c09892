"""Manifests of a Jitsu workspace, from its objects as the console lists them (docs/reference/jitsu.md sections 4, 5).

Pure functions: objects in, manifests out, and a note of each object or field that no manifest can hold. A value that
the console masks becomes a key of a Secret with a placeholder, for a person to fill in. A secret that the console shows
in clear is written to the Secret with its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from jitops.importing.checking import Unfit, fit, refuse_config
from jitops.importing.links import LinkReader
from jitops.importing.manifests import Manifest, resource, watched_config_map, watched_secret
from jitops.products.jitsu.function.spec import LONGEST as LONGEST_CODE
from jitops.products.jitsu.masked.sealed import MASK, Path, dotted
from jitops.products.jitsu.masked.secret_fields import PLACEHOLDER
from jitops.products.jitsu.masked.spec import FIELD_PATH
from jitops.products.jitsu.schemas import BASE, masked_fields

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.importing.names import Names
    from jitops.products.jitsu.schemas import Schema

Found = Mapping[str, Any]
Listing = Mapping[str, list[Found]]
Schemas = Callable[[str], "Schema | None"]

KINDS = {
    "stream": "JitsuStream",
    "function": "JitsuFunction",
    "destination": "JitsuDestination",
    "service": "JitsuService",
}
"""The types that links refer to, by the console's names, in the order of a manifest."""
FREE_FORM = {"destination": "config", "service": "credentials"}
"""The part of the spec whose fields only the console defines."""
PIECE = 250_000
"""Characters of code for one ConfigMap, which may hold 1 MiB: each is four bytes at most."""
STREAM_FIELDS = ("domains", "authorizedJavaScriptDomains", "strict", "shard", "deduplicateWindowMs")
FUNCTION_FIELDS = ("kind", "slug", "description", "draft", "version", "origin")
BOOKKEEPING = frozenset(
    {"id", "type", "workspaceId", "name", "updatedAt", "createdAt", "deleted", "publicKeys", "privateKeys"}
)
SHOWN_SECRETS: Mapping[str, tuple[str, ...]] = {
    "webhook": ("url", "headers"),
    **dict.fromkeys(("amplitude", "posthog"), ("key",)),
    **dict.fromkeys(("braze", "june"), ("apiKey",)),
    "ga4": ("apiSecret",),
    **dict.fromkeys(("hubspot", "intercom"), ("accessToken",)),
    "segment-proxy": ("writeKey",),
    "mixpanel": ("projectToken",),
    "mongodb": ("url",),
}
"""The secrets that the console shows in clear, by type of destination (docs/reference/jitsu.md section 4)."""
SECRET_NAME = re.compile("passw|secret|token|api_?key|private_?key|credential|dsn", re.IGNORECASE)
"""The names of fields that are probably secret in a service; each connector defines its own, so this is a guess."""


class Import:
    """One import: the names given so far, and the workspace that all manifests refer to."""

    def __init__(self, names: Names, workspace: str, schemas: Schemas) -> None:
        self.notes: list[str] = []
        """A sentence for each thing that was left out."""
        self._names = names
        self._workspace = workspace
        self._schemas = schemas
        self._known: dict[tuple[str, str], str] = {}
        """The name of each object's resource, by type and id."""

    def manifests(self, listing: Listing) -> Iterator[Manifest]:
        """Yield all manifests, each after its references."""
        for type_ in KINDS:
            for found in listing.get(type_, ()):
                yield from self._object(type_, found)
        present = frozenset((type_, str(found["id"])) for type_ in KINDS for found in listing.get(type_, ()))
        rows = listing.get("link", [])
        links = LinkReader(self._known, present, rows)
        for link in rows:
            yield from self._noted(f"link {link['id']}", partial(self._link, links, link))

    def _object(self, type_: str, found: Found) -> Iterator[Manifest]:
        yield from self._noted(f"{type_} {found['id']}", partial(self._fitting, type_, found))

    def _noted(self, what: str, make: Callable[[], list[Manifest]]) -> list[Manifest]:
        """Return the manifests of an object, or note why there are none."""
        try:
            return make()
        except Unfit as unfit:
            self.notes.append(f"left out {what}: {unfit}")
            return []

    def _fitting(self, type_: str, found: Found) -> list[Manifest]:
        kind = KINDS[type_]
        name = self._names.name(kind, str(found.get("name") or ""), found["id"])
        spec, others = self._spec(type_, name, found)
        manifest = self._manifest(kind, name, found, spec)
        self._known[type_, found["id"]] = name
        return [*others, manifest]

    def _spec(self, type_: str, name: str, found: Found) -> tuple[Manifest, list[Manifest]]:
        """Return the spec for an object, and the manifests of what it refers to."""
        match type_:
            case "stream":
                return _stream(found), []
            case "function":
                return _function(name, found)
            case "destination":
                return self._destination(name, found)
        return self._service(name, found)

    def _manifest(self, kind: str, name: str, found: Found, spec: Manifest) -> Manifest:
        """Return a resource without the fields that its kind refuses; raise Unfit if it can't do without them."""
        titled = {"name": found["name"]} if found.get("name") not in {None, name} else {}
        # Retain: an object that existed before its manifest must not be deleted because its manifest is.
        adopt = {"management": {"adopt": {"mode": "Match", "id": found["id"]}, "deletionPolicy": "Retain"}}
        whole = {"workspaceRef": {"name": self._workspace}, **titled, **spec, **adopt}
        fitting, dropped = fit(kind, whole)
        self._leave_out(kind, name, dropped)
        return resource(kind, name, spec=fitting)

    def _link(self, links: LinkReader, link: Found) -> list[Manifest]:
        title, spec, dropped = links.read(link)
        name = self._names.name("JitsuLink", title, link["id"])
        self._leave_out("JitsuLink", name, dropped)
        return [self._manifest("JitsuLink", name, {"id": link["id"]}, spec)]

    def _destination(self, name: str, found: Found) -> tuple[Manifest, list[Manifest]]:
        if found.get("provisioned"):
            raise Unfit("Jitsu itself provisioned it, and accepts no changes of it; links refer to it by its id")
        type_ = str(found.get("destinationType"))
        free = {field: value for field, value in found.items() if field not in {*BOOKKEEPING, *BASE}}
        refuse_config(type_, free, self._schemas(type_))
        secret: set[Path] = {
            (field,) for field in (*masked_fields(type_), *SHOWN_SECRETS.get(type_, ())) if field in free
        }
        spec, others = self._with_secrets("destination", name, free, secret)
        return {"destinationType": type_, **spec}, others

    def _service(self, name: str, found: Found) -> tuple[Manifest, list[Manifest]]:
        fixed = {field: found.get(field) for field in ("package", "version")}
        free = found.get("credentials") or {}
        secret = {path for path, value in _leaves(free) if isinstance(value, str) and SECRET_NAME.search(path[-1])}
        spec, others = self._with_secrets("service", name, free, secret)
        return {**fixed, **spec}, others

    def _with_secrets(self, type_: str, name: str, free: Found, secret: set[Path]) -> tuple[Manifest, list[Manifest]]:
        """Return the spec with its secrets moved to a Secret, under their paths, and this Secret."""
        part = FREE_FORM[type_]
        hidden = {path: value for path, value in _leaves(free) if value == MASK or path in secret}
        unnamed = [f"{part}.{dotted(path)}: no path in secretConfig can name it" for path in hidden if not _named(path)]
        self._leave_out(KINDS[type_], name, unnamed)
        spec = {part: _clear(free, frozenset(hidden))}
        values = {dotted(path): value for path, value in hidden.items() if _named(path)}
        if not values:
            return spec, []
        title = self._names.name("Secret", f"{name}-credentials", name)
        refs = [{"path": path, "secretKeyRef": {"name": title, "key": path}} for path in values]
        data = {path: PLACEHOLDER if value == MASK else _text(value) for path, value in values.items()}
        return {**spec, "secretConfig": refs}, [watched_secret(title, data)]

    def _leave_out(self, kind: str, name: str, sentences: Iterable[str]) -> None:
        self.notes += [f"{kind} {name}: left out {sentence}; it stays unchanged" for sentence in sentences]


def _stream(found: Found) -> Manifest:
    """Return the spec of a stream that keeps its keys: none is created, and none changed."""
    spec = {field: found[field] for field in STREAM_FIELDS if found.get(field) not in (None, "", [])}
    extra = {field: value for field, value in found.items() if field not in {*BOOKKEEPING, *STREAM_FIELDS}}
    return {**spec, **({"extra": extra} if extra else {}), "keys": {"public": "None", "private": "None"}}


def _function(name: str, found: Found) -> tuple[Manifest, list[Manifest]]:
    spec = {field: found[field] for field in FUNCTION_FIELDS if found.get(field) not in (None, "")}
    code = found.get("code") or ""
    if len(code.encode()) <= LONGEST_CODE:
        return {"code": code, **spec}, []
    pieces = [code[start : start + PIECE] for start in range(0, len(code), PIECE)]
    maps = [watched_config_map(f"{name}-code-{at}", {"code": piece}) for at, piece in enumerate(pieces, 1)]
    refs = [{"configMapKeyRef": {"name": each["metadata"]["name"], "key": "code"}} for each in maps]
    return {"codeFrom": refs, **spec}, maps


def _named(path: Path) -> bool:
    """Return whether `secretConfig` can name a path."""
    return all(FIELD_PATH.check(name) and "." not in name for name in path)


def _leaves(free: Found, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    for name, value in free.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        elif value is not None:
            yield (*path, name), value


def _clear(free: Found, hidden: frozenset[Path], path: Path = ()) -> Manifest:
    return {
        name: _clear(value, hidden, (*path, name)) if isinstance(value, dict) else value
        for name, value in free.items()
        if value is not None and (*path, name) not in hidden
    }


def _text(value: JSON) -> str:
    """Return a value as text for a Secret; as JSON if it is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def workspace(name: str, slug: str, url: str) -> tuple[Manifest, Manifest]:
    """Return the connection, and its Secret, whose key a person fills in."""
    secret = f"{name}-jitsu"
    spec = {"baseUrl": url, "workspace": slug, "credentialsRef": {"name": secret}}
    return watched_secret(secret, {"apiKey": "<key id>:<secret>"}), resource("JitsuWorkspace", name, spec=spec)
