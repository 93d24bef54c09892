"""End a reconcile: its verdict, events, status and next attempt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.core.clock import stamp
from jitops.core.contract.kinds import connection_key
from jitops.core.managed.context import is_applied, spec_hash
from jitops.core.managed.expiry import with_expiries
from jitops.core.status.conditions import Result, Verdict, find, shows_pause
from jitops.core.status.error_rules import PHASE, rule_of
from jitops.core.status.requeue import ON_CHANGE, Requeue
from jitops.core.status.writer import log_defect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jitops.core.contract.observation import Readiness
    from jitops.core.kube import JSON, Key, Resource
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.managed.memory import Patience
    from jitops.core.managed.replace import Leftover
    from jitops.core.managed.services import Services

_WAY_OUT = f"; to release it without cleaning up, annotate it with {meta.RELEASE_FINALIZER}={meta.RELEASE_ORPHAN}"


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan that was executed, and what Ready rests on."""

    context: ReconcileContext
    readiness: Readiness
    leftover: Leftover


@dataclass(frozen=True, slots=True)
class Paused:
    """A reconcile that wrote nothing, because somebody pauses the resource."""

    by: tuple[str, ...]
    """Who pauses it, in words."""
    compared: ReconcileContext | None = None
    """What a comparison found, where there was one."""


class Released:
    """A deletion that ended: the finalizer is off."""


Ending = Applied | Paused | Released


class Outcomes:
    """Ends the reconciles of managed resources."""

    def __init__(self, services: Services, patience: Patience) -> None:
        self._s = services
        self._patience = patience

    async def succeeded(self, recorder: Recorder, ending: Ending) -> Result:
        """Write the status of a reconcile that raised nothing."""
        match ending:
            case Applied():
                return await self._applied(recorder, ending)
            case Paused():
                return await self._paused(recorder, ending)
            case Released():
                for event in recorder.events:
                    self._s.kube.event(recorder.resource, event)
                return Result(Requeue.on_change(), Reason.DELETING)

    async def failed(self, recorder: Recorder, error: Exception) -> Result:
        """Write the status of a failed reconcile."""
        resource = recorder.resource
        self._s.converged.discard(resource.key)
        log_defect(resource.key, error)
        if recorder.connected:
            self._s.connection_reconciler.suspect(self._connection(resource), error)
        verdict, rule = self._patience.judge(resource, error), rule_of(error)
        if recorder.paused_by:
            paused = _paused(recorder, recorder.paused_by, f"it could not be compared ({verdict.reason})")
            return await self._write(recorder, replace(paused, requeue=verdict.requeue))
        if resource.deleting and rule.needs_way_out:
            verdict = replace(verdict, message=f"{verdict.message}{_WAY_OUT}")
        return await self._write(recorder, verdict, recorder.phase if rule.event == PHASE else rule.event)

    async def _paused(self, recorder: Recorder, paused: Paused) -> Result:
        """Write the status of a paused resource, with what a comparison found; only an applied spec has drift."""
        context = paused.compared
        if context is None:
            return await self._write(recorder, _paused(recorder, paused.by))
        drift = context.plan.drift if is_applied(context.resource) else ()
        recorder.facts["drift"] = self._drift(replace(context, plan=replace(context.plan, drift=drift)), recorder)
        verdict = _paused(recorder, paused.by, _finding(context))
        return await self._write(recorder, replace(verdict, drift=drift))

    async def _applied(self, recorder: Recorder, applied: Applied) -> Result:
        """Write the status of a successful reconcile."""
        context = applied.context
        recorder.events += recorder.closing_events
        recorder.ends_overdue = not context.policies.observe_only
        if not context.plan.drift or is_applied(context.resource):
            recorder.facts["appliedSpec"] = spec_hash(context.resource)
        if not context.plan.drift:
            recorder.facts["syncedGeneration"] = context.resource.generation
        recorder.facts["drift"] = self._drift(context, recorder)
        if context.plan.drift:
            self._s.converged.discard(context.resource.key)
        else:
            self._s.converged.add(context)
        verdict = _drifted(context) if context.plan.drift else _ready(applied)
        return await self._write(recorder, replace(verdict, requeue=self._requeue(applied)))

    def _requeue(self, applied: Applied) -> Requeue:
        """Return when the object, a replaced one or the end of a drift hold needs attention."""
        if applied.leftover.requeue is not None:
            return applied.leftover.requeue
        moments = (applied.readiness.due, applied.context.policies.drift_hold)
        due = min((moment for moment in moments if moment is not None), default=None)
        return ON_CHANGE if due is None else Requeue.after(self._seconds_until(due))

    def _seconds_until(self, moment: datetime) -> float:
        return max(0.0, (moment - self._s.clock.now()).total_seconds())

    def _drift(self, context: ReconcileContext, recorder: Recorder) -> JSON:
        drift = list(context.plan.drift)
        if not drift:
            return None
        before = context.resource.status.get("drift") or {}
        if before.get("fields") != drift:
            recorder.event(EventReason.DRIFT_DETECTED, _differs(context), warning=True)
        return {"fields": drift, "since": before.get("since") or stamp(self._s.clock.now())}

    def _connection(self, resource: Resource) -> Key:
        return connection_key(self._s.kinds.managed[resource.key.kind], resource)

    def _with_expiries(self, recorder: Recorder, verdict: Verdict) -> Verdict:
        """Add what the resource's status, as it will be written, says about ends at the remote."""
        kind = self._s.kinds.managed[recorder.resource.key.kind]
        expiries = kind.expiries({**recorder.resource.status, **recorder.facts})
        if not expiries:
            return verdict
        return with_expiries(verdict, expiries, self._s.clock.now(), ended=recorder.ends_overdue)

    async def _write(self, recorder: Recorder, verdict: Verdict, warning: str | None = None) -> Result:
        """Write status and events, unless the verdict leaves every condition as it was."""
        verdict = self._with_expiries(recorder, verdict)
        result = Result(verdict.requeue, verdict.reason)
        if verdict.ready == "True":
            self._patience.forget(recorder.resource.key)
        resumes = verdict.reason != Reason.RECONCILE_PAUSED and shows_pause(recorder.resource.status)
        if resumes and verdict.synced is None:
            verdict = replace(verdict, synced="Unknown")  # The condition must not go on saying that it is paused.
        if verdict.changes_nothing:
            return result
        if resumes:
            recorder.event(EventReason.RESUMED, "reconciling goes on")
        events = tuple(recorder.events)
        await self._s.status_writer.report(recorder.resource, verdict, recorder.facts, events, warning)
        return result


def is_ending(status: Mapping[str, JSON]) -> bool:
    """Return whether a status reports a deletion that was accepted and not yet seen."""
    return bool(find(status, ConditionType.READY).get("reason") == Reason.DELETING)


def _ready(applied: Applied) -> Verdict:
    """Return Ready=True, with what it rests on."""
    readiness = applied.readiness
    return Verdict(
        reason=readiness.reason,
        message=f"{readiness.message}{applied.leftover.note}",
        ready="True",
        synced="True",
        resolved="True",
        extra=readiness.conditions,
    )


def _drifted(context: ReconcileContext) -> Verdict:
    """Return the report of a difference. A person must end it, except during a hold, whose end corrects it."""
    return Verdict(
        reason=Reason.DRIFT_DETECTED,
        message=_differs(context),
        ready="False",
        synced="True",
        resolved="True",
        stalled=context.policies.drift_hold is None,
        drift=context.plan.drift,
    )


def _differs(context: ReconcileContext) -> str:
    return f"differs at the remote: {', '.join(context.plan.drift)}"


def _paused(recorder: Recorder, by: tuple[str, ...], finding: str = "") -> Verdict:
    """Return the report of a pause, with what a comparison found."""
    names = " and ".join(by)
    if not shows_pause(recorder.resource.status):
        recorder.event(EventReason.PAUSED, f"paused by {names}")
    what = "the deletion" if recorder.resource.deleting else "reconciling"
    sentences = (f"{what} is paused by {names}", "it continues once that is removed", finding)
    return Verdict(Reason.RECONCILE_PAUSED, "; ".join(filter(None, sentences)), synced="False")


def _finding(context: ReconcileContext) -> str:
    """Return what would be done if the resource were not paused; empty: nothing."""
    if context.observation is None:
        return "the remote object does not exist"
    return _differs(context) if context.plan.drift else ""
