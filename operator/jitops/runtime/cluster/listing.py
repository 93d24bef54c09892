"""Listings of whole kinds, page by page, in the namespaces that an operator serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from jitops.core.kube import Key
from jitops.runtime.cluster import session
from jitops.runtime.cluster.errors import NOT_FOUND, core_error
from jitops.runtime.cluster.paths import collection_path
from jitops.runtime.cluster.session import ApiError, ApiServer

CHUNK = 500
"""How many resources one page of a listing holds."""


class Lister:
    """Lists and counts the resources of a kind, live."""

    def __init__(self, api: ApiServer, namespaces: tuple[str, ...]) -> None:
        self._api = api
        self.scopes = namespaces or ("",)
        """The namespaces to list one by one; the empty one means all at once."""

    async def count(self, kind: str) -> int:
        """Return the number of resources of a kind."""
        # A page of one suffices: the server adds the number of the remaining ones.
        total = 0
        for namespace in self.scopes:
            async for page in self.pages(kind, namespace, limit=1, accept=session.METADATA):
                total += len(page.get("items") or ()) + (page["metadata"].get("remainingItemCount") or 0)
                break
        return total

    async def pages(self, kind: str, namespace: str, *, limit: int, accept: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the pages of a listing; none if the kind has no CRD."""
        base, token = collection_path(Key(kind, namespace, "")), ""
        while True:
            following = f"&continue={token}" if token else ""
            try:
                page = await self._api.request("GET", f"{base}?limit={limit}{following}", accept=accept)
            except ApiError as error:
                if error.status == NOT_FOUND:
                    return
                raise core_error(error, "list", Key(kind, namespace, "*")) from None
            yield page
            token = page["metadata"].get("continue")
            if not token:
                return
