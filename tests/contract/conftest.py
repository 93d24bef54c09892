"""The world of the scenarios, for the laws."""

from __future__ import annotations

from tests.scenario.conftest import build, sandbox, switches, world, worlds

__all__ = ["build", "sandbox", "switches", "world", "worlds"]
