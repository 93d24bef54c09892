"""The chart on a real API server: installed, upgraded, failed over, uninstalled, taken up again.

A node of the tests runs what the chart puts there (`node.py`): the operator with its ServiceAccount's token and the
arguments of its Deployment, the hook with those of its Job.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.harness.cluster.handwritten import API
from tests.harness.cluster.node import running_node
from tests.harness.cluster.place import CONNECTOR, CONNECTOR_SECRET, JITSU, STREAM, STREAM_SECRET, Place
from tests.harness.cluster.pod import Runtime
from tests.harness.cluster.products import running_products
from tests.harness.cluster.release import OPERATOR, RELEASER, RESTRICTED, SYSTEM, Release
from tests.harness.cluster.rights import Accounts, Right, as_one_kind, refused, used
from tests.harness.repository import CHART
from tests.harness.waiting import until

from jitops_sandbox.controlplane import (
    ControlPlane,
    Helm,
    HelmFailed,
    Kubectl,
    KubectlFailed,
    running_control_plane,
    write_token_kubeconfig,
)

pytestmark = pytest.mark.cluster

TEAM = "team"
ALL = ("jitsuworkspace/acme", STREAM, "jitterbitorganization/acme", CONNECTOR)
CREDENTIALS = ("secret/jitsu-credentials", "secret/harmony-credentials")
FAST: dict[str, Any] = {"resyncPeriod": "2s", "logging": {"level": "debug"}}
DEFINITION = "jitsustreams.jitops.dev"
CREATE_LEASE = Right("coordination.k8s.io", "leases", "create")


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Run a control plane in which nobody but helm has put anything."""
    with running_control_plane(audit_log=tmp_path_factory.mktemp("plane") / "audit.log") as running:
        yield running


@pytest.fixture
def release(plane: ControlPlane, runtime: Runtime, tmp_path: Path) -> Iterator[Release]:
    """Give a release that is not installed yet, and products; afterwards nothing of either is left."""
    kubectl, helm = Kubectl(plane.kubeconfig), Helm(plane.kubeconfig)
    assert plane.audit_log is not None
    for name in (SYSTEM, TEAM):
        kubectl("create", "namespace", name)
    kubectl("label", "namespace", SYSTEM, RESTRICTED)
    with running_products() as products, running_node(plane.kubeconfig, SYSTEM, tmp_path, runtime) as node:
        accounts = Accounts(kubectl, plane.audit_log, tmp_path, [TEAM], SYSTEM)
        place = Place(kubectl, TEAM, SYSTEM, products, accounts, tmp_path)
        release = Release(helm, place, node, plane.audit_log)
        yield release
        if release.installed():
            release.uninstall()
        kubectl("delete", "namespace", SYSTEM, TEAM, "--timeout=180s")
        secrets = products.secrets()
    assert node.troubles == []
    assert "Traceback" not in release.said()
    assert not [secret for secret in secrets if secret in release.said()]
    assert refused(release.requests(OPERATOR) + release.requests(RELEASER)) == []


def untouched(place: Place) -> bool:
    """Tell whether nothing of ours is left on the resources and their Secrets, and all of them are there."""
    resources = [place.get(what)["metadata"] for what in ALL]
    outputs = [place.get(f"secret/{name}")["metadata"] for name in (STREAM_SECRET, CONNECTOR_SECRET)]
    credentials = [place.get(what)["metadata"] for what in CREDENTIALS]
    held = any(meta.get("finalizers") for meta in (*resources, *credentials))
    return not held and not any(meta.get("ownerReferences") for meta in outputs)


def test_installed(release: Release) -> None:
    """`helm install --wait` of the defaults ends with a ready operator that makes what the examples ask.

    Its namespace admits restricted pods alone.
    """
    release.install()
    place = release.place
    with pytest.raises(KubectlFailed, match="violates PodSecurity"):
        place.kubectl("-n", SYSTEM, "run", "unrestricted", "--image=any")
    place.apply(place.examples())
    place.wait_ready()
    assert place.stream_whole()
    assert place.connector_whole()
    assert place.kubectl("-n", SYSTEM, "get", "lease/jitops", "-o", "jsonpath={.spec.holderIdentity}")
    place("delete", "jitops", "--all", "--timeout=120s")
    assert place.products.empty()


@pytest.fixture
def former_chart(tmp_path: Path) -> Path:
    """Give the chart as it may have been one version before: a field of a kind and a value are not there yet."""
    folder = shutil.copytree(CHART, tmp_path / "former")
    chart = yaml.safe_load((folder / "Chart.yaml").read_text(encoding="utf-8"))
    (folder / "Chart.yaml").write_text(yaml.safe_dump({**chart, "version": "0.0.9"}), encoding="utf-8")
    file = folder / "files" / "crds" / "jitops.dev_jitsustreams.yaml"
    definition = yaml.safe_load(file.read_text(encoding="utf-8"))
    del definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["extra"]
    file.write_text(yaml.safe_dump(definition, sort_keys=False), encoding="utf-8")
    return folder


def test_an_upgrade_keeps_everything(release: Release, former_chart: Path) -> None:
    """An upgrade brings new fields of the definitions, replaces the operator, and nothing is made or written anew."""
    release.install(former_chart, **FAST)
    place = release.place
    place.apply(place.examples())
    place.wait_ready()
    before, names = _standing(place), {pod.name for pod in release.pods()}
    assert not _knows_field(place)
    until(place.events, "the creation is told")
    place.products.forget()
    release.upgrade()
    assert _knows_field(place)
    until(lambda: release.pods() and not names & {pod.name for pod in release.pods()}, "the operator is another one")
    release.leader()
    until(lambda: place.products.count(method="GET", path="*/config/stream") >= 2, "it has compared everything")
    assert place.products.writes() == []
    assert _standing(place) == before
    place.patch(STREAM, {"spec": {"extra": {"note": "new field"}, "name": "Renamed"}})
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "it works")


def _knows_field(place: Place) -> bool:
    return bool(place.kubectl("get", "crd", DEFINITION, "-o", "jsonpath={..spec.properties.extra.type}"))


def _standing(place: Place) -> Any:
    """Give all that an operator may write, versions included; but for the organization, where log-ins are counted."""
    resources = [place.get(what) for what in ALL if "organization" not in what]
    secrets = [place.get(f"secret/{name}") for name in (STREAM_SECRET, CONNECTOR_SECRET)]
    return [(one["metadata"]["resourceVersion"], one["metadata"]["uid"]) for one in (*resources, *secrets)]


SCOPES: dict[str, dict[str, Any]] = {
    "ClusterRole": {},
    "Roles": {"watchNamespaces": [TEAM], "clusterId": "here", "secrets": {"watch": False}},
}


@pytest.mark.parametrize("scope", SCOPES)
def test_an_uninstallation_lets_go_and_is_taken_up_again(release: Release, scope: str) -> None:
    """`helm uninstall` changes nothing remote, loses no Secret and leaves nothing stuck; an installation takes all up.

    Its hook has just the rights that it uses (where there was no Lease yet, it makes one: the next test).
    """
    place = release.place
    release.install(**FAST, **SCOPES[scope])
    place.apply(place.examples())
    place.wait_ready()
    place.apply([yaml.safe_load(API)])
    until(lambda: place.get("configmap/customers-customapi"), "the ConfigMap is there")
    hook_rights = release.granted(hooks=True)
    values = {name: place.values(name) for name in (STREAM_SECRET, CONNECTOR_SECRET)}
    ids = {what: place.get(what)["status"].get("id") for what in ALL}
    place.products.forget()
    release.uninstall()
    assert not release.installed()
    assert release.pods() == []
    assert untouched(place)
    assert "ownerReferences" not in place.get("configmap/customers-customapi")["metadata"]
    assert "released 5 resources" in release.said()
    assert as_one_kind(used(release.requests(RELEASER))) | {CREATE_LEASE} == as_one_kind(hook_rights)
    release.install(**FAST, **SCOPES[scope])
    until(
        lambda: all("jitops.dev/finalizer" in place.get(what)["metadata"].get("finalizers", ()) for what in ALL), "held"
    )
    place.wait_ready(*ALL)
    until(lambda: place.products.count(method="GET", path="*/config/stream") >= 2, "it has compared everything")
    assert [one for one in place.products.writes() if "securityinfo" not in one.path] == []
    assert {name: place.values(name) for name in values} == values
    assert {what: place.get(what)["status"].get("id") for what in ALL} == ids
    place("delete", "jitops", "--all", "--timeout=120s")
    assert place.products.empty()
    until(lambda: not place.values(STREAM_SECRET) and not place.values(CONNECTOR_SECRET), "the Secrets are collected")


def test_what_never_worked_can_be_uninstalled(release: Release) -> None:
    """Where no operator ever ran, there is no Lease to take, and the uninstallation ends all the same."""
    release.install(replicaCount=0)
    release.place.apply(release.place.examples())
    release.uninstall()
    assert CREATE_LEASE in used(release.requests(RELEASER))
    assert "released 4 resources" in release.said()


def test_after_an_uninstallation_everything_can_be_deleted(release: Release) -> None:
    """What was being deleted goes with the uninstallation, what is deleted later goes at once; all stays remote."""
    place = release.place
    release.install()
    place.apply(place.examples())
    place.wait_ready()
    place.products.fault(kind="error", product="jitsu", method="DELETE", path="*/config/stream/*", status=500)
    place("delete", STREAM, "--wait=false")
    until(lambda: any(one.fault for one in place.products.requests()), "the deletion is tried")
    release.uninstall()
    assert place.get(STREAM) == {}
    assert "was being deleted" in release.said()
    assert place.stream_whole()
    place.kubectl("delete", "namespace", TEAM, "--timeout=120s")
    assert len(place.products.streams()) == len(place.products.connectors()) == 1
    place.kubectl("create", "namespace", TEAM)


def test_an_uninstallation_waits_for_who_works_elsewhere(release: Release) -> None:
    """An operator outside the Deployment, which would put finalizers back, fails the uninstallation with a sentence."""
    place = release.place
    release.install(uninstall={"timeoutSeconds": 8})
    place.apply(place.examples(JITSU))
    place.wait_ready()
    place.kubectl("-n", SYSTEM, "scale", "deployment/jitops", "--replicas=0")
    until(lambda: not release.pods(), "the operator of the release ends")
    elsewhere = place.operator(kubeconfig=release.node.kubeconfig, clusterwide=True, lease="jitops")
    until(elsewhere.leads, "another one works")
    with pytest.raises(HelmFailed):
        release.uninstall()
    assert "stop the operator that holds it" in release.said()
    assert place.get(STREAM)["metadata"]["finalizers"] == ["jitops.dev/finalizer"]
    assert elsewhere.terminate() == 0
    release.uninstall()
    assert "finalizers" not in place.get(STREAM)["metadata"]


def test_letting_go_by_hand(release: Release, tmp_path: Path) -> None:
    """Without the rights the command says which is wanting, and nothing is touched; with them it prints a table."""
    place = release.place
    release.install()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    place.kubectl("-n", SYSTEM, "create", "serviceaccount", "nobody")
    token = place.kubectl("-n", SYSTEM, "create", "token", "nobody").strip()
    refused = _let_go(write_token_kubeconfig(release.node.kubeconfig, token, tmp_path / "nobody"))
    assert refused.returncode == 1
    assert "stopping the Deployment jitops/jitops: Kubernetes refuses it" in refused.stderr
    assert "jitops.dev/finalizer" in place.get(STREAM)["metadata"]["finalizers"]
    done = _let_go(release.node.kubeconfig)
    assert done.returncode == 0
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head == ["KIND", "RESOURCE", "REMOTE-ID", "KEPT"]
    assert rows[0] == ["JitsuStream", "team/website", place.get(STREAM)["status"]["id"], STREAM_SECRET]
    assert "finalizers" not in place.get(STREAM)["metadata"]


def _let_go(kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    where = ("--kubeconfig", str(kubeconfig), "--operator-namespace", SYSTEM, "--deployment", "jitops")
    command = [sys.executable, "-m", "jitops", "release", *where, "--timeout", "90"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program


def test_fail_over(release: Release) -> None:
    """With two replicas the second one takes over when the first is killed, and what is asked is done by it."""
    place = release.place
    release.install(replicaCount=2, **FAST)
    first = release.leader()
    place.apply(place.examples())
    place.wait_ready()
    first.process.kill()
    until(lambda: release.leader().name != first.name, "another one leads")
    place.patch(STREAM, {"spec": {"name": "Renamed"}})
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "it works")
    assert len(place.products.streams()) == len(place.products.connectors()) == 1


def test_the_health_checks_reach_argocd(release: Release) -> None:
    """The command of the notes brings a health check of each kind into ArgoCD's ConfigMap, and leaves the rest."""
    kubectl = release.place.kubectl
    kubectl("create", "namespace", "argocd")
    kubectl("-n", "argocd", "create", "configmap", "argocd-cm", "--from-literal=theirs=stays")
    release.install(argocd={"healthChecks": {"enabled": True}})
    path = '{"{\\"data\\":"}{.data}{"}"}'
    patch = kubectl("-n", SYSTEM, "get", "configmap", "jitops-argocd-health", "-o", f"jsonpath={path}")
    kubectl("-n", "argocd", "patch", "configmap", "argocd-cm", "--type=merge", "-p", patch)
    data = json.loads(kubectl("-n", "argocd", "get", "configmap", "argocd-cm", "-o", "json"))["data"]
    lua = (CHART / "files" / "argocd-health.lua").read_text(encoding="utf-8")
    assert data["theirs"] == "stays"
    assert data["resource.customizations.health.jitops.dev_JitsuStream"].strip() == lua.strip()
    kubectl("delete", "namespace", "argocd", "--wait=false")
