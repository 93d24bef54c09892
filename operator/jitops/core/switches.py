"""The annotations that switch something: their values are read here and nowhere else.

A pause or a hold that can't be read counts as one: nothing is written until it is corrected. A release that can't be
read releases nothing. `Switches.misread` says so, in sentences.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.clock import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""The texts that Go's strconv.ParseBool reads, as kubectl and most operators do."""
SHOWN = 40
"""How many characters of a value a sentence repeats."""


@dataclass(frozen=True, slots=True)
class Switches:
    """The positions of the switches of one resource."""

    holds_drift: bool = False
    """Drift is only reported, until `hold_until`, or until the annotation is corrected if that is None."""
    hold_until: datetime | None = None
    released: bool = False
    """A deletion removes the finalizer and leaves everything else as it is."""
    misread: tuple[str, ...] = ()
    """A sentence for each annotation whose value can't be read, with what that means now."""


def read_switches(annotations: Mapping[str, str], now: datetime) -> Switches:
    """Return the positions of the switches but the pause; an annotation that does not exist is off."""
    until, unclear = _hold(annotations, now)
    return Switches(
        holds_drift=unclear or until is not None,
        hold_until=until,
        released=annotations.get(meta.RELEASE_FINALIZER) == meta.RELEASE_ORPHAN,
        misread=misread(annotations),
    )


def is_paused(annotations: Mapping[str, str]) -> bool:
    """Return whether the annotation that pauses is set to anything but false."""
    return meta.PAUSED in annotations and annotations[meta.PAUSED] not in FALSE


def misread(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each switch whose value can't be read."""
    return tuple(
        f"the annotation {name} is {json.dumps(annotations[name][:SHOWN], ensure_ascii=False)}, {meaning}"
        for name, (is_read, meaning) in _READ.items()
        if name in annotations and not is_read(annotations[name])
    )


def _hold(annotations: Mapping[str, str], now: datetime) -> tuple[datetime | None, bool]:
    """Return until when drift is held, None if that is over or not asked for, and whether it can't be read."""
    if meta.DRIFT_HOLD_UNTIL not in annotations:
        return None, False
    try:
        until = moment(annotations[meta.DRIFT_HOLD_UNTIL])
    except ValueError:
        return None, True
    return (until if until > now else None), False


def _is_moment(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True


_READ: Mapping[str, tuple[Callable[[str], bool], str]] = {
    meta.PAUSED: (
        lambda text: text in TRUE | FALSE,
        "which is neither true nor false: it pauses until it is corrected or removed",
    ),
    meta.DRIFT_HOLD_UNTIL: (
        _is_moment,
        "which is not an RFC 3339 time such as 2026-01-31T08:00:00Z: until it is corrected, drift is only reported",
    ),
    meta.RELEASE_FINALIZER: (
        lambda text: text == meta.RELEASE_ORPHAN,
        f'which is not "{meta.RELEASE_ORPHAN}": it releases nothing',
    ),
}
"""How each switch is checked, and what a value that fails the check means."""
