"""Several observers as one: metrics always, traces where the environment requests them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from typing_extensions import override

from jitops.core.kube import Key
from jitops.remote.exchange import Exchange


class Observer(Protocol):
    """Observes both the controller's work (`core.schedule`) and the requests to the remotes (`remote.exchange`)."""

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        """Return a context around one piece of work."""

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Record how one piece of work ended."""

    def request(self, exchange: Exchange) -> None:
        """Record one request that has just ended."""


class Observers(Observer):
    """Passes everything on to each of several observers."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    @override
    @contextmanager
    def working(self, action: str, key: Key) -> Iterator[None]:
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.working(action, key))
            yield

    @override
    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        for observer in self._observers:
            observer.reconciled(kind, outcome, seconds)

    @override
    def request(self, exchange: Exchange) -> None:
        for observer in self._observers:
            observer.request(exchange)
