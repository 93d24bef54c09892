"""What an object took the place of, where the remote can't change one: it outlives the new one's Secret, and no more.

The order is the safe one: status lists the former object before the new one is asked for, the Secret holds the new
one's keys before the former goes, and status forgets it only when the remote was seen without it. What the remote
does not let go stays listed, is tried again slowly, and takes nothing from the new object's Ready.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jitops.api.reasons import ConditionType, EventReason
from jitops.core.errors import DeletionBlocked, NotYet
from jitops.core.status.conditions import Verdict, find, judge
from jitops.core.status.requeue import Retry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON, Resource
    from jitops.core.managed.context import Work

KEPT = "kept, as deletionPolicy is Retain"
LATER = "removed as soon as the remote lets go of it"
GOING = "being removed"
"""What becomes of former objects that are still there."""


class _Left(NamedTuple):
    """A former object that is still there, and what said so."""

    former: Mapping[str, JSON]
    error: DeletionBlocked | NotYet


def listed(work: Work) -> Mapping[str, JSON]:
    """Give the part of status that lists the former objects; None where there is none."""
    return {"replaced": [dict(former) for former in work.adapter.replaced_objects(work.desired)] or None}


def succeeds(work: Work) -> str:
    """Say what a new object takes the place of."""
    names = _named(work.adapter.replaced_objects(work.desired))
    return f", in place of {names}" if names else ""


async def delete_replaced(work: Work) -> str:
    """Remove the former objects now that nobody needs them; return what Ready's message says of those that stay.

    How they are tried again goes into `work.again`. An event tells of them once: when the message is a new one.
    """
    if work.policies.observe_only or not work.facts.get("replaced"):
        return ""
    if work.policies.retain:
        said = _said(work, KEPT)
        _tell_once(work, said, EventReason.RETAINED, f"replaced {_named(work.facts['replaced'])}: {KEPT}")
        return said
    left = await _remove(work)
    work.again = min((judge(each.error) for each in left), key=_patience, default=None)
    blocked = [str(each.error) for each in left if isinstance(each.error, DeletionBlocked)]
    said = _said(work, LATER if blocked else GOING)
    if blocked:
        _tell_once(work, said, EventReason.DELETION_BLOCKED, "; ".join(blocked), warning=True)
    return said


def staying(resource: Resource) -> str:
    """Say what stays with an object that a deletion leaves as it is."""
    names = _named(resource.status.get("replaced") or ())
    return f", and so were {names}, which it replaced" if names else ""


async def clear(work: Work) -> DeletionBlocked | NotYet | None:
    """Remove the former objects of a resource that is going; give the first thing that keeps it from its end."""
    left = await _remove(work)
    return next((each.error for each in left), None)


async def _remove(work: Work) -> list[_Left]:
    """Remove each of them; those of which the remote was not seen free stay in status."""
    left = []
    for former in work.adapter.replaced_objects(work.desired):
        try:
            await work.adapter.delete_replaced(work.desired, former)
        except (DeletionBlocked, NotYet) as error:
            left.append(_Left(former, error))
        else:
            work.record_event(EventReason.DELETED, f"{former['id']}, which was replaced, is gone")
    work.facts["replaced"] = [dict(each.former) for each in left] or None
    return left


def _said(work: Work, fate: str) -> str:
    left = work.facts.get("replaced")
    return f"; still there beside it: {_named(left)} ({fate})" if left else ""


def _tell_once(work: Work, said: str, reason: EventReason, message: str, *, warning: bool = False) -> None:
    known = find(work.resource.status, ConditionType.READY).get("message") or ""
    if not str(known).endswith(said):
        work.record_event(reason, message, warning=warning)


def _named(replaced_objects: Iterable[Mapping[str, JSON]]) -> str:
    return ", ".join(str(former["id"]) for former in replaced_objects)


def _patience(verdict: Verdict) -> float:
    return verdict.after if verdict.retry is Retry.AFTER and verdict.after is not None else float("inf")
