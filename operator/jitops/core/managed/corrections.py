"""How often drift is corrected before jitops stops: someone else may write the same field again and again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jitops.core import errors
from jitops.core.managed.context import is_asked, is_settled

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.observation import Change
    from jitops.core.kube import Key, Resource

MOST_CORRECTIONS = 5
"""How often the same drift is corrected within `CORRECTION_WINDOW`."""
CORRECTION_WINDOW = 3600.0
"""Seconds."""


class CorrectionLimit:
    """The corrections of the last hour by resource; kept in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._corrections: dict[Key, list[tuple[float, tuple[str, ...]]]] = defaultdict(list)

    def check(self, resource: Resource, changes: tuple[Change, ...]) -> None:
        """Count a correction; Thrashing if the same fields were corrected too often."""
        paths = tuple(change.path for change in changes if not change.generated)
        if not (is_settled(resource) and paths) or is_asked(resource):
            return
        now = self._clock.monotonic()
        recent = [past for past in self._corrections[resource.key] if now - past[0] < CORRECTION_WINDOW]
        if sum(past[1] == paths for past in recent) >= MOST_CORRECTIONS:
            raise errors.Thrashing(
                f"{', '.join(paths)} was corrected {MOST_CORRECTIONS} times within the hour and changed back each time:"
                " find who else writes it, or set spec.management.drift to Report"
            )
        self._corrections[resource.key] = [*recent, (now, paths)]

    def forget(self, key: Key) -> None:
        """Forget a resource that no longer exists."""
        self._corrections.pop(key, None)
