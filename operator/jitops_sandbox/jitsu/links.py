"""Links between streams or services and destinations (docs/reference/jitsu.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitsu import zod
from jitops_sandbox.jitsu.errors import ApiError, PrismaError, UnexpectedError, type_error
from jitops_sandbox.jitsu.link_options import check
from jitops_sandbox.jitsu.masking import MASK
from jitops_sandbox.jitsu.schemas import STRING
from jitops_sandbox.jitsu.state import Link, iso, jsonb, random_id

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.context import Context

BODY: zod.Schema = {
    "type": "object",
    "properties": {"id": STRING, "data": {}, "toId": STRING, "fromId": STRING, "type": STRING},
    "required": ["toId", "fromId"],
}
TAIL = 4


def list_links(context: Context) -> Answer:
    """List all live links, oldest first."""
    role = context.verify_access()
    links = [shown(link) for link in context.state.live_links(context.workspace)]
    return answer({"links": [_for_analysts(link) for link in links] if role == "analyst" else links})


def save(context: Context) -> Answer:
    """Create or update a link: a push is found by its pair, a sync by its id; POST and PUT are the same."""
    given = _parsed(context)
    context.verify_access("editEntities")
    existing = _existing(context, given)
    if existing is not None and not given.get("id"):
        message = f"Link from '{given['fromId']}' to '{given['toId']}' already exists"
        raise _refusal(context, message)
    _require_ends(context, given)
    check(context, given)
    if existing is not None:
        return _update(context, existing, given)
    link = _create(context, given)
    return answer({"id": link.id, "created": True})


def delete(context: Context) -> Answer:
    """Delete one link by id, or all links of a pair."""
    context.verify_access("deleteEntities")
    query = context.call.query
    link_id, source, target = query.get("id"), query.get("fromId"), query.get("toId")
    if link_id and (source or target):
        raise ApiError("You can't specify 'fromId' or 'toId' with 'id'", status=400)
    if link_id:
        return answer({"deleted": _delete_by_id(context, link_id)})
    links = [one for one in context.state.live_links(context.workspace) if (one.source, one.target) == (source, target)]
    for link in links:
        link.deleted = True
    return answer({"deleted": bool(links)})


def shown(link: Link) -> dict[str, Any]:
    """Return a link as listings show it."""
    return {
        "id": link.id,
        "createdAt": iso(link.created),
        "updatedAt": iso(link.updated),
        "type": link.type,
        "data": link.data,
        "workspaceId": link.workspace,
        "fromId": link.source,
        "toId": link.target,
    }


def _for_analysts(link: dict[str, Any]) -> dict[str, Any]:
    data = link["data"]
    env = data.get("functionsEnv") if isinstance(data, dict) else None
    if not isinstance(env, dict):
        return link
    return {**link, "data": {**data, "functionsEnv": dict.fromkeys(env, MASK)}}


def _parsed(context: Context) -> dict[str, Any]:
    parsed = zod.parse(BODY, zod.undefined(context.body))
    if parsed.issues:
        raise ApiError(
            f"Can't parse request body for {context.call.method} {context.call.target}",
            zodError={"issues": parsed.issues, "name": "ZodError"},
            body=zod.cleaned(context.body),
        )
    return {"type": "push", **parsed.value}


def _existing(context: Context, given: dict[str, Any]) -> Link | None:
    live = context.state.live_links(context.workspace)
    if given["type"] == "push":
        pair = (given["fromId"], given["toId"])
        return next((one for one in live if (one.source, one.target) == pair and one.type == "push"), None)
    return next((one for one in live if one.id == given.get("id")), None)


def _require_ends(context: Context, given: dict[str, Any]) -> None:
    kind = "service" if given["type"] == "sync" else "stream"
    for name, wanted, end in ((kind, kind, given["fromId"]), ("Destination", "destination", given["toId"])):
        if end not in context.state.table(context.workspace, wanted):
            raise _refusal(context, f"{name} object with id '{end}' not found in the workspace '{context.workspace}'")


def _update(context: Context, link: Link, given: dict[str, Any]) -> Answer:
    if "data" in given:
        link.data = jsonb(given["data"])
    link.updated = context.state.clock.now()
    if context.build == "A" and given.get("data") is None:
        nothing = "null" if "data" in given else "undefined"
        raise type_error(f"Cannot read properties of {nothing} (reading 'timezone')")
    return answer({"id": link.id, "created": False})


def _create(context: Context, given: dict[str, Any]) -> Link:
    source, target, now = given["fromId"], given["toId"], context.state.clock.now()
    link_id = f"{context.workspace}-{source[-TAIL:]}-{target[-TAIL:]}-{random_id(6)}"
    data = jsonb(given.get("data"))
    link = Link(link_id, context.workspace, given["type"], source, target, data, now, now)
    context.state.links[link.id] = link
    return link


def _delete_by_id(context: Context, link_id: str) -> bool:
    link = context.state.links.get(link_id)
    if link is not None and link.workspace != context.workspace:
        link = None
    if context.build == "B" and (link is None or link.deleted):
        return False
    if link is None:
        needed = "An operation failed because it depends on one or more records that were required but not found."
        raise PrismaError("configurationObjectLink.update()", f"{needed} No record was found for an update.")
    link.deleted = True
    return True


def _refusal(context: Context, message: str) -> Exception:
    """Return the error of the build: an unexpected 500 of A, an expected 400 of B."""
    return UnexpectedError(message) if context.build == "A" else ApiError(message, status=400)
