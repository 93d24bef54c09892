"""What the chart lets the operator do, what it does, and what was refused to it, by the audit log."""

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
    """The names of what it has of the whole cluster, and what must be deleted for it."""


@dataclass
class Accounts:
    """The accounts of one place: one with Roles in its namespace, and one with a ClusterRole, made when asked for."""

    kubectl: Kubectl
    audit_log: Path
    folder: Path
    namespaces: list[str]
    """Where the one with Roles has them; to be set before it is asked for."""
    system: str
    _made: dict[str, Account] = field(default_factory=dict)
    _since: int = 0

    def __post_init__(self) -> None:
        self._since = self.audit_log.stat().st_size

    def get(self, *, clusterwide: bool = False, **values: Any) -> Account:
        """Give the account for a scope, whose name its Lease bears too."""
        name = "jitops-wide" if clusterwide else "jitops"
        if name not in self._made:
            scope = {} if clusterwide else {"watchNamespaces": self.namespaces}
            self._made[name] = make_account(self.kubectl, self.folder, self.system, name, **scope, **values)
        return self._made[name]

    def requests(self, since: int | None = None) -> list[Any]:
        """Give all requests of these accounts, or those since a place in the audit log."""
        start = self._since if since is None else since
        return [event for one in self._made.values() for event in requests(self.audit_log, one.user, start)]

    def tokens(self) -> set[str]:
        """Name the tokens, which are secrets."""
        configs = (yaml.safe_load(one.kubeconfig.read_text(encoding="utf-8")) for one in self._made.values())
        return {config["users"][0]["user"]["token"] for config in configs}

    def drop(self) -> None:
        """Delete what does not go with the namespace."""
        if wide := [name for one in self._made.values() for name in one.wide]:
            self.kubectl("delete", "--wait=false", *wide)


def make_account(kubectl: Kubectl, folder: Path, namespace: str, name: str, **values: Any) -> Account:
    """Make the ServiceAccount and roles that the chart renders with these values, and a kubeconfig with its token."""
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
    """Name the rights that roles give."""
    for one in manifests:
        for rule in one.get("rules") or ():
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    yield from (Right(group, resource, verb) for verb in rule["verbs"])


def requests(audit_log: Path, user: str, since: int = 0) -> Iterator[Any]:
    """Give the requests of a user, each once: a watch when it starts, anything else when it is answered."""
    with audit_log.open("rb") as log:
        log.seek(since)
        for line in log:
            event = json.loads(line)
            stage = "ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"
            if event["user"]["username"] == user and (event["stage"] == stage or not allowed(event)):
                yield event


def allowed(event: Any) -> bool:
    """Tell whether the authorizer let a request pass; a terminating namespace refuses after that."""
    return bool(event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow")


def used(events: Iterable[Any]) -> set[Right]:
    """Name the rights that requests needed; what everyone may do, discovery above all, needs none."""
    return {right(event) for event in events if "objectRef" in event and "resource" in event["objectRef"]}


def right(event: Any) -> Right:
    """Name the right that a request needs."""
    target = event["objectRef"]
    resource = "/".join(part for part in (target["resource"], target.get("subresource")) if part)
    return Right(target.get("apiGroup", ""), resource, event["verb"])


def as_one_kind(rights: Iterable[Right]) -> set[Right]:
    """Take all our kinds for one: they have the same rights, by one rule."""
    return {right._replace(resource=_one_kind(right.resource)) if right.group == GROUP else right for right in rights}


def _one_kind(resource: str) -> str:
    plural, _, subresource = resource.partition("/")
    assert plural in {info.plural for info in KINDS}
    return f"any/{subresource}"


def refused(events: Iterable[Any]) -> list[str]:
    """Name what was refused for want of a right."""
    return sorted({f"{event['verb']} {event['requestURI']}" for event in events if not allowed(event)})
