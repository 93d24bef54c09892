"""Law 2's instrument: a process that dies after its first effect outside, its second, … until it survives."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.harness.world.world import World

HEALED = 1200.0
"""Seconds after which a restarted operator has repaired everything: twice the longest retry."""
MOST = 40


async def killed_everywhere(
    worlds: Callable[[], World],
    arrange: Callable[[World], Awaitable[None]],
    act: Callable[[World], None],
    check: Callable[[World], Awaitable[None] | None],
    *,
    least: int,
) -> None:
    """Arrange, act, kill after n effects, restart, heal and check, for each n there is, at least `least`."""
    for effects in itertools.count():
        world = worlds()
        await arrange(world)
        act(world)
        async with located(effects, world):
            lived = await world.survives(effects, HEALED)
            if not lived:
                await world.restart()
                await world.wait(HEALED)
            result = check(world)
            if result is not None:
                await result
        if lived:
            assert effects >= least, f"only {effects} effects were seen: {world.fate.effects}"
            return
        assert effects < MOST, f"no end of effects: {world.fate.effects}"


async def killed_again_and_again(world: World, effects: int) -> None:
    """Run processes that each die after this many effects, until one has nothing left to do."""
    for _ in range(MOST):
        if await world.survives(effects, HEALED):
            return
        await world.restart()
    raise AssertionError(f"processes of {effects} effects get nowhere: {world.fate.effects}")


@asynccontextmanager
async def located(effects: int, world: World) -> AsyncIterator[None]:
    """Add to a failed check after which effects the process had died."""
    try:
        yield
    except AssertionError as error:
        done = world.fate.effects[:effects]
        error.add_note(f"killed after {effects} effects, the last of them: {done[-1:] or 'none'}; all: {done}")
        raise
