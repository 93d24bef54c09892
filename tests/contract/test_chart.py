"""The chart as its users meet it: what values do, what wrong ones are told, and that all of it is documented.

What it is worth on an API server is tried in tests/e2e/test_chart.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.harness.metric_names import metric_names
from tests.harness.repository import HELM

import jitops
from jitops.api.reasons import Reason
from jitops.kinds import KINDS
from jitops.runtime.leader_election import CALL
from jitops.runtime.process import DRAIN, LAST_EVENTS
from jitops_sandbox.controlplane import Helm, HelmFailed

CHART = HELM / "jitops"
OPTIONAL = {
    "podDisruptionBudget": "PodDisruptionBudget",
    "networkPolicy": "NetworkPolicy",
    "serviceMonitor": "ServiceMonitor",
    "prometheusRule": "PrometheusRule",
    "grafanaDashboard": "ConfigMap",
}
"""What is made only when its `enabled` says so."""


def rendered(**values: Any) -> list[Any]:
    """Give what the chart makes of values."""
    return [one for one in yaml.safe_load_all(Helm().render(CHART, **values)) if one]


def one(kind: str, **values: Any) -> Any:
    """Give the only object of a kind."""
    (found,) = [each for each in rendered(**values) if each["kind"] == kind]
    return found


def container(**values: Any) -> Any:
    """Give the operator's container."""
    return one("Deployment", **values)["spec"]["template"]["spec"]["containers"][0]


def test_lint() -> None:
    """`helm lint --strict` has nothing to say."""
    assert "0 chart(s) failed" in Helm()("lint", "--strict", str(CHART))


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_optional_is_off(name: str) -> None:
    """Each optional object is there when asked for, and only then."""
    assert OPTIONAL[name] not in [each["kind"] for each in rendered()]
    assert one(OPTIONAL[name], **{name: {"enabled": True}})["metadata"]["namespace"] == "jitops"


@pytest.mark.parametrize(
    ("values", "argument"),
    [
        ({}, "--leader-election"),
        ({"leaderElection": {"enabled": False}}, "--no-leader-election"),
        ({"secrets": {"watch": False}}, "--no-secrets-watch"),
        ({"resyncPeriod": "1h30m"}, "--resync-period=1h30m"),
        ({"paused": True}, "--paused"),
        ({}, "--deletion-policy=Delete"),
        ({"deletionPolicy": "Retain"}, "--deletion-policy=Retain"),
        ({"clusterId": "blue"}, "--cluster-id=blue"),
        ({"clusterId": "blue", "watchNamespaces": ["one", "two"]}, "--namespace=two"),
        ({"logging": {"level": "debug", "format": "text"}}, "--log-level=debug"),
        ({"metrics": {"enabled": False}}, "--metrics-port=0"),
        ({"extraArgs": ["--workers=8"]}, "--workers=8"),
    ],
)
def test_values_become_arguments(values: dict[str, Any], argument: str) -> None:
    """A value of the chart is an option of `jitops run`."""
    assert argument in container(**values)["args"]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ({}, "jitops:0.1.0"),
        ({"repository": "registry.example.com/jitops", "tag": "1.2.3"}, "registry.example.com/jitops:1.2.3"),
        ({"tag": "1.2.3", "digest": f"sha256:{'0' * 64}"}, f"jitops@sha256:{'0' * 64}"),
    ],
)
def test_image(image: dict[str, str], name: str) -> None:
    """The tag is the application's version unless it is named, and a digest wins; the hook runs the same."""
    assert container(image=image)["image"] == name
    assert one("Job", image=image)["spec"]["template"]["spec"]["containers"][0]["image"] == name


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        ({}, {"ClusterRole": 2, "Role": 2}),
        ({"watchNamespaces": ["one", "two"], "clusterId": "blue"}, {"Role": 6}),
        (
            {"watchNamespaces": ["one"], "clusterId": "blue", "rbac": {"scope": "Cluster"}},
            {"ClusterRole": 2, "Role": 2},
        ),
        ({"uninstall": {"release": False}}, {"ClusterRole": 1, "Role": 1}),
        ({"uninstall": {"release": False}, "leaderElection": {"enabled": False}}, {"ClusterRole": 1}),
        ({"rbac": {"create": False}}, {}),
    ],
)
def test_roles(values: dict[str, Any], roles: dict[str, int]) -> None:
    """Each role is bound, to an account of the release's namespace, and there are no more than the scope needs."""
    made = rendered(**values)
    kinds = Counter(each["kind"] for each in made if each["kind"].endswith("Role"))
    assert kinds == roles
    bindings = [each for each in made if each["kind"].endswith("RoleBinding")]
    accounts = {each["metadata"]["name"] for each in made if each["kind"] == "ServiceAccount"}
    assert len(bindings) == sum(roles.values())
    for binding in bindings:
        (subject,) = binding["subjects"]
        assert subject["name"] in accounts
        assert subject["namespace"] == "jitops"


def test_definitions() -> None:
    """There is a definition of each kind, kept at an uninstallation; both can be switched off."""

    def definitions(**crds: bool) -> list[Any]:
        return [each for each in rendered(crds=crds) if each["kind"] == "CustomResourceDefinition"]

    kept = {"helm.sh/resource-policy": "keep"}
    assert {each["spec"]["names"]["kind"] for each in definitions()} == {info.kind for info in KINDS}
    assert all(each["metadata"]["annotations"] == kept for each in definitions())
    assert all(each["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm" for each in definitions())
    assert not any("annotations" in each["metadata"] for each in definitions(keep=False))
    assert definitions(install=False) == []


def test_health_checks_of_argocd() -> None:
    """There is one for each kind, under the name by which ArgoCD finds it."""
    data = one("ConfigMap", argocd={"healthChecks": {"enabled": True}})["data"]
    assert data.keys() == {f"resource.customizations.health.jitops.dev_{info.kind}" for info in KINDS}


def test_a_pod_has_time_to_end() -> None:
    """What is being worked on, what is still to be told, and the Lease: all end before the kubelet kills."""
    assert one("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > DRAIN + LAST_EVENTS + CALL


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replicaCount": "two"}, "at '/replicaCount': got string, want integer"),
        ({"logging": {"level": "loud"}}, "at '/logging/level': value must be one of 'debug', 'info'"),
        ({"resyncPeriod": "10"}, "at '/resyncPeriod'"),
        ({"image": {"digest": "latest"}}, "at '/image/digest'"),
        ({"watchNamespace": ["one"]}, "additional properties 'watchNamespace' not allowed"),
        ({"watchNamespaces": ["One"]}, "at '/watchNamespaces/0'"),
        ({"terminationGracePeriodSeconds": 5}, "at '/terminationGracePeriodSeconds'"),
        ({"watchNamespaces": ["one"]}, "watchNamespaces needs clusterId"),
        ({"rbac": {"scope": "Namespaced"}}, "rbac.scope=Namespaced needs watchNamespaces"),
        ({"rbac": {"scope": "namespaced"}}, "at '/rbac/scope'"),
        ({"replicaCount": 2, "leaderElection": {"enabled": False}}, "replicaCount over 1 needs leaderElection"),
        ({"serviceMonitor": {"enabled": True}, "metrics": {"enabled": False}}, "serviceMonitor.enabled needs metrics"),
    ],
)
def test_wrong_values_are_told(values: dict[str, Any], words: str) -> None:
    """A value that can't be right ends the rendering with its place, and what would be right."""
    with pytest.raises(HelmFailed) as refused:
        rendered(**values)
    assert words in str(refused.value)


def test_it_can_be_part_of_another_chart(tmp_path: Path) -> None:
    """As a dependency it accepts what helm adds to its values."""
    parent = tmp_path / "parent"
    shutil.copytree(CHART, parent / "charts" / "jitops")
    (parent / "Chart.yaml").write_text("{apiVersion: v2, name: parent, version: 1.0.0}", encoding="utf-8")
    values: dict[str, Any] = {"global": {"registry": "x"}, "jitops": {"replicaCount": 2}}
    assert "kind: Deployment" in Helm().render(parent, **values)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("argocd-application.yaml", ("spec", "source", "helm", "valuesObject")),
        ("flux-helmrelease.yaml", ("spec", "values")),
    ],
)
def test_the_samples_are_valid(file: str, place: tuple[str, ...]) -> None:
    """The values in the samples for ArgoCD and Flux are accepted, and the versions and paths are those of this tree."""
    text = (HELM.parent / "docs" / "gitops" / file).read_text(encoding="utf-8")
    *_, values = yaml.safe_load_all(text)
    for name in place:
        values = values[name]
    assert one("Deployment", **values)["spec"]["replicas"] == 2
    assert f"v{jitops.__version__}" in text
    assert "helm/jitops\n" in text


def test_versions_agree() -> None:
    """The chart installs the version of this tree."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == jitops.__version__


def leaves(values: Any, path: str = "") -> set[str]:
    """Name the places of values."""
    if isinstance(values, dict) and values:
        return {place for name, inner in values.items() for place in leaves(inner, f"{path}.{name}")}
    return {path}


def test_every_value_is_in_the_schema() -> None:
    """The schema knows each value, and none that isn't there; so a typing error is told."""

    def known(schema: Any, path: str = "") -> set[str]:
        if "properties" not in schema:
            return {path}
        return {place for name, inner in schema["properties"].items() for place in known(inner, f"{path}.{name}")}

    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    schema["properties"].pop("global")
    values = leaves(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")))
    places = known(schema)
    assert {place for place in values if not any(f"{place}.".startswith(f"{one}.") for one in places)} == set()
    assert {one for one in places if not any(f"{place}.".startswith(f"{one}.") for place in values)} <= {
        ".resources.claims"
    }


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Ask whether what is generated in a folder of charts is current."""
    command = [sys.executable, str(folder / "generate.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script


def test_what_is_generated_is_current() -> None:
    """The copy of the CRDs and the README are as the models and values.yaml say."""
    assert check(HELM).stderr == ""


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("files/crds/jitops.dev_connectors.yaml", "edited", "files/crds/jitops.dev_connectors.yaml outdated"),
        ("values.yaml", "# -- Another.\nanother: 1\n", "README.md outdated"),
        ("values.yaml", "undocumented: 1\n", "values.yaml has no comment for undocumented"),
    ],
)
def test_what_is_not_current_is_told(tmp_path: Path, file: str, text: str, words: str) -> None:
    """An edited copy, and a value that the README doesn't tell of, are found."""
    helm = shutil.copytree(HELM, tmp_path / "helm")
    with (helm / "jitops" / file).open("a", encoding="utf-8") as edited:
        edited.write(text)
    done = check(helm)
    assert done.returncode != 0
    assert words in done.stderr


METRIC = re.compile(r"\bjitops_[a-z_]+")


def test_alerts_and_dashboard_use_metrics_that_exist() -> None:
    """Each metric that is named is one that the operator shows, and each outcome one that it counts."""
    texts = [(CHART / "files" / name).read_text(encoding="utf-8") for name in ("alerts.yaml", "dashboard.json")]
    assert all(METRIC.findall(text) for text in texts)
    assert {name for text in texts for name in METRIC.findall(text)} <= metric_names()
    outcomes = {found for text in texts for found in re.findall(r'outcome=\\?"(\w+)', text)}
    assert outcomes <= set(Reason)


def test_each_alert_says_what_to_do() -> None:
    """An alert has a summary, a description and a severity, and takes further labels from the values."""
    (group,) = one("PrometheusRule", prometheusRule={"enabled": True, "alertLabels": {"team": "data"}})["spec"][
        "groups"
    ]
    for rule in group["rules"]:
        assert {"summary", "description"} == rule["annotations"].keys()
        assert rule["labels"].keys() == {"severity", "team"}
        assert rule["alert"].startswith("Jitops")
