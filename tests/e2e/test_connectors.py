"""Connectors on a real API server: their manifest as a CI job reads it, replaced ones, and those of the Builder."""

from __future__ import annotations

import pytest
import yaml
from tests.harness.cluster.place import CONNECTOR, CONNECTOR_SECRET, JITTERBIT, Place
from tests.harness.repository import EXAMPLES
from tests.harness.waiting import until

from jitops_sandbox.controlplane import KubectlFailed

pytestmark = pytest.mark.cluster

READ = """go-template={{ index .data "MANIFEST.MF" | base64decode }}"""
"""How docs/connectors.md has the manifest read."""
BUILDER = "connector/tickets"


def test_the_manifest_is_read_as_the_docs_say(place: Place) -> None:
    """The command of the documented CI job gives the whole manifest, byte for byte, with a line break at its end."""
    assert READ.removeprefix("go-template=") in (EXAMPLES.parent / "docs" / "connectors.md").read_text(encoding="utf-8")
    place.operator()
    place.apply(place.examples(JITTERBIT))
    place.wait_ready(CONNECTOR)
    read = place("get", "secret", CONNECTOR_SECRET, "--output", READ)
    assert read == place.values(CONNECTOR_SECRET)["MANIFEST.MF"]
    assert read.startswith("Manifest-Version: 1.0\n")
    assert read.endswith("\n")


def test_replacement(place: Place) -> None:
    """A version is changed only with leave; a former one that is used is shown in status until it goes."""
    place.operator("--slow-retry", "1s")
    place.apply(place.examples(JITTERBIT))
    place.wait_ready(CONNECTOR)
    former = place.get(CONNECTOR)["status"]["id"]
    place.products.ask(lambda sandbox: setattr(sandbox.jitterbit.connector(former), "used", True))
    place.patch(CONNECTOR, {"spec": {"management": {"replace": "Never"}}})
    with pytest.raises(KubectlFailed, match=r"set management\.replace to\s+Allow"):
        place.patch(CONNECTOR, {"spec": {"version": "2.0.0"}})
    place.patch(CONNECTOR, {"spec": {"version": "2.0.0", "management": {"replace": "Allow"}}})
    until(lambda: place.get(CONNECTOR)["status"].get("replaced") and place.ready(CONNECTOR), "the new one is there")
    status = place.get(CONNECTOR)["status"]
    assert status["replaced"] == [{"id": former, "name": "Acme CRM", "version": "1.0.0"}]
    assert place.values(CONNECTOR_SECRET)["id"] == status["id"] != former
    place.products.ask(lambda sandbox: setattr(sandbox.jitterbit.connector(former), "used", False))
    until(place.connector_whole, "the former one is gone")
    until(lambda: "replaced" not in place.get(CONNECTOR)["status"], "status no longer lists it")
    place("delete", CONNECTOR, "--timeout=120s")
    assert place.products.connectors() == []


def test_builder(place: Place) -> None:
    """A connector of the Builder waits for a person, is found when it is published, and is never written to."""
    place.operator("--slow-retry", "1s")
    organization = place.examples(JITTERBIT)[:-1]
    example = (JITTERBIT / "03-builder.yaml").read_text(encoding="utf-8")
    place.apply([*organization, *yaml.safe_load_all(example)])
    until(lambda: place.condition(BUILDER).get("reason") == "ManualActionRequired", "a person is asked")
    assert "ConfigMap acme-tickets" in place.condition(BUILDER)["message"]
    place.products.ask(lambda sandbox: sandbox.jitterbit.publish_in_builder("100200", "Acme Tickets", "2"))
    place.wait_ready(BUILDER)
    assert sorted(place.values("tickets-connector")) == [
        "endpointEntityId",
        "functionEntityEndId",
        "functionEntityStartId",
        "id",
    ]
    place("delete", BUILDER, "--timeout=120s")
    until(lambda: not place.get("secret/tickets-connector"), "its Secret goes with it")
    assert [one["name"] for one in place.products.connectors()] == ["Acme Tickets"]
    assert place.products.writes() == []
