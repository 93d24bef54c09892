"""Counts log-ins in the status of the connection that makes them, so that no account is ever locked by us.

Five refused log-ins lock a Harmony account for 30 minutes (docs/reference/jitterbit.md section 2.3). Attempts are
written before they are made, taken back when nobody judged them, and cleared when accepted; an account's count is the
sum over all connections that use it. At two nobody tries, until the Secret changes (another account hash) or a person
asks, which allows exactly one more. A Secret that goes back to what was refused gets no new attempts by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.clock import Clock, stamp
from jitops.core.errors import Conflict, CredentialsRejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON, Key, Kube, Resource

LIMIT = 2
MOST_LINES = 16
"""How many accounts a connection remembers that refused it: those of former Secrets may come back."""


class StatusLedger:
    """The log-ins of one account, as one connection's status holds them."""

    def __init__(self, kube: Kube, clock: Clock, key: Key, account: str) -> None:
        self._kube = kube
        self._clock = clock
        self._key = key
        self._account = account
        self._former: Mapping[str, JSON] | None = None
        """This account's line as it was before the last attempt."""

    async def attempt(self) -> None:
        """Count one attempt before it is made; CredentialsRejected when no more may be made."""
        resource = await self._resource()
        asked = resource.reconcile_request
        entry = self._entry(resource)
        handled = entry.get("granted", resource.status.get("lastHandledReconcileAt"))
        granted = bool(asked) and asked != handled
        if self._total() >= LIMIT and not granted:
            raise CredentialsRejected(
                f"{LIMIT} log-ins were refused, or not answered, and a few more would lock the account: correct the"
                f" Secret, or set the annotation {meta.RECONCILE_REQUESTED_AT} on this connection to try once more"
            )
        counted = {
            "account": self._account,
            "attempts": entry.get("attempts", 0) + 1,
            "since": entry.get("since") or stamp(self._clock.now()),
        }
        if asked:
            counted["granted"] = asked
        await self._write(resource, [*self._others(resource), counted])
        before = {**counted, "attempts": counted["attempts"] - 1, "granted": handled or ""}
        self._former = before if entry or granted else None

    async def withdrawn(self) -> None:
        """Take the last attempt back: two writes a try, which the breaker spaces, and no outage uses tries up."""
        resource = self._kube.get(self._key)
        if resource is not None and self._entry(resource):
            await self._write(resource, [*self._others(resource), *([self._former] if self._former else [])])

    async def accepted(self) -> None:
        """Clear the count of this account, on whichever connection it stands, and what the Secret held before."""
        for connection in self._kube.list(self._key.kind):
            if any(map(self._is_mine, _logins(connection))):
                await self._write(connection, [] if connection.key == self._key else self._others(connection))

    def _total(self) -> int:
        lines = self._kube.list(self._key.kind)
        return sum(line.get("attempts", 0) for c in lines for line in _logins(c) if self._is_mine(line))

    def _entry(self, resource: Resource) -> Mapping[str, JSON]:
        return next((line for line in _logins(resource) if self._is_mine(line)), {})

    def _others(self, resource: Resource) -> list[Mapping[str, JSON]]:
        """Give the lines of other credentials: a Secret that goes back to them finds them counted."""
        return [line for line in _logins(resource) if not self._is_mine(line)]

    def _is_mine(self, line: Mapping[str, JSON]) -> bool:
        return bool(line.get("account") == self._account)

    async def _resource(self) -> Resource:
        found = self._kube.get(self._key) or await self._kube.refresh(self._key)
        if found is None:
            raise Conflict(f"{self._key} is gone")
        return found

    async def _write(self, resource: Resource, logins: list[Mapping[str, JSON]]) -> None:
        """Write the lines, the latest ones where they are too many."""
        if _logins(resource) == logins:
            return
        others = {name: value for name, value in resource.status.items() if name != "logins"}
        status = {**others, "logins": logins[-MOST_LINES:]} if logins else others
        try:
            await self._kube.write_status(resource, status, guarded=True)
        except Conflict:
            await self._kube.refresh(self._key)
            raise


def _logins(resource: Resource) -> list[Mapping[str, JSON]]:
    return list(resource.status.get("logins") or ())
