"""The `management` block and the switches, each once through kubectl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.harness.cluster.place import (
    CONNECTOR,
    CONNECTOR_SECRET,
    JITSU,
    JITTERBIT,
    STREAM,
    STREAM_SECRET,
    Manifest,
    Place,
)
from tests.harness.waiting import until

pytestmark = pytest.mark.cluster

ORGANIZATION = "100200"


def managed(place: Place, management: Mapping[str, Any], **spec: Any) -> list[Manifest]:
    """Give both examples with a `management` block; `spec` sets further fields of the stream."""
    return place.examples(JitsuStream={"management": management, **spec}, Connector={"management": management})


def plant_stream(place: Place, name: str) -> str:
    """Make a stream at the console, as somebody else does."""
    config = {"type": "stream", "name": name, "domains": ["events.example.com"], "publicKeys": [], "privateKeys": []}
    workspace = place.products.sandbox.credentials.workspace_id
    place.products.ask(lambda sandbox: sandbox.jitsu.state.create(workspace, "stream", "theirs1", config))
    return "theirs1"


def wait_for_the_garbage_collector(place: Place) -> None:
    """Wait until it has come by: what lost its owner before is taken before what loses its owner now."""
    place("create", "configmap", "owner")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    owner["uid"] = place.get("configmap/owner")["metadata"]["uid"]
    owned = {"name": "owned", "ownerReferences": [owner]}
    place.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": owned}])
    place("delete", "configmap/owner")
    until(lambda: not place.get("configmap/owned"), "the garbage collector has come by")


def test_retain_leaves_remote_and_secret(place: Place) -> None:
    """With Retain the remote object and the Secret outlive the resource, and the garbage collector."""
    place.operator()
    place.apply(managed(place, {"deletionPolicy": "Retain"}))
    place.wait_ready()
    before = {name: place.get(f"secret/{name}")["data"] for name in (STREAM_SECRET, CONNECTOR_SECRET)}
    place("delete", STREAM, CONNECTOR, "--timeout=120s")
    wait_for_the_garbage_collector(place)
    assert {name: place.get(f"secret/{name}")["data"] for name in before} == before
    assert "ownerReferences" not in place.get(f"secret/{STREAM_SECRET}")["metadata"]
    assert place.stream_whole()
    assert place.connector_whole()
    until(lambda: "Retained" in dict(place.events()), "it is told")


def test_retain_may_be_set_late(place: Place) -> None:
    """Retain that is set on a living resource counts, and so does that of the connection."""
    place.operator()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    assert "ownerReferences" in place.get(f"secret/{STREAM_SECRET}")["metadata"]
    place.patch("jitsuworkspace/acme", {"spec": {"deletionPolicy": "Retain"}})
    until(lambda: place.get("jitsuworkspace/acme")["status"]["observedGeneration"] == 2, "the policy is seen")
    place("delete", STREAM, "--timeout=120s")
    wait_for_the_garbage_collector(place)
    assert "ownerReferences" not in place.get(f"secret/{STREAM_SECRET}")["metadata"]
    assert place.stream_whole()


def test_what_is_there_is_adopted_only_when_told(place: Place) -> None:
    """An object that exists is refused by default, compared with Match, and taken over with Override."""
    place.operator()
    id_ = plant_stream(place, "Somebody's")
    place.products.ask(lambda sandbox: sandbox.jitterbit.register(ORGANIZATION, "Acme CRM", "1.0.0"))
    place.apply(managed(place, {"adopt": {"mode": "Match", "id": id_}}))
    until(lambda: place.condition(STREAM).get("reason") == "AdoptionMismatch", "the difference is told")
    assert "name" in place.condition(STREAM)["message"]
    assert place.products.stored(id_)["name"] == "Somebody's"
    place.patch(CONNECTOR, {"spec": {"management": None}})
    until(lambda: place.condition(CONNECTOR).get("reason") == "Conflict", "the registration is not touched")
    place.patch(STREAM, {"spec": {"management": {"adopt": {"mode": "Override"}}}})
    place.patch(CONNECTOR, {"spec": {"management": {"adopt": {"mode": "Match"}}}})
    place.wait_ready()
    assert place.products.stored(id_)["name"] == "Website"
    assert place.get(STREAM)["status"]["id"] == id_
    assert place.stream_whole()
    assert place.connector_whole()
    until(lambda: "Adopted" in dict(place.events()) and "Adopted" in dict(place.events("crm")), "it is told")


def test_paused_means_nothing_is_done(place: Place) -> None:
    """While it is paused, neither a change nor a deletion of its Secret has an effect; afterwards both have."""
    place.operator()
    place.apply(place.examples())
    place.wait_ready()
    for what in (STREAM, CONNECTOR):
        place.annotate(what, paused="true")
        place("wait", "--for=condition=Synced=false", what, "--timeout=120s")
        assert place.condition(what, "Synced")["reason"] == "ReconcilePaused"
    place.products.forget()
    place.patch(STREAM, {"spec": {"name": "Renamed"}})
    place("delete", "secret", CONNECTOR_SECRET)
    until(lambda: place.condition(STREAM, "Synced")["observedGeneration"] == 2, "the change was seen")
    assert place.get(STREAM)["status"]["observedGeneration"] == 1, "and nobody may take Ready for it"
    assert place.products.writes() == []
    assert place.values(CONNECTOR_SECRET) == {}
    for what in (STREAM, CONNECTOR):
        place("annotate", what, "jitops.dev/paused-")
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "the change is made")
    until(place.connector_whole, "the Secret is back")
    place.wait_ready()
    until(lambda: {"Paused", "Resumed"} <= dict(place.events()).keys(), "both are told")


def test_observing_writes_nothing(place: Place) -> None:
    """An observed object is looked at and told of, never written to, and survives its resource."""
    place.operator()
    id_ = plant_stream(place, "Website")
    place.products.ask(lambda sandbox: sandbox.jitterbit.register(ORGANIZATION, "Acme CRM", "1.0.0"))
    *connection, stream = place.examples(JITSU)
    spec = {"workspaceRef": stream["spec"]["workspaceRef"], "name": "Website"}
    stream["spec"] = {**spec, "management": {"policy": "Observe", "adopt": {"mode": "Match", "id": id_}}}
    *organization, connector = place.examples(JITTERBIT)
    connector["spec"]["management"] = {"policy": "Observe", "adopt": {"mode": "Match"}}
    place.apply([*connection, stream, *organization, connector])
    place.wait_ready()
    assert place.get(STREAM)["status"]["id"] == id_
    place.products.ask(lambda sandbox: sandbox.jitsu.change(id_, name="By hand"))
    place.annotate(STREAM, reconcile_requested_at="now")
    until(lambda: place.condition(STREAM, "DriftDetected"), "the difference is told")
    place("delete", STREAM, CONNECTOR, "--timeout=120s")
    writes = {one.path.rpartition("/connector")[2] for one in place.products.writes()}
    assert writes <= {"/validate/securityinfo"}
    assert place.products.stored(id_)["name"] == "By hand"
    assert len(place.products.connectors()) == 1
