"""One shared listing per connection and type, so that a thousand resources at rest cost one request.

Whoever needs the listing says how fresh (`not_older_than`); one caller refreshes while the others wait. The answers to
jitops' own writes correct it at once. They also correct listings that began before them or, where a remote is slow to
show what it accepted, up to `settle` seconds after them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from jitops.core.errors import Unavailable

if TYPE_CHECKING:
    from jitops.core.clock import Clock

R = TypeVar("R")

Fetch = Callable[[], Awaitable[Mapping[str, R] | None]]
"""Lists the rows by id; None: nothing changed since the last time (a conditional request)."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """The rows by id, as of a listing that began at the monotonic moment `started_at`."""

    rows: Mapping[str, R]
    started_at: float


@dataclass(frozen=True, slots=True)
class _Correction(Generic[R]):
    at: float
    id: str
    row: R | None


class Snapshot(Generic[R]):
    """The listing of one type over one connection."""

    def __init__(self, fetch: Fetch[R], clock: Clock, *, settle: float = 0) -> None:
        self._fetch = fetch
        self._clock = clock
        self._settle = settle
        self._rows: dict[str, R] = {}
        self._listed: Mapping[str, R] = {}
        self._started_at: float | None = None
        self._corrections: list[_Correction[R]] = []
        self._retracted: dict[str, float] = {}
        self._lock = asyncio.Lock()
        self.failing = False
        """Whether the last attempt to list could not reach the remote."""

    async def get(self, not_older_than: float | None = None) -> Listing[R]:
        """Return a listing begun after `not_older_than` (None: any), refreshing it if need be."""
        if not self._serves(not_older_than):
            async with self._lock:
                if not self._serves(not_older_than):
                    await self._refresh()
        return Listing(self._rows, self._started_at or 0.0)

    @property
    def rows(self) -> Mapping[str, R]:
        """The rows as last known, without a request."""
        return self._rows

    def record(self, remote_id: str, row: R | None) -> None:
        """Correct the listing by the answer to a write (None: deleted)."""
        self._corrections.append(_Correction(self._clock.monotonic(), remote_id, row))
        self._apply(self._corrections[-1])

    def retract(self, remote_id: str) -> None:
        """Record that an id's deletion was accepted; from now on only the next listing decides about it."""
        self._corrections = [c for c in self._corrections if c.id != remote_id]
        self._retracted[remote_id] = self._clock.monotonic()

    def retracted(self, remote_id: str) -> bool:
        """Return whether an id's deletion was accepted so recently that the listing may still show it."""
        at = self._retracted.get(remote_id)
        return at is not None and self._clock.monotonic() - at < self._settle

    def seen(self, remote_id: str) -> R | None:
        """Return the row as last known, without a request."""
        return self._rows.get(remote_id)

    def lacks(self, remote_id: str) -> bool:
        """Return whether a listing was made and does not show an id, without a request."""
        return self._started_at is not None and remote_id not in self._rows

    def _serves(self, not_older_than: float | None) -> bool:
        return self._started_at is not None and (not_older_than is None or self._started_at > not_older_than)

    async def _refresh(self) -> None:
        started_at = self._clock.monotonic()
        try:
            listed = await self._fetch()
        except Unavailable:
            self.failing = True
            raise
        self.failing = False
        if listed is not None:
            self._listed = listed
        self._rows, self._started_at = dict(self._listed), started_at
        self._corrections = [c for c in self._corrections if c.at >= started_at - self._settle]
        self._retracted = {id_: at for id_, at in self._retracted.items() if at >= started_at - self._settle}
        for correction in self._corrections:
            self._apply(correction)

    def _apply(self, correction: _Correction[R]) -> None:
        if correction.row is None:
            self._rows.pop(correction.id, None)
        else:
            self._rows[correction.id] = correction.row
