"""Traces, by OpenTelemetry, behind the extra `jitops[otel]`: one span for each piece of work, one for each request.

Nothing of OpenTelemetry is imported unless the environment names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`, or the one
for traces alone). What a span tells of a request is what the console's own access log would tell: host, method, path
and status, never a query, a header or a body.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jitops import __version__
from jitops.core.kube import Key
from jitops.remote.exchange import Exchange

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
DEFECTS = frozenset({"InternalError", "Timeout"})
"""The outcomes that are our own failure; all others are told by the resource's conditions."""
FAREWELL = 2.0
"""Seconds for the last spans: a collector that is away must not hold up the end."""
ERRORS = 400


class Tracing:
    """Makes spans of what is observed."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - only where it is asked for

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("jitops", __version__)

    @contextmanager
    def working(self, action: str, key: Key) -> Iterator[None]:
        """Make a span around one piece of work; what is asked of remotes meanwhile becomes its children."""
        told = {"jitops.kind": key.kind, "k8s.namespace.name": key.namespace, "jitops.name": key.name}
        with self._tracer.start_as_current_span(
            f"{action} {key.kind}", attributes=told, record_exception=False, set_status_on_exception=False
        ):
            yield

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:  # noqa: ARG002 - the span knows them
        """Note in the span of the work how it ended."""
        span = self._trace.get_current_span()
        span.set_attribute("jitops.outcome", str(outcome))
        if outcome in DEFECTS:
            span.set_status(self._trace.StatusCode.ERROR)

    def request(self, exchange: Exchange) -> None:
        """Make a span of a request that has just ended."""
        ended, answered = time.time_ns(), exchange.outcome.isdigit()
        span = self._tracer.start_span(
            exchange.method,
            kind=self._trace.SpanKind.CLIENT,
            attributes=_told(exchange, answered=answered),
            start_time=ended - int(exchange.seconds * 1e9),
        )
        if not answered or int(exchange.outcome) >= ERRORS:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(ended)

    def end(self) -> None:
        """Send what is left, for as long as there is time."""
        sending = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        sending.start()
        sending.join(FAREWELL)


def _told(exchange: Exchange, *, answered: bool) -> dict[str, str | int]:
    """Give a request's attributes, by the names that OpenTelemetry has for them."""
    name, _, port = exchange.host.rpartition(":")
    if not port.isdigit():
        name, port = exchange.host, ""
    told: dict[str, str | int] = {
        "http.request.method": exchange.method,
        "url.path": exchange.path,
        "server.address": name,
        "jitops.connection": str(exchange.connection),
    }
    if port:
        told["server.port"] = int(port)
    return told | (
        {"http.response.status_code": int(exchange.outcome)} if answered else {"error.type": exchange.outcome}
    )


def asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the environment names a collector, and does not switch OpenTelemetry off."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    return any(environment.get(name) for name in ENDPOINTS) and not (off or none)


def tracing(environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Begin to trace, if that is asked for and installed; OpenTelemetry reads its other settings itself."""
    if not asked_for(environment):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        log.warning("traces are asked for by OTEL_EXPORTER_OTLP_ENDPOINT, but not installed: install jitops[otel]")
        return None
    named = {"service.name": environment.get("OTEL_SERVICE_NAME") or "jitops", "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
