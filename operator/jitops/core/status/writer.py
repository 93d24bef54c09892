"""The one place that writes status: computed once, at the end, written only where it differs."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType, Reason
from jitops.core import errors
from jitops.core.kube import Event
from jitops.core.status.conditions import Verdict, conditions, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON, Kube, Resource

log = logging.getLogger(__name__)


class Reporter:
    """Writes what a reconcile came to, as status and events."""

    def __init__(self, kube: Kube, clock: Clock) -> None:
        self._kube = kube
        self._clock = clock

    async def report(
        self,
        resource: Resource,
        verdict: Verdict,
        facts: Mapping[str, JSON],
        events: tuple[Event, ...] = (),
        failed: str | None = None,
    ) -> Resource:
        """Write the verdict and the facts (None removes one); `failed` is the event reason if it went wrong.

        The warning goes out only when the Ready condition says something new, so that retries are silent. A verdict
        that leaves Ready as it was (a pause) observed no new generation: nobody may take Ready for what it asks.
        """
        verdict = _steady(resource, verdict)
        status = {**resource.status, **facts}
        if verdict.ready is not None:
            status["observedGeneration"] = resource.generation
        now = self._clock.now()
        status["conditions"] = conditions(resource.status.get("conditions") or (), verdict, resource.generation, now)
        if resource.reconcile_request:
            status["lastHandledReconcileAt"] = resource.reconcile_request
        if failed and self._is_news(resource, verdict):
            events = (*events, Event(failed, verdict.message, warning=True))
        written = await self.write(resource, {name: value for name, value in status.items() if value is not None})
        for event in events:
            self._kube.event(written, event)
        return written

    async def write(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Write a status, if it is another one."""
        if status == resource.status:
            return resource
        return await self._kube.write_status(resource, status, guarded=guarded)

    @staticmethod
    def _is_news(resource: Resource, verdict: Verdict) -> bool:
        known = find(resource.status, ConditionType.READY)
        return verdict.ready is not None and (known.get("reason"), known.get("message")) != (
            verdict.reason,
            verdict.message,
        )


def log_defect(key: object, error: Exception) -> None:
    """Log where something happened that isn't ours to expect; its own words might repeat a value."""
    if isinstance(error, errors.JitopsError):
        return
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("defect while working on %s: %s\n%s", key, type(error).__name__, where)


OUTAGES = (Reason.REMOTE_UNAVAILABLE, Reason.CIRCUIT_OPEN)


def _steady(resource: Resource, verdict: Verdict) -> Verdict:
    """Let an outage that goes on keep its first words: refused, reset, breaker open are news to nobody."""
    known = find(resource.status, ConditionType.READY)
    same = known.get("observedGeneration") == resource.generation and known.get("status") == verdict.ready
    if same and known["reason"] in OUTAGES and verdict.reason in OUTAGES:
        return replace(verdict, reason=known["reason"], message=known["message"])
    return verdict
