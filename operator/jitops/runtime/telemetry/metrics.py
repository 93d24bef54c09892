"""The metrics, for Prometheus: of the controller, of the requests to the remotes, and of the watch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from jitops.api.reasons import EventReason
from jitops.core.kube import Event, Key, Resource
from jitops.remote.exchange import Exchange
from jitops.runtime.telemetry.observers import Observer

DRIFT = (EventReason.DRIFT_DETECTED, EventReason.DRIFT_CORRECTED)
CONNECTION = ("connection_kind", "connection_namespace", "connection")
"""The labels that name a connection."""
NOTHING = nullcontext()
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 120.0)
"""The buckets of the histograms; 120 s is the limit of a reconcile."""


class Metrics(Observer):
    """The metrics of one operator process, in a registry of their own."""

    def __init__(self) -> None:
        # A `_created` series beside each counter would double their number, and nobody asks for them.
        disable_created_metrics()
        self.registry = CollectorRegistry()
        reconciles = self._counter("jitops_reconciles", "Reconciles, by how they ended.", "kind", "outcome")
        lasted = self._histogram("jitops_reconcile_seconds", "How long a reconcile took.", "kind")
        requests = self._counter(
            "jitops_remote_requests", "Requests to the remotes.", *CONNECTION, "host", "method", "code"
        )
        waited = self._histogram("jitops_remote_request_seconds", "How long a remote took to answer.", "host", "method")
        drift = self._counter("jitops_drift_found", "Differences that others made, corrected or reported.", "kind")
        # To find a child by its labels costs more than to count; there are few of them.
        self._reconciles = cache(reconciles.labels)
        self._lasted = cache(lasted.labels)
        self._requests = cache(requests.labels)
        self._waited = cache(waited.labels)
        self._drift = cache(drift.labels)

    @override
    def working(self, action: str, key: Key) -> AbstractContextManager[None]:
        # `reconciled` measures the work at its end.
        return NOTHING

    @override
    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        self._reconciles(kind, outcome).inc()
        self._lasted(kind).observe(seconds)

    @override
    def request(self, exchange: Exchange) -> None:
        # Without the path: its values are too many for a label.
        self._requests(*exchange.connection, exchange.host, exchange.method, exchange.outcome).inc()
        self._waited(exchange.host, exchange.method).observe(exchange.seconds)

    def count_event(self, resource: Resource, event: Event) -> None:
        """Count an event of a resource, if it reports drift."""
        if event.reason in DRIFT:
            self._drift(resource.key.kind).inc()

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is read when the metrics are."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def gauges(
        self, name: str, meaning: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        """Add a gauge with labels whose values are read when the metrics are."""
        self.registry.register(_Gauges(name, meaning, labels, values))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=SECONDS, registry=self.registry)


class _Gauges(Collector):
    """A gauge whose children exist as long as the objects that they measure."""

    def __init__(
        self, name: str, meaning: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        self._name, self._meaning, self._labels, self._values = name, meaning, labels, values

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, value in self._values().items():
            family.add_metric(labels, value)
        yield family
