"""Links as the console writes them, and what it makes of ours (docs/reference/jitsu.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jitops.products.jitsu.wire import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link; two readings of an unchanged one are equal."""

    id: str
    type: str
    from_id: str
    to_id: str
    data: Mapping[str, JSON] | None = field(repr=False)
    """The options, which may hold values of `functionsEnv` in clear; None breaks the console's export feed."""
    missing: tuple[str, ...] = ()
    """The ends that a listing of their type no longer shows."""

    @classmethod
    def parse(cls, body: Mapping[str, JSON]) -> LinkRow:
        """Read what the console lists, or what we sent."""
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
        """Say what is linked, and how."""
        return self.type, self.from_id, self.to_id

    @property
    def ends(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Name both ends by type and id."""
        return ("service" if self.type == "sync" else "stream", self.from_id), ("destination", self.to_id)

    def uses(self, id_: str) -> bool:
        """Say whether an object is one of its ends, or a function that it runs."""
        functions = (self.data or {}).get("functions")
        pipeline = functions if isinstance(functions, list) and self.type == "push" else ()
        runs = any(isinstance(one, dict) and one.get("functionId") == f"udf.{id_}" for one in pipeline)
        return runs or id_ in (self.from_id, self.to_id)

    def without(self, missing: tuple[str, ...]) -> LinkRow:
        """Note which ends are not there."""
        return replace(self, missing=missing)


def env_values(data: Mapping[str, Any]) -> list[str]:
    """Give the values of `functionsEnv`, which no refusal needs to repeat."""
    env = data.get("functionsEnv")
    return [value for value in env.values() if isinstance(value, str)] if isinstance(env, dict) else []
