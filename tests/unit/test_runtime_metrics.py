"""What is measured is what the docs tell of."""

from __future__ import annotations

import re

from tests.harness.metric_names import metric_names
from tests.harness.repository import ROOT

DOCS = ROOT / "docs" / "operations.md"


def test_docs_tell_of_every_metric() -> None:
    """The table names each metric once, and none that there isn't."""
    rows = [
        line.split("|")[1] for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `jitops_")
    ]
    told = {name for row in rows for name in re.findall(r"jitops_[a-z_]+", row)}
    measured = {re.sub(r"_(bucket|count|sum)$", "", name) for name in metric_names()}
    assert told == measured
