"""Count log-ins in the status of the connection, so that jitops never locks an account.

Five refused log-ins lock a Harmony account for 30 minutes (docs/reference/jitterbit.md section 2.3). Each attempt is
written to status before it is made, withdrawn if Harmony never judged it, and cleared when accepted. An account's count
is the sum over all connections that use it. After two attempts none is made until the Secret changes (another account
hash) or a person asks, which allows exactly one more. A Secret that is set back to refused credentials gets no new
attempts.
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
"""How many refused accounts a connection remembers; a former Secret may be restored."""


class StatusLedger:
    """The log-ins of one account in the status of one connection."""

    def __init__(self, kube: Kube, clock: Clock, key: Key, account: str) -> None:
        self._kube = kube
        self._clock = clock
        self._key = key
        self._account = account
        self._former: Mapping[str, JSON] | None = None
        """This account's entry as it was before the last attempt."""

    async def attempt(self) -> None:
        """Count one attempt before it is made; CredentialsRejected if no more may be made."""
        resource = await self._resource()
        asked = resource.reconcile_request
        entry = self._entry(resource)
        handled = entry.get("granted", resource.status.get("lastHandledReconcileAt"))
        granted = bool(asked) and asked != handled
        if self._total() >= LIMIT and not granted:
            raise CredentialsRejected(
                f"{LIMIT} log-ins were refused or not answered, and a few more would lock the account: correct the"
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
        """Withdraw the last attempt, so that an outage uses up none; the breaker spaces these writes."""
        resource = self._kube.get(self._key)
        if resource is not None and self._entry(resource):
            await self._write(resource, [*self._others(resource), *([self._former] if self._former else [])])

    async def accepted(self) -> None:
        """Clear the count of this account on every connection, and the counts of its former credentials."""
        for connection in self._kube.list(self._key.kind):
            if any(map(self._is_mine, _logins(connection))):
                await self._write(connection, [] if connection.key == self._key else self._others(connection))

    def _total(self) -> int:
        lines = self._kube.list(self._key.kind)
        return sum(line.get("attempts", 0) for c in lines for line in _logins(c) if self._is_mine(line))

    def _entry(self, resource: Resource) -> Mapping[str, JSON]:
        return next((line for line in _logins(resource) if self._is_mine(line)), {})

    def _others(self, resource: Resource) -> list[Mapping[str, JSON]]:
        """Return the entries of other credentials, which stay counted if a Secret is set back to them."""
        return [line for line in _logins(resource) if not self._is_mine(line)]

    def _is_mine(self, line: Mapping[str, JSON]) -> bool:
        return bool(line.get("account") == self._account)

    async def _resource(self) -> Resource:
        found = self._kube.get(self._key) or await self._kube.refresh(self._key)
        if found is None:
            raise Conflict(f"{self._key} is gone")
        return found

    async def _write(self, resource: Resource, logins: list[Mapping[str, JSON]]) -> None:
        """Write the entries; only the latest ones if there are too many."""
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
