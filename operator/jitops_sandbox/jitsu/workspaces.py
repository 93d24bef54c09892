"""Workspaces over the API (docs/reference/jitsu.md sections 1, 2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitsu.errors import ApiError, PrismaError, UnexpectedError
from jitops_sandbox.jitsu.state import Workspace, iso, random_id

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.context import Context
    from jitops_sandbox.jitsu.state import User

SLUG = re.compile(r"[a-z0-9-]+")


def list_workspaces(context: Context) -> Answer:
    """List the workspaces that the user may see; in pages only if the query asks for them."""
    user = _user(context)
    every = [one for one in context.state.workspaces.values() if not one.deleted]
    mine = [_listed(context, one) for one in every if user.admin or one.id in user.roles]
    if "page" not in context.call.query and "limit" not in context.call.query:
        return answer(mine)
    page, limit = (int(context.call.query.get(name, default)) for name, default in (("page", 0), ("limit", 50)))
    shown = mine[page * limit : (page + 1) * limit]
    more = (page + 1) * limit < len(mine)
    pagination = {"page": page, "limit": limit, "totalCount": len(mine), "hasMore": more}
    return answer({"workspaces": shown, "pagination": pagination})


def read(context: Context) -> Answer:
    """Answer a workspace by id or slug; only this answer shows that a workspace is deleted."""
    return answer({**_shown(_find(context)), "oidcLoginGroups": []})


def create(context: Context) -> Answer:
    """Create a workspace; that of a service token belongs to nobody, as at the real console."""
    given = _body(context)
    slug = str(given.get("slug") or "")
    if slug and not SLUG.fullmatch(slug):
        rule = "Slug must only contain lowercase letters, numbers or hyphen"
        raise _misused(f"Invalid workspace slug: {rule}", 400)
    now = context.state.clock.now()
    workspace = Workspace(f"c{random_id(24).lower()}", slug, str(given.get("name") or ""), now, now)
    context.state.workspaces[workspace.id] = workspace
    if context.caller.user is None:
        violated = "Foreign key constraint violated on the constraint: `WorkspaceAccess_userId_fkey`"
        raise PrismaError("workspaceAccess.create()", violated)
    context.caller.user.roles[workspace.id] = "owner"
    return answer({"id": workspace.id})


def update(context: Context) -> Answer:
    """Update name and slug of a workspace."""
    workspace = _find(context)
    given = _body(context)
    workspace.name = str(given.get("name") or workspace.name)
    workspace.slug = str(given.get("slug") or workspace.slug)
    workspace.updated = context.state.clock.now()
    return answer(_shown(workspace))


def delete(context: Context) -> Answer:
    """Delete a workspace softly; for a missing one the answer is a 200 with a 404 in its body."""
    wanted = str(_body(context).get("workspaceId"))
    workspace = context.state.workspaces.get(wanted)
    if workspace is None or workspace.deleted:
        return answer({"message": f"Error Workspace {wanted} not found", "status": 404})
    _require_role(context, workspace)
    workspace.deleted = True
    workspace.updated = context.state.clock.now()
    return answer({"message": f"{workspace.name} deleted successfully", "status": 200})


def _find(context: Context) -> Workspace:
    wanted = context.path["id"]
    workspace = context.state.workspace(wanted)
    if workspace is None:
        raise _misused(f"Workspace '{wanted}' not found", 404, context.build)
    _require_role(context, workspace)
    return workspace


def _require_role(context: Context, workspace: Workspace) -> None:
    user = context.caller.user
    if user is not None and not user.admin and workspace.id not in user.roles:
        message = "Current user doesn't have an access to workspace"
        raise ApiError(message, status=403, noAccessToWorkspace=True)


def _misused(message: str, status: int, build: str = "A") -> ApiError:
    """Return the error of the build: A answers a 500 with the intended status in its body."""
    return ApiError(message, status=status) if build == "B" else _InnerStatusError(message, status)


class _InnerStatusError(ApiError):
    """A 500 with the intended status in its body."""

    def __init__(self, message: str, meant: int) -> None:
        super().__init__(message)
        self.extra = {"status": meant}


def _user(context: Context) -> User:
    if context.caller.user is None:
        raise UnexpectedError(f"User {context.caller.id} does not exist")
    return context.caller.user


def _body(context: Context) -> dict[str, Any]:
    return context.body if isinstance(context.body, dict) else {}


def _shown(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.id,
        "createdAt": iso(workspace.created),
        "updatedAt": iso(workspace.updated),
        "name": workspace.name,
        "deleted": workspace.deleted,
        "slug": workspace.slug,
        "featuresEnabled": [],
    }


def _listed(context: Context, workspace: Workspace) -> dict[str, Any]:
    shown = {key: value for key, value in _shown(workspace).items() if key != "deleted"}
    return {**shown, "lastUsed": iso(context.state.clock.now())}
