"""Observe the remote and decide: the step from a connected resource to a plan."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from jitops.api.reasons import EventReason
from jitops.core.managed.context import Connected, ReconcileContext, exists_remotely, is_applied, is_asked
from jitops.core.managed.plan import Action, Situation, plan

if TYPE_CHECKING:
    from jitops.core.contract.desired import Prepared
    from jitops.core.contract.observation import Observation
    from jitops.core.managed.context import Recorder
    from jitops.core.managed.memory import Patience
    from jitops.core.managed.resolve import Resolver


class Observer:
    """Reads the shared listing and plans; reads a fresh listing where a write rests on it."""

    def __init__(self, resolver: Resolver, patience: Patience) -> None:
        self._resolver = resolver
        self._patience = patience

    async def observe(self, target: Connected, recorder: Recorder, not_older_than: float) -> ReconcileContext:
        """Return the decision; `not_older_than` is the monotonic moment at which the key was enqueued.

        A person who asks for a reconcile, and a resource in an outage, get a fresh listing in any case.
        """
        if not target.resource.deleting:
            recorder.phase = EventReason.CANNOT_OBSERVE
        anew = is_asked(target.resource) or self._patience.in_outage(target.resource.key)
        context = await self._look(target, not_older_than if anew else None)
        if anew or not _needs_fresh(context):
            return context
        return await self._look(target, not_older_than)

    async def _look(self, target: Connected, not_older_than: float | None) -> ReconcileContext:
        desired = self._resolver.desired(target, not_older_than)
        observation = await target.adapter.observe(desired)
        prepared = target.adapter.prepare(desired, observation)
        known: dict[str, Any] = {each.name: getattr(target, each.name) for each in fields(Connected)}
        situation = _situation(target, prepared, observation)
        return ReconcileContext(**known, desired=prepared, observation=observation, plan=plan(situation))


def _situation(target: Connected, desired: Prepared[Any, Any], found: Observation[Any] | None) -> Situation:
    return Situation(
        policies=target.policies,
        deleting=target.resource.deleting,
        exists=found is not None,
        owned=found is not None and found.owned,
        settled=is_applied(target.resource),
        changes=target.adapter.diff(desired, found) if found else (),
    )


def _needs_fresh(context: ReconcileContext) -> bool:
    """Return whether a write rests on the listing; a first create under an id of jitops' own does not."""
    if context.plan.action is Action.CREATE:
        created_before = exists_remotely(context.resource)
        return context.adapter.intends or created_before or context.desired.adopt_id is not None
    return context.plan.action is not Action.NOTHING
