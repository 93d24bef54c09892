"""The CRDs on a real API server: it judges specs as our models do, and shows what users need to see."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from tests.harness.cases.case import Spec, stream
from tests.harness.cases.mutations import FULL, ODD, places, replaced
from tests.harness.cases.specs import CASES, Case
from tests.harness.manifests import manifest
from tests.harness.repository import ROOT

from jitops.api.meta import GROUP, LONGEST_NAME, VERSION
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.kinds import KINDS
from jitops.products.jitsu.stream.kind import KIND as STREAM
from jitops_sandbox.controlplane import Kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.cluster

NAMESPACE = "crd-cases"
PLURALS = {kind.kind: kind.plural for kind in KINDS}


class Cluster:
    """The API server with our CRDs, through kubectl and through its API."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl
        self.objects = client.CustomObjectsApi(config.new_client_from_config(str(kubectl.kubeconfig)))

    def create(self, kind: str, spec: Spec, *, name: str = "case", dry: bool = False) -> Spec:
        """Create an object; `dry` only asks whether it would be accepted."""
        where = (GROUP, VERSION, NAMESPACE, PLURALS[kind])
        body = manifest(kind, name, spec, None)
        mode = "All" if dry else None
        created = self.objects.create_namespaced_custom_object(*where, body, dry_run=mode, field_validation="Strict")
        return cast("Spec", created)

    def change(self, kind: str, old: Spec, new: Spec) -> None:
        """Create an object, change it, and take it away again."""
        created = self.create(kind, old)
        where = (GROUP, VERSION, NAMESPACE, PLURALS[kind], "case")
        try:
            changed = {**created, "spec": new}
            self.objects.replace_namespaced_custom_object(*where, changed, field_validation="Strict")
        finally:
            self.objects.delete_namespaced_custom_object(*where)

    def blames(self, case: Case) -> list[str]:
        """Judge a case, and give the fields that the API server blames."""
        try:
            if case.old is None:
                self.create(case.kind, case.spec, dry=True)
            else:
                self.change(case.kind, case.old, case.spec)
        except ApiException as refusal:
            return blamed(refusal)
        return []


def blamed(refusal: ApiException) -> list[str]:
    """Give the fields that the API server names, as we write paths; where it names a list and an entry, the list."""
    answer = json.loads(refusal.body or "{}")
    causes = {cause.get("field") for cause in answer.get("details", {}).get("causes", ())} - {"<nil>", None}
    unknown = re.findall(r'unknown field "([^"]+)"', answer["message"])
    fields = {re.sub(r"\[(\D[^\]]*)\]", r".\1", field) for field in {*causes, *unknown}}
    return sorted(field for field in fields if not any(field.startswith(f"{other}[") for other in fields))


@pytest.fixture(scope="module")
def cluster(kubectl: Kubectl) -> Iterator[Cluster]:
    """Give the API server with our CRDs and a namespace for the cases."""
    found = Cluster(kubectl)
    found.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    found.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", str(ROOT / "crds"))
    found.kubectl("create", "namespace", NAMESPACE)
    yield found
    found.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    found.objects.api_client.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_table(cluster: Cluster, case: Case) -> None:
    """The API server accepts and refuses just what the models do, and blames the same field."""
    assert cluster.blames(case) == ([] if case.field is None else [case.field])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_both_judges_agree_on_oddities(cluster: Cluster, kind: Any) -> None:
    """Whatever stands wherever in a spec: what the API server lets in the operator can read, and the reverse."""
    disagreed = []
    for path, value in itertools.product(places(FULL[kind.kind]), ODD):
        case = Case("odd", kind.kind, replaced(FULL[kind.kind], path, value))
        try:
            validate_spec(kind.spec, case.spec)
            accepted = True
        except InvalidSpec:
            accepted = False
        if accepted != (cluster.blames(case) == []):
            disagreed.append((path, value, accepted))
    assert disagreed == []


def test_names_fit_into_labels(cluster: Cluster) -> None:
    """A resource's name can always be the value of a label on its Secret."""
    with pytest.raises(ApiException) as refusal:
        cluster.create(STREAM.info.kind, stream(), name="a" * (LONGEST_NAME + 1))
    assert blamed(refusal.value) == ["metadata.name"]


def test_a_new_object_never_looks_finished(cluster: Cluster) -> None:
    """Status starts as never observed, without a write, so that no tool takes the object for ready."""
    created = cluster.create(STREAM.info.kind, stream(), dry=True)
    assert created["status"] == {"observedGeneration": -1}
    assert created["spec"] == stream()


def test_examples_are_taken_as_they_are(cluster: Cluster) -> None:
    """What was applied shows no difference to the files: nothing was defaulted into the spec."""
    place = ("--namespace", NAMESPACE, "-R", "-f", str(ROOT / "examples"))
    cluster.kubectl("apply", *place)
    assert cluster.kubectl("diff", *place) == ""
    cluster.kubectl("delete", *place)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_explain_is_a_manual(cluster: Cluster, kind: Any) -> None:
    """`kubectl explain` knows each kind by its short name and says something about each field."""
    told = cluster.kubectl("explain", f"{kind.short_names[0]}.spec")
    assert "<none>" not in told
    for info in kind.spec.model_fields.values():
        assert re.search(rf"^  {info.validation_alias}\t.*\n(  enum: .*\n)?    \S", told, re.MULTILINE)


def test_columns_show_how_it_stands(cluster: Cluster) -> None:
    """`kubectl get` tells whether it is ready; `-o wide` tells why, over which connection, and what to do."""
    cluster.create(STREAM.info.kind, stream(), name="shown")
    since = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    conditions = [
        {"type": "DriftDetected", "status": "True", "reason": "DriftDetected", "message": "name", **since},
        {"type": "Synced", "status": "True", "reason": "Available", "message": "", **since},
        {"type": "Ready", "status": "False", "reason": "Throttled", "message": "wait-a-minute", **since},
    ]
    patch = json.dumps({"status": {"id": "remote7", "conditions": conditions}})
    where = ("jst", "shown", "--namespace", NAMESPACE)
    cluster.kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", patch)
    head, row = cluster.kubectl("get", *where, "-o", "wide").splitlines()
    assert head.split() == [
        "NAME",
        "READY",
        "SYNCED",
        "REMOTE-ID",
        "AGE",
        "REASON",
        "CONNECTION",
        "DRIFT",
        "PAUSED",
        "MESSAGE",
    ]
    assert row.split()[1:4] == ["False", "True", "remote7"]
    assert row.split()[5:] == ["Throttled", "acme", "True", "wait-a-minute"]
    conditions[1] |= {"status": "False", "reason": "ReconcilePaused", "message": "paused-by-somebody"}
    patch = json.dumps({"status": {"conditions": conditions}})
    cluster.kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", patch)
    _, row = cluster.kubectl("get", *where, "-o", "wide").splitlines()
    assert row.split()[5:] == ["Throttled", "acme", "True", "paused-by-somebody", "wait-a-minute"]
    assert "jitsustream" in cluster.kubectl("get", "jitops,jitsu", "--namespace", NAMESPACE)
