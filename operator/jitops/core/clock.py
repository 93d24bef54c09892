"""Time as a dependency, so that tests can move it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The two clocks of the core: one for intervals, one for timestamps."""

    def monotonic(self) -> float:
        """Return the seconds since a fixed moment; never decreases."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Return the seconds since a fixed moment; never decreases."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as Kubernetes writes it: RFC 3339 in whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """Return the moment of an RFC 3339 text; ValueError if it is none."""
    # `fromisoformat` reads much more: dates, weeks, times without a zone.
    if not _RFC_3339.fullmatch(text):
        raise ValueError("not an RFC 3339 time")
    return datetime.fromisoformat(text.upper())


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
