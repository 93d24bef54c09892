"""Renders the MANIFEST.MF of a connector's JAR from its registration and the spec.

The headers are Jitterbit's (docs/reference/jitterbit.md section 3). The format is that of the JAR file specification:
the version first, lines of at most 72 bytes of UTF-8, continuation lines that begin with a space, and a line break at
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
"""The most bytes of a line, without its line break."""
DEFAULT_UI = "adapter.json"
BREAKS = re.compile(r"[\x00\r\n]")
"""The characters that no value may contain: they would end the header and begin another one."""


def render_manifest(row: ConnectorRow, asked: ConnectorManifest | None) -> str:
    """Return the whole manifest; each activity gets the next id of the registration's range, in the given order."""
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


def _ids(row: ConnectorRow, count: int) -> Sequence[str]:
    if not count:
        return ()
    try:
        first, last = int(row.function_entity_start_id), int(row.function_entity_end_id)
    except ValueError:
        raise SpecInvalid("the registration has no range of activity ids; remove spec.manifest.activities") from None
    if first + count - 1 > last:
        raise SpecInvalid(
            f"spec.manifest.activities has {count} activities, but the registration has ids for {last - first + 1}"
        )
    return [str(first + offset) for offset in range(count)]


def _checked(name: str, value: str) -> str:
    """Return a value without line breaks; the rules of the spec reject them, but a value of the remote may have one."""
    if BREAKS.search(value):
        raise DependencyNotReady(
            f"the value that Harmony lists for {name} can't be in a manifest, as it has a line break"
        )
    return value


def _folded(line: str) -> str:
    return "\n ".join(_pieces(line)) + "\n"


def _pieces(line: str) -> Iterator[str]:
    """Yield pieces of a line that fit, with a space before all but the first; characters are not split."""
    piece, size, room = "", 0, LONGEST_LINE
    for char in line:
        width = len(char.encode("utf-8", "surrogatepass"))
        if size + width > room:
            yield piece
            piece, size, room = "", 0, LONGEST_LINE - 1
        piece, size = piece + char, size + width
    yield piece
