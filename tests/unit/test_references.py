"""Who refers to whom."""

from __future__ import annotations

from typing import Any

from tests.harness.manifests import resource

from jitops.core.clock import SystemClock
from jitops.core.connection.access import matches
from jitops.core.index.references import References
from jitops.core.kube import Key, Resource
from jitops.kinds import registry
from jitops.remote.client import HttpPool


def made(kind: str, name: str, spec: dict[str, Any]) -> Resource:
    """Read a manifest."""
    return resource(Key(kind, "team", name), spec)


def references() -> References:
    """Make an empty index."""
    return References(registry(HttpPool(SystemClock()), SystemClock()))


STREAM = made("JitsuStream", "shop", {"workspaceRef": {"name": "acme"}})
ACME = Key("JitsuWorkspace", "team", "acme")
OUTPUT = Key("Secret", "team", "shop-jitsustream")


def test_connection_and_output() -> None:
    """A resource refers to its connection, in its own namespace unless it says otherwise, and to its Secret."""
    index = references()
    index.declare(STREAM)
    assert index.dependents(ACME) == {STREAM.key}
    assert index.dependents(OUTPUT) == {STREAM.key}
    abroad = made("JitsuStream", "shop", {"workspaceRef": {"name": "acme", "namespace": "platform"}})
    index.declare(abroad)
    assert index.dependents(ACME) == frozenset()
    assert index.dependents(Key("JitsuWorkspace", "platform", "acme")) == {STREAM.key}


def test_renamed_output() -> None:
    """The Secret's name is the one that the spec asks for."""
    index = references()
    index.declare(STREAM)
    renamed = {**STREAM.spec, "outputs": {"secret": {"name": "site"}}}
    index.declare(made("JitsuStream", "shop", renamed))
    assert index.dependents(OUTPUT) == frozenset()
    assert index.dependents(Key("Secret", "team", "site")) == {STREAM.key}


def test_credentials_and_authority() -> None:
    """A connection refers to its credentials and its certificate authority, Secret or ConfigMap."""
    index = references()
    for kind, expected in (("ConfigMap", "ConfigMap"), ("Secret", "Secret")):
        spec = {"credentialsRef": {"name": "key"}, "tls": {"caRef": {"kind": kind, "name": "ca"}}}
        index.declare(made("JitsuWorkspace", "acme", spec))
        assert index.dependents(Key("Secret", "team", "key")) == {ACME}
        assert index.dependents(Key(expected, "team", "ca")) == {ACME}


def test_forgotten() -> None:
    """What is gone refers to nothing; what it referred to is told."""
    index = references()
    index.declare(STREAM)
    assert index.forget(STREAM.key) == {ACME, OUTPUT}
    assert index.forget(STREAM.key) == frozenset()
    assert index.dependents(ACME) == frozenset()
    assert index._dependents == {}


def test_incomplete_specs() -> None:
    """A spec that lacks everything refers to what can't exist, and breaks nothing."""
    index = references()
    for kind in ("JitsuStream", "Connector", "JitsuWorkspace", "JitterbitOrganization"):
        index.declare(made(kind, "empty", {}))
        index.declare(made(kind, "empty", {"outputs": None, "tls": None, "credentialsRef": {}}))
    assert Key("JitsuStream", "team", "empty") in index.dependents(Key("JitsuWorkspace", "team", ""))


def test_selectors() -> None:
    """Kubernetes' rules: all must hold; NotIn and DoesNotExist hold where the label is absent; nothing selects all."""
    labels = {"team": "web", "tier": "1"}

    def term(key: str, operator: str, *values: str) -> dict[str, Any]:
        return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}

    assert matches({}, labels)
    assert matches({"matchLabels": {"team": "web"}}, labels)
    assert not matches({"matchLabels": {"team": "web", "tier": "2"}}, labels)
    assert matches(term("team", "In", "web", "app"), labels)
    assert not matches(term("none", "In", "web"), labels)
    assert not matches(term("team", "NotIn", "web"), labels)
    assert matches(term("none", "NotIn", "web"), labels)
    assert matches(term("team", "Exists"), labels)
    assert not matches(term("none", "Exists"), labels)
    assert matches(term("none", "DoesNotExist"), labels)
    assert not matches(term("team", "DoesNotExist"), labels)
    assert not matches({"matchLabels": {"team": "web"}, **term("tier", "In", "2")}, labels)
