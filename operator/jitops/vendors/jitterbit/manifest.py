"""The part of a connector's MANIFEST.MF that its registration decides (reference/jitterbit.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.errors import SpecInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitops.vendors.jitterbit.wire import ConnectorRow

_FIRST_LINE = 72
"""Bytes of a manifest line without its line break; longer ones go on in a line that begins with a space."""


def fragment(row: ConnectorRow, activities: Sequence[str]) -> str:
    """Render the headers; each activity gets the next id of the registered range, in the order given."""
    headers = {
        "Jitterbit-Connector": "true",
        "Jitterbit-Connector-Key": row.key,
        "Jitterbit-Connector-Secret": row.secret,
        "Jitterbit-Connector-Endpoint-EntityTypeId": row.endpoint_entity_id,
        **{
            f"Jitterbit-Activity-EntityTypeId-{activity}": id_
            for activity, id_ in zip(activities, _ids(row, len(activities)), strict=True)
        },
    }
    return "".join(_folded(f"{name}: {value}") for name, value in headers.items())


def _ids(row: ConnectorRow, wanted: int) -> list[str]:
    if not wanted:
        return []
    try:
        first, last = int(row.function_entity_start_id), int(row.function_entity_end_id)
    except ValueError:
        raise SpecInvalid("the registration has no range of activity ids; take spec.manifest.activities out") from None
    if first + wanted - 1 > last:
        raise SpecInvalid(
            f"spec.manifest.activities names {wanted} activities, but the registration has ids for {last - first + 1}"
        )
    return [str(first + offset) for offset in range(wanted)]


def _folded(line: str) -> str:
    head, rest = line[:_FIRST_LINE], line[_FIRST_LINE:]
    step = _FIRST_LINE - 1
    return "\n ".join([head, *(rest[at : at + step] for at in range(0, len(rest), step))]) + "\n"
