"""The breaker: five failures in a row open it, one trial at a time closes it."""

from __future__ import annotations

import pytest
from tests.harness.clock import TurnedClock

from jitops.core.errors import Unavailable
from jitops.remote.breaker import FIRST, LONGEST, THRESHOLD, Breaker


def fail(breaker: Breaker, times: int = 1) -> None:
    """Let calls through and fail them."""
    for _ in range(times):
        breaker.settle(trial=breaker.admit(), failed=True)


def refuses(breaker: Breaker) -> bool:
    """Tell whether a call is refused, by an error that says why."""
    try:
        breaker.check()
    except Unavailable as error:
        return error.circuit_open
    return False


def test_it_opens_after_five_failures_in_a_row() -> None:
    """Four failures change nothing, the fifth opens it."""
    breaker = Breaker("host", TurnedClock())
    fail(breaker, THRESHOLD - 1)
    assert not refuses(breaker)
    fail(breaker)
    assert refuses(breaker)
    assert breaker.open


def test_a_success_between_failures_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    breaker = Breaker("host", TurnedClock())
    fail(breaker, THRESHOLD - 1)
    breaker.settle(trial=breaker.admit(), failed=False)
    fail(breaker, THRESHOLD - 1)
    assert not refuses(breaker)


def test_half_open_lets_one_call_through() -> None:
    """After the pause one call is the trial; the others are refused until it ended."""
    time = TurnedClock()
    breaker = Breaker("host", time)
    fail(breaker, THRESHOLD)
    time.seconds += FIRST
    assert breaker.admit()
    assert refuses(breaker)
    breaker.settle(trial=True, failed=False)
    assert not refuses(breaker)
    assert not breaker.open


def test_each_failed_trial_doubles_the_pause_up_to_five_minutes() -> None:
    """The pauses grow from 5 s to 300 s and stay there."""
    time = TurnedClock()
    breaker = Breaker("host", time)
    fail(breaker, THRESHOLD)
    pauses = []
    for _ in range(9):
        start = time.seconds
        while refuses(breaker):
            time.seconds += 1
        pauses.append(time.seconds - start)
        fail(breaker)
    assert pauses == [5, 10, 20, 40, 80, 160, LONGEST, LONGEST, LONGEST]


def test_a_cancelled_trial_gives_its_place_to_another() -> None:
    """A trial that never ended does not lock the host for ever."""
    time = TurnedClock()
    breaker = Breaker("host", time)
    fail(breaker, THRESHOLD)
    time.seconds += FIRST
    breaker.abandon(trial=breaker.admit())
    assert breaker.admit()


def test_late_failures_of_calls_from_before_do_not_prolong_the_pause() -> None:
    """Calls that were under way when it opened say nothing new."""
    time = TurnedClock()
    breaker = Breaker("host", time)
    fail(breaker, THRESHOLD)
    for _ in range(10):
        breaker.settle(trial=False, failed=True)
    time.seconds += FIRST
    assert not refuses(breaker)


def test_the_refusal_says_what_is_going_on() -> None:
    """The message names the host."""
    breaker = Breaker("console.example.com", TurnedClock())
    fail(breaker, THRESHOLD)
    with pytest.raises(Unavailable, match=r"console\.example\.com"):
        breaker.check()
