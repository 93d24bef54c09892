"""How many calls a key may still make: one budget per host and key, with one meter per method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.remote.breaker import WriteBreaker
from jitops.remote.meter import MINUTE, Meter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock

METHODS = ("GET", "POST", "PUT", "DELETE")
"""The methods that are counted, each by itself: the console meters a key so (docs/reference/jitsu.md section 7)."""


class Budget:
    """The meters of one key on one host, and the breaker of its writes; shared by all connections with this key."""

    def __init__(self, clock: Clock, assumed: Mapping[str, int], minute: float = MINUTE, host: str = "") -> None:
        self.writes = WriteBreaker(host, clock)
        self._meters = {method: Meter(clock, method, assumed.get(method), minute) for method in METHODS}

    def meter(self, method: str) -> Meter:
        """Return the meter of a method."""
        return self._meters[method]

    def set_limits(self, owner: object, limits: Mapping[str, int]) -> None:
        """Set the limits of one connection's spec, by method. The smallest of all connections counts."""
        for method, meter in self._meters.items():
            meter.set_limit(owner, limits.get(method))


def limits_by_method(limits: object) -> dict[str, int]:
    """Return the limits of a connection's spec (`get`, `post`, `put`, `delete`) by method."""
    named = {method: getattr(limits, method.lower(), None) for method in METHODS}
    return {method: limit for method, limit in named.items() if limit is not None}
