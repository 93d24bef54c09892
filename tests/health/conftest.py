"""The world of the scenarios, and the two that judge the resources in it."""

from __future__ import annotations

from tests.harness.judges import argo, flux
from tests.harness.world.fixtures import build, logged, sandbox, switches, world, worlds

__all__ = ["argo", "build", "flux", "logged", "sandbox", "switches", "world", "worlds"]
