"""What goes into metrics, heard by the scenarios."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from jitops.core.kube import Key
from jitops.remote.exchange import Exchange


class Witness:
    """Hears all that goes into metrics."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Note what is begun."""
        self.heard.append(f"{action} {key}")
        return nullcontext()

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Note one piece of work."""
        self.heard.append(f"{kind} {outcome} {seconds}")

    def request(self, exchange: Exchange) -> None:
        """Note one request."""
        self.heard.append(repr(exchange))
