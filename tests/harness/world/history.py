"""Random histories: acts of users and others, faults and deaths in any order; each seed has its own."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from tests.harness.world.fate import Killed
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault


class History:
    """One history; subclasses add the acts of their kinds."""

    acts: ClassVar[tuple[Callable[[Any], None], ...]] = ()
    """What may happen; an act that is listed twice is twice as likely."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dice = random.Random(seed)  # noqa: S311 - a history that can be told again
        self.told: list[str] = []

    async def go_on(self, acts: int) -> None:
        """Do this many acts, each followed by some time with a process that may die."""
        for _ in range(acts):
            await self.tell(self._act())

    async def tell(self, step: Awaitable[None]) -> None:
        """Await a step; if it fails, add the history so far to the error."""
        try:
            await step
        except (AssertionError, Killed) as error:
            error.add_note(f"the history: {' '.join(self.told)}")
            raise

    async def _act(self) -> None:
        act = self.dice.choice(self.acts)
        self.told.append(act.__name__)
        act(self)
        self.world.workers = self.dice.choice([1, 1, 4])
        if self.dice.random() < 0.25:
            self.told.append("killed")
            if not await self.world.survives(self.dice.randrange(8), self.dice.choice([0.0, 5.0, 400.0])):
                await self.world.restart()
        else:
            await self.world.wait(self.dice.choice([0.0, 0.0, 3.0, 70.0, 700.0]))

    def there(self) -> list[Key]:
        """Return the resources that exist."""
        raise NotImplementedError

    def pick(self) -> Key | None:
        """Return one of the resources that exist; None without any."""
        there = self.there()
        return self.dice.choice(there) if there else None

    # Acts that do not care about kinds.

    def pause(self) -> None:
        """Pause or resume."""
        if key := self.pick():
            self.world.annotate(key, paused=self.dice.choice([None, "true"]))

    def ask(self) -> None:
        """Ask for a reconcile."""
        if key := self.pick():
            self.world.annotate(key, reconcile_requested_at=str(self.dice.random()))

    def fail(self) -> None:
        """Add a fault, or remove all."""
        if self.dice.random() < 0.3:
            self.world.sandbox.faults.clear()
            return
        kind = self.dice.choice(["lost", "lost", "reset", "error", "malformed", "throttled"])
        method = self.dice.choice(["POST", "PUT", "DELETE", "*"])
        times = self.dice.choice([1, 2, 5])
        path = "re:^(?!.*login)"
        self.world.sandbox.faults.add(Fault(kind=kind, method=method, times=times, path=path, seconds=7))  # type: ignore[arg-type]

    def revoke(self) -> None:
        """Break or repair the console's key in the Secret."""
        good = self.world.sandbox.credentials.api_key
        self.world.edit_secret("jitsu", apiKey=self.dice.choice([good, good, "demokey:wrong-for-a-while"]))
