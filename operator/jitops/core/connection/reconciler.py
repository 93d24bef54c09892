"""Reconcile the connections: verify them, protect their credentials while in use, release them when unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.core import errors
from jitops.core.kube import Key
from jitops.core.status.conditions import Result, Verdict, find, judge
from jitops.core.status.error_rules import ConnectionFault, rule_of
from jitops.core.status.requeue import Requeue
from jitops.core.status.writer import log_defect
from jitops.core.switches import is_paused

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitops.core.connection.pool import Connections
    from jitops.core.index.references import References
    from jitops.core.kube import JSON, Kube, Resource, Secret
    from jitops.core.status.writer import StatusWriter

SHOWN = 5
"""How many users a message names."""


class ConnectionReconciler:
    """Keeps connections verified, and open for as long as any resource needs them."""

    def __init__(
        self, kube: Kube, references: References, connections: Connections, status_writer: StatusWriter
    ) -> None:
        self._kube = kube
        self._references = references
        self._connections = connections
        self._status_writer = status_writer
        self._protected: set[Key] = set()
        self._reported: dict[Key, bool] = {}
        """Whether the dependents of a connection last heard that it is good."""
        self.enqueue: Callable[[Key], None] = lambda _: None
        """Enqueue a key; the controller sets it."""

    async def reconcile(self, key: Key) -> Result:
        """Verify one connection and write its status; raises errors.Interrupted as the reconciler does."""
        resource = self._kube.get(key)
        if resource is None:
            return await self._close(key)
        if resource.deleting and not self.users(key):
            return await self._release(resource)
        before, known = self._is_ready(key), self._connections.open_connection(key)
        verdict, facts = await self._verified(resource)
        latest = self._kube.get(key) or resource
        await self._status_writer.report(latest, verdict, facts, failed=_warning(verdict))
        reopened = known is not self._connections.open_connection(key)
        self._notify(key, before=before, reopened=reopened)
        return Result(verdict.requeue, verdict.reason)

    async def _verified(self, resource: Resource) -> tuple[Verdict, dict[str, JSON]]:
        """Protect and verify a connection; the protection stays even if the verification fails."""
        facts: dict[str, JSON] = {}
        try:
            resource = await self._ensure_finalizer(resource)
            facts["credentialsSecret"] = await self._mark_secrets(resource)
            connection = await self._connections.verify(resource)
        except errors.Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - one table judges every error; a defect is logged here
            log_defect(resource.key, error)
            return judge(error), facts
        refused = connection.client.write_error
        verdict = judge(refused) if refused else _working(resource, self.users(resource.key))
        return verdict, {**facts, **connection.facts}

    def _notify(self, key: Key, *, before: bool, reopened: bool) -> None:
        """Enqueue the dependents when the connection became good or bad; the first time only the waiting ones.

        A connection that stayed good but was reopened has other credentials or another spec. It may now serve the
        resources that it failed before.
        """
        after = self._is_ready(key)
        reported, self._reported[key] = self._reported.get(key), after
        if before == after == reported:
            if reopened:
                for dependent in filter(self._is_unready, self._references.dependents(key)):
                    self.enqueue(dependent)
            return
        for dependent in self._references.dependents(key):
            if before != after or reported is not None or self._misses_something(dependent):
                self.enqueue(dependent)

    def _is_unready(self, key: Key) -> bool:
        resource = self._kube.get(key)
        return resource is not None and find(resource.status, ConditionType.READY).get("status") != "True"

    def _misses_something(self, key: Key) -> bool:
        resource = self._kube.get(key)
        status = resource.status if resource else {}
        return find(status, ConditionType.REFERENCES_RESOLVED).get("status") == "False"

    def suspect(self, key: Key, error: Exception) -> None:
        """Check a connection again after a failure that may be its own."""
        fault = rule_of(error).connection
        if fault is ConnectionFault.REFUSED and isinstance(error, errors.JitopsError):
            self._connections.suspect(key, error)
        if fault is not ConnectionFault.NONE:
            self.enqueue(key)

    def users(self, key: Key) -> list[Key]:
        """Return the resources that created, or may have created, something over a connection."""
        found = (self._kube.get(user) for user in self._references.dependents(key))
        return sorted(user.key for user in found if user and meta.FINALIZER in user.finalizers)

    async def protect(self, key: Key) -> None:
        """Make sure, before anything is created over a connection, that its credentials outlive the objects."""
        resource = self._kube.get(key)
        if key not in self._protected and resource is not None:
            await self._ensure_finalizer(resource)
            await self._mark_secrets(self._kube.get(key) or resource)

    async def _mark_secrets(self, resource: Resource) -> str:
        """Protect the Secret that the spec names, release the one it named before; return the name."""
        name, former = _secret_name(resource), resource.status.get("credentialsSecret")
        secret = Key("Secret", resource.key.namespace, name)
        if former and former != name:
            await self._mark(secret._replace(name=former))
        # The name is in status before the finalizer is on the Secret, so that a change of the spec, whether it was
        # seen or not, finds the Secret to release.
        if former != name and self._is_used(secret):
            status = {**resource.status, "credentialsSecret": name}
            await self._status_writer.write(resource, status, guarded=True)
        if await self._mark(secret):
            self._protected.add(resource.key)
        else:
            self._protected.discard(resource.key)
        return name

    async def _mark(self, key: Key) -> bool:
        """Write or remove the finalizer of a Secret, which it has while any connection uses it; return whether so."""
        secret = await self._kube.read_secret(key.namespace, key.name)
        # Asked after the Secret was read: a resource that starts to use it later changes the version written to.
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
        return await self._close(resource.key)

    async def _close(self, key: Key) -> Result:
        """Close a connection that was deleted; one that was forced out may have left its Secret marked."""
        self._protected.discard(key)
        self._reported.pop(key, None)
        known = self._connections.open_connection(key)
        if known is not None:
            await self._mark(known.secret.key)
        await self._connections.drop(key)
        for dependent in self._references.dependents(key):
            self.enqueue(dependent)
        return Result(Requeue.on_change(), Reason.DELETING)

    def _is_ready(self, key: Key) -> bool:
        return self._connections.open_connection(key) is not None and self._connections.error(key) is None


def _secret_name(resource: Resource) -> str:
    return (resource.spec.get("credentialsRef") or {}).get("name") or ""


def _needs_marking(secret: Secret, *, used: bool) -> bool:
    """Return whether the finalizer must be written or removed; a Secret that is being deleted takes no new one."""
    return (meta.IN_USE_FINALIZER in secret.finalizers) != used and not (used and secret.deleting)


def _warning(verdict: Verdict) -> str | None:
    """Return the event reason for a connection that is not Ready."""
    if verdict.ready == "True":
        return None
    blocked = verdict.reason == Reason.DELETION_BLOCKED
    return EventReason.DELETION_BLOCKED if blocked else EventReason.CANNOT_CONNECT


def _pause_note(resource: Resource) -> str:
    """Return what a pause of a connection means; the connection itself is verified all the same, which only reads."""
    return f"; its resources are paused by the annotation {meta.PAUSED}" if is_paused(resource.annotations) else ""


def _working(resource: Resource, users: list[Key]) -> Verdict:
    if not resource.deleting:
        return Verdict(
            reason=Reason.AVAILABLE,
            message=f"the remote accepts the credentials and knows what the spec names{_pause_note(resource)}",
            ready="True",
            synced="True",
            resolved="True",
        )
    names = ", ".join(map(str, users[:SHOWN])) + (f" and {len(users) - SHOWN} more" if users[SHOWN:] else "")
    return judge(errors.DeletionBlocked(f"still used by {names}; delete them first"))
