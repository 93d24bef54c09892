"""Replaced objects: an object that the remote can't change gets a successor, and is deleted after it.

The order survives a crash. Status lists the replaced object before the new one is requested. The Secret holds the new
object's keys before the replaced one is deleted. Status drops it only when the remote was seen without it. A replaced
object that the remote refuses to delete stays listed, is retried slowly, and does not affect Ready.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from jitops.api.reasons import ConditionType, EventReason
from jitops.core.errors import DeletionBlocked, NotYet
from jitops.core.status.conditions import find, judge
from jitops.core.status.requeue import When

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON, Resource
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.status.requeue import Requeue

KEPT = "kept, as deletionPolicy is Retain"
PROTECTED = "kept, as spec.management.deletionProtection is true"
LATER = "deleted as soon as the remote permits it"
DELETING = "being deleted"
"""What happens to replaced objects that still exist."""


class _Left(NamedTuple):
    """A replaced object that still exists, and the error that says why."""

    replaced: Mapping[str, JSON]
    error: DeletionBlocked | NotYet


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a successful reconcile adds about replaced objects that still exist."""

    note: str = ""
    """An addition to the message of Ready."""
    requeue: Requeue | None = None
    """When to try again; None: there is nothing to delete."""


NOTHING_LEFT = Leftover()


def replacement_status(context: ReconcileContext) -> Mapping[str, JSON]:
    """Return the status field that lists the replaced objects; None if there is none."""
    return {"replaced": [dict(each) for each in context.adapter.replaced_objects(context.desired)] or None}


def replaces_note(context: ReconcileContext) -> str:
    """Return what a new object replaces, for the event of its creation."""
    names = _named(context.adapter.replaced_objects(context.desired))
    return f", in place of {names}" if names else ""


def retained_note(resource: Resource) -> str:
    """Return what stays beside an object that a deletion leaves as it is."""
    names = _named(resource.status.get("replaced") or ())
    return f", and so were {names}, which it replaced" if names else ""


async def delete_replaced(context: ReconcileContext, recorder: Recorder) -> Leftover:
    """Delete the replaced objects now that nobody needs them; an event reports each new obstacle once."""
    if context.policies.observe_only or not recorder.facts.get("replaced"):
        return NOTHING_LEFT
    if context.policies.retain:
        note = _note(recorder, KEPT)
        _event_once(context, recorder, note, EventReason.RETAINED, f"replaced {_listed(recorder)}: {KEPT}")
        return Leftover(note)
    if context.policies.protected:
        note = _note(recorder, PROTECTED)
        message = f"replaced {_listed(recorder)}: {PROTECTED}; set it to false to have it deleted"
        _event_once(context, recorder, note, EventReason.DELETION_BLOCKED, message)
        return Leftover(note)
    left = await _delete_each(context, recorder)
    requeue = min((judge(each.error).requeue for each in left), key=_seconds, default=None)
    blocked = [str(each.error) for each in left if isinstance(each.error, DeletionBlocked)]
    note = _note(recorder, LATER if blocked else DELETING)
    _event_once(context, recorder, note, EventReason.DELETION_BLOCKED, "; ".join(blocked))
    return Leftover(note, requeue)


def protected_from_deletion(resource: Resource) -> DeletionBlocked:
    """Return the error of a deletion that a resource's own protection forbids."""
    return DeletionBlocked(
        f"{resource.status.get('id') or 'its remote object'} is protected by spec.management.deletionProtection:"
        " set that to false to have it deleted, or set spec.management.deletionPolicy to Retain to keep it"
    )


async def delete_all_replaced(context: ReconcileContext, recorder: Recorder) -> DeletionBlocked | NotYet | None:
    """Delete the replaced objects of a resource that is being deleted; return the first obstacle."""
    left = await _delete_each(context, recorder)
    return next((each.error for each in left), None)


async def _delete_each(context: ReconcileContext, recorder: Recorder) -> list[_Left]:
    """Delete each replaced object; status keeps the ones still shown by the remote."""
    left = []
    for replaced in context.adapter.replaced_objects(context.desired):
        try:
            await context.adapter.delete_replaced(context.desired, replaced)
        except (DeletionBlocked, NotYet) as error:
            left.append(_Left(replaced, error))
        else:
            recorder.event(EventReason.DELETED, f"{replaced['id']}, which was replaced, is deleted")
    recorder.facts["replaced"] = [dict(each.replaced) for each in left] or None
    return left


def _note(recorder: Recorder, fate: str) -> str:
    return f"; still there beside it: {_listed(recorder)} ({fate})" if recorder.facts.get("replaced") else ""


def _listed(recorder: Recorder) -> str:
    return _named(recorder.facts.get("replaced") or ())


def _event_once(context: ReconcileContext, recorder: Recorder, note: str, reason: EventReason, message: str) -> None:
    """Record an event, unless the message of Ready had the note before."""
    known = find(context.resource.status, ConditionType.READY).get("message") or ""
    if message and not str(known).endswith(note):
        recorder.event(reason, message, warning=reason == EventReason.DELETION_BLOCKED)


def _named(replaced: Iterable[Mapping[str, JSON]]) -> str:
    return ", ".join(str(each["id"]) for each in replaced)


def _seconds(requeue: Requeue) -> float:
    return requeue.seconds if requeue.when is When.AFTER else math.inf
