"""The end of an operator's process: before which of its outside effects it dies."""

from __future__ import annotations


class Killed(BaseException):
    """The process is no more; nothing of it may catch this."""


class Fate:
    """Counts what the operator does to the outside, and ends it before the effect that it is told."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.last: int | None = None

    def dies_after(self, effects: int) -> None:
        """Let so many more effects happen, and no other."""
        self.effects.clear()
        self.last = effects

    def spare(self) -> None:
        """Let the next process live."""
        self.last = None

    def before(self, effect: str) -> None:
        """Is called before each effect."""
        if self.last is not None and len(self.effects) >= self.last:
            raise Killed(effect)
        self.effects.append(effect)

    def before_remote(self) -> None:
        """Is called before each request that may change something at a remote."""
        self.before("remote")
