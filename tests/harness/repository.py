"""The files and folders of this repository that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATOR = ROOT / "operator"
TESTS = ROOT / "tests"
CRDS = ROOT / "crds"
EXAMPLES = ROOT / "examples"
HELM = ROOT / "helm"
CHART = HELM / "jitops"
RECORDING = TESTS / "recordings" / "jitsu.jsonl"
"""The exchanges with a real Jitsu console, one a line (tests/README.md)."""
