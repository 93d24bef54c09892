"""Traces, behind the extra `jitops[otel]`: whether the environment requests them.

Nothing of OpenTelemetry is imported unless the environment names a collector: `OTEL_EXPORTER_OTLP_ENDPOINT`, or the one
for traces alone. The spans themselves are made in `spans`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.runtime.telemetry.spans import Tracing

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_requested(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment names a collector and does not disable OpenTelemetry."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    return any(environment.get(name) for name in ENDPOINTS) and not (off or none)


def start_tracing(environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Return the tracing that the environment requests; None if it requests none or the extra isn't installed."""
    if not is_requested(environment):
        return None
    try:
        from jitops.runtime.telemetry.spans import Tracing, exporter  # noqa: PLC0415 - an optional extra
    except ImportError:
        log.warning("OTEL_EXPORTER_OTLP_ENDPOINT requests traces, but OpenTelemetry is missing: install jitops[otel]")
        return None
    return Tracing(exporter(environment))
