"""Conditions: from what happened to what the user reads. One function writes them.

`Ready`, `Synced` and `ReferencesResolved` are always present once known. `Reconciling`, `Stalled` and `DriftDetected`
are abnormal and present only while true (kstatus). A kind may add conditions of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType as Kind
from jitops.api.reasons import Reason
from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.contract.observation import ExtraCondition
from jitops.core.status.error_rules import DEFECT, rule_of
from jitops.core.status.requeue import ON_CHANGE, Requeue

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.kube import JSON


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reconcile means for the conditions; None leaves a condition as it was."""

    reason: str
    message: str
    ready: str | None = None
    synced: str | None = None
    resolved: str | None = None
    stalled: bool = False
    reconciling: bool = False
    drift: tuple[str, ...] = ()
    extra: tuple[ExtraCondition, ...] | None = None
    """The kind's own conditions; None leaves the existing ones."""
    requeue: Requeue = ON_CHANGE

    @property
    def changes_nothing(self) -> bool:
        """Return whether every condition stays as it was."""
        return (self.ready, self.synced, self.resolved, self.extra) == (None, None, None, None)


def judge(error: Exception) -> Verdict:
    """Return what an error means, by the table `error_rules`; the text of a defect is not shown."""
    rule = rule_of(error)
    known = error if isinstance(error, errors.JitopsError) and rule is not DEFECT else None
    message = str(error) if known else f"a defect in jitops ({type(error).__name__}); its log has the details"
    return Verdict(
        reason=(known and known.reason) or rule.reason,
        message=message,
        ready=rule.ready,
        synced=rule.synced,
        resolved=rule.resolved,
        stalled=rule.stalled,
        reconciling=rule.reconciling,
        drift=known.paths if known else (),
        requeue=rule.requeue if known is None or known.after is None else Requeue.after(known.after),
    )


def conditions(
    before: Sequence[Mapping[str, JSON]], verdict: Verdict, generation: int, now: datetime
) -> list[Mapping[str, JSON]]:
    """Return the new list; a condition whose status did not change keeps its transition time."""
    asked: dict[str, tuple[str | None, str, str]] = {
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
    asked |= _extra(verdict, found.keys() - asked.keys())
    result = [_condition(found.get(kind), kind, said, generation, now) for kind, said in asked.items()]
    return [condition for condition in result if condition is not None]


def _extra(verdict: Verdict, existing: Iterable[str]) -> dict[str, tuple[str | None, str, str]]:
    """Return the kind's own conditions: those it reports, and the end of those it no longer reports."""
    if verdict.extra is None:
        return dict.fromkeys(sorted(existing), (None, "", ""))
    ended = dict.fromkeys(sorted(existing), (_ABSENT, "", ""))
    return {**ended, **{each.type: (each.status, each.reason, each.message) for each in verdict.extra}}


_ABSENT = "absent"


def _present(value: bool) -> str:
    return "True" if value else _ABSENT


def _because(status: str | None, verdict: Verdict) -> tuple[str, str]:
    return (Reason.AVAILABLE, "") if status == "True" else (verdict.reason, verdict.message)


def _condition(
    before: Mapping[str, JSON] | None, kind: str, said: tuple[str | None, str, str], generation: int, now: datetime
) -> Mapping[str, JSON] | None:
    status, reason, message = said
    if status is None:
        return before
    if status == _ABSENT:
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
    """Return a condition of a status; empty if it does not exist."""
    return next((c for c in status.get("conditions") or () if c["type"] == kind), {})


@dataclass(frozen=True, slots=True)
class Result:
    """When to reconcile the key again, and how this reconcile ended (a reason, for metrics)."""

    requeue: Requeue
    outcome: str = Reason.AVAILABLE


def shows_pause(status: Mapping[str, JSON]) -> bool:
    """Return whether a status shows that the resource is paused."""
    return bool(find(status, Kind.SYNCED).get("reason") == Reason.RECONCILE_PAUSED)
