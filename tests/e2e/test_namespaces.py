"""Deletion of everything at once ends, in whatever order things go, and leaves the products empty."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from tests.harness.cluster.place import EVERY, JITSU, JITTERBIT, Place
from tests.harness.waiting import until

pytestmark = pytest.mark.cluster

CONNECTIONS = ("jitsuworkspace/acme", "jitterbitorganization/acme")
CREDENTIALS = ("secret/jitsu-credentials", "secret/harmony-credentials")
RESOURCES = ("jitsustream/website", "jitsudestination/warehouse", "connector/crm")
LIMIT = "180s"

ORDERS = {
    "at-once": (),
    "connections-first": (CONNECTIONS, CREDENTIALS),
    "credentials-first": (CREDENTIALS, CONNECTIONS),
    "resources-first": (RESOURCES,),
    "while-down": (),
}


@pytest.fixture
def others(place: Place) -> Iterator[list[str]]:
    """Collect the names of further namespaces, to be deleted at the end whatever became of the test."""
    names: list[str] = []
    yield names
    for name in names:
        place.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def test_namespaces_end(place: Place, others: list[str]) -> None:
    """A namespace that is deleted with all in it ends: whatever goes first in it, and though the operator was down."""
    operator = place.operator(clusterwide=True)
    for order in ORDERS:
        others.append(f"{place.namespace}-{order}")
        place.kubectl("create", "namespace", others[-1])
        manifests = [*place.examples(JITSU, files=EVERY), *place.examples(JITTERBIT)]
        connector = next(one for one in manifests if one["kind"] == "Connector")
        connector["spec"]["name"] = others[-1]  # An organization has one connector of a name.
        place.kubectl("-n", others[-1], "apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    for name in others:
        place.kubectl("-n", name, "wait", "--for=condition=Ready", "jitops", "--all", f"--timeout={LIMIT}")
    assert (len(place.products.streams()), len(place.products.connectors())) == (len(ORDERS), len(ORDERS))
    for name, firsts in zip(others[:-1], ORDERS.values(), strict=False):
        for first in firsts:
            place.kubectl("-n", name, "delete", "--wait=false", *first)
        place.kubectl("delete", "namespace", name, "--wait=false")
    until(lambda: len(place.products.streams()) == 1, "all but one are gone")
    assert operator.terminate() == 0
    place.kubectl("delete", "namespace", others[-1], "--wait=false")
    operator.start()
    for name in others:
        place.kubectl("wait", "--for=delete", f"namespace/{name}", f"--timeout={LIMIT}")
    assert place.products.empty()


def test_a_namespace_without_credentials_has_a_way_out(place: Place, others: list[str]) -> None:
    """With `protect: Never` and the credentials gone nothing can be cleaned up: that is said, and a person lets go."""
    place.operator(clusterwide=True)
    others.append(f"{place.namespace}-bare")
    place.kubectl("create", "namespace", others[0])
    manifests = place.examples(JITSU)
    connection = next(one for one in manifests if one["kind"] == "JitsuWorkspace")
    connection["spec"]["credentials"] = {"protect": "Never"}
    place.kubectl("-n", others[0], "apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    place.kubectl("-n", others[0], "wait", "--for=condition=Ready", "jitops", "--all", f"--timeout={LIMIT}")
    place.kubectl("-n", others[0], "delete", "secret/jitsu-credentials", f"--timeout={LIMIT}")
    place.kubectl("delete", "namespace", others[0], "--wait=false")

    def told() -> str:
        path = "{.status.conditions[?(@.type=='Ready')].message}"
        return place.kubectl("-n", others[0], "get", "jitsustream/website", "-o", f"jsonpath={path}")

    until(lambda: "jitops.dev/release-finalizer=orphan" in told(), "the condition names the way out")
    assert "jitsu-credentials" in told()
    way_out = "jitops.dev/release-finalizer=orphan"
    place.kubectl("-n", others[0], "annotate", "jitsustream/website", way_out)
    place.kubectl("wait", "--for=delete", f"namespace/{others[0]}", f"--timeout={LIMIT}")
    assert len(place.products.streams()) == 1, "it was let go, not deleted"


def test_a_connection_outlives_its_users(place: Place, others: list[str]) -> None:
    """A connection whose namespace is deleted serves another namespace, by its consent, until that is gone too."""
    place.operator(clusterwide=True)
    others.append(f"{place.namespace}-other")
    place.kubectl("create", "namespace", others[0])
    *connection, stream = place.examples(JITSU)
    connection[-1]["spec"]["allowedNamespaces"] = {"from": "All"}
    stream["spec"]["workspaceRef"]["namespace"] = place.namespace
    place.apply(connection)
    place.kubectl("-n", others[0], "apply", "-f", "-", stdin=yaml.safe_dump(stream))
    place.kubectl("-n", others[0], "wait", "--for=condition=Ready", "jitsustream/website", f"--timeout={LIMIT}")
    place.kubectl("delete", "namespace", place.namespace, "--wait=false")
    until(lambda: place.condition("jitsuworkspace/acme").get("reason") == "DeletionBlocked", "it says who uses it")
    assert f"{others[0]}/website" in place.condition("jitsuworkspace/acme")["message"]
    place.kubectl("-n", others[0], "delete", "jitsustream/website", f"--timeout={LIMIT}")
    place.kubectl("wait", "--for=delete", f"namespace/{place.namespace}", f"--timeout={LIMIT}")
    assert place.products.empty()


def test_who_has_the_rights_lets_a_namespace_go(place: Place, others: list[str]) -> None:
    """With Roles alone a deleted namespace takes the operator's rights away first: `jitops release` lets all go."""
    others.append(f"{place.namespace}-roles")
    place.kubectl("create", "namespace", others[0])
    place.accounts.namespaces.append(others[0])
    operator = place.operator()
    place.kubectl("-n", others[0], "apply", "-f", "-", stdin=yaml.safe_dump_all(place.examples(JITSU, files=EVERY)))
    place.kubectl("-n", others[0], "wait", "--for=condition=Ready", "jitops", "--all", f"--timeout={LIMIT}")
    assert operator.terminate() == 0  # It would be refused everything from here on.
    place.kubectl("delete", "namespace", others[0], "--wait=false")
    until(lambda: "ContentRemaining" in place.kubectl("get", "namespace", others[0], "-o", "yaml"), "it is held up")
    command = [sys.executable, "-m", "jitops", "release", "--kubeconfig", str(place.kubectl.kubeconfig)]
    scope = ("--namespace", others[0], "--no-leader-election")
    done = subprocess.run([*command, *scope], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    assert "nothing was deleted at the remotes" in done.stdout
    place.kubectl("wait", "--for=delete", f"namespace/{others[0]}", f"--timeout={LIMIT}")
    assert len(place.products.streams()) == 1
