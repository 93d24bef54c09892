"""What users' tools see: `kubectl wait`, `diff`, `get`, and a second manager that applies on the server."""

from __future__ import annotations

import json

import pytest
import yaml
from tests.harness.cluster.place import CONNECTOR, JITSU, STREAM, STREAM_SECRET, Place
from tests.harness.judges import Argo, Flux
from tests.harness.waiting import until

from jitops.kinds import KINDS

pytestmark = pytest.mark.cluster

SERVER_SIDE = ("--server-side", "--force-conflicts=false")
ALL = ("jitsuworkspace/acme", STREAM, "jitterbitorganization/acme", CONNECTOR)
KINDS_OF_ALL = {info.kind for info in KINDS}


def generations(place: Place) -> set[int]:
    """Give the generations of all resources: 1 says that nobody wrote into a spec."""
    return {one["metadata"]["generation"] for one in place.items("jitops")}


def test_client_side_apply_shows_no_difference(place: Place) -> None:
    """After `kubectl apply` of every example and Ready, `kubectl diff` of the same files is empty."""
    place.operator()
    place("apply", "-f", "-", stdin=place.all_text())
    place.wait_ready()
    assert place("diff", "-f", "-", stdin=place.all_text()) == ""
    assert {one["kind"] for one in place.items("jitops")} == KINDS_OF_ALL, "each kind has an example"
    assert generations(place) == {1}


def test_server_side_apply_shows_no_difference(place: Place) -> None:
    """The same on the server; and a second manager who applies the same has no conflict with anyone."""
    text = place.all_text()
    place.operator()
    place("apply", *SERVER_SIDE, "--field-manager=git", "-f", "-", stdin=text)
    place.wait_ready()
    assert place("diff", "--server-side", "--field-manager=git", "-f", "-", stdin=text) == ""
    # A Secret's stringData is write-only: the API server takes two managers of it for a conflict, whoever reads it.
    ours = [one for one in yaml.safe_load_all(text) if one["kind"] != "Secret"]
    place("apply", *SERVER_SIDE, "--field-manager=other", "-f", "-", stdin=yaml.safe_dump_all(ours))
    place("apply", *SERVER_SIDE, "--field-manager=git", "-f", "-", stdin=text)
    shown = json.loads(place("get", "jitops", "--show-managed-fields", "-o", "json"))["items"]
    for what in shown:
        owned = {
            one["manager"]: one["fieldsV1"]
            for one in what["metadata"]["managedFields"]
            if one.get("subresource") != "status"
        }
        assert owned.keys() == {"git", "other", "jitops"}
        assert owned["jitops"].keys() == {"f:metadata"}
        assert owned["jitops"]["f:metadata"].keys() == {"f:finalizers"}
    assert generations(place) == {1}


PRUNED = ("--prune", "--selector=set=demo", *(f"--prune-allowlist=jitops.dev/v1alpha1/{info.kind}" for info in KINDS))


def test_prune(place: Place) -> None:
    """`kubectl apply --prune` deletes what left the files, here and at the products, and nothing that we wrote."""
    labels, output = {"set": "demo"}, {"secret": {"name": STREAM_SECRET, "labels": {"set": "demo"}}}
    manifests = [
        {**one, "metadata": {**one["metadata"], "labels": {**one["metadata"].get("labels", {}), **labels}}}
        for one in place.examples(JITSU, JitsuStream={"workspaceRef": {"name": "acme"}, "outputs": output})
    ]
    spec = {"workspaceRef": {"name": "acme"}, "name": "second"}
    second = {**manifests[-1], "metadata": {"name": "second", "labels": labels}, "spec": spec}
    place.operator()
    place.apply([*manifests, second], *PRUNED)
    place.wait_ready()
    told = place("apply", *PRUNED, "--prune-allowlist=core/v1/Secret", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    assert [line for line in told.splitlines() if "pruned" in line] == ["jitsustream.jitops.dev/second pruned"]
    place("wait", "--for=delete", "jitsustream/second", "--timeout=120s")
    assert [one["id"] for one in place.products.streams()] == [place.get(STREAM)["status"]["id"]]
    assert place.stream_whole()


def test_a_new_object_is_never_taken_for_a_finished_one(place: Place, flux: Flux, argo: Argo) -> None:
    """Until it was looked at, status says generation -1; afterwards it has caught up, and nothing is under way."""
    place.apply(place.examples())
    for what in ALL:
        assert place.get(what)["status"] == {"observedGeneration": -1}
        assert (flux.thinks(place.get(what)), argo.thinks(place.get(what))) == ("InProgress", "Progressing")
    place.operator()
    place.wait_ready()
    for what in ALL:
        assert (flux.thinks(place.get(what)), argo.thinks(place.get(what))) == ("Current", "Healthy")
    for what in ALL:
        status = place.get(what)["status"]
        assert status["observedGeneration"] == place.get(what)["metadata"]["generation"]
        assert {one["type"] for one in status["conditions"]} == {"Ready", "Synced", "ReferencesResolved"}
    place("wait", "--for=jsonpath={.status.observedGeneration}=1", *ALL, "--timeout=10s")


def test_get_shows_how_it_stands(place: Place) -> None:
    """`kubectl get jitops` shows all kinds, whether they are Ready, and their remote ids; `-o wide` over what."""
    examples = place.examples()
    place.operator()
    place.apply(examples)
    place.wait_ready()
    tables = [table.splitlines() for table in place("get", "jitops").strip().split("\n\n")]
    assert len(tables) == len({one["kind"] for one in examples} & {info.kind for info in KINDS})
    for head, *rows in tables:
        assert head.split() == ["NAME", "READY", "SYNCED", "REMOTE-ID", "AGE"]
        assert [row.split()[1:3] for row in rows] == [["True", "True"]]
    shown = place("get", "jitops", "-o", "wide")
    assert place.get(STREAM)["status"]["id"] in shown
    assert place.get(CONNECTOR)["status"]["id"] in shown
    assert {"REASON", "CONNECTION", "DRIFT", "MESSAGE"} <= set(shown.splitlines()[0].split())
    assert "website" in place("get", "jitsu")
    assert "crm" in place("get", "jitterbit")


def test_wait_for_deletion(place: Place) -> None:
    """`kubectl delete` returns when the remote object is gone, not before."""
    place.operator()
    place.apply(place.examples(JITSU))
    place("wait", "--for=condition=Ready", "jitops", "--all", "--timeout=120s")
    place.products.fault(kind="latency", product="jitsu", method="DELETE", path="*/config/stream/*", seconds=1)
    place("delete", STREAM, "--timeout=120s")
    assert place.products.streams() == []
    until(lambda: "Deleted" in dict(place.events()), "the deletion is told")
