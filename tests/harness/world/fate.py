"""The death of an operator's process before one of its effects outside."""

from __future__ import annotations


class Killed(BaseException):
    """The process is dead; none of its code may catch this."""


class Fate:
    """Counts the operator's effects outside, and ends it before the one that a test chose."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.last: int | None = None

    def dies_after(self, effects: int) -> None:
        """Die after this many more effects."""
        self.effects.clear()
        self.last = effects

    def spare(self) -> None:
        """Die no more."""
        self.last = None

    def before(self, effect: str) -> None:
        """Count an effect, or die before it."""
        if self.last is not None and len(self.effects) >= self.last:
            raise Killed(effect)
        self.effects.append(effect)

    def before_remote(self) -> None:
        """Count a request that may change something at a remote, or die before it."""
        self.before("remote")
