"""Least rights: a life with all that the operator does asks for each right that the chart gives, and for no other.

That no other one is ever wanting is asked of every test here, after it (`place`).
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.harness.cluster.handwritten import API, FUNCTION
from tests.harness.cluster.place import JITSU, JITTERBIT, STREAM, Place
from tests.harness.cluster.rights import as_one_kind, refused, used
from tests.harness.repository import CHART
from tests.harness.waiting import until

from jitops_sandbox.controlplane import Helm

pytestmark = pytest.mark.cluster

CUSTOM_API = "customapi/customers"


def live(place: Place, there: Place) -> None:
    """Have everything happen that an operator does: create, read code, consent, move a Secret, conflict, delete."""
    *connection, stream = place.examples(JITSU)
    connection[-1]["spec"]["allowedNamespaces"] = {
        "from": "Selector",
        "selector": {"matchLabels": {"kubernetes.io/metadata.name": there.namespace}},
    }
    place.apply([*connection, *yaml.safe_load_all(FUNCTION)])
    stream["spec"]["workspaceRef"]["namespace"] = place.namespace
    there.apply([stream])
    place.wait_ready()
    there.wait_ready(STREAM)
    until(there.events, "the creation is told")
    there.patch(STREAM, {"spec": {"outputs": {"secret": {"name": "moved"}}}})
    until(lambda: there.values("moved") and not there.values("website-jitsustream"), "the Secret has moved")
    document(place)
    place.products.fault(kind="latency", product="jitsu", method="DELETE", path="*/config/stream/*", seconds=2, times=1)
    there("delete", STREAM, "--wait=false")
    until(lambda: any(one.fault == "latency" for one in place.products.requests()), "it is being deleted")
    there("label", STREAM, "edited=meanwhile")
    there("wait", "--for=delete", STREAM, "--timeout=120s")
    place("delete", "jitops", "--all", "--timeout=120s")


def document(place: Place) -> None:
    """Have a ConfigMap written, changed, and moved, for a person who publishes an API and says so."""
    place.apply([*place.examples(JITTERBIT)[:-1], yaml.safe_load(API)])
    until(lambda: place.get("configmap/customers-customapi"), "the ConfigMap is there")
    before = place.get("configmap/customers-customapi")["data"]
    place.patch(CUSTOM_API, {"spec": {"description": "Looks up customers."}})
    until(lambda: place.get("configmap/customers-customapi").get("data") != before, "the ConfigMap has changed")
    hash_ = place.condition(CUSTOM_API)["message"].split()[-1]
    place.patch(CUSTOM_API, {"spec": {"publication": {"acknowledgedHash": hash_}}})
    place.wait_ready(CUSTOM_API)
    place.patch(CUSTOM_API, {"spec": {"outputs": {"configMap": {"name": "moved"}}}})
    until(lambda: place.get("configmap/moved") and not place.get("configmap/customers-customapi"), "it has moved")


@pytest.mark.parametrize("watched", [True, False], ids=["watching Secrets", "not watching Secrets"])
@pytest.mark.parametrize("clusterwide", [True, False], ids=["ClusterRole", "Roles"])
def test_every_right_is_needed_and_enough(place: Place, *, clusterwide: bool, watched: bool) -> None:
    """What the chart gives, in either scope and with or without the watch on Secrets, is what is used, exactly."""
    there = place.at(place.system)
    place.accounts.namespaces.append(there.namespace)
    account = place.accounts.get(clusterwide=clusterwide, secrets={"watch": watched})
    place.operator("--secrets-watch" if watched else "--no-secrets-watch", clusterwide=clusterwide)
    live(place, there)
    requests = place.accounts.requests()
    assert refused(requests) == []
    assert as_one_kind(used(requests)) == as_one_kind(account.granted)
    secrets = {right.verb for right in account.granted if right.resource == "secrets"}
    assert secrets == {"get", "create", "update", "delete", *(("list", "watch") if watched else ())}


def rendered(**values: Any) -> list[Any]:
    """Render the chart."""
    return [one for one in yaml.safe_load_all(Helm().render(CHART, **values)) if one]


def test_with_namespaces_there_are_roles_alone() -> None:
    """With namespaces named, the chart makes nothing that has a right on the whole cluster."""
    kinds = [one["kind"] for one in rendered(watchNamespaces=["one", "two"], clusterId="here")]
    assert not {"ClusterRole", "ClusterRoleBinding"} & set(kinds)
    assert kinds.count("Role") == kinds.count("RoleBinding") == 2 + 1 + 2 + 1
