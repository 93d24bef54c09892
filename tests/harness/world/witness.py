"""An observer that keeps what goes into metrics."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from jitops.core.kube import Key
from jitops.remote.exchange import Exchange


class Witness:
    """Keeps all that goes into metrics, as text."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Record the start of some work."""
        self.heard.append(f"{action} {key}")
        return nullcontext()

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Record some finished work."""
        self.heard.append(f"{kind} {outcome} {seconds}")

    def request(self, exchange: Exchange) -> None:
        """Record one request."""
        self.heard.append(repr(exchange))
