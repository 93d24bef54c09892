"""The routes and their handlers (docs/reference/jitsu.md section 1).

The schemas of destinations and some pages need no caller: see `console.py` and `pages.py`. Not implemented, and
answered like any unknown route: the other parts of `/api/schema`, `/api/spec.yaml`, the creation of profile builders,
and the exports for the data plane.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jitops_sandbox.jitsu import configs, data_plane, links, user_keys, workspaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitops_sandbox.answers import Answer
    from jitops_sandbox.jitsu.context import Context

    Handler = Callable[[Context], Answer]

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the console that needs a caller: its handlers by method, and the largest body."""

    pattern: tuple[str, ...]
    handlers: dict[str, Handler]
    megabytes: int = 1
    budgets: dict[str, tuple[int, float]] = field(default_factory=dict)
    """The route's own budgets by method: a number of requests in a number of minutes."""


CONFIG = ("{workspace}", "config")

ROUTES = (
    Route(
        ("workspace",),
        {"GET": workspaces.list_workspaces, "POST": workspaces.create, "DELETE": workspaces.delete},
        budgets={"POST": (2, 5.0)},
    ),
    Route(("workspace", "{id}"), {"GET": workspaces.read, "PUT": workspaces.update}),
    Route(
        ("user", "keys"),
        {"GET": user_keys.list_keys, "POST": user_keys.create, "DELETE": user_keys.delete},
    ),
    Route(
        (*CONFIG, "link"),
        {"GET": links.list_links, "POST": links.save, "PUT": links.save, "DELETE": links.delete},
    ),
    Route((*CONFIG, "profile-builder"), {"GET": configs.list_profile_builders}),
    Route((*CONFIG, "{type}"), {"GET": configs.list_objects, "POST": configs.create}, megabytes=20),
    Route((*CONFIG, "{type}", "test"), {"POST": data_plane.try_connection}, megabytes=20),
    Route(("{workspace}", "sources", "check"), {"GET": data_plane.read_check, "POST": data_plane.begin_check}),
    Route(("{workspace}", "function", "run"), {"POST": data_plane.run_function}, megabytes=20),
    Route(
        (*CONFIG, "{type}", "{id}"),
        {"GET": configs.read, "PUT": configs.update, "DELETE": configs.delete},
        megabytes=20,
    ),
)


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a raw path, and the values of its placeholders; None if there is no route."""
    segments = path.removeprefix("/api/").split("/")
    for route in ROUTES:
        if len(route.pattern) == len(segments):
            named = _match(route.pattern, segments)
            if named is not None:
                return route, named
    return None


def _match(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    named: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            named[part[1:-1]] = unquote(segment)
        elif part != segment:
            return None
    return named
