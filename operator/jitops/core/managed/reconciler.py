"""The one loop: take a key, read the world, make it match the spec, and report.

check → connect → observe → plan → execute → publish → report: the same steps for a resource that was created, changed,
resumed, deleted or drifted. `plan.plan` decides. The adapter acts at the remote. `core.status.error_rules` says how an
error reads as conditions. `outcome` turns either end into status and the next attempt.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.api.reasons import EventReason, Reason
from jitops.core import errors
from jitops.core.managed.context import Connected, ReconcileContext, Recorder, exists_remotely, is_applied, is_asked
from jitops.core.managed.execute import Executor
from jitops.core.managed.expiry import Expirer
from jitops.core.managed.memory import CorrectionLimit, Patience, RejectionCache
from jitops.core.managed.outcome import Applied, Ending, Outcomes, Paused, Released
from jitops.core.managed.plan import Action, Situation, plan
from jitops.core.managed.publish import Publisher
from jitops.core.managed.replace import (
    NOTHING_LEFT,
    delete_all_replaced,
    delete_replaced,
    protected_from_deletion,
    retained_note,
)
from jitops.core.managed.resolve import Resolver
from jitops.core.status.conditions import Result
from jitops.core.status.requeue import Requeue

if TYPE_CHECKING:
    from jitops.core.contract.desired import Prepared
    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.contract.observation import Observation
    from jitops.core.kube import Key
    from jitops.core.managed.plan import Policies
    from jitops.core.managed.services import Services


class Reconciler:
    """Brings one managed resource at a time to what its spec asks."""

    def __init__(self, services: Services) -> None:
        self._s = services
        self._patience = Patience(services.clock)
        self._corrections = CorrectionLimit(services.clock)
        self._rejections = RejectionCache(services.clock)
        self._resolver = Resolver(services)
        self._planner = Planner(self._resolver, self._patience)
        self._publisher = Publisher(services)
        self._executor = Executor(services, self._resolver, self._publisher, self._corrections)
        self._expirer = Expirer(services, self._resolver)
        self._outcomes = Outcomes(services, self._patience)

    async def reconcile(self, key: Key, not_older_than: float) -> Result:
        """Reconcile one resource, which was enqueued at the monotonic moment `not_older_than`.

        Raises only errors.Interrupted: the resource changed meanwhile, or Kubernetes did not answer.
        """
        resource = self._s.kube.get(key)
        if resource is None:
            return self._forget(key)
        recorder = Recorder(resource)
        try:
            ending = await self._run(recorder, not_older_than)
        except errors.Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - one table judges every error; a defect is logged there
            await self._expirer.after_failure(recorder, error)
            return await self._outcomes.failed(recorder, error)
        result = await self._outcomes.succeeded(recorder, ending)
        return self._forget(key) if isinstance(ending, Released) else result

    def _forget(self, key: Key) -> Result:
        """Forget everything about a resource that no longer exists."""
        for memory in (self._patience, self._corrections, self._rejections):
            memory.forget(key)
        self._s.converged.discard(key)
        return Result(Requeue.on_change(), Reason.DELETING)

    async def _run(self, recorder: Recorder, not_older_than: float) -> Ending:
        kind = self._s.kinds.managed[recorder.resource.key.kind]
        step = self._delete if recorder.resource.deleting else self._apply
        return await step(kind, recorder, not_older_than)

    async def _apply(self, kind: ManagedKind, recorder: Recorder, not_older_than: float) -> Ending:
        """Make the remote match the spec."""
        policies = self._resolver.policies(kind, recorder.resource)
        if policies.paused and not policies.compares:
            return Paused(policies.paused_by)
        recorder.paused_by = policies.paused_by
        target = self._resolver.check(kind, recorder.resource)
        connected = await self._resolver.connect(target, recorder)
        context = await self._planner.observe(connected, recorder, not_older_than)
        if policies.paused:
            return Paused(policies.paused_by, context)
        with self._rejections.respected(context, recorder):
            context = await self._executor.apply(context, recorder)
        context = await self._publisher.publish(context, recorder)
        leftover = await delete_replaced(context, recorder) if context.adapter.replaces else NOTHING_LEFT
        readiness = await context.adapter.readiness(context.desired, context.found)
        return Applied(context, readiness, leftover)

    async def _delete(self, kind: ManagedKind, recorder: Recorder, not_older_than: float) -> Ending:
        """Clean up, then release the resource. This always ends, or the error says what blocks it."""
        resource = recorder.resource
        if meta.FINALIZER not in resource.finalizers:
            return Released()
        recorder.phase = EventReason.CANNOT_DELETE
        policies = self._resolver.policies(kind, resource)
        stays = policies.leaves_remote or kind.out_of_reach(resource)
        if not stays and self._resolver.may_exist(kind, resource):
            target = self._resolver.check(kind, resource)
            if policies.paused:
                return Paused(policies.paused_by)
            if policies.protected and exists_remotely(resource):
                raise protected_from_deletion(resource)
            connected = await self._resolver.connect(target, recorder)
            context = await self._planner.observe(connected, recorder, not_older_than)
            obstacle = await delete_all_replaced(context, recorder)
            await self._executor.delete(context, recorder)
            if obstacle is not None:
                raise obstacle
        await self._release(kind, policies, recorder)
        return Released()

    async def _release(self, kind: ManagedKind, policies: Policies, recorder: Recorder) -> None:
        """Remove the finalizer; a Secret that is to stay loses its owner reference first."""
        resource, asked = recorder.resource, policies.retain or policies.released
        if policies.leaves_remote:
            kept = await self._publisher.disown(kind, resource, always=asked)
            if asked or kept or resource.status.get("appliedFields"):
                what = "object and its Secret were left as they are" if kept else "object was left as it is"
                recorder.event(EventReason.RETAINED, f"the remote {what}{retained_note(resource)}")
        elif sentence := kind.out_of_reach(resource):
            recorder.event(EventReason.RETAINED, sentence)
        others = tuple(name for name in resource.finalizers if name != meta.FINALIZER)
        recorder.resource = await self._s.kube.set_finalizers(resource, others)


class Planner:
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
        applied=is_applied(target.resource),
        changes=target.adapter.diff(desired, found) if found else (),
    )


def _needs_fresh(context: ReconcileContext) -> bool:
    """Return whether a write rests on the listing; a first create under an id of jitops' own does not."""
    if context.plan.action is Action.CREATE:
        created_before = exists_remotely(context.resource)
        return context.adapter.intends or created_before or context.desired.adopt_id is not None
    return context.plan.action is not Action.NOTHING
