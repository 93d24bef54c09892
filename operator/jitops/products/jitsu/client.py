"""The client of one Jitsu workspace (docs/reference/jitsu.md): the calls, and one listing per type.

Every call has the type of the object, because build A of the console returns an object of any type for its id
(section 4). Listings are conditional requests, and each 2xx answer to a write corrects them without a new request.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import NotYet, SpecInvalid
from jitops.products.jitsu import errors, wire
from jitops.products.jitsu.links import LinkRow, env_values
from jitops.products.jitsu.preflight.console import ConsolePreflight
from jitops.products.jitsu.schemas import Schemas
from jitops.remote.exchange import Answer, AnswerLost, segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.clock import Clock
    from jitops.core.errors import JitopsError
    from jitops.core.kube import JSON
    from jitops.products.jitsu.object_type import ObjectType
    from jitops.remote.client import Http

R = TypeVar("R")
NOT_MODIFIED = 304


class JitsuClient:
    """The calls on one workspace."""

    def __init__(self, http: Http, workspace: str, clock: Clock, types: Iterable[ObjectType[Any]]) -> None:
        self._http = http
        self.schemas = Schemas(http)
        self.preflight = ConsolePreflight(http, clock)
        self._workspace = workspace
        self._facts: dict[str, JSON] = {}
        self._etags: dict[str, str] = {}
        self._types = {each.name: each for each in types}
        self._snapshots = {type_: self._snapshot(type_, clock) for type_ in self._types}
        self._linked: dict[str, LinkRow] = {}
        self._followed: set[str] = set()
        self.clock = clock
        self.links: Snapshot[LinkRow] = Snapshot(self._link_rows, clock)
        """The links, oldest first."""

    @property
    def snapshots(self) -> Mapping[str, Snapshot[Any]]:
        """Return the listings, by the names of the kinds."""
        return {"JitsuLink": self.links, **{self._types[name].kind: kept for name, kept in self._snapshots.items()}}

    def lists(self, type_: str) -> bool:
        """Return whether a type has a listing; `type_` is the console's name of the type."""
        return type_ in self._types

    def listing(self, type_: str) -> Snapshot[Any]:
        """Return the listing of a type; `type_` is the console's name of the type."""
        return self._snapshots[type_]

    @property
    def workspace_id(self) -> str:
        """Return the id of the workspace; empty until the first `verify`."""
        return str(self._facts.get("id", ""))

    @property
    def budget(self) -> Mapping[str, int]:
        """Return how many calls could be made at once, by method."""
        return self._http.budget

    @property
    def write_error(self) -> JitopsError | None:
        """Return the error of a console that currently rejects writes; None otherwise."""
        return self._http.write_error

    async def verify(self) -> Mapping[str, JSON]:
        """Look up the workspace and return its facts for the status.

        Only this call accepts a slug, and only its answer shows that a workspace is deleted.
        """
        path = f"/api/workspace/{segment(self._workspace)}"
        answer = await self._conditional(path)
        if answer.status != NOT_MODIFIED:
            self._facts = self._resolved(answer.json)
            self._remember(path, answer)
        return self._facts

    async def get(self, type_: str, id_: str) -> Mapping[str, JSON] | None:
        """Return one object; None if there is none. Build A returns an object of any type with this id."""
        try:
            answer = await self._http.request("GET", await self._path(type_, id_), who=f"{type_}/{id_}")
        except errors.Missing:
            return None
        found: Mapping[str, JSON] = answer.json
        return found

    async def objects(self, type_: str) -> list[Mapping[str, JSON]]:
        """Return all objects of a type, or all links, as the console lists them; an import needs them whole."""
        answer = await self._http.request("GET", await self._path(type_), who=type_)
        listed = answer.json.get("links" if type_ == "link" else "objects")
        if not isinstance(listed, list):
            raise AnswerLost("the console's answer is not a list")
        return listed

    async def create(self, type_: str, body: Mapping[str, JSON], *, secrets: Iterable[str] = ()) -> None:
        """Create an object with the id in the body; IdBurnt if the id was ever used."""
        path = await self._path(type_)
        sent = {**body, "type": type_, "workspaceId": self.workspace_id}
        await self._write("POST", path, f"{type_}/{body['id']}", sent, [*self._types[type_].secrets(sent), *secrets])
        self._record(type_, body["id"], self._types[type_].created(sent))

    async def update(self, type_: str, id_: str, body: Mapping[str, JSON], *, secrets: Iterable[str] = ()) -> None:
        """Update an object: the console merges the body into it."""
        path = await self._path(type_, id_)
        try:
            await self._write("PUT", path, f"{type_}/{id_}", body, [*self._types[type_].secrets(body), *secrets])
        except errors.Missing:
            self._record(type_, id_, None)
            raise NotYet(f"the {type_} was deleted while it was being changed", after=1.0) from None
        row = self._snapshots[type_].seen(id_)
        if row is not None:
            self._record(type_, id_, self._types[type_].updated(row, body))

    async def delete(self, type_: str, id_: str, *, strict: bool = False, cascade: bool = False) -> None:
        """Delete an object; no error if it is deleted already. `cascade` takes precedence over `strict` (section 6)."""
        flags = [f"{name}=true" for name, desired in (("strict", strict), ("cascade", cascade)) if desired]
        path = await self._path(type_, id_) + ("?" + "&".join(flags) if flags else "")
        await self._http.request("DELETE", path, who=f"{type_}/{id_}")
        self._record(type_, id_, None)

    def follow(self, type_: str) -> None:
        """List a type whenever the links are listed, since links end at objects of it that no resource manages."""
        self._followed.add(type_)

    async def save_link(self, body: Mapping[str, JSON]) -> LinkRow:
        """Create a link, or update it if the body has an id; return it with the id in the console's answer.

        `data` must be in the body: without it build A fails after the write, and stores null.
        """
        wire.reject_unstorable(dict(body))
        path, method = await self._path("link") + "?strict=true", "PUT" if "id" in body else "POST"
        who = f"link/{body.get('id') or body['fromId']}"
        answer = await self._http.request(method, path, body=body, who=who, secrets=env_values(body["data"]))
        id_ = answer.json.get("id")
        if not isinstance(id_, str) or not id_:
            raise AnswerLost("the console's answer has no id of the link")
        row = LinkRow.parse({**body, "id": id_})
        self.links.record(id_, row)
        return row

    async def delete_link(self, id_: str) -> None:
        """Delete a link by its id; no error if it is deleted already, or never existed (an error in build A)."""
        with contextlib.suppress(errors.Missing):
            await self._http.request("DELETE", f"{await self._path('link')}?id={segment(id_)}", who=f"link/{id_}")
        self.links.record(id_, None)

    async def aclose(self) -> None:
        """Close the connection; the sockets belong to the pool."""
        self._http.close()

    async def _write(self, method: str, path: str, who: str, body: Mapping[str, JSON], secrets: Iterable[str]) -> None:
        wire.reject_unstorable(dict(body))
        await self._http.request(method, path, body=body, who=who, secrets=secrets)

    def _snapshot(self, type_: str, clock: Clock) -> Snapshot[Any]:
        return Snapshot(lambda: self._rows(type_), clock)

    async def _rows(self, type_: str) -> Mapping[str, Any] | None:
        """Return the rows of a type by id; None if nothing changed since the last request."""
        path = await self._path(type_)
        answer = await self._conditional(path)
        if answer.status == NOT_MODIFIED:
            return None
        listed = answer.json.get("objects")
        if not isinstance(listed, list):
            raise AnswerLost("the console's answer is not a list")
        named = [row for row in listed if isinstance(row, dict) and isinstance(row.get("id"), str)]
        rows = {row["id"]: self._types[type_].parse(row) for row in named}
        self._remember(path, answer)
        return rows

    async def _link_rows(self) -> Mapping[str, LinkRow]:
        """Return the links by id, with the ends that the listings of their types no longer have."""
        started_at, path = self.clock.monotonic(), await self._path("link")
        answer = await self._conditional(path)
        if answer.status != NOT_MODIFIED:
            listed = answer.json.get("links")
            if not isinstance(listed, list):
                raise AnswerLost("the console's answer is not a list")
            named = [row for row in listed if isinstance(row, dict) and isinstance(row.get("id"), str)]
            self._linked = {row["id"]: LinkRow.parse(row) for row in named}
            self._remember(path, answer)
        for type_ in sorted(self._followed):
            await self._snapshots[type_].get(started_at)
        return {id_: row.without(self._missing(row)) for id_, row in self._linked.items()}

    def _missing(self, row: LinkRow) -> tuple[str, ...]:
        return tuple(id_ for type_, id_ in row.ends if type_ in self._types and self._snapshots[type_].lacks(id_))

    async def _conditional(self, path: str) -> Answer:
        etag = self._etags.get(path)
        return await self._http.request("GET", path, headers={"if-none-match": etag} if etag else None, who=path)

    def _remember(self, path: str, answer: Answer) -> None:
        """Keep the ETag of an answer that was parsed, so that the next request can be conditional."""
        self._etags[path] = answer.headers.get("etag", "")

    async def _path(self, type_: str, id_: str | None = None) -> str:
        if not self._facts:
            await self.verify()
        return f"/api/{segment(self.workspace_id)}/config/{type_}" + ("" if id_ is None else f"/{segment(id_)}")

    def _resolved(self, body: Mapping[str, JSON]) -> dict[str, JSON]:
        if not isinstance(body.get("id"), str) or not body["id"]:
            raise AnswerLost("the console's answer is not a workspace")
        if body.get("deleted"):
            raise SpecInvalid("spec.workspace: this workspace is deleted; set another one")
        return {
            "id": body["id"],
            "slug": body.get("slug"),
            "workspaceName": body.get("name"),
            "host": self._http.host,
        }

    def _record(self, type_: str, id_: str, row: object | None) -> None:
        self._snapshots[type_].record(id_, row)
