"""Traces: each piece of work is a span, what it asks of a remote is a child of it, and neither tells a secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.harness.every_kind import every_kind
from tests.harness.samples.sample import Sample
from tests.harness.samples.table import SAMPLES
from tests.harness.world.world import World

from jitops.runtime.telemetry.spans import Tracing
from jitops_sandbox import Fault

CALL = {
    "jitops.connection",
    "http.request.method",
    "http.response.status_code",
    "server.address",
    "server.port",
    "url.path",
}
Spans = Callable[[], tuple[ReadableSpan, ...]]


@pytest.fixture
async def spans(world: World) -> Spans:
    """Trace the world from here on, and give the spans that have ended."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    world.observers = (Tracing(provider),)
    await world.restart()
    return exporter.get_finished_spans


def told(span: ReadableSpan) -> dict[str, object]:
    """Give a span's attributes."""
    return dict(span.attributes or {})


@every_kind
async def test_life_is_traced(world: World, spans: Spans, sample: Sample) -> None:
    """A creation, a change of the Secret and a deletion: spans of work, requests below them, no secret anywhere."""
    await sample.connect(world)
    world.apply(sample.manifest())
    await world.settle()
    await world.resync()
    why = world.why(sample.key)
    world.store.delete(sample.key)
    await world.settle()
    works = {span.context.span_id: span for span in spans() if span.parent is None and span.context}
    names = {f"reconcile {sample.key.kind}", f"resync {sample.key.kind}"}
    assert names < {span.name for span in works.values()}
    ours = next(span for span in works.values() if span.name == f"reconcile {sample.key.kind}")
    assert told(ours) == {
        "jitops.kind": sample.key.kind,
        "k8s.namespace.name": sample.key.namespace,
        "jitops.name": sample.key.name,
        "jitops.outcome": why,
    }
    calls = [span for span in spans() if span.parent is not None]
    assert {span.parent.span_id for span in calls if span.parent} <= set(works)
    assert len(calls) == len(world.sandbox.requests)
    for span in calls:
        assert span.kind is SpanKind.CLIENT
        assert told(span).keys() == CALL
    creation = sample.creation
    made = [span for span in calls if creation.fits(creation.product, span.name, str(told(span)["url.path"]))]
    assert len(made) == 1
    assert not world.reveals("\n".join(span.to_json() for span in spans())), "a secret was traced"


async def test_failures_are_told_by_their_class(world: World, spans: Spans) -> None:
    """A request without an answer has the name of our error, one that was refused its status; both are errors."""
    sample = SAMPLES["JitsuStream"]
    await sample.connect(world)
    world.sandbox.faults.add(Fault(kind="reset", method="POST", times=1))
    world.sandbox.faults.add(Fault(kind="error", method="POST", status=503, times=1, body="planted-in-a-body"))
    world.apply(sample.manifest())
    await world.wait(60)
    assert world.ready(sample.key)
    posts = [span for span in spans() if span.name == "POST"]
    outcomes = [told(span).get("error.type") or told(span)["http.response.status_code"] for span in posts]
    assert outcomes == ["Disconnected", 503, 200]
    assert [span.status.status_code is StatusCode.ERROR for span in posts] == [True, True, False]
    works = [told(span)["jitops.outcome"] for span in spans() if span.name == "reconcile JitsuStream"]
    assert works[0] == "RemoteUnavailable"
    assert works[-1] == "Available"
    assert "planted-in-a-body" not in "\n".join(span.to_json() for span in spans())
