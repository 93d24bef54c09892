"""Manifests of a Jitsu workspace, from its objects as the console shows them (reference/jitsu.md sections 4 and 5).

Pure: objects in, manifests out. What the console masks becomes a key of a Secret whose value only people know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jitops.api.jitsu_function import LONGEST as LONGEST_CODE
from jitops.importing.manifests import Manifest, resource, watched_config_map, watched_secret
from jitops.vendors.jitsu.sealed import MASK

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.importing.names import Names

Listing = Mapping[str, list[Mapping[str, Any]]]

KINDS = {
    "stream": "JitsuStream",
    "function": "JitsuFunction",
    "destination": "JitsuDestination",
    "service": "JitsuService",
}
"""The types that links refer to, by the console's names, in the order of a manifest."""
PIECE = 400_000
"""Characters of code for one ConfigMap, which may hold 1 MiB."""
UNKNOWN = "<the console does not show it: put it here>"  # what stands in a Secret until a person knows better
STREAM_FIELDS = ("domains", "authorizedJavaScriptDomains", "strict", "shard", "deduplicateWindowMs")
FUNCTION_FIELDS = ("kind", "slug", "description", "draft", "version", "origin")
BOOKKEEPING = frozenset(
    {"id", "type", "workspaceId", "name", "updatedAt", "createdAt", "deleted", "publicKeys", "privateKeys"}
)
UDF = "udf."


class Import:
    """One import: the names that were given, and the workspace that everything refers to."""

    def __init__(self, names: Names, workspace: str) -> None:
        self._names = names
        self._workspace = workspace
        self._known: dict[tuple[str, str], str] = {}
        """The name of each object's resource, by type and id."""

    def manifests(self, listing: Listing) -> Iterator[Manifest]:
        """Give all manifests, in an order in which each refers to what came before."""
        for type_, kind in KINDS.items():
            for found in listing.get(type_, ()):
                self._known[type_, found["id"]] = self._names.name(kind, str(found.get("name") or ""), found["id"])
        for type_ in KINDS:
            for found in listing.get(type_, ()):
                yield from self._object(type_, found)
        yield from self._links(listing.get("link", ()))

    def _object(self, type_: str, found: Mapping[str, JSON]) -> Iterator[Manifest]:
        name = self._known[type_, found["id"]]
        makers = {"stream": _stream, "function": _function, "destination": _destination, "service": _service}
        spec, others = makers[type_](name, found)
        yield from others
        yield self._manifest(KINDS[type_], name, found, spec)

    def _manifest(self, kind: str, name: str, found: Mapping[str, JSON], spec: Manifest) -> Manifest:
        titled = {"name": found["name"]} if found.get("name") not in {None, name} else {}
        adopt = {"management": {"adopt": {"mode": "Match", "id": found["id"]}}}
        return resource(kind, name, spec={"workspaceRef": {"name": self._workspace}, **titled, **spec, **adopt})

    def _links(self, links: list[Mapping[str, JSON]] | tuple[()]) -> Iterator[Manifest]:
        pairs = [(link["fromId"], link["toId"]) for link in links]
        for link, pair in zip(links, pairs, strict=True):
            parallel = link.get("type") == "sync" and pairs.count(pair) > 1
            yield self._link(link, parallel=parallel)

    def _link(self, link: Mapping[str, JSON], *, parallel: bool) -> Manifest:
        data = dict(link.get("data") or {})
        start = "service" if link.get("type") == "sync" else "stream"
        functions = [self._function(each) for each in data.pop("functions", None) or ()]
        spec: Manifest = {
            "from": {f"{start}Ref": self._ref(start, link["fromId"])},
            "to": {"destinationRef": self._ref("destination", link["toId"])},
            **({"functions": functions} if functions else {}),
            **({"data": data} if data else {}),
            **({"allowParallel": True} if parallel else {}),
        }
        ends = ((start, str(link["fromId"])), ("destination", str(link["toId"])))
        name = self._names.name("JitsuLink", "-".join(self._known.get(end, end[1]) for end in ends), link["id"])
        return self._manifest("JitsuLink", name, {"id": link["id"]}, spec)

    def _function(self, each: Mapping[str, JSON]) -> Manifest:
        id_ = str(each.get("functionId", "")).removeprefix(UDF)
        options = each.get("functionOptions")
        return {"functionRef": self._ref("function", id_), **({"options": options} if options else {})}

    def _ref(self, type_: str, id_: str) -> Manifest:
        known = self._known.get((type_, id_))
        return {"name": known} if known else {"external": id_}


def _stream(name: str, found: Mapping[str, JSON]) -> tuple[Manifest, list[Manifest]]:  # noqa: ARG001 - like the others
    """Take a stream with the keys that it has: none is made for it, and none is touched."""
    spec = {field: found[field] for field in STREAM_FIELDS if found.get(field) not in (None, [])}
    extra = {field: value for field, value in found.items() if field not in {*BOOKKEEPING, *STREAM_FIELDS}}
    return {**spec, **({"extra": extra} if extra else {}), "keys": {"public": "None", "private": "None"}}, []


def _function(name: str, found: Mapping[str, JSON]) -> tuple[Manifest, list[Manifest]]:
    spec = {field: found[field] for field in FUNCTION_FIELDS if found.get(field) is not None}
    code = found.get("code") or ""
    if len(code.encode()) <= LONGEST_CODE:
        return {"code": code, **spec}, []
    pieces = [code[start : start + PIECE] for start in range(0, len(code), PIECE)]
    maps = [watched_config_map(f"{name}-code-{at}", {"code": piece}) for at, piece in enumerate(pieces, 1)]
    refs = [{"configMapKeyRef": {"name": each["metadata"]["name"], "key": "code"}} for each in maps]
    return {"codeFrom": refs, **spec}, maps


def _destination(name: str, found: Mapping[str, JSON]) -> tuple[Manifest, list[Manifest]]:
    free = {field: value for field, value in found.items() if field not in {*BOOKKEEPING, "destinationType"}}
    return _with_secrets(name, {"destinationType": found.get("destinationType")}, "config", free)


def _service(name: str, found: Mapping[str, JSON]) -> tuple[Manifest, list[Manifest]]:
    fixed = {field: found.get(field) for field in ("package", "version")}
    return _with_secrets(name, fixed, "credentials", found.get("credentials") or {})


def _with_secrets(name: str, fixed: Manifest, part: str, free: Mapping[str, JSON]) -> tuple[Manifest, list[Manifest]]:
    """Move what the console masks into a Secret, by the path at which it stood."""
    masked = list(_masked(free))
    spec = {**fixed, part: _clear(free)}
    if not masked:
        return spec, []
    secret = f"{name}-credentials"
    refs = [{"path": path, "secretKeyRef": {"name": secret, "key": path}} for path in masked]
    return {**spec, "secretConfig": refs}, [watched_secret(secret, dict.fromkeys(masked, UNKNOWN))]


def _masked(free: Mapping[str, JSON], path: str = "") -> Iterator[str]:
    for name, value in free.items():
        if value == MASK:
            yield path + name
        elif isinstance(value, dict):
            yield from _masked(value, f"{path}{name}.")


def _clear(free: Mapping[str, JSON]) -> Manifest:
    return {
        name: _clear(value) if isinstance(value, dict) else value
        for name, value in free.items()
        if value is not None and value != MASK
    }


def workspace(name: str, slug: str, url: str) -> tuple[Manifest, Manifest]:
    """Give the connection, and the Secret that it needs: its key is for a person to put in."""
    secret = f"{name}-jitsu"
    spec = {"baseUrl": url, "workspace": slug, "credentialsRef": {"name": secret}}
    return watched_secret(secret, {"apiKey": "<key id>:<secret>"}), resource("JitsuWorkspace", name, spec=spec)
