"""The world of the scenarios, for the laws."""

from __future__ import annotations

from tests.harness.world.fixtures import build, logged, sandbox, switches, world, worlds

__all__ = ["build", "logged", "sandbox", "switches", "world", "worlds"]
