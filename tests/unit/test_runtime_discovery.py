"""Whether our kinds are there, and what follows when they come late."""

from __future__ import annotations

from typing import Any, cast

import pytest

from jitops.core.errors import ClusterUnavailable
from jitops.runtime.cluster import discovery
from jitops.runtime.cluster.discovery import PLURALS, Discovery
from jitops.runtime.cluster.session import ApiError, ApiServer


class Answers:
    """An API server that answers in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def request(self, method: str, path: str) -> Any:
        """Give the next answer."""
        assert (method, path) == ("GET", "/apis/jitops.dev/v1alpha1")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"resources": [{"name": name} for name in answer]}


def looking(*answers: Any, restart: bool = False) -> Discovery:
    """Make a discovery over these answers."""
    return Discovery(cast("ApiServer", Answers(*answers)), restart=restart)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the wait between two looks short."""
    monkeypatch.setattr(discovery, "INTERVAL", 0)


async def test_all_there_is_asked_once() -> None:
    """Where nothing is missing, one look is enough, and nothing has to start anew."""
    made = looking([*PLURALS, "jitsustreams/status"], restart=True)
    await made.run()
    assert list(made.readiness_problems()) == []
    assert not made.restart_needed


async def test_missing_kinds_are_named_until_they_come() -> None:
    """A group that is unknown, then kinds that come one after the other."""
    made = looking(ApiError(404), ["connectors"], PLURALS)
    assert await made._is_incomplete()
    assert "connectors" in next(made.readiness_problems())
    assert await made._is_incomplete()
    assert "connectors" not in next(made.readiness_problems())
    await made.run()
    assert list(made.readiness_problems()) == []
    assert not made.restart_needed, "over the whole cluster kopf notices by itself"


async def test_late_kinds_ask_for_a_new_process_with_roles_alone() -> None:
    """There kopf looked once, at its start."""
    made = looking([], PLURALS, restart=True)
    await made.run()
    assert made.restart_needed


async def test_api_server_that_is_away_tells_nothing() -> None:
    """An outage at the start is no sign that definitions are missing, and asks for no new process."""
    made = looking(ClusterUnavailable("away"), PLURALS, restart=True)
    await made.run()
    assert not made.restart_needed


async def test_unwatched_kinds_are_named() -> None:
    """Known is not yet watched."""
    made = looking(PLURALS)
    await made.run()
    made.watched = lambda: PLURALS - {"connectors"}
    assert list(made.readiness_problems()) == ["not watched yet: connectors"]
