"""The one place that writes status: computed once, at the end, and written only if it differs."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.core import errors
from jitops.core.kube import Event
from jitops.core.status.conditions import Verdict, conditions, find
from jitops.core.switches import misread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON, Kube, Resource

log = logging.getLogger(__name__)


class StatusWriter:
    """Writes the result of a reconcile as status and events."""

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
        """Write the verdict and the facts (None removes one); `failed` is the reason of the Warning event.

        The Warning is sent only when the Ready condition changes, so that retries are silent.
        """
        verdict = _steady(resource, verdict)
        status = {**resource.status, **facts}
        # A pause leaves Ready as it was: nobody may take that Ready for an answer to the new generation.
        if verdict.ready is not None:
            status["observedGeneration"] = resource.generation
        now = self._clock.now()
        status["conditions"] = conditions(resource.status.get("conditions") or (), verdict, resource.generation, now)
        if resource.reconcile_request:
            status["lastHandledReconcileAt"] = resource.reconcile_request
        status["warnings"] = list(misread(resource.annotations)) or None
        events = (*events, *_new_warnings(resource, status["warnings"]))
        if failed and self._is_news(resource, verdict):
            events = (*events, Event(failed, verdict.message, warning=True))
        written = await self.write(resource, {name: value for name, value in status.items() if value is not None})
        for event in events:
            self._kube.event(written, event)
        return written

    async def write(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Write a status if it differs; `guarded`: only over the version that was read."""
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


def _new_warnings(resource: Resource, warnings: list[str] | None) -> tuple[Event, ...]:
    """Return an event for each warning that the status did not list before."""
    known = resource.status.get("warnings") or ()
    new = [sentence for sentence in warnings or () if sentence not in known]
    return tuple(Event(EventReason.CANNOT_READ_ANNOTATION, sentence, warning=True) for sentence in new)


def log_defect(key: object, error: Exception) -> None:
    """Log where a defect happened, without its own message, which might repeat a secret."""
    if isinstance(error, errors.JitopsError):
        return
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("defect while working on %s: %s\n%s", key, type(error).__name__, where)


OUTAGES = (Reason.REMOTE_UNAVAILABLE, Reason.CIRCUIT_OPEN)


def _steady(resource: Resource, verdict: Verdict) -> Verdict:
    """Keep the first message of an outage that goes on: that it is now reset, refused or held is no news."""
    known = find(resource.status, ConditionType.READY)
    same = known.get("observedGeneration") == resource.generation and known.get("status") == verdict.ready
    if same and known["reason"] in OUTAGES and verdict.reason in OUTAGES:
        return replace(verdict, reason=known["reason"], message=known["message"])
    return verdict
