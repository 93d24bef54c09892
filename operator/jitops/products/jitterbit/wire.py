"""Rows of connector registrations (docs/reference/jitterbit.md sections 2.5 and 2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """A registration as listed by Harmony; its `repr` has neither key nor secret."""

    id: str
    name: str
    version: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    endpoint_entity_id: str
    function_entity_start_id: str
    function_entity_end_id: str

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> ConnectorRow:
        """Return the row of a registration in an answer, whose ids may be strings or numbers."""
        return cls(
            id=_text(body, "id"),
            name=_text(body, "name"),
            version=_text(body, "version"),
            key=_text(body, "key"),
            secret=_text(body, "secret"),
            endpoint_entity_id=_text(body, "endpointEntityId"),
            function_entity_start_id=_text(body, "functionEntityStartId"),
            function_entity_end_id=_text(body, "functionEntityEndId"),
        )


def _text(body: Mapping[str, JSON], name: str) -> str:
    value = body.get(name)
    return str(value) if isinstance(value, str | int | float) else ""
