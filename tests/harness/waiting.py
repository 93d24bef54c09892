"""Waiting until something happens elsewhere; a sentence says what did not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 180.0
"""Seconds: enough on a busy machine, and less than any interval after which the operator looks again by itself."""


POLL = 0.2


def until(question: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until the answer is yes; return the seconds that it took."""
    began = time.monotonic()
    while not question():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"in {seconds:.0f} s it did not come true that {what}")
        time.sleep(POLL)
    return time.monotonic() - began


async def eventually(
    check: Callable[[], Awaitable[object]], what: str, *, within: float = PATIENCE, every: float = 0.2
) -> None:
    """Wait until a check is true."""
    end = time.monotonic() + within
    while not await check():
        assert time.monotonic() < end, f"not within {within:.0f} s: {what}"
        await asyncio.sleep(every)


async def yield_until(condition: Callable[[], object]) -> None:
    """Yield to other tasks until a condition holds."""
    while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
        await asyncio.sleep(0.001)
