"""Traces are made where the environment asks for them, and cost nothing elsewhere."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider

from jitops.runtime.telemetry.spans import LAST_SPANS, Tracing
from jitops.runtime.telemetry.tracing import is_requested, start_tracing

COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
FOR_TRACES = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (COLLECTOR, True),
        (FOR_TRACES, True),
        ({**COLLECTOR, "OTEL_SDK_DISABLED": "true"}, False),
        ({**COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_SERVICE_NAME": "jitops"}, False),
    ],
    ids=str,
)
def test_asked_for(environment: dict[str, str], *, asked: bool) -> None:
    """A collector is named, and nothing switches OpenTelemetry off."""
    assert is_requested(environment) is asked


def test_nothing_is_imported_unasked() -> None:
    """A process without a collector never loads OpenTelemetry."""
    program = (
        "import sys; from jitops.runtime.telemetry.tracing import start_tracing; import jitops.runtime.app;"
        "assert start_tracing({}) is None;"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - this Python


def test_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where the extra isn't installed the operator works without traces, and says what to install."""
    monkeypatch.delitem(sys.modules, "jitops.runtime.telemetry.spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert start_tracing(COLLECTOR) is None
    assert "jitops[otel]" in caplog.text


def test_installed_and_asked_for() -> None:
    """The service is called jitops, unless the environment calls it otherwise."""
    for environment, name in ((COLLECTOR, "jitops"), ({**COLLECTOR, "OTEL_SERVICE_NAME": "ours"}, "ours")):
        made = start_tracing(environment)
        assert made is not None
        assert made._provider.resource.attributes["service.name"] == name
        made.end()


def test_a_collector_that_hangs_does_not_hold_up_the_end() -> None:
    """The last spans get a moment, not more."""

    class Hanging(TracerProvider):
        """Never done."""

        def shutdown(self) -> None:
            """Take longer than anyone waits."""
            time.sleep(LAST_SPANS * 3)

    began = time.monotonic()
    Tracing(Hanging()).end()
    assert time.monotonic() - began < LAST_SPANS * 2
