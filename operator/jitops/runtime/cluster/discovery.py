"""Whether the API server knows our kinds, and whether kopf watches them; asked until it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from jitops.api.meta import GROUP, VERSION
from jitops.core.errors import JitopsError
from jitops.kinds import KINDS
from jitops.runtime.cluster.session import ApiServer, Refusal

INTERVAL = 30.0
PLURALS = frozenset(info.plural for info in KINDS)


class Discovery:
    """Looks for the definitions of our kinds. With `restart`, their late arrival asks for a new process.

    Over the whole cluster kopf notices new definitions by itself; with Roles alone it may not look for them.
    """

    def __init__(self, api: ApiServer, *, restart: bool) -> None:
        self._api = api
        self._restart = restart
        self._missing = PLURALS
        self.restart_needed = False
        self.watched: Callable[[], frozenset[str]] = lambda: PLURALS
        """Names the plurals that are watched; whoever runs kopf sets it."""

    async def run(self) -> None:
        """Ask until all kinds are known."""
        while await self._look():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(INTERVAL)

    def shortcomings(self) -> Iterator[str]:
        """Say which kinds are missing, or not watched."""
        if self._missing:
            yield f"these definitions (CRDs) are missing: {', '.join(sorted(self._missing))}"
        elif unwatched := PLURALS - self.watched():
            yield f"not watched yet: {', '.join(sorted(unwatched))}"

    async def _look(self) -> bool:
        """Look once; True: something is missing, or can't be known now."""
        try:
            answer = await self._api.request("GET", f"/apis/{GROUP}/{VERSION}")
            known = {resource["name"] for resource in answer["resources"]}
        except Refusal:
            known = set()
        except JitopsError:
            return True
        self._missing = PLURALS - known
        self.restart_needed |= self._restart and bool(self._missing)
        return bool(self._missing)
