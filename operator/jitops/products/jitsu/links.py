"""Rows of links: the connections and syncs of the console (docs/reference/jitsu.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jitops.products.jitsu.wire import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as listed by the console; rows of an unchanged link are equal."""

    id: str
    type: str
    from_id: str
    to_id: str
    data: Mapping[str, JSON] | None = field(repr=False)
    """The options, with the values of `functionsEnv` in plain text. None breaks the console's export feed."""
    missing: tuple[str, ...] = ()
    """The ids of the ends that the listing of their type no longer has."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> LinkRow:
        """Return the row of a link that the console listed, or that was sent."""
        data = body.get("data")
        return cls(
            id=str(body.get("id", "")),
            type=str(body.get("type") or "push"),
            from_id=str(body.get("fromId", "")),
            to_id=str(body.get("toId", "")),
            data=normal(data) if isinstance(data, dict) else None,
        )

    @property
    def pair(self) -> tuple[str, str, str]:
        """Return type, start and end: what identifies a push."""
        return self.type, self.from_id, self.to_id

    @property
    def ends(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return type and id of the start and of the end."""
        return ("service" if self.type == "sync" else "stream", self.from_id), ("destination", self.to_id)

    def uses(self, id_: str) -> bool:
        """Return whether an object is one of the ends, or a function that the link runs."""
        functions = (self.data or {}).get("functions")
        pipeline = functions if isinstance(functions, list) and self.type == "push" else ()
        runs = any(isinstance(one, dict) and one.get("functionId") == f"udf.{id_}" for one in pipeline)
        return runs or id_ in (self.from_id, self.to_id)

    def without(self, missing: tuple[str, ...]) -> LinkRow:
        """Return the row with the ids of its missing ends."""
        return replace(self, missing=missing)


def env_values(data: Mapping[str, Any]) -> list[str]:
    """Return the values of `functionsEnv`, so that no message repeats them."""
    env = data.get("functionsEnv")
    return [value for value in env.values() if isinstance(value, str)] if isinstance(env, dict) else []
