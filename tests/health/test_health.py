"""What Flux and ArgoCD make of a resource is what a person would say, in every situation that there is.

kstatus is computed by the library that Flux uses, ArgoCD's health by the script that the chart ships, run by a real
Lua. Both judge whole resources as jitops leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Protocol

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.judges import Argo, Flux
from tests.harness.manifests import WORKSPACE
from tests.harness.samples.sample import Sample
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World
from tests.health.connections import CONNECTIONS, ConnectionSituation
from tests.health.situations import ASKS, RIGHT, SITUATIONS, WAITS, Situation

from jitops.api.reasons import ConditionType, Reason
from jitops.core.errors import ManualActionRequired, Unavailable
from jitops.core.kube import Key
from jitops.core.status.conditions import Verdict, conditions, find, judge

MANAGED = [
    pytest.param(situation, SAMPLES[kind], id=f"{name}-{kind}")
    for name, situation in SITUATIONS.items()
    for kind in sorted(situation.kinds)
]
CONNECTED = [
    pytest.param(situation, connection, id=f"{name}-{connection.kind}")
    for name, situation in CONNECTIONS.items()
    for connection in sorted(situation.connections)
]
GOOD = {Reason.PUBLISHED, Reason.VERIFIED, Reason.ACKNOWLEDGED}
"""What Ready rests on where the remote alone does not tell."""


class Judge(Protocol):
    """Someone who thinks something of a resource."""

    def thinks(self, body: Mapping[str, Any]) -> str:
        """Say it in one word."""


@pytest.fixture(params=[pytest.param("flux", marks=pytest.mark.cluster), "argo"])
def judged(request: pytest.FixtureRequest) -> tuple[int, Judge]:
    """Give one of the two, and whose word in the tables is its."""
    one: Flux | Argo = request.getfixturevalue(request.param)
    return ["flux", "argo"].index(request.param), one


def is_so(expected: str | None, why: str) -> bool:
    """Tell whether Ready is as it is for the reason that a situation expects; what is good has several."""
    return expected is None or why == expected or (expected == Reason.AVAILABLE and why in GOOD)


@pytest.mark.parametrize(("situation", "sample"), MANAGED)
async def test_managed(world: World, judged: tuple[int, Judge], situation: Situation, sample: Sample) -> None:
    """Of what is managed, each says what the table says."""
    key = await situation.arrange(world, sample)
    body = world.store.body(key)
    assert is_so(situation.reason, world.why(key)), body["status"]
    column, one = judged
    assert one.thinks(body) == situation.said[column], body["status"]


@pytest.mark.parametrize(("situation", "connection"), CONNECTED)
async def test_connection(
    world: World, judged: tuple[int, Judge], situation: ConnectionSituation, connection: Key
) -> None:
    """Of connections too."""
    await situation.arrange(world, connection)
    body = world.store.body(connection)
    assert is_so(situation.reason, world.why(connection)), body["status"]
    column, one = judged
    assert one.thinks(body) == situation.said[column], body["status"]


BY_VERDICT = {
    "a defect of ours": (judge(ValueError("x")), WAITS),
    "the breaker open": (judge(Unavailable("spared", circuit_open=True)), WAITS),
    "a person has to act": (judge(ManualActionRequired("publish it")), ASKS),
    **{
        f"ready, {reason}": (Verdict(reason, "", ready="True", synced="True", resolved="True"), RIGHT)
        for reason in sorted(GOOD)
    },
}
"""Situations that no remote can bring about, or only that of one kind: the verdict, and what is to be said."""


@pytest.mark.parametrize(("verdict", "said"), BY_VERDICT.values(), ids=BY_VERDICT)
async def test_verdict(world: World, judged: tuple[int, Judge], verdict: Verdict, said: tuple[str, str]) -> None:
    """Of a resource whose conditions say so, each says what the table says."""
    await world.connect_jitsu()
    body = deepcopy(dict(world.store.body(WORKSPACE)))
    body["status"]["conditions"] = conditions((), verdict, body["metadata"]["generation"], TurnedClock().now())
    column, one = judged
    assert one.thinks(body) == said[column]


@pytest.mark.parametrize("body", [{}, {"status": {}}, {"status": {"conditions": []}}], ids=str)
def test_nothing_is_known(argo: Argo, body: Mapping[str, Any]) -> None:
    """Of a resource without a status, or without one that says anything, the script says that it isn't there yet."""
    assert argo.thinks({"metadata": {"generation": 1}, **body}) == "Progressing"


def test_every_reason_has_a_situation() -> None:
    """Whoever adds a reason says what is to be thought of it."""
    told = {one.reason for one in SITUATIONS.values()} | {one.reason for one in CONNECTIONS.values()}
    told |= {verdict.reason for verdict, _ in BY_VERDICT.values()}
    # A pause stands in Synced, a deletion in the timestamp that both judges look at first.
    assert set(Reason) - {Reason.RECONCILE_PAUSED, Reason.DELETING} <= told


async def test_a_pause_is_not_taken_for_the_new_spec(world: World) -> None:
    """What was changed while paused was not observed: the generation stays behind until it is carried out."""
    sample = SAMPLES["JitsuStream"]
    key = await SITUATIONS["paused and changed"].arrange(world, sample)
    assert world.status(key)["observedGeneration"] == 1
    assert find(world.status(key), ConditionType.READY)["observedGeneration"] == 1
    assert find(world.status(key), ConditionType.SYNCED)["observedGeneration"] == 2
    world.annotate(key, paused=None)
    await world.settle()
    assert world.ready(key)
    assert world.status(key)["observedGeneration"] == 2
