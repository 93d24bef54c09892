"""A release of the chart on a control plane of its own, with a node that runs its pods."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.harness.cluster.node import Node
from tests.harness.cluster.place import Place
from tests.harness.cluster.pod import Pod
from tests.harness.cluster.rights import Right, granted, requests
from tests.harness.repository import CHART
from tests.harness.waiting import until

from jitops_sandbox.controlplane import Helm

NAME = SYSTEM = "jitops"
OPERATOR = f"system:serviceaccount:{SYSTEM}:{NAME}"
RELEASER = f"system:serviceaccount:{SYSTEM}:{NAME}-release"
WAIT = ("--wait", "--timeout", "120s")
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@dataclass
class Release:
    """The release `jitops` in the namespace `jitops`, which admits restricted pods alone."""

    helm: Helm
    place: Place
    node: Node
    audit_log: Path
    _since: int = 0
    values: dict[str, Any] = field(default_factory=dict)

    def install(self, chart: Path = CHART, **values: Any) -> None:
        """Install as the README says."""
        self._since = self.audit_log.stat().st_size
        self._apply("install", chart, values)

    def upgrade(self, chart: Path = CHART, **values: Any) -> None:
        """Upgrade, with these values beside the present ones."""
        self._apply("upgrade", chart, {**self.values, **values})

    def _apply(self, verb: str, chart: Path, values: dict[str, Any]) -> None:
        self.values = values
        self.helm(verb, NAME, str(chart), "-n", SYSTEM, *WAIT, "--values", "-", stdin=json.dumps(values))

    def uninstall(self) -> None:
        """Uninstall, hooks included."""
        self.helm("uninstall", NAME, "-n", SYSTEM, *WAIT)

    def installed(self) -> bool:
        """Return whether helm knows the release."""
        return NAME in self.helm("list", "-n", SYSTEM, "--short").split()

    # What runs.

    def pods(self) -> list[Pod]:
        """Return the operator's pods that run and are not ending."""
        pods = (pod for pods in self.node.pods.values() for pod in pods)
        return [pod for pod in pods if pod.running and pod.ending is None and "-release-" not in pod.name]

    def leader(self) -> Pod:
        """Return the pod whose metrics say that it leads."""
        until(lambda: any(self._leads(pod) for pod in self.pods()), "one leads")
        return next(pod for pod in self.pods() if self._leads(pod))

    def _leads(self, pod: Pod) -> bool:
        return "jitops_leader 1.0" in (pod.ask("/metrics") or "")

    def said(self) -> str:
        """Return everything that was logged, the hook's table included."""
        return "\n".join(log.read_text(encoding="utf-8") for log in self.node.logs)

    # What was asked of the API server.

    def requests(self, user: str = OPERATOR) -> list[Any]:
        """Return the requests of a ServiceAccount since the installation."""
        return list(requests(self.audit_log, user, self._since))

    def granted(self, *, hooks: bool) -> set[Right]:
        """Return the rights that the release grants to the operator, or to the hook."""
        what = "hooks" if hooks else "manifest"
        text = self.helm("get", what, NAME, "-n", SYSTEM)
        return set(granted(one for one in yaml.safe_load_all(text) if one))
