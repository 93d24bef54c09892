"""The world of the scenarios, for the laws."""

from __future__ import annotations

from tests.scenario.conftest import build, logged, sandbox, switches, world, worlds

__all__ = ["build", "logged", "sandbox", "switches", "world", "worlds"]
