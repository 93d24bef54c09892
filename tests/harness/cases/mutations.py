"""Specs with one value replaced by an odd one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.harness.cases.case import Spec, organization
from tests.harness.cases.connections import FULL_WORKSPACE
from tests.harness.cases.connectors import FULL_CONNECTOR
from tests.harness.cases.custom_apis import FULL_CUSTOM_API
from tests.harness.cases.destinations import FULL_DESTINATION
from tests.harness.cases.functions import FULL_FUNCTION
from tests.harness.cases.links import FULL_LINK
from tests.harness.cases.services import FULL_SERVICE
from tests.harness.cases.streams import FULL_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

FULL: dict[str, Spec] = {
    "JitsuWorkspace": FULL_WORKSPACE,
    "JitsuStream": FULL_STREAM,
    "JitsuDestination": FULL_DESTINATION,
    "JitsuFunction": FULL_FUNCTION,
    "JitsuService": FULL_SERVICE,
    "JitsuLink": FULL_LINK,
    "JitterbitOrganization": organization(
        host="https://x.example", settleSeconds=5, apiAdapter={"baseUrl": "https://adapter.example"}
    ),
    "Connector": FULL_CONNECTOR,
    "CustomAPI": FULL_CUSTOM_API,
}
"""For each kind a spec with every field set that only this kind has."""

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2.0, 2**53, 10**30),
    *(
        "",
        " ",
        "a",
        "A ",
        "a\tb",
        "é" * 64,
        "é" * 255,
        "a\n",
        "\u00a0a",
        "0",
        "01h",
        "1h1h",
        "\u0661h",
        "*.x.y",
        "x.\u0661",
    ),
    *("HTTP://a", "https://a:99999/", "2026-01-02T03:04:05.1Z"),
    *([], [None], ["a", "a"], [[]], {}, {"a": None}, {"": "a"}, {"a b": "c"}, {"name": "a"}, {"id": "q"}),
)
"""Values at the limits of strings, numbers, lists and maps."""


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each value in a spec."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(spec: Spec, path: Path, value: object) -> Spec:
    """Return a copy of the spec with one value replaced."""
    changed = copy.deepcopy(spec)
    target: Any = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed
