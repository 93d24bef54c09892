"""The rights that the chart grants, and, from the audit log, those that were used or refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from tests.harness.repository import CHART

from jitops.api.meta import GROUP
from jitops.kinds import KINDS
from jitops_sandbox.controlplane import Helm, Kubectl, write_token_kubeconfig

TABLE = ("--show-only", "templates/serviceaccount.yaml", "--show-only", "templates/rbac.yaml")


class Right(NamedTuple):
    """One verb on one resource."""

    group: str
    resource: str
    verb: str


class Account(NamedTuple):
    """A ServiceAccount with the chart's rights and nothing more."""

    user: str
    kubeconfig: Path
    granted: frozenset[Right]
    wide: tuple[str, ...]
    """Its cluster-wide objects, which do not end with a namespace."""


@dataclass
class Accounts:
    """The accounts of one place, each created when it is first needed: one with Roles, one with a ClusterRole."""

    kubectl: Kubectl
    audit_log: Path
    folder: Path
    namespaces: list[str]
    """The namespaces of the account with Roles; set them before it is first needed."""
    system: str
    _made: dict[str, Account] = field(default_factory=dict)
    _since: int = 0

    def __post_init__(self) -> None:
        self._since = self.audit_log.stat().st_size

    def get(self, *, clusterwide: bool = False, **values: Any) -> Account:
        """Return the account for a scope; its Lease has the same name."""
        name = "jitops-wide" if clusterwide else "jitops"
        if name not in self._made:
            scope = {} if clusterwide else {"watchNamespaces": self.namespaces}
            self._made[name] = make_account(self.kubectl, self.folder, self.system, name, **scope, **values)
        return self._made[name]

    def requests(self, since: int | None = None) -> list[Any]:
        """Return the requests of these accounts, all or those since a position in the audit log."""
        start = self._since if since is None else since
        return [event for one in self._made.values() for event in requests(self.audit_log, one.user, start)]

    def tokens(self) -> set[str]:
        """Return the accounts' tokens, which are secrets."""
        configs = (yaml.safe_load(one.kubeconfig.read_text(encoding="utf-8")) for one in self._made.values())
        return {config["users"][0]["user"]["token"] for config in configs}

    def drop(self) -> None:
        """Delete the objects that are not in the namespace."""
        if wide := [name for one in self._made.values() for name in one.wide]:
            self.kubectl("delete", "--wait=false", *wide)


def make_account(kubectl: Kubectl, folder: Path, namespace: str, name: str, **values: Any) -> Account:
    """Create the ServiceAccount and roles that the chart renders, and a kubeconfig with its token."""
    chart = {"fullnameOverride": name, "clusterId": namespace, **values}
    rendered = Helm().render(CHART, *TABLE, namespace=namespace, **chart)
    kubectl("apply", "-f", "-", stdin=rendered)
    token = kubectl("-n", namespace, "create", "token", name, "--duration=3h").strip()
    manifests = [one for one in yaml.safe_load_all(rendered) if one]
    wide = tuple(f"{one['kind']}/{one['metadata']['name']}" for one in manifests if one["kind"].startswith("Cluster"))
    kubeconfig = write_token_kubeconfig(kubectl.kubeconfig, token, folder / f"{namespace}-{name}")
    user = f"system:serviceaccount:{namespace}:{name}"
    return Account(user, kubeconfig, frozenset(granted(manifests)), wide)


def granted(manifests: Iterable[Any]) -> Iterator[Right]:
    """Yield the rights that roles grant."""
    for one in manifests:
        for rule in one.get("rules") or ():
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    yield from (Right(group, resource, verb) for verb in rule["verbs"])


def requests(audit_log: Path, user: str, since: int = 0) -> Iterator[Any]:
    """Yield each request of a user once: a watch when it starts, any other when it is answered."""
    with audit_log.open("rb") as log:
        log.seek(since)
        for line in log:
            event = json.loads(line)
            stage = "ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"
            if event["user"]["username"] == user and (event["stage"] == stage or not allowed(event)):
                yield event


def allowed(event: Any) -> bool:
    """Return whether the authorizer allowed a request; a terminating namespace refuses only later."""
    return bool(event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow")


def used(events: Iterable[Any]) -> set[Right]:
    """Return the rights that requests needed; what everyone may do, as discovery, needs none."""
    return {right(event) for event in events if "objectRef" in event and "resource" in event["objectRef"]}


def right(event: Any) -> Right:
    """Return the right that a request needs."""
    target = event["objectRef"]
    resource = "/".join(part for part in (target["resource"], target.get("subresource")) if part)
    return Right(target.get("apiGroup", ""), resource, event["verb"])


def as_one_kind(rights: Iterable[Right]) -> set[Right]:
    """Return the rights with all kinds of jitops as one: a single rule grants them."""
    return {right._replace(resource=_one_kind(right.resource)) if right.group == GROUP else right for right in rights}


def _one_kind(resource: str) -> str:
    plural, _, subresource = resource.partition("/")
    assert plural in {info.plural for info in KINDS}
    return f"any/{subresource}"


def refused(events: Iterable[Any]) -> list[str]:
    """Return the requests that were refused for lack of a right."""
    return sorted({f"{event['verb']} {event['requestURI']}" for event in events if not allowed(event)})
