"""The connector registrations of the organizations (docs/reference/jitterbit.md sections 2.5 to 2.8)."""

from __future__ import annotations

import math
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.core.clock import Clock

FIRST_ENTITY = 2370701
ACTIVITIES = 99
"""A connector has one endpoint id N and the activity ids N+1 to N+99."""


@dataclass(slots=True)
class Connector:
    """One registration. `used`: a project uses it; `payload`: an agent has uploaded its UI."""

    id: str
    organization: str
    name: str
    version: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    endpoint: int
    registered: float
    deleted: float = math.inf
    used: bool = False
    payload: bool = False

    @property
    def live(self) -> bool:
        """Whether the registration exists, even if a late listing does not show it."""
        return self.deleted == math.inf


class Connectors:
    """The table of registrations; deleted rows are kept for listings that lag."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Remove all registrations."""
        # Ids continue: nothing documents that an id is used twice.
        self._rows: dict[str, Connector] = {}
        self._next = getattr(self, "_next", FIRST_ENTITY)

    def register(self, organization: str, name: str, version: str) -> Connector:
        """Create a registration with new ids, key and secret."""
        endpoint = self._next
        self._next += ACTIVITIES + 1
        connector = Connector(
            id=str(endpoint // 100),
            organization=organization,
            name=name,
            version=version,
            key=str(uuid.uuid4()),
            secret=secrets.token_urlsafe(24),
            endpoint=endpoint,
            registered=self._clock.monotonic(),
        )
        self._rows[connector.id] = connector
        return connector

    def live(self, organization: str | None = None) -> list[Connector]:
        """Return the existing registrations, of one organization or of all, oldest first."""
        return [one for one in self._rows.values() if one.live and organization in (None, one.organization)]

    def visible(self, organization: str, lag: float) -> list[Connector]:
        """Return the registrations of a listing that is `lag` seconds late."""
        then = self._clock.monotonic() - lag
        return [
            one
            for one in self._rows.values()
            if one.organization == organization and one.registered <= then < one.deleted
        ]

    def find(self, organization: str, connector_id: str) -> Connector | None:
        """Return an existing registration; None if there is none."""
        found = self._rows.get(connector_id)
        return found if found and found.live and found.organization == organization else None

    def get(self, connector_id: str) -> Connector:
        """Return a registration by its id alone, deleted or not."""
        return self._rows[connector_id]

    def delete(self, connector: Connector) -> None:
        """Delete a registration."""
        connector.deleted = self._clock.monotonic()
