"""The random key of the keyed hashes that mark what jitops wrote."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.kube import Secret

if TYPE_CHECKING:
    from jitops.core.kube import Kube

HASH_KEY_SECRET = "jitops-hash-key"  # noqa: S105 - a name


class HashKey:
    """The random key of the keyed hashes, created once and kept in the operator's namespace."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._key: bytes | None = None
        self._finding = asyncio.Lock()

    async def get(self) -> bytes:
        """Return the key, and create it at the first use; concurrent callers share one read and one key."""
        async with self._finding:
            if self._key is None:
                found = await self._kube.read_secret(self._namespace, HASH_KEY_SECRET)
                self._key = bytes.fromhex((found or await self._make()).data["key"])
            return self._key

    async def _make(self) -> Secret:
        labels = {meta.MANAGED_BY: meta.MANAGER}
        made = Secret(self._namespace, HASH_KEY_SECRET, {"key": secrets.token_hex(32)}, labels)
        return await self._kube.write_secret(made)
