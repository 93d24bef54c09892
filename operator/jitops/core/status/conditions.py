"""From what happened to what the user reads: one table from errors to verdicts, one function that writes conditions.

`Ready`, `Synced` and `ReferencesResolved` are always there once known; `Reconciling`, `Stalled` and `DriftDetected`
are abnormal and present only while true (kstatus).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType as Kind
from jitops.api.reasons import Reason
from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.status.requeue import Retry

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.kube import JSON


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reconcile means for the conditions. None leaves a condition as it was."""

    reason: str
    message: str
    ready: str | None = None
    synced: str | None = None
    resolved: str | None = None
    stalled: bool = False
    reconciling: bool = False
    drift: tuple[str, ...] = ()
    retry: Retry = Retry.NEVER
    after: float | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    reason: Reason
    retry: Retry
    stalled: bool = False
    reconciling: bool = False
    ready: str = "False"
    synced: str | None = "False"


VERDICTS: Mapping[type[Exception], _Rule] = {
    errors.SpecInvalid: _Rule(Reason.INVALID_CONFIGURATION, Retry.NEVER, stalled=True),
    errors.PreflightFailed: _Rule(Reason.INVALID_CONFIGURATION, Retry.SLOW, stalled=True),
    errors.DependencyNotReady: _Rule(Reason.DEPENDENCY_NOT_READY, Retry.SLOW),
    errors.CredentialsRejected: _Rule(Reason.CREDENTIALS_INVALID, Retry.NEVER, stalled=True),
    errors.PermissionDenied: _Rule(Reason.PERMISSION_DENIED, Retry.SLOW, stalled=True),
    errors.Unavailable: _Rule(
        Reason.REMOTE_UNAVAILABLE, Retry.EXPONENTIAL, reconciling=True, ready="Unknown", synced=None
    ),
    errors.RateLimited: _Rule(Reason.THROTTLED, Retry.AFTER, reconciling=True, synced=None),
    errors.NotYet: _Rule(Reason.CREATING, Retry.AFTER, reconciling=True, synced=None),
    errors.AlreadyOwned: _Rule(Reason.CONFLICT, Retry.SLOW, stalled=True),
    errors.AdoptionMismatch: _Rule(Reason.ADOPTION_MISMATCH, Retry.SLOW, stalled=True),
    errors.RemoteNotFound: _Rule(Reason.REMOTE_NOT_FOUND, Retry.SLOW, stalled=True),
    errors.ManualActionRequired: _Rule(Reason.MANUAL_ACTION_REQUIRED, Retry.SLOW, stalled=True),
    errors.DeletionBlocked: _Rule(Reason.DELETION_BLOCKED, Retry.SLOW, stalled=True),
    errors.Thrashing: _Rule(Reason.THRASHING, Retry.NEVER, stalled=True),
}
_UNEXPECTED = _Rule(Reason.INTERNAL_ERROR, Retry.EXPONENTIAL, reconciling=True)


def judge(error: Exception) -> Verdict:
    """Look an error up in the table; what isn't there is a defect of ours and says so without its text."""
    rule = next((VERDICTS[base] for base in type(error).__mro__ if base in VERDICTS), _UNEXPECTED)
    known = rule is not _UNEXPECTED
    message = str(error) if known else f"a defect in jitops ({type(error).__name__}); its log has the details"
    verdict = Verdict(
        reason=rule.reason,
        message=message,
        ready=rule.ready,
        synced=rule.synced,
        stalled=rule.stalled,
        reconciling=rule.reconciling,
        retry=rule.retry,
    )
    return _particular(verdict, error)


def _particular(verdict: Verdict, error: Exception) -> Verdict:
    """Add what an error knows beyond its class."""
    match error:
        case errors.DependencyNotReady():
            retry = Retry.SLOW if error.retry is None else Retry.AFTER
            return replace(verdict, reason=error.reason, resolved="False", retry=retry, after=error.retry)
        case errors.Unavailable() if error.circuit_open:
            return replace(verdict, reason=Reason.CIRCUIT_OPEN)
        case errors.RateLimited():
            return replace(verdict, after=error.after)
        case errors.NotYet():
            reason = Reason.DELETING if error.deleting else Reason.CREATING
            return replace(verdict, reason=reason, after=error.after)
        case errors.AdoptionMismatch():
            return replace(verdict, drift=error.paths)
    return verdict


def conditions(
    before: Sequence[Mapping[str, JSON]], verdict: Verdict, generation: int, now: datetime
) -> list[Mapping[str, JSON]]:
    """Give the new list; a condition whose status did not change keeps its transition time."""
    desired: dict[str, tuple[str | None, str, str]] = {
        Kind.READY: (verdict.ready, verdict.reason, verdict.message),
        Kind.SYNCED: (verdict.synced, *_because(verdict.synced, verdict)),
        Kind.REFERENCES_RESOLVED: (verdict.resolved, *_because(verdict.resolved, verdict)),
        Kind.RECONCILING: (_present(verdict.reconciling), verdict.reason, verdict.message),
        Kind.STALLED: (_present(verdict.stalled), verdict.reason, verdict.message),
        Kind.DRIFT_DETECTED: (
            _present(bool(verdict.drift)),
            Reason.DRIFT_DETECTED,
            f"differs at the remote: {', '.join(verdict.drift)}",
        ),
    }
    found = {condition["type"]: condition for condition in before}
    result = [_condition(found.get(kind), kind, *desired[kind], generation, now) for kind in desired]
    return [condition for condition in result if condition is not None]


_GONE = "gone"


def _present(value: bool) -> str:
    return "True" if value else _GONE


def _because(status: str | None, verdict: Verdict) -> tuple[str, str]:
    return (Reason.AVAILABLE, "") if status == "True" else (verdict.reason, verdict.message)


def _condition(  # noqa: PLR0913, PLR0917 - the parts of one condition
    before: Mapping[str, JSON] | None,
    kind: str,
    status: str | None,
    reason: str,
    message: str,
    generation: int,
    now: datetime,
) -> Mapping[str, JSON] | None:
    if status is None:
        return before
    if status == _GONE:
        return None
    kept = before is not None and before["status"] == status
    return {
        "type": str(kind),
        "status": status,
        "reason": str(reason),
        "message": message,
        "observedGeneration": generation,
        "lastTransitionTime": before["lastTransitionTime"] if kept and before else stamp(now),
    }


def find(status: Mapping[str, JSON], kind: str) -> Mapping[str, JSON]:
    """Return a condition of a status, empty when it isn't there."""
    return next((c for c in status.get("conditions") or () if c["type"] == kind), {})
