"""What a user sees of a world: resources, Secrets, events, and the requests to the remotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.harness.world.store import FatefulStore

from jitops.core.kube import Event, Key, Secret
from jitops_sandbox import Sandbox


class View:
    """The questions that tests ask of a world; none of them changes it."""

    sandbox: Sandbox
    store: FatefulStore

    def exists(self, key: Key) -> bool:
        """Return whether an object exists."""
        return self.store.get(key) is not None

    def status(self, key: Key) -> Mapping[str, Any]:
        """Return a resource's status."""
        status: Mapping[str, Any] = self.store.body(key)["status"]
        return status

    def finalizers(self, key: Key) -> list[str]:
        """Return a resource's finalizers."""
        finalizers: list[str] = self.store.body(key)["metadata"]["finalizers"]
        return finalizers

    def condition(self, key: Key, kind: str) -> tuple[str, str]:
        """Return a condition's status and reason; ("", "") without the condition."""
        found = [c for c in self.status(key).get("conditions", []) if c["type"] == kind]
        return (found[0]["status"], found[0]["reason"]) if found else ("", "")

    def why(self, key: Key) -> str:
        """Return the Ready condition's reason."""
        return self.condition(key, "Ready")[1]

    def message(self, key: Key, kind: str = "Ready") -> str:
        """Return a condition's message."""
        found = [c for c in self.status(key).get("conditions", []) if c["type"] == kind]
        return str(found[0]["message"]) if found else ""

    def ready(self, key: Key) -> bool:
        """Return whether a resource is Ready in its spec's present generation."""
        observed = self.status(key)["observedGeneration"] == self.store.body(key)["metadata"]["generation"]
        return observed and self.condition(key, "Ready")[0] == "True"

    def secret(self, name: str, namespace: str = "team") -> Secret | None:
        """Return a Secret."""
        return self.store.secret(name, namespace)

    def documents(self, name: str = "customers-customapi", namespace: str = "team") -> Mapping[str, str]:
        """Return a ConfigMap's values."""
        found = self.store.config_map(name, namespace)
        assert found is not None, f"no ConfigMap {name}"
        return found.data

    def values(self, name: str, namespace: str = "team") -> Mapping[str, str]:
        """Return a Secret's values."""
        found = self.secret(name, namespace)
        assert found is not None, f"no Secret {name}"
        return found.data

    def events(self, key: Key) -> list[str]:
        """Return the reasons of a resource's events."""
        return [event.reason for where, event in self.store.events if where == key]

    def warnings(self, key: Key) -> list[str]:
        """Show the Warning events of a resource by their reasons."""
        return [event.reason for where, event in self.store.events if where == key and event.warning]

    def last_event(self, key: Key) -> Event:
        """Return a resource's last event."""
        return [event for where, event in self.store.events if where == key][-1]

    def writes(self, key: Key) -> list[str]:
        """Return the verbs of the writes to an object."""
        return [verb for verb, where in self.store.writes if where == key]

    def remote_writes(self) -> list[str]:
        """Return the requests that change something at the remotes, except log-ins."""
        seen = self.sandbox.requests
        return [f"{r.method} {r.path}" for r in seen if r.method != "GET" and not r.path.endswith("/login")]

    def count(self, method: str, path: str = "*") -> int:
        """Count the requests to the remotes."""
        return self.sandbox.requests.count(method=method, path=path)
