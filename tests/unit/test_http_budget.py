"""The budget: as many calls as the server takes, none promised twice, nothing spent on a key that isn't metered."""

from __future__ import annotations

import heapq
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.clock import TurnedClock

from jitops.core.errors import RateLimited
from jitops.remote.budget import MARGIN, Budget, Meter, limits_by_method
from jitops_sandbox.jitsu.ratelimit import Limiter


def told(limit: int, remaining: int) -> dict[str, str]:
    """Give the headers of a metered answer."""
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining)}


def after(meter: Meter, who: str) -> float:
    """Give the seconds that a caller is told to stay away; 0 when the call may go."""
    try:
        meter.claim(who)
    except RateLimited as error:
        return error.after
    return 0.0


def test_the_budget_may_be_used_at_once() -> None:
    """Up to the limit nobody waits; the next one does, for about a minute."""
    meter = Meter(TurnedClock(), "POST", 120)
    assert [after(meter, f"a{n}") for n in range(120)] == [0.0] * 120
    assert after(meter, "late") == pytest.approx(60, abs=1)


def test_waiters_do_not_all_come_back_at_once() -> None:
    """Of 600 that wait for 120 a minute, each comes half a second after the one before, in their order."""
    meter = Meter(TurnedClock(), "POST", 120)
    waits = [after(meter, f"w{n}") for n in range(720)][120:]
    assert waits[0] == pytest.approx(60, abs=1)
    assert all(later - first >= 0.5 - 1e-6 for first, later in pairwise(waits))
    assert waits[-1] == pytest.approx(6 * 60, abs=4)


def test_a_waiter_that_comes_back_in_time_is_let_through() -> None:
    """The turn that was promised is kept for its caller."""
    time = TurnedClock()
    meter = Meter(time, "POST", 1)
    assert after(meter, "first") == 0
    wait, second = after(meter, "one"), after(meter, "two")
    time.seconds += wait
    assert after(meter, "one") == 0
    assert after(meter, "two") == pytest.approx(second - wait)


def test_asking_again_early_does_not_cost_the_turn() -> None:
    """A caller that comes back too early is told the rest of the same wait."""
    time = TurnedClock()
    meter = Meter(time, "POST", 1)
    meter.claim("first")
    wait = after(meter, "one")
    time.seconds += 10
    assert after(meter, "one") == pytest.approx(wait - 10)
    assert after(meter, "one") == pytest.approx(wait - 10)


def test_a_short_wait_is_spent_inside_the_call() -> None:
    """A turn within a second is waited for, not refused."""
    time = TurnedClock()
    meter = Meter(time, "POST", 1, minute=0.5)
    meter.claim("first")
    assert 0 < meter.claim("second") <= 1


def test_a_key_that_is_not_metered_costs_nothing() -> None:
    """A 2xx without a rate limit header: no limit from then on, and nothing is remembered."""
    meter = Meter(TurnedClock(), "POST", 120)
    meter.learn(200, {})
    assert meter.limit is None
    assert [after(meter, "same") for _ in range(5000)] == [0.0] * 5000
    assert not meter._turns


@pytest.mark.parametrize("status", [304, 401, 403, 500, 503])
def test_other_answers_without_headers_say_nothing(status: int) -> None:
    """Only a 2xx tells that a key isn't metered: a refusal may come before the metering."""
    meter = Meter(TurnedClock(), "POST", 120)
    meter.learn(status, {})
    assert meter.limit == 120


def test_the_servers_numbers_win() -> None:
    """A console with another limit is believed, in both directions."""
    meter = Meter(TurnedClock(), "POST", 120)
    meter.learn(200, told(1200, 1199))
    assert meter.limit == 1200
    meter.learn(200, told(12, 11))
    assert meter.limit == 12


def test_what_others_use_of_the_key_is_learnt() -> None:
    """With 3 of 120 left at the server, only 3 more calls are made at once, and the next is spread out."""
    meter = Meter(TurnedClock(), "POST", 120)
    meter.claim("first")
    meter.learn(200, told(120, 3))
    assert [after(meter, f"n{n}") for n in range(3)] == [0.0] * 3
    assert 0 <= after(meter, "next") < 3
    assert meter.left() == 0


def test_the_smallest_stated_limit_of_a_key_counts() -> None:
    """Two connections of one key: the smaller number holds, and goes with its connection."""
    budget = Budget(TurnedClock(), {"POST": 120})
    one, other = object(), object()
    budget.set_limits(one, {"POST": 60})
    budget.set_limits(other, {"POST": 10})
    assert budget.meter("POST").limit == 10
    budget.set_limits(other, {})
    assert budget.meter("POST").limit == 60


def test_a_stated_limit_holds_for_an_unmetered_key() -> None:
    """A service token has no budget at the console, but spec.limits is obeyed."""
    budget = Budget(TurnedClock(), {"POST": 120})
    budget.set_limits("connection", {"POST": 2})
    meter = budget.meter("POST")
    meter.learn(200, {})
    assert [after(meter, f"n{n}") for n in range(2)] == [0.0, 0.0]
    assert after(meter, "third") > 50


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": format_datetime(TurnedClock().now() + timedelta(seconds=9))}, 9),
        ({"x-ratelimit-reset": str(TurnedClock().now().timestamp() + 11)}, 11),
        ({}, 10),
        ({"retry-after": "soon"}, 10),
        ({"retry-after": "1e99"}, 3600),
    ],
)
def test_a_429_pauses_the_key_and_method(headers: dict[str, str], seconds: float) -> None:
    """The pause is what the server says, in any of its forms, and nobody calls before its end."""
    time = TurnedClock()
    meter = Meter(time, "DELETE", 60)
    assert meter.throttled("a", headers).after == pytest.approx(seconds)
    assert seconds <= after(meter, "b") <= seconds + MARGIN
    time.seconds += seconds + 0.01
    assert after(meter, "a") == 0
    assert after(meter, "b") == 0


def test_a_429_moves_the_turns_that_were_promised_before() -> None:
    """They keep their order behind the one that was refused, and leave no holes."""
    time = TurnedClock()
    meter = Meter(time, "DELETE", 2)
    for who in ("a", "b"):
        meter.claim(who)
    before = {who: after(meter, who) for who in ("c", "d", "e")}
    meter.throttled("b", {"retry-after": "300"})
    time.seconds += 100
    waits = {who: after(meter, who) for who in ("b", "c", "d", "e")}
    assert waits["b"] == pytest.approx(200)
    assert waits["c"] == pytest.approx(200 + 30 * MARGIN)
    assert waits["e"] - waits["c"] == pytest.approx(before["e"] - before["c"])


@pytest.mark.parametrize("start", [0.0, 1.0, 30.0, 59.0])
def test_a_rush_uses_the_consoles_budget_well(start: float) -> None:
    """600 POSTs at the console's limiter end in little more than the least time, with no 429."""
    time = TurnedClock()
    time.seconds = 6000 + start
    meter, limiter = Meter(time, "POST", 120), Limiter(time, 60.0)
    waiting = [(time.seconds, number) for number in range(600)]
    while waiting:
        due, number = heapq.heappop(waiting)
        time.seconds = max(time.seconds, due)
        try:
            time.seconds += meter.claim(f"{number}")
        except RateLimited as error:
            heapq.heappush(waiting, (time.seconds + error.after, number))
            continue
        answer = limiter.check("key", "POST")
        headers = {name.lower(): value for name, value in answer.headers().items()}
        meter.learn(200, headers)
        assert answer.allowed
    assert time.seconds - 6000 - start < 300 / 0.98


def test_a_429_pauses_an_unmetered_key_and_is_forgotten() -> None:
    """A pause holds without a limit too, and leaves nothing behind."""
    time = TurnedClock()
    meter = Meter(time, "POST", None)
    meter.throttled("a", {"retry-after": "5"})
    assert after(meter, "b") == pytest.approx(5)
    time.seconds += 6
    assert after(meter, "c") == 0
    assert not meter._turns
    assert not meter._promised


def test_turns_of_callers_that_never_come_back_are_forgotten() -> None:
    """A deleted resource's promise is dropped once its minute is over."""
    time = TurnedClock()
    meter = Meter(time, "POST", 1)
    meter.claim("first")
    after(meter, "gone")
    time.seconds += 200
    assert after(meter, "other") == 0
    assert not meter._promised


def test_late_comers_make_later_turns_wait() -> None:
    """Two that use their turns 40 s late and a third in time: still no three within a minute."""
    time = TurnedClock()
    meter = Meter(time, "POST", 2)
    assert [after(meter, who) for who in ("a", "b")] == [0, 0]
    waits = {who: after(meter, who) for who in ("c", "d", "e")}
    time.seconds += waits["c"] + 40
    assert [after(meter, who) for who in ("c", "d")] == [0, 0]
    time.seconds += waits["e"] - waits["c"] - 40
    assert after(meter, "e") == pytest.approx(40, abs=1)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 40)), max_size=120), st.integers(1, 8))
def test_no_minute_ever_holds_more_calls_than_the_limit(steps: list[tuple[int, float]], limit: int) -> None:
    """Whoever comes, whenever: calls that were let through never exceed the limit in any minute."""
    time = TurnedClock()
    meter = Meter(time, "POST", limit)
    sent: list[float] = []
    for who, pause in steps:
        time.seconds += pause
        try:
            sent.append(time.seconds + meter.claim(f"caller {who}"))
        except RateLimited:
            continue
    sent.sort()
    assert all(later - first >= 60 for first, later in zip(sent, sent[limit:], strict=False))


def test_methods_have_budgets_of_their_own() -> None:
    """A used-up DELETE budget stops no POST (docs/reference/jitsu.md section 7)."""
    budget = Budget(TurnedClock(), {"DELETE": 1, "POST": 1})
    budget.meter("DELETE").claim("a")
    assert after(budget.meter("DELETE"), "b") > 0
    assert after(budget.meter("POST"), "b") == 0


def test_limits_are_read_from_a_spec() -> None:
    """`spec.limits` names methods in lower case, and leaves some out."""

    class Limits:
        get = 5
        post = None
        delete = 2

    assert limits_by_method(Limits()) == {"GET": 5, "DELETE": 2}


def test_a_connection_with_little_to_do_does_not_wait_for_one_with_much() -> None:
    """Connections that share a key take turns: the second one's only call comes right after the first one's next."""
    time = TurnedClock()
    meter = Meter(time, "POST", 10)
    for number in range(30):
        after(meter, f"big{number}")
    with pytest.raises(RateLimited) as told_small:
        meter.claim("small", "other")
    first = after(meter, "big10")
    assert first < told_small.value.after <= first + 6 * MARGIN + 1e-6
    later = after(meter, "big11")
    assert later > told_small.value.after
    time.seconds += told_small.value.after
    assert meter.claim("small", "other") <= 1


def test_those_who_share_keep_their_own_order() -> None:
    """What a newcomer pushes back stays in its order, and loses no more than one turn."""
    meter = Meter(TurnedClock(), "POST", 10)
    before = {f"big{number}": after(meter, f"big{number}") for number in range(30)}
    with pytest.raises(RateLimited):
        meter.claim("small", "other")
    now = {name: after(meter, name) for name, wait in before.items() if wait}
    assert [*now.values()] == sorted(now.values())
    assert all(now[name] - before[name] < 7 for name in now)
