"""Checks before a deletion, and deletions that cascade (docs/reference/jitsu.md section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops_sandbox.jitsu import schemas
from jitops_sandbox.jitsu.config_types import ConfigType
from jitops_sandbox.jitsu.errors import ApiError

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.state import Link, State


def guard_linked(kind: str, object_id: str, workspace: str, state: State, how: frozenset[str]) -> None:
    """Raise under `strict` if the object has links, even dangling ones; delete them under `cascade`."""
    if not how:
        return
    links = [one for one in state.live_links(workspace) if object_id in (one.source, one.target)]
    if "cascade" in how:
        for link in links:
            link.deleted = True
    elif links:
        raise ApiError(
            f"Cannot delete {kind} because it has {len(links)} linked connections",
            status=409,
            code="LINKED_CONNECTIONS_EXIST",
            linkedConnectionsCount=len(links),
            linkedConnections=[shown(link) for link in links],
        )


class FunctionType(ConfigType):
    """A function: `strict` searches the pipelines of push links for it, `cascade` is ignored."""

    def __init__(self) -> None:
        super().__init__("function", schemas.FUNCTION)

    def before_delete(self, object_id: str, workspace: str, state: State, how: frozenset[str]) -> None:
        """Raise under `strict` if a push link runs the function."""
        if "strict" not in how:
            return
        links = [one for one in state.live_links(workspace) if runs(one, object_id)]
        if links:
            used = f"{len(links)} connection(s) and 0 profile builder(s)"
            raise ApiError(
                f"Cannot delete function because it is being used by {used}",
                status=409,
                code="FUNCTION_IN_USE",
                connectionsCount=len(links),
                profileBuildersCount=0,
                connections=[shown(link) for link in links],
                profileBuilders=[],
            )


def runs(link: Link, function: str) -> bool:
    """Return whether a push link has a function in its pipeline."""
    functions: Any = link.data.get("functions") if isinstance(link.data, dict) else None
    if link.type != "push" or not isinstance(functions, list):
        return False
    return any(isinstance(one, dict) and one.get("functionId") == f"udf.{function}" for one in functions)


def shown(link: Link) -> dict[str, str]:
    """Return a link as the 409 lists it."""
    return {"id": link.id, "type": link.type or "push", "fromId": link.source, "toId": link.target}
