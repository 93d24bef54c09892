"""The names of all metrics in Prometheus, for dashboards, alerts and docs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from tests.harness.clock import TurnedClock

from jitops.runtime.cluster.session import ApiServer
from jitops.runtime.process import OperatorProcess
from jitops.runtime.settings import Settings

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def metric_names() -> frozenset[str]:
    """Return the names of all metrics of a replica."""
    api = cast("ApiServer", SimpleNamespace(namespace="ops"))
    registry = OperatorProcess(Settings(), api, "identity", TurnedClock()).metrics.registry
    return frozenset(family.name + suffix for family in registry.collect() for suffix in SUFFIXES[family.type])
