"""The MANIFEST.MF of a connector's JAR: what its registration decides, and what the spec adds.

The headers are Jitterbit's (docs/reference/jitterbit.md section 3), the form is the JAR file specification's: the
version first, lines of at most 72 bytes of UTF-8, each continued by one that begins with a space, and a line break at
the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitops.core.errors import DependencyNotReady, SpecInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jitops.products.jitterbit.connector.jar_manifest import ConnectorManifest
    from jitops.products.jitterbit.wire import ConnectorRow

LONGEST_LINE = 72
"""Bytes of a line without its line break."""
DEFAULT_UI = "adapter.json"
BREAKS = re.compile(r"[\x00\r\n]")
"""What no value may hold: it would end the header, and begin another one."""


def rendered(row: ConnectorRow, asked: ConnectorManifest | None) -> str:
    """Render the whole manifest; each activity gets the next id of the registered range, in the order given."""
    return "".join(_folded(f"{name}: {_checked(name, value)}") for name, value in _headers(row, asked).items() if value)


def _headers(row: ConnectorRow, asked: ConnectorManifest | None) -> Mapping[str, str]:
    activities = asked.activities if asked else ()
    return {
        "Manifest-Version": "1.0",
        "Author": (asked and asked.author) or "",
        "Version": (asked and asked.version) or "",
        "Class-Path": " ".join((asked and asked.class_path) or ()),
        "Jitterbit-Connector": "true",
        "Jitterbit-Connector-UI": (asked and asked.ui) or DEFAULT_UI,
        "Jitterbit-Connector-Factory-Class": (asked and asked.factory_class) or "",
        "Jitterbit-Connector-Key": row.key,
        "Jitterbit-Connector-Secret": row.secret,
        "Jitterbit-Connector-Endpoint-EntityTypeId": row.endpoint_entity_id,
        **{
            f"Jitterbit-Activity-EntityTypeId-{activity}": id_
            for activity, id_ in zip(activities, _ids(row, len(activities)), strict=True)
        },
    }


def _ids(row: ConnectorRow, desired: int) -> Sequence[str]:
    if not desired:
        return ()
    try:
        first, last = int(row.function_entity_start_id), int(row.function_entity_end_id)
    except ValueError:
        raise SpecInvalid("the registration has no range of activity ids; take spec.manifest.activities out") from None
    if first + desired - 1 > last:
        raise SpecInvalid(
            f"spec.manifest.activities names {desired} activities, but the registration has ids for {last - first + 1}"
        )
    return [str(first + offset) for offset in range(desired)]


def _checked(name: str, value: str) -> str:
    """Pass a value that stays in its line; those of the spec do by its rules, those of the remote are looked at."""
    if BREAKS.search(value):
        raise DependencyNotReady(f"what Harmony lists for {name} can't stand in a manifest: it has a line break")
    return value


def _folded(line: str) -> str:
    return "\n ".join(_pieces(line)) + "\n"


def _pieces(line: str) -> Iterator[str]:
    """Cut a line between characters, so that each piece, with the space before all but the first, fits."""
    piece, size, room = "", 0, LONGEST_LINE
    for char in line:
        width = len(char.encode("utf-8", "surrogatepass"))
        if size + width > room:
            yield piece
            piece, size, room = "", 0, LONGEST_LINE - 1
        piece, size = piece + char, size + width
    yield piece
