"""What can be measured, for Prometheus; the controller, the remotes' HTTP and the watch are observed from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from jitops.api.reasons import EventReason
from jitops.core.kube import Event, Key, Resource
from jitops.remote.exchange import Exchange

DRIFT = (EventReason.DRIFT_DETECTED, EventReason.DRIFT_CORRECTED)
CONNECTION = ("connection_kind", "connection_namespace", "connection")
"""The labels that name a connection."""
_NOTHING = nullcontext()
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 120.0)


class Metrics:
    """The measures of one operator, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        reconciles = Counter(
            "jitops_reconciles", "Reconciles, by how they ended.", ("kind", "outcome"), registry=self.registry
        )
        lasted = Histogram(
            "jitops_reconcile_seconds", "How long a reconcile took.", ("kind",), buckets=SECONDS, registry=self.registry
        )
        requests = Counter(
            "jitops_remote_requests",
            "Requests to the remotes.",
            (*CONNECTION, "host", "method", "code"),
            registry=self.registry,
        )
        waited = Histogram(
            "jitops_remote_request_seconds",
            "How long a remote took to answer.",
            ("host", "method"),
            buckets=SECONDS,
            registry=self.registry,
        )
        drift = Counter(
            "jitops_drift_found",
            "Differences that others made, corrected or reported.",
            ("kind",),
            registry=self.registry,
        )
        # Looking a child up by its labels costs more than counting; there are few of them.
        self._reconciles = cache(reconciles.labels)
        self._lasted = cache(lasted.labels)
        self._requests = cache(requests.labels)
        self._waited = cache(waited.labels)
        self._drift = cache(drift.labels)

    def working(self, action: str, key: Key) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's
        """Measure nothing around a piece of work: its end tells how long it took."""
        return _NOTHING

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Note one piece of the controller's work."""
        self._reconciles(kind, outcome).inc()
        self._lasted(kind).observe(seconds)

    def request(self, exchange: Exchange) -> None:
        """Note one request to a remote; paths are too many for a label."""
        self._requests(*exchange.connection, exchange.host, exchange.method, exchange.outcome).inc()
        self._waited(exchange.host, exchange.method).observe(exchange.seconds)

    def told(self, resource: Resource, event: Event) -> None:
        """Note an event of a resource."""
        if event.reason in DRIFT:
            self._drift(resource.key.kind).inc()

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Show a value that is asked for when the metrics are read."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def gauges(
        self, name: str, meaning: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        """Show values by their labels, asked for when the metrics are read."""
        self.registry.register(_Asked(name, meaning, labels, values))

    def text(self) -> bytes:
        """Give all of it in Prometheus' text format."""
        return generate_latest(self.registry)


class _Asked(Collector):
    """A gauge whose children come and go with what they are about."""

    def __init__(
        self, name: str, meaning: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        self._name, self._meaning, self._labels, self._values = name, meaning, labels, values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, value in self._values().items():
            family.add_metric(labels, value)
        yield family
