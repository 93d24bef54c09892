"""No secret is told anywhere; and the search that shows it, over this whole run at its end, does find what is there."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.harness.cluster.collector import collecting
from tests.harness.cluster.evidence import Evidence
from tests.harness.cluster.place import CONNECTOR_SECRET, STREAM, STREAM_SECRET, Place
from tests.harness.waiting import until

SPANS = (b"reconcile JitsuStream", b"POST", b"/config/stream")


@pytest.mark.cluster
def test_nothing_secret_is_told(place: Place, evidence: Evidence) -> None:
    """Made, lost, made anew and refused: no secret in any version of a resource or event, in logs, metrics or traces.

    The logs are JSON here, line by line, whoever speaks.
    """
    with collecting(evidence.folder / f"{place.namespace}.traces") as endpoint:
        operator = place.operator("--log-format", "json", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        lost = _live_through_trouble(place)
        assert operator.terminate() == 0
    evidence.planted |= place.products.secrets()
    values = place.values(STREAM_SECRET) | place.values(CONNECTOR_SECRET)
    until(lambda: {lost, values["publicKeySecret"], values["secret"]} <= evidence.secrets(), "every Secret was seen")
    assert operator.log.with_suffix(".metrics").read_text(encoding="utf-8").count("jitops_") > 10
    spans = (evidence.folder / f"{place.namespace}.traces").read_bytes()
    assert [one for one in SPANS if one not in spans] == []
    lines = [json.loads(line) for line in operator.log.read_text(encoding="utf-8").splitlines()]
    assert lines
    assert {frozenset(line) - {"error"} for line in lines} == {frozenset({"time", "level", "logger", "message"})}
    found = evidence.findings()
    assert not found, "\n\n".join(found)


def _live_through_trouble(place: Place) -> str:
    """Make the examples, lose the Secrets, refuse what is asked, and be Ready in the end; give a key that was lost."""
    place.apply(place.examples())
    place.wait_ready()
    lost = place.values(STREAM_SECRET)["publicKeySecret"]
    place("delete", "secret", STREAM_SECRET, CONNECTOR_SECRET)
    until(lambda: place.stream_whole() and place.connector_whole(), "the Secrets are back")
    place.products.fault(kind="malformed", method="POST", path="*/config/stream", times=1)
    place.products.fault(kind="error", method="PUT", path="*/config/stream/*", status=500, times=1)
    place.patch(STREAM, {"spec": {"name": "Renamed"}})
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "the change is made, in the end")
    place.wait_ready()
    return lost


VALUES = {"publicWriteKey": b"keyid:made-by-operator", "id": b"public-identifier"}
SECRET = {"object": {"data": {name: base64.b64encode(value).decode() for name, value in VALUES.items()}}}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("jitsustreams.watch", "a planted-secret stands here", True),
        ("operator.log", base64.b64encode(b"made-by-operator").decode(), True),
        ("operator.metrics", 'calls{key="made-by-operator"}', True),
        ("operator.log", "defect while working on a key", True),
        ("events.watch", "public-identifier, and nothing else", False),
    ],
    ids=["planted", "made, encoded", "measured", "a defect", "clean"],
)
def test_the_search_finds(tmp_path: Path, name: str, text: str, *, found: bool) -> None:
    """Planted secrets, values of output Secrets, plain or encoded, and traces of defects are found in any file."""
    (tmp_path / "secrets.private").write_text(json.dumps(SECRET), encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert bool(Evidence(tmp_path, {"planted-secret"}).findings()) == found


def test_what_is_found_can_be_read_afterwards(tmp_path: Path) -> None:
    """The lines around a defect are shown, numbered; a secret in them, or one that was found itself, never is."""
    log = ["before", "ERROR defect while working on team/shop", "  File 'x.py'", "Boom: planted-secret", "after"]
    (tmp_path / "secrets.private").touch()
    (tmp_path / "operator.log").write_text("\n".join(log), encoding="utf-8")
    leak, defect = Evidence(tmp_path, {"planted-secret"}).findings()
    assert "operator.log holds '<secret 0>'" in leak
    assert "operator.log holds 'defect while working on'" in defect
    assert "2: ERROR defect while working on team/shop" in defect
    assert "4: Boom: <secret 0>" in defect
    assert "planted-secret" not in leak + defect
