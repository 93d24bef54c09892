"""Whether the API server has all CRDs of jitops, and whether kopf watches them; asked until both are so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from jitops.api.meta import GROUP, VERSION
from jitops.core.errors import JitopsError
from jitops.kinds import KINDS
from jitops.runtime.cluster.session import ApiError, ApiServer

INTERVAL = 30.0
"""Seconds between two questions."""
PLURALS = frozenset(info.plural for info in KINDS)


class Discovery:
    """Looks for the CRDs. With `restart`, CRDs that appear late require a new process.

    With rights on the whole cluster kopf notices new CRDs by itself. With Roles alone it may not list them, and scans
    only once, at its start.
    """

    def __init__(self, api: ApiServer, *, restart: bool) -> None:
        self._api = api
        self._restart = restart
        self._missing = PLURALS
        self.restart_needed = False
        self.watched: Callable[[], frozenset[str]] = lambda: PLURALS
        """Returns the plurals that are watched; set by the module that runs kopf."""

    async def run(self) -> None:
        """Ask until all CRDs exist."""
        while True:
            if not await self._is_incomplete():
                return
            await asyncio.sleep(INTERVAL)

    def readiness_problems(self) -> Iterator[str]:
        """Yield which kinds have no CRD, or are not watched."""
        if self._missing:
            yield f"these definitions (CRDs) are missing: {', '.join(sorted(self._missing))}"
        elif unwatched := PLURALS - self.watched():
            yield f"not watched yet: {', '.join(sorted(unwatched))}"

    async def _is_incomplete(self) -> bool:
        """Ask once; return True if CRDs are missing, or if that can't be known now."""
        try:
            answer = await self._api.request("GET", f"/apis/{GROUP}/{VERSION}")
            known = {resource["name"] for resource in answer["resources"]}
        # A 404: no CRD of the group exists.
        except ApiError:
            known = set()
        except JitopsError:
            return True
        self._missing = PLURALS - known
        self.restart_needed |= self._restart and bool(self._missing)
        return bool(self._missing)
