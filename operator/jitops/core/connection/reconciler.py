"""Reconciles the connections themselves: verified, their credentials protected while in use, released when unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.core import errors
from jitops.core.kube import Key
from jitops.core.status.conditions import Verdict, find, judge
from jitops.core.status.requeue import Result
from jitops.core.status.writer import log_defect

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitops.core.connection.pool import Connections
    from jitops.core.index.references import References
    from jitops.core.kube import JSON, Kube, Resource, Secret
    from jitops.core.status.writer import Reporter

SHOWN = 5
"""How many users a message names."""


class ConnectionReconciler:
    """Keeps connections true to their spec, and alive for as long as anyone needs them."""

    def __init__(self, kube: Kube, references: References, connections: Connections, reporter: Reporter) -> None:
        self._kube = kube
        self._references = references
        self._connections = connections
        self._reporter = reporter
        self._protected: set[Key] = set()
        self._told: dict[Key, bool] = {}
        """Whether the dependents of a connection last heard that it is good."""
        self.enqueue: Callable[[Key], None] = lambda _: None
        """How to have a key reconciled; the controller sets it."""

    async def reconcile(self, key: Key) -> Result:
        """Verify one connection and tell how it is; raises errors.Interrupted as the reconciler does."""
        resource = self._kube.get(key)
        if resource is None:
            return await self._gone(key)
        if resource.deleting and not self.users(key):
            return await self._release(resource)
        before, line = self._is_ready(key), self._connections.line(key)
        verdict, facts = await self._verified(resource)
        latest = self._kube.get(key) or resource
        await self._reporter.report(latest, verdict, facts, failed=_warning(verdict))
        self._tell(key, before=before, reopened=line is not self._connections.line(key))
        return Result(verdict.retry, verdict.after, verdict.reason)

    async def _verified(self, resource: Resource) -> tuple[Verdict, dict[str, JSON]]:
        """Protect and prove a connection; a failure of the proof leaves the protection as it is to be."""
        facts: dict[str, JSON] = {}
        try:
            resource = await self._ensure_finalizer(resource)
            facts["credentialsSecret"] = await self._mark_secrets(resource)
            line = await self._connections.verify(resource)
        except errors.Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - judged by one table; what isn't in it is logged there
            log_defect(resource.key, error)
            return judge(error), facts
        refused = line.client.write_error
        verdict = judge(refused) if refused else _working(resource, self.users(resource.key))
        return verdict, {**facts, **line.facts}

    def _tell(self, key: Key, *, before: bool, reopened: bool) -> None:
        """Wake the dependents when the connection turned good or bad; all of them but for the first time.

        One that stayed good, but has other credentials or another spec now, may serve those that it failed before.
        """
        after = self._is_ready(key)
        told, self._told[key] = self._told.get(key), after
        if before == after == told:
            if reopened:
                for dependent in filter(self._is_unready, self._references.dependents(key)):
                    self.enqueue(dependent)
            return
        for dependent in self._references.dependents(key):
            if before != after or told is not None or self._misses_something(dependent):
                self.enqueue(dependent)

    def _is_unready(self, key: Key) -> bool:
        resource = self._kube.get(key)
        return resource is not None and find(resource.status, ConditionType.READY).get("status") != "True"

    def _misses_something(self, key: Key) -> bool:
        resource = self._kube.get(key)
        status = resource.status if resource else {}
        return find(status, ConditionType.REFERENCES_RESOLVED).get("status") == "False"

    def suspect(self, key: Key, error: Exception) -> None:
        """Have a connection looked at after a failure that may be its own."""
        if isinstance(error, errors.CredentialsRejected):
            self._connections.suspect(key, error)
        if isinstance(error, errors.CredentialsRejected | errors.Unavailable):
            self.enqueue(key)

    def users(self, key: Key) -> list[Key]:
        """Name the resources that made, or may have made, something over a connection."""
        found = (self._kube.get(user) for user in self._references.dependents(key))
        return sorted(user.key for user in found if user and meta.FINALIZER in user.finalizers)

    async def protect(self, key: Key) -> None:
        """See to it, before anything is made over a connection, that its credentials outlive what is made."""
        resource = self._kube.get(key)
        if key not in self._protected and resource is not None:
            await self._ensure_finalizer(resource)
            await self._mark_secrets(self._kube.get(key) or resource)

    async def _mark_secrets(self, resource: Resource) -> str:
        """Protect the Secret that the spec names, let go of the one that it named before; return the name.

        The name is in status before the finalizer is on the Secret, so that a change of the spec, seen or not, finds
        what to let go.
        """
        name, former = _secret_name(resource), resource.status.get("credentialsSecret")
        secret = Key("Secret", resource.key.namespace, name)
        if former and former != name:
            await self._mark(secret._replace(name=former))
        if former != name and self._is_used(secret):
            status = {**resource.status, "credentialsSecret": name}
            await self._reporter.write(resource, status, guarded=True)
        if await self._mark(secret):
            self._protected.add(resource.key)
        else:
            self._protected.discard(resource.key)
        return name

    async def _mark(self, key: Key) -> bool:
        """Keep the finalizer on a Secret while anyone uses it over any connection, and no longer; say whether.

        Who uses it is asked after the Secret was read: whoever comes later changes the version we write to.
        """
        secret = await self._kube.read_secret(key.namespace, key.name)
        used = self._is_used(key)
        if secret is not None and _needs_marking(secret, used=used):
            others = tuple(f for f in secret.finalizers if f != meta.IN_USE_FINALIZER)
            await self._kube.write_secret(secret.with_finalizers((*others, meta.IN_USE_FINALIZER) if used else others))
        return used

    def _is_used(self, secret: Key) -> bool:
        return any(self.users(key) for key in self._references.dependents(secret) if self._protects(key))

    def _protects(self, key: Key) -> bool:
        resource = self._kube.get(key)
        policy = (resource.spec.get("credentials") or {}) if resource else {}
        return resource is not None and policy.get("protect", "Always") == "Always"

    async def _ensure_finalizer(self, resource: Resource) -> Resource:
        if meta.FINALIZER in resource.finalizers or resource.deleting:
            return resource
        return await self._kube.set_finalizers(resource, (*resource.finalizers, meta.FINALIZER))

    async def _release(self, resource: Resource) -> Result:
        await self._mark_secrets(resource)
        others = tuple(f for f in resource.finalizers if f != meta.FINALIZER)
        if others != resource.finalizers:
            await self._kube.set_finalizers(resource, others)
        return await self._gone(resource.key)

    async def _gone(self, key: Key) -> Result:
        """Close a connection that is no more; one that was forced out may have left its Secret marked."""
        self._protected.discard(key)
        self._told.pop(key, None)
        line = self._connections.line(key)
        if line is not None:
            await self._mark(line.secret.key)
        await self._connections.drop(key)
        for dependent in self._references.dependents(key):
            self.enqueue(dependent)
        return Result(outcome=Reason.DELETING)

    def _is_ready(self, key: Key) -> bool:
        return self._connections.line(key) is not None and self._connections.error(key) is None


def _secret_name(resource: Resource) -> str:
    return (resource.spec.get("credentialsRef") or {}).get("name") or ""


def _needs_marking(secret: Secret, *, used: bool) -> bool:
    """Tell whether the finalizer is to be written; a Secret that is going takes no new one."""
    return (meta.IN_USE_FINALIZER in secret.finalizers) != used and not (used and secret.deleting)


def _warning(verdict: Verdict) -> str | None:
    """Name the event for a connection that is not as it should be."""
    if verdict.ready == "True":
        return None
    blocked = verdict.reason == Reason.DELETION_BLOCKED
    return EventReason.DELETION_BLOCKED if blocked else EventReason.CANNOT_CONNECT


def _working(resource: Resource, users: list[Key]) -> Verdict:
    if not resource.deleting:
        return Verdict(
            reason=Reason.AVAILABLE,
            message="the remote accepts the credentials and knows what the spec names",
            ready="True",
            synced="True",
            resolved="True",
        )
    names = ", ".join(map(str, users[:SHOWN])) + (f" and {len(users) - SHOWN} more" if users[SHOWN:] else "")
    return judge(errors.DeletionBlocked(f"still used by {names}; delete them first"))
