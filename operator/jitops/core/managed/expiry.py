"""End in time what has a known end, such as a rotated key, even if the reconcile fails; else report it as overdue.

A successful reconcile ends it together with everything else. This module serves the others: reconciles that fail
before they get that far, and reconciles that may not write.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.contract.kinds import connection_key
from jitops.core.status.error_rules import ConnectionFault, rule_of
from jitops.core.status.writer import log_defect

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.contract.observation import Expiry
    from jitops.core.kube import Resource
    from jitops.core.managed.context import Recorder
    from jitops.core.managed.resolve import Resolver
    from jitops.core.managed.services import Services
    from jitops.core.status.conditions import Verdict


class Expirer:
    """Ends everything overdue where a reconcile failed."""

    def __init__(self, services: Services, resolver: Resolver) -> None:
        self._s = services
        self._resolver = resolver

    async def after_failure(self, recorder: Recorder, error: Exception) -> None:
        """End everything overdue, unless nothing may be written, or the connection itself is what fails.

        An error of this attempt is not raised: the reconcile has one already, and its message names everything overdue.
        """
        resource, now = recorder.resource, self._s.clock.now()
        kind = self._s.kinds.managed[resource.key.kind]
        status = {**resource.status, **recorder.facts}
        if not _overdue(kind.expiries(status), now) or not self._may_write(kind, resource, error):
            return
        try:
            connection = await self._s.connections.use(connection_key(kind, resource), resource.key.namespace)
            recorder.facts |= await kind.adapter(connection.client).expire(status, now)
        except errors.Interrupted:
            raise
        except Exception as second:  # noqa: BLE001 - the first error is the one to report; a defect is logged here
            log_defect(resource.key, second)
            return
        recorder.ends_overdue = True

    def _may_write(self, kind: ManagedKind, resource: Resource, error: Exception) -> bool:
        """Return whether an attempt is allowed and makes sense; a passing failure is retried soon anyway."""
        rule, policies = rule_of(error), self._resolver.policies(kind, resource)
        if rule.forbids_writing or policies.paused or (policies.leaves_remote and resource.deleting):
            return False
        return not (policies.observe_only or rule.patience or rule.connection is not ConnectionFault.NONE)


def with_expiries(verdict: Verdict, expiries: tuple[Expiry, ...], now: datetime, *, ended: bool) -> Verdict:
    """Return a verdict whose message names everything overdue, and whose next attempt is not later than the next end.

    `ended`: this reconcile ended all that was overdue when it began, so that the rest is due and not held up.
    """
    late = () if ended else _overdue(expiries, now)
    coming = [max(0.0, (each.at - now).total_seconds()) for each in expiries if each not in late]
    requeue = verdict.requeue.no_later_than(min(coming)) if coming else verdict.requeue
    return replace(verdict, message=f"{verdict.message}{_note(late)}", requeue=requeue)


def _overdue(expiries: tuple[Expiry, ...], now: datetime) -> tuple[Expiry, ...]:
    return tuple(each for each in expiries if each.at <= now)


def _note(late: tuple[Expiry, ...]) -> str:
    if not late:
        return ""
    listed = ", ".join(f"{each.what} (since {stamp(each.at)})" for each in late)
    return f"; overdue, and removed as soon as jitops may write again: {listed}"
