"""Reconciles the connections themselves: verified, their credentials protected while in use, released when unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import EventReason, Reason
from jitops.core import errors
from jitops.core.conditions import Verdict, judge
from jitops.core.kube import Key
from jitops.core.outcome import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitops.core.connections import Connections
    from jitops.core.kube import Kube, Resource
    from jitops.core.references import References
    from jitops.core.report import Reporter

SHOWN = 5
"""How many users a message names."""


class Keeper:
    """Keeps connections true to their spec, and alive for as long as anyone needs them."""

    def __init__(
        self, kube: Kube, references: References, connections: Connections, reporter: Reporter
    ) -> None:
        self._kube = kube
        self._references = references
        self._connections = connections
        self._reporter = reporter
        self._protected: set[Key] = set()
        self.enqueue: Callable[[Key], None] = lambda _: None
        """How to have a key reconciled; the controller sets it."""

    async def reconcile(self, key: Key) -> Result:
        """Verify one connection and tell how it is; raises errors.Conflict when the world moved on."""
        resource = self._kube.get(key)
        if resource is None:
            return await self._gone(key)
        if resource.deleting and not self.users(key):
            return await self._release(resource)
        was_ready = self._is_ready(key)
        try:
            resource = await self._hold(resource)
            line = await self._connections.verify(resource)
            await self._mark_secret(resource)
            verdict, facts = _working(resource, self.users(key)), dict(line.facts)
            warning = EventReason.DELETION_BLOCKED if resource.deleting else None
        except errors.Conflict:
            raise
        except errors.JitopsError as error:
            verdict, facts = judge(error), {}
            warning = EventReason.CANNOT_CONNECT
        latest = self._kube.get(key) or resource
        await self._reporter.report(latest, verdict, facts, failed=warning)
        if was_ready != self._is_ready(key):
            self._wake(key)
        return Result(verdict.retry, verdict.after, verdict.reason)

    def suspect(self, key: Key, error: Exception) -> None:
        """Have a connection looked at after a failure that may be its own."""
        if isinstance(error, errors.CredentialsRejected):
            self._connections.suspect(key, error)
        if isinstance(error, errors.CredentialsRejected | errors.Unavailable | errors.RateLimited):
            self.enqueue(key)

    def users(self, key: Key) -> list[Key]:
        """Name the resources that made, or may have made, something over a connection."""
        found = (self._kube.get(user) for user in self._references.dependents(key))
        return sorted(user.key for user in found if user and meta.FINALIZER in user.finalizers)

    async def protect(self, key: Key) -> None:
        """See to it, before anything is made over a connection, that its credentials outlive what is made."""
        resource = self._kube.get(key)
        if key not in self._protected and resource is not None:
            await self._hold(resource)
            await self._mark_secret(resource)

    async def _mark_secret(self, resource: Resource) -> None:
        """Keep the finalizer on the Secret while anyone uses it over any connection, and no longer.

        Who uses it is asked after the Secret was read: whoever comes later changes the version we write to.
        """
        name = (resource.spec.get("credentialsRef") or {}).get("name") or ""
        secret = await self._kube.read_secret(resource.key.namespace, name)
        used = self._is_used(Key("Secret", resource.key.namespace, name))
        if used:
            self._protected.add(resource.key)
        else:
            self._protected.discard(resource.key)
        if (
            secret is None
            or (meta.IN_USE_FINALIZER in secret.finalizers) == used
            or (used and secret.deleting)
        ):
            return
        others = tuple(f for f in secret.finalizers if f != meta.IN_USE_FINALIZER)
        await self._kube.write_secret(
            secret.with_finalizers((*others, meta.IN_USE_FINALIZER) if used else others)
        )

    def _is_used(self, secret: Key) -> bool:
        return any(self.users(key) for key in self._references.dependents(secret) if self._protects(key))

    def _protects(self, key: Key) -> bool:
        resource = self._kube.get(key)
        policy = (resource.spec.get("credentials") or {}) if resource else {}
        return resource is not None and policy.get("protect", "Always") == "Always"

    async def _hold(self, resource: Resource) -> Resource:
        if meta.FINALIZER in resource.finalizers or resource.deleting:
            return resource
        return await self._kube.set_finalizers(resource, (*resource.finalizers, meta.FINALIZER))

    async def _release(self, resource: Resource) -> Result:
        await self._mark_secret(resource)
        others = tuple(f for f in resource.finalizers if f != meta.FINALIZER)
        if others != resource.finalizers:
            await self._kube.set_finalizers(resource, others)
        return await self._gone(resource.key)

    async def _gone(self, key: Key) -> Result:
        self._protected.discard(key)
        await self._connections.drop(key)
        self._wake(key)
        return Result(outcome=Reason.DELETING)

    def _is_ready(self, key: Key) -> bool:
        return self._connections.line(key) is not None and self._connections.error(key) is None

    def _wake(self, key: Key) -> None:
        for dependent in self._references.dependents(key):
            self.enqueue(dependent)


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
