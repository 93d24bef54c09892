"""The fixtures of the world; after each test, a search for secrets and undocumented calls."""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator
from io import StringIO
from typing import Literal

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.world.world import World

from jitops_sandbox import Sandbox, Switches


@pytest.fixture
def switches() -> Switches:
    """Return the positions of the Jitterbit sandbox's switches; a test overrides them by parametrizing."""
    return Switches()


@pytest.fixture
def build(request: pytest.FixtureRequest) -> Literal["A", "B"]:
    """Return the build of the Jitsu console that the run asks for; a test overrides it by parametrizing."""
    asked: Literal["A", "B"] = request.config.getoption("--build")
    return asked


@pytest.fixture
async def sandbox(switches: Switches, build: Literal["A", "B"]) -> AsyncIterator[tuple[Sandbox, TurnedClock]]:
    """Run both products, on a clock that the test advances."""
    clock = TurnedClock(step=0.000_001)
    async with Sandbox.start(switches=switches, build=build, clock=clock) as running:
        yield running, clock


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Yield everything that is logged, at any level."""
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    root.removeHandler(handler)


Worlds = Callable[[], World]


@pytest.fixture
async def worlds(sandbox: tuple[Sandbox, TurnedClock], logged: StringIO) -> AsyncIterator[Worlds]:
    """Yield a function that makes a new world; none may reveal a secret or make an undocumented call."""
    random.seed(20260101)  # The jitter of retries is the same each time.
    running, clock = sandbox
    made: list[World] = []

    def fresh() -> World:
        for former in made:
            former.insist_on_documented_calls()
        running.jitsu.reset()
        running.jitterbit.reset()
        running.faults.clear()
        running.requests.clear()
        made.append(World(running, clock))
        return made[-1]

    yield fresh
    for world in made:
        await world.stop()
        world.insist_on_documented_calls()
        assert not world.reveals(world.told()), "a secret was told"
        assert not world.reveals(logged.getvalue()), "a secret was logged"


@pytest.fixture
def world(worlds: Worlds) -> World:
    """Return one world."""
    return worlds()
