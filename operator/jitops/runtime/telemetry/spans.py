"""OpenTelemetry spans: one for each piece of work, one for each request to a remote.

A span shows of a request what the console's own access log shows: host, method, path and status; never a query, a
header or a body. This is the only module that imports OpenTelemetry.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from typing_extensions import override

from jitops import __version__
from jitops.core.kube import Key
from jitops.remote.exchange import Exchange
from jitops.runtime.telemetry.observers import Observer

DEFECTS = frozenset({"InternalError", "Timeout"})
"""The outcomes that are failures of jitops itself; all others are visible in the resource's conditions."""
LAST_SPANS = 2.0
"""Seconds for the last spans: an unreachable collector must not delay the end."""
CLIENT_ERRORS = 400


class Tracing(Observer):
    """Makes spans of the work and the requests that it observes."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("jitops", __version__)

    @override
    @contextmanager
    def working(self, action: str, key: Key) -> Iterator[None]:
        attributes = {"jitops.kind": key.kind, "k8s.namespace.name": key.namespace, "jitops.name": key.name}
        # The span is the current one meanwhile, so that the spans of the requests become its children. An exception is
        # not recorded: its words might repeat a value.
        with self._tracer.start_as_current_span(
            f"{action} {key.kind}", attributes=attributes, record_exception=False, set_status_on_exception=False
        ):
            yield

    @override
    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        span = trace.get_current_span()
        span.set_attribute("jitops.outcome", str(outcome))
        if outcome in DEFECTS:
            span.set_status(trace.StatusCode.ERROR)

    @override
    def request(self, exchange: Exchange) -> None:
        ended, answered = time.time_ns(), exchange.outcome.isdigit()
        span = self._tracer.start_span(
            exchange.method,
            kind=trace.SpanKind.CLIENT,
            attributes=_attributes(exchange, answered=answered),
            start_time=ended - int(exchange.seconds * 1e9),
        )
        if not answered or int(exchange.outcome) >= CLIENT_ERRORS:
            span.set_status(trace.StatusCode.ERROR)
        span.end(ended)

    def end(self) -> None:
        """Send the remaining spans, within `LAST_SPANS`."""
        # A daemon thread, for `shutdown` blocks as long as the collector hangs.
        sending = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        sending.start()
        sending.join(LAST_SPANS)


def exporter(environment: Mapping[str, str]) -> TracerProvider:
    """Return a provider that sends spans to the collector; OpenTelemetry reads its other settings itself."""
    named = {"service.name": environment.get("OTEL_SERVICE_NAME") or "jitops", "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _attributes(exchange: Exchange, *, answered: bool) -> dict[str, str | int]:
    """Return a request's attributes, under the names of OpenTelemetry's semantic conventions."""
    name, _, port = exchange.host.rpartition(":")
    if not port.isdigit():
        name, port = exchange.host, ""
    attributes: dict[str, str | int] = {
        "http.request.method": exchange.method,
        "url.path": exchange.path,
        "server.address": name,
        "jitops.connection": str(exchange.connection),
    }
    if port:
        attributes["server.port"] = int(port)
    return attributes | (
        {"http.response.status_code": int(exchange.outcome)} if answered else {"error.type": exchange.outcome}
    )
