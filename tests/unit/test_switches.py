"""The switches, over every kind of value: one table says what each means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jitops.api import meta
from jitops.core.switches import SHOWN, Switches, is_paused, misread, read_switches

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAUSES = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), (True, True)),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), (False, True)),
    **dict.fromkeys(("", "yes", "no", "on", "tRUE", " true", "true ", "2", "y", "null", "falsch"), (True, False)),
}
"""The value of the pause → whether it pauses, and whether it is understood."""
HOLDS = {
    "2026-01-02T00:00:00Z": (timedelta(days=1), True),
    "2026-01-02t00:00:00z": (timedelta(days=1), True),
    "2026-01-02T00:00:00.5Z": (timedelta(days=1, seconds=0.5), True),
    "2026-01-02T00:00:00.123456789Z": (timedelta(days=1, microseconds=123456), True),
    "2026-01-02T02:00:00+02:00": (timedelta(days=1), True),
    "2026-01-01T00:00:00-00:30": (timedelta(minutes=30), True),
    "2025-12-31T23:59:59Z": (None, True),
    "2026-01-01T00:00:00Z": (None, True),
    **dict.fromkeys(
        (
            "",
            "tomorrow",
            "2026-01-02",
            "20260102T000000Z",
            "2026-W01-5T00:00:00Z",
            "2026-01-02T00:00:00",
            "2026-01-02 00:00:00Z",
            "2026-01-02T00:00Z",
            "2026-01-02T00:00:00+02",
            "2026-01-02T00:00:00+0200",
            "2026-13-02T00:00:00Z",
            "2026-01-02T24:30:00Z",
            "2026-01-02T00:00:00Z\n",
            "٢٠٢٦-01-02T00:00:00Z",
        ),
        (None, False),
    ),
}
"""The value of the hold → how long it lasts from now on, and whether it is understood."""
RELEASES = {
    "orphan": (True, True),
    **dict.fromkeys(("", "Orphan", "orphan ", "true", "yes", "delete"), (False, False)),
}
"""The value of the release → whether it releases, and whether it is understood."""


@pytest.mark.parametrize(("value", "expected"), PAUSES.items())
def test_pause(value: str, expected: tuple[bool, bool]) -> None:
    """What ParseBool reads as true pauses, and so does what it can't read."""
    annotations = {meta.PAUSED: value}
    assert (is_paused(annotations), not misread(annotations)) == expected


@pytest.mark.parametrize(("value", "expected"), HOLDS.items())
def test_hold(value: str, expected: tuple[timedelta | None, bool]) -> None:
    """A moment to come holds until then, what is no moment for as long as it is written."""
    switches = read_switches({meta.DRIFT_HOLD_UNTIL: value}, NOW)
    lasts, understood = expected
    assert switches.hold_until == (NOW + lasts if lasts else None)
    assert switches.holds_drift == (lasts is not None or not understood)
    assert bool(switches.misread) != understood


@pytest.mark.parametrize(("value", "expected"), RELEASES.items())
def test_release(value: str, expected: tuple[bool, bool]) -> None:
    """One value releases; any other releases nothing, and a sentence says so."""
    switches = read_switches({meta.RELEASE_FINALIZER: value}, NOW)
    assert (switches.released, not switches.misread) == expected


def test_none() -> None:
    """Without annotations every switch is off."""
    assert read_switches({}, NOW) == Switches()
    assert not is_paused({})


def test_sentences_name_the_annotation_and_the_start_of_its_value() -> None:
    """Each annotation that can't be read has a sentence with what was written, but never a long text."""
    long = "x" * 1000
    switches = read_switches(dict.fromkeys((meta.PAUSED, meta.DRIFT_HOLD_UNTIL, meta.RELEASE_FINALIZER), long), NOW)
    names = (meta.PAUSED, meta.DRIFT_HOLD_UNTIL, meta.RELEASE_FINALIZER)
    for name, sentence in zip(names, switches.misread, strict=True):
        assert sentence.startswith(f'the annotation {name} is "{long[:SHOWN]}", which is ')
        assert long[: SHOWN + 1] not in sentence
