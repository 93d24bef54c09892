"""The world of the scenarios, and the two that judge what becomes of resources in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.health.judges import Argo, Flux
from tests.scenario.conftest import build, logged, sandbox, switches, world, worlds

__all__ = ["build", "logged", "sandbox", "switches", "world", "worlds"]


@pytest.fixture(scope="session")
def flux() -> Iterator[Flux]:
    """Start kstatus, built once from source."""
    with Flux.started() as running:
        yield running


@pytest.fixture(scope="session")
def argo() -> Argo:
    """Load the health check that the chart ships."""
    return Argo()
