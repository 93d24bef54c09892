"""How long a passing failure keeps the last conditions: an outage of seconds is no news to anyone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.core import errors
from jitops.core.managed.context import is_settled
from jitops.core.status.conditions import Verdict, judge
from jitops.core.status.error_rules import ConnectionFault, for_dependents, rule_of
from jitops.core.status.requeue import Requeue

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.kube import Key, Resource
    from jitops.core.status.error_rules import ErrorRule


class Patience:
    """The passing failures that resources are in, and since when; kept in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing: dict[Key, tuple[ErrorRule, float]] = {}

    def judge(self, resource: Resource, error: Exception) -> Verdict:
        """Return what an error means for a resource; a failure that may pass by itself changes no condition."""
        error = _for_resource(error)
        verdict, rule = judge(error), rule_of(error)
        if not rule.patience:
            self.forget(resource.key)
            return verdict
        left = self._left(resource.key, rule)
        if self._keeps_conditions(resource, error, left):
            return replace(_silent(verdict), requeue=_soon(error, left))
        return verdict

    def in_outage(self, key: Key) -> bool:
        """Return whether the last attempt for a resource could not reach the remote."""
        known = self._failing.get(key)
        return known is not None and known[0].connection is ConnectionFault.SUSPECTED

    def forget(self, key: Key) -> None:
        """Forget a resource that no longer fails, or no longer exists."""
        self._failing.pop(key, None)

    def _left(self, key: Key, rule: ErrorRule) -> float:
        """Return for how many seconds a failure of this kind may still go unreported."""
        now = self._clock.monotonic()
        known, started_at = self._failing.get(key, (rule, now))
        if known is not rule:
            started_at = now
        self._failing[key] = rule, started_at
        return started_at + rule.patience - now

    @staticmethod
    def _keeps_conditions(resource: Resource, error: Exception, left: float) -> bool:
        """Return whether the failure goes unreported: a short wait, or an outage of a resource that was Ready."""
        if isinstance(error, errors.JitopsError) and error.after is not None:
            return error.after <= left
        return left > 0 and is_settled(resource) and not resource.deleting


def _for_resource(error: Exception) -> Exception:
    """Return an error as a resource sees it: refused credentials are the connection's to report."""
    if isinstance(error, errors.JitopsError) and rule_of(error).connection is ConnectionFault.REFUSED:
        return for_dependents(error, str(error))
    return error


def _silent(verdict: Verdict) -> Verdict:
    return Verdict(verdict.reason, verdict.message)


def _soon(error: Exception, left: float) -> Requeue:
    after = error.after if isinstance(error, errors.JitopsError) else None
    return Requeue.backoff(at_most=left) if after is None else Requeue.after(after)
