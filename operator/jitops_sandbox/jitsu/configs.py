"""The config store: list, create, read, update and delete objects (docs/reference/jitsu.md sections 1, 4, 6).

Build A finds an object by its id alone, whatever type the URL names. Build B requires the type to match, and adds
`type` and `workspaceId` to a new object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer, encode, packed
from jitops_sandbox.jitsu import zod
from jitops_sandbox.jitsu.config_types import PLAIN, ConfigType
from jitops_sandbox.jitsu.destinations import DestinationType, ServiceType
from jitops_sandbox.jitsu.errors import ApiError, UnexpectedError
from jitops_sandbox.jitsu.etags import etag
from jitops_sandbox.jitsu.masking import unmasked
from jitops_sandbox.jitsu.references import FunctionType
from jitops_sandbox.jitsu.state import Listing, Stored, iso
from jitops_sandbox.jitsu.streams import StreamType

if TYPE_CHECKING:
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.context import Context
    from jitops_sandbox.jitsu.state import State

TYPES: dict[str, ConfigType] = {
    one.name: one for one in (DestinationType(), StreamType(), FunctionType(), ServiceType(), *PLAIN)
}

SUCCESS = {"success": True}


def list_objects(context: Context) -> Answer:
    """List all live objects of a type, oldest first, without pages."""
    context.verify_access()
    kind = _type(context)
    listing = _listing(context, kind)
    if listing.packed is None and "gzip" in context.call.headers.get("Accept-Encoding", ""):
        listing.packed = packed(listing.body)
    return Answer(body=listing.body, packed=listing.packed, headers={"ETag": listing.etag})


def create(context: Context) -> Answer:
    """Create an object with the id that the client chose, and answer only this id."""
    context.verify_access("editEntities")
    if context.build == "B":
        _type(context)
    _require_workspace(context)
    kind = _type(context)
    given = _cloned(context, kind.parse(_incoming(context)))
    given = kind.accept(given, context.state, context.workspace)
    config = {key: value for key, value in given.items() if key not in ("id", "workspaceId", "cloneId")}
    stored = context.state.create(context.workspace, kind.name, given["id"], zod.cleaned(config))
    return answer({"id": stored.id})


def read(context: Context) -> Answer:
    """Answer one object in the form of its type for clients."""
    context.verify_access()
    kind = _type(context)
    stored = _find(context)
    if stored is None:
        raise _missing(context, 400)
    ids = {"workspaceId": context.workspace, "id": stored.id, "type": kind.name}
    return answer(kind.show({**stored.config, **ids, "updatedAt": iso(stored.updated)}, context.state))


def update(context: Context) -> Answer:
    """Merge a body into an object; `updatedAt` changes even if nothing else does."""
    patch = zod.undefined(context.body)
    context.verify_access("editEntities")
    if context.build == "B":
        _type(context)
    _require_workspace(context)
    kind = _type(context)
    stored = _find(context)
    if stored is None:
        raise _missing(context, 500)
    given: dict[str, Any] = patch if isinstance(patch, dict) else {}
    merged = kind.merge(stored.config, {**given, "id": stored.id, "workspaceId": context.workspace}, context.state)
    accepted = kind.accept(kind.parse(merged), context.state, context.workspace)
    config = {key: value for key, value in accepted.items() if key not in ("id", "workspaceId")}
    context.state.replace(stored, zod.cleaned(config))
    return answer(SUCCESS)


def delete(context: Context) -> Answer:
    """Delete an object softly and answer all of it in clear; a missing object is a success too."""
    context.verify_access("deleteEntities")
    if context.build == "B":
        _type(context)
    stored = _find(context)
    if stored is None:
        return answer(SUCCESS)
    kind = _type(context)
    flags = ("strict", "cascade") if context.state.knows_flags else ()
    how = frozenset(flag for flag in flags if context.call.query.get(flag) == "true")
    kind.before_delete(stored.id, context.workspace, context.state, how)
    context.state.delete(stored)
    ids = {"workspaceId": context.workspace, "id": stored.id, "type": kind.name}
    return answer({**stored.config, **ids})


def list_profile_builders(context: Context) -> Answer:
    """List the profile builders of a workspace: none, since nothing here creates any."""
    context.verify_access()
    return answer({"profileBuilders": []})


def shown_row(stored: Stored, state: State) -> bytes:
    """Return an object as listings show it, serialised once per change."""
    if stored.row is None:
        ids = {"id": stored.id, "workspaceId": stored.workspace, "type": stored.type}
        listed = TYPES[stored.type].show({**stored.config, **ids, "updatedAt": iso(stored.updated)}, state)
        stored.row = encode(listed)
    return stored.row


def shown(stored: Stored, state: State) -> dict[str, Any]:
    """Return an object as clients see it."""
    return dict(json.loads(shown_row(stored, state)))


def _listing(context: Context, kind: ConfigType) -> Listing:
    key = (context.workspace, kind.name)
    listing = context.state.listings.get(key)
    if listing is None:
        rows = [shown_row(stored, context.state) for stored in context.state.table(*key).values()]
        body = b'{"objects":[' + b",".join(rows) + b"]}"
        listing = context.state.listings[key] = Listing(body, etag(body))
    return listing


def _type(context: Context) -> ConfigType:
    name = context.path["type"]
    if name in TYPES:
        return TYPES[name]
    if context.build == "A":
        raise UnexpectedError(f"Unknown config object type {name}")
    known = ", ".join(TYPES)
    raise ApiError(f"Unknown resource type '{name}'. Known types: {known}", status=400, type=name)


def _require_workspace(context: Context) -> None:
    """Raise unless the workspace exists, by its id alone; a deleted workspace exists here, as at the console."""
    if context.workspace not in context.state.workspaces:
        raise UnexpectedError(f"Workspace {context.workspace} not found")


def _find(context: Context) -> Stored | None:
    stored = context.state.find(context.workspace, context.path["id"])
    if stored is not None and context.build == "B" and stored.type != context.path["type"]:
        return None
    return stored


def _missing(context: Context, status_of_a: int) -> ApiError:
    status = status_of_a if context.build == "A" else 404
    return ApiError(f"{context.path['type']} with id {context.path['id']} does not exist", status=status)


def _incoming(context: Context) -> JSON:
    if context.build == "A":
        return context.body
    given = context.body if isinstance(context.body, dict) else {}
    ids = {"type": context.path["type"], "workspaceId": context.workspace}
    return {**given, **ids, "id": given.get("id", zod.UNDEFINED)}


def _cloned(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its masks replaced by the secrets of the object `cloneId`, which may be deleted."""
    original = context.state.objects.get(str(given.get("cloneId")))
    if original is None or original.workspace != context.workspace:
        return given
    return dict(unmasked(given, original.config))
