"""Several observers as one: metrics always, traces where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from jitops.core.kube import Key
from jitops.remote.exchange import Exchange


class Observer(Protocol):
    """Who is told of both: pieces of work (`core.controller`) and requests to the remotes (`vendors.exchange`)."""

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Surround one piece of work."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Note how one piece of work ended."""

    def request(self, exchange: Exchange) -> None:
        """Note one request that has just ended."""


class Together:
    """Passes on to each."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    @contextmanager
    def working(self, action: str, key: Key) -> Iterator[None]:
        """Let each surround the work."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.working(action, key))
            yield

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Tell each."""
        for observer in self._observers:
            observer.reconciled(kind, outcome, seconds)

    def request(self, exchange: Exchange) -> None:
        """Tell each."""
        for observer in self._observers:
            observer.request(exchange)
