"""How a reconcile ends: verdict, events, status, next attempt; and what is remembered between two of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.contract.kinds import connection_key
from jitops.core.kube import Event
from jitops.core.managed.converged import ConvergedCache
from jitops.core.managed.replace import listed
from jitops.core.status.conditions import Verdict, find, judge
from jitops.core.status.requeue import Result, Retry
from jitops.core.status.writer import log_defect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jitops.core.contract.observation import Change
    from jitops.core.kube import JSON, Key, Resource, Secret
    from jitops.core.managed.context import Work
    from jitops.core.managed.services import Services
    from jitops.core.outputs.outputs import PublishedOutput

OUTAGE_PATIENCE = 300.0
"""Seconds for which a settled resource keeps its last Ready while the remote can't be reached."""
QUEUE_PATIENCE = 10.0
"""Seconds of waiting for budget that are not worth a status."""
MOST_CORRECTIONS = 5
"""How often the same drift is corrected within `CORRECTION_WINDOW` before we call it thrashing."""
CORRECTION_WINDOW = 3600.0


class Outcomes:
    """Ends reconciles; keeps in memory what they ended with."""

    def __init__(self, services: Services) -> None:
        self._s = services
        self.rest = ConvergedCache(services.connections)
        self._failing: dict[Key, tuple[type[Exception], float]] = {}
        """What passing failure each resource is in, and since when."""
        self._corrections: dict[Key, list[tuple[float, tuple[str, ...]]]] = defaultdict(list)

    def forget(self, key: Key) -> Result:
        """Forget a resource that is no more."""
        self._failing.pop(key, None)
        self._corrections.pop(key, None)
        self.rest.leave(key)
        return Result(outcome=Reason.DELETING)

    async def succeeded(self, work: Work) -> Result:
        """Tell how the world is now."""
        if work.resource.deleting and meta.FINALIZER not in work.resource.finalizers:
            for event in work.events:
                self._s.kube.event(work.resource, event)
            return self.forget(work.resource.key)
        if work.policies.paused:
            return await self._told(work, _paused(work))
        self._complete(work)
        if work.plan.drift:
            self.rest.leave(work.resource.key)
            return await self._told(work, self._in_time(work, _drifted(work)))
        self.rest.enter(work)
        return await self._told(work, self._in_time(work, _ready(work)))

    async def failed(self, work: Work, error: Exception) -> Result:
        """Tell what is in the way."""
        self.rest.leave(work.resource.key)
        log_defect(work.resource.key, error)
        if work.line is not None:
            self._s.connection_reconciler.suspect(connection_key(work.row, work.resource), error)
        verdict = self._patient(work, error)
        if work.resource.deleting and not isinstance(error, errors.NotYet | errors.RateLimited):
            verdict = replace(verdict, message=f"{verdict.message}{_WAY_OUT}")
        return await self._told(work, verdict, _warning(work, verdict))

    def _in_time(self, work: Work, verdict: Verdict) -> Verdict:
        """Come back when the object, or the end of a drift hold, needs it."""
        moments = (work.adapter.due(work.desired, work.found), work.hold_until)
        due = min((moment for moment in moments if moment is not None), default=None)
        if work.again is not None:
            return replace(verdict, retry=work.again.retry, after=work.again.after)
        if due is None:
            return verdict
        return replace(verdict, retry=Retry.AFTER, after=self._seconds_until(due))

    def _seconds_until(self, moment: datetime) -> float:
        return max(0.0, (moment - self._s.clock.now()).total_seconds())

    def collect_status(self, work: Work) -> None:
        """Put what the remote holds into the facts for status; what is only observed is not thereby applied.

        Except what we made and died before telling: that it bears no id in status yet makes it no less ours.
        """
        work.facts |= {"id": work.found.id, **work.adapter.facts(work.desired, work.found), **listed(work)}
        if not work.policies.observe_only:
            left = work.adapter.leftovers(work.desired, work.found)
            work.facts["appliedFields"] = sorted({*work.adapter.fields(work.desired), *left})
        elif work.found.id != work.resource.status.get("id"):
            equal = set(work.adapter.fields(work.desired)) - set(work.plan.drift)
            work.facts["appliedFields"] = sorted(equal) if work.found.ours else None

    def _complete(self, work: Work) -> None:
        """Add to the facts what holds once everything was done."""
        if not work.plan.drift:
            work.facts["syncedGeneration"] = work.resource.generation
        work.facts["drift"] = self._drift(work)

    def _drift(self, work: Work) -> JSON:
        if not work.plan.drift:
            return None
        before = work.resource.status.get("drift") or {}
        if before.get("fields") != list(work.plan.drift):
            work.record_event(EventReason.DRIFT_DETECTED, _differs(work), warning=True)
        since = before.get("since") or stamp(self._s.clock.now())
        return {"fields": list(work.plan.drift), "since": since}

    def _patient(self, work: Work, error: Exception) -> Verdict:
        """Keep the last conditions through a passing failure (design.md section 5)."""
        if isinstance(error, errors.CredentialsRejected):
            error = errors.Unavailable(str(error))
        verdict = judge(error)
        match error:
            case errors.Unavailable():
                left = self._left(work.resource.key, errors.Unavailable, OUTAGE_PATIENCE)
                silent, after = left > 0 and work.settled and not work.resource.deleting, left
            case errors.RateLimited():
                left = self._left(work.resource.key, errors.RateLimited, QUEUE_PATIENCE)
                silent, after = error.after <= left, error.after
            case _:
                self._failing.pop(work.resource.key, None)
                return verdict
        return Verdict(verdict.reason, verdict.message, retry=verdict.retry, after=after) if silent else verdict

    def in_outage(self, key: Key) -> bool:
        """Tell whether the remote could not be reached for a resource the last time."""
        return self._failing.get(key, (None, 0.0))[0] is errors.Unavailable

    def _left(self, key: Key, kind: type[Exception], patience: float) -> float:
        """Tell for how many seconds a failure of this kind may still go on untold."""
        now = self._s.clock.monotonic()
        known, since = self._failing.get(key, (None, now))
        if known is not kind:
            since = now
        self._failing[key] = kind, since
        return since + patience - now

    async def _told(self, work: Work, verdict: Verdict, warning: str | None = None) -> Result:
        result = Result(verdict.retry, verdict.after, verdict.reason)
        if verdict.ready == "True":
            self._failing.pop(work.resource.key, None)
        if (verdict.ready, verdict.synced, verdict.resolved) == (None, None, None):
            return result
        if verdict.reason != Reason.RECONCILE_PAUSED and _was_paused(work):
            work.record_event(EventReason.RESUMED, "reconciling goes on")
        events = tuple(work.events)
        work.resource = await self._s.reporter.report(work.resource, verdict, work.facts, events, warning)
        return result

    def refuse_thrashing(self, work: Work, changes: tuple[Change, ...]) -> None:
        """Stop correcting a difference that someone else makes again and again."""
        paths = tuple(change.path for change in changes if not change.generated)
        if not (work.settled and paths) or work.asked:
            return
        now = self._s.clock.monotonic()
        recent = [past for past in self._corrections[work.resource.key] if now - past[0] < CORRECTION_WINDOW]
        if sum(past[1] == paths for past in recent) >= MOST_CORRECTIONS:
            raise errors.Thrashing(
                f"{', '.join(paths)} was corrected {MOST_CORRECTIONS} times within the hour and came back:"
                " find who else writes it, or set spec.management.drift to Report"
            )
        self._corrections[work.resource.key] = [*recent, (now, paths)]

    def tell_update(self, work: Work, changes: tuple[Change, ...]) -> None:
        """Tell what was changed, by path, unless the adapter's own news say it already."""
        paths = ", ".join(change.path for change in changes)
        if work.settled and any(not change.generated for change in changes):
            work.record_event(EventReason.DRIFT_CORRECTED, f"corrected {paths}")
        elif not (work.events or work.desired.news):
            work.record_event(EventReason.UPDATED, f"updated {paths}")

    async def tell_deletion(self, work: Work, users: tuple[Resource, ...]) -> None:
        """Tell what was deleted, what of others leads nowhere since, and our own users that theirs went too."""
        work.record_event(EventReason.DELETED, f"deleted {work.found.id}")
        for sentence in await work.adapter.left_behind(work.desired, work.found):
            work.record_event(EventReason.DELETED, sentence, warning=True)
        for user in users:
            sentence = (
                f"deleted {user.status.get('id')} with {work.resource.key}, by its policy {work.policies.cascade}"
            )
            self._s.kube.event(user, Event(EventReason.DELETED, sentence, warning=True))

    def tell_secret(self, work: Work, before: PublishedOutput[Secret]) -> None:
        """Tell that the Secret was written, unless there is none, or a creation or rotation says it already."""
        secret = work.held.data_object
        if secret is None or work.events or work.desired.news or (before.data_object is None and not work.may_exist):
            return
        if work.settled:
            work.record_event(EventReason.SECRET_RESTORED, f"restored Secret {secret.name}")
        else:
            work.record_event(EventReason.SECRET_PUBLISHED, f"wrote Secret {secret.name}")


def _ready(work: Work) -> Verdict:
    """Say that the resource is as it should be, and what that rests on."""
    reason, message = work.readiness
    return Verdict(reason=reason, message=message, ready="True", synced="True", resolved="True")


_WAY_OUT = f"; to let go without cleaning up, annotate with {meta.RELEASE_FINALIZER}={meta.RELEASE_ORPHAN}"


def is_ending(status: Mapping[str, JSON]) -> bool:
    """Say whether a status tells of a deletion that was accepted and not yet seen."""
    return bool(find(status, ConditionType.READY).get("reason") == Reason.DELETING)


def _paused(work: Work) -> Verdict:
    if not _was_paused(work):
        work.record_event(EventReason.PAUSED, f"paused by the annotation {meta.PAUSED}")
    what = "the deletion" if work.resource.deleting else "reconciling"
    return Verdict(Reason.RECONCILE_PAUSED, f"{what} waits until {meta.PAUSED} is taken off", synced="False")


def _was_paused(work: Work) -> bool:
    return bool(find(work.resource.status, ConditionType.SYNCED).get("reason") == Reason.RECONCILE_PAUSED)


def _differs(work: Work) -> str:
    return f"differs at the remote: {', '.join(work.plan.drift)}"


def _drifted(work: Work) -> Verdict:
    """Report what differs; it is for a person to end that, but for a hold, whose end corrects it."""
    return Verdict(
        reason=Reason.DRIFT_DETECTED,
        message=_differs(work),
        ready="False",
        synced="True",
        resolved="True",
        stalled=work.hold_until is None,
        drift=work.plan.drift,
    )


_WARNINGS = {
    Reason.DELETION_BLOCKED: EventReason.DELETION_BLOCKED,
    Reason.CONFLICT: EventReason.CONFLICT_DETECTED,
    Reason.ADOPTION_MISMATCH: EventReason.CONFLICT_DETECTED,
    Reason.THROTTLED: EventReason.THROTTLED,
    Reason.MANUAL_ACTION_REQUIRED: EventReason.MANUAL_ACTION_REQUIRED,
    Reason.CREATING: None,
    Reason.DELETING: None,
}


def _warning(work: Work, verdict: Verdict) -> str | None:
    """Name the event for a failure; what is merely in progress gets none."""
    return _WARNINGS.get(Reason(verdict.reason), work.phase)
