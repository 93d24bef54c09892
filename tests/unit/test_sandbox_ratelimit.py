"""The console's budget is a minute that slides over two windows (docs/reference/jitsu.md section 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.clock import TurnedClock

from jitops_sandbox.jitsu.ratelimit import Limiter, ThrottledError


@pytest.mark.parametrize(
    ("method", "limit"), [("GET", 600), ("POST", 120), ("PUT", 120), ("PATCH", 120), ("DELETE", 60)]
)
def test_each_method_has_its_limit(method: str, limit: int) -> None:
    """The limits are those of a bearer token at the default base, and exactly so many requests pass."""
    limiter = Limiter(TurnedClock(0.0), 60.0)
    budgets = [limiter.check("key", method) for _ in range(limit + 1)]
    assert [one.allowed for one in budgets] == [True] * limit + [False]
    assert budgets[0].headers()["X-RateLimit-Limit"] == str(limit)
    assert budgets[limit - 1].remaining == 0


def test_keys_and_methods_have_budgets_of_their_own() -> None:
    """What one key deletes costs neither another key nor its own reads."""
    limiter = Limiter(TurnedClock(0.0), 60.0)
    for _ in range(61):
        spent = limiter.check("key", "DELETE")
    assert not spent.allowed
    assert limiter.check("key", "GET").remaining == 599
    assert limiter.check("other", "DELETE").remaining == 59


def test_the_last_minute_weighs_on_the_next() -> None:
    """Half into the next minute half of the last one's requests still count."""
    clock = TurnedClock(0.0)
    limiter = Limiter(clock, 60.0)
    for _ in range(60):
        limiter.check("key", "DELETE")
    clock.seconds = 90.0
    assert limiter.check("key", "DELETE").remaining == 29
    clock.seconds = 300.0
    assert limiter.check("key", "DELETE").remaining == 59


def test_a_route_may_have_a_budget_of_its_own() -> None:
    """Two in five minutes, as for creating workspaces."""
    clock = TurnedClock(0.0)
    limiter = Limiter(clock, 60.0)
    assert [limiter.check("key", "POST ws", 2, 5.0).allowed for _ in range(3)] == [True, True, False]
    clock.seconds = 601.0
    assert limiter.check("key", "POST ws", 2, 5.0).allowed


@given(st.lists(st.floats(0.0, 20.0), max_size=80), st.sampled_from([1.0, 10.0, 60.0]))
def test_who_waits_as_told_is_let_in(pauses: list[float], minute: float) -> None:
    """Whatever was sent before, one request after Retry-After passes, and the 429 says the same twice."""
    clock = TurnedClock(0.0)
    limiter = Limiter(clock, minute, base=3)
    for pause in pauses:
        clock.seconds += pause
        budget = limiter.check("key", "DELETE")
        if not budget.allowed:
            refused = ThrottledError(budget).as_answer()
            assert refused.headers["Retry-After"] in refused.body.decode()
            clock.seconds += budget.retry_after
            assert limiter.check("key", "DELETE").allowed
