"""The one loop: a key comes in, the world is read, made so, and told.

load → guard → resolve → connect → observe → plan → act → publish → report: the same line for what was created,
changed, resumed, deleted or drifted. Deciding is `plan.plan`'s; what is done to the remote is the adapter's; how an
error reads as conditions stands in `conditions.VERDICTS`; `outcome` turns either end into status and next attempt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.api.reasons import EventReason
from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.index.ownership import contenders
from jitops.core.index.usage import CURE, Referrers, cascades, referrers
from jitops.core.managed.context import Work, refuse_or_report
from jitops.core.managed.outcome import Outcomes, is_ending
from jitops.core.managed.plan import Action, Situation, plan
from jitops.core.managed.policies import leaves_remote
from jitops.core.managed.publish import Publisher
from jitops.core.managed.rejections import Refusals
from jitops.core.managed.replace import clear, delete_replaced, listed, staying, succeeds
from jitops.core.managed.resolve import Resolver
from jitops.core.status.requeue import Result

if TYPE_CHECKING:
    from jitops.core.contract.observation import Change, Observation
    from jitops.core.kube import Key
    from jitops.core.managed.services import Services

MOST_INCARNATIONS = 20
"""How many burnt ids in a row are stepped over in one reconcile."""
REFUSALS = (
    errors.SpecInvalid,
    errors.AlreadyOwned,
    errors.Overtaken,
    errors.DependencyNotReady,
    errors.PermissionDenied,
)
"""What refuses a creation plainly."""
LOOK_AGAIN = 5.0
"""Seconds between two looks for something that the remote does not show yet, or still shows."""


class Reconciler:
    """Brings one managed resource at a time to what its spec asks."""

    def __init__(self, services: Services) -> None:
        self._s = services
        self._resolver = Resolver(services)
        self._refusals = Refusals(services.clock)
        self.outcomes = Outcomes(services)
        self._publisher = Publisher(services, self.outcomes)

    async def reconcile(self, key: Key, not_older_than: float) -> Result:
        """Reconcile one resource, enqueued at the monotonic moment `not_older_than`.

        Raises only errors.Interrupted: the world moved on while we worked, or Kubernetes did not answer.
        """
        resource = self._s.kube.get(key)
        if resource is None:
            self._refusals.forget(key)
            return self.outcomes.forget(key)
        work = Work(self._s.kinds.managed[key.kind], resource, not_older_than)
        try:
            if resource.deleting:
                await self._end(work)
            else:
                await self._run(work)
        except errors.Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - judged by one table; what isn't in it is logged there
            return await self.outcomes.failed(work, error)
        return await self.outcomes.succeeded(work)

    async def _run(self, work: Work) -> None:
        """Make the remote as the spec asks."""
        self._resolver.guard(work)
        if work.policies.paused:
            return
        await self._resolver.connect(work)
        await self._observe(work)
        with self._refusals.heeded(work):
            await self._act(work)
        await self._publisher.publish(work)
        for sentence in work.warnings:
            work.record_event(EventReason.VALIDATION_FAILED, sentence, warning=True)
        left = await delete_replaced(work)
        await work.adapter.probe(work.desired, work.found)
        reason, message = work.adapter.readiness(work.desired, work.found)
        work.readiness = reason, f"{message}{left}"

    async def _end(self, work: Work) -> None:
        """Clean up, then let the resource go; this always ends, or the error says what blocks it."""
        if meta.FINALIZER not in work.resource.finalizers:
            return
        work.phase = EventReason.CANNOT_DELETE
        work.policies = self._resolver.policies(work)
        stays = leaves_remote(work.policies) or work.row.out_of_reach(work.resource)
        if not stays and self._resolver.may_exist(work):
            self._resolver.guard(work)
            if work.policies.paused:
                return
            await self._resolver.connect(work)
            await self._observe(work)
            left = await clear(work)
            await self._delete(work)
            if left is not None:
                raise left
        await self._release(work)

    async def _observe(self, work: Work) -> None:
        """Look and decide; look again at a listing begun after the key was enqueued if a write rests on it.

        Whoever asks for a look, or could not reach the remote the last time, is not told what was known before.
        """
        work.phase = EventReason.CANNOT_OBSERVE if not work.resource.deleting else work.phase
        anew = work.asked or self.outcomes.in_outage(work.resource.key)
        for not_older_than in (work.not_older_than,) if anew else (None, work.not_older_than):
            desired = self._resolver.desired(work, not_older_than)
            work.observation = await work.adapter.observe(desired)
            work.desired = work.adapter.prepare(desired, work.observation)
            work.plan = plan(self._situation(work))
            if not self._needs_fresh(work):
                return

    def _situation(self, work: Work) -> Situation:
        found = work.observation
        return Situation(
            policies=work.policies,
            deleting=work.resource.deleting,
            exists=found is not None,
            ours=found is not None and found.ours,
            settled=work.settled,
            changes=work.adapter.diff(work.desired, found) if found else (),
        )

    @staticmethod
    def _needs_fresh(work: Work) -> bool:
        """Tell whether a write rests on the listing; a first create under our own id does not."""
        if work.plan.action is Action.CREATE:
            return work.adapter.intends or work.may_exist or work.desired.adopt_id is not None
        return work.plan.action is not Action.NOTHING

    async def _act(self, work: Work) -> None:
        """Carry the plan out; what is ours, even if nothing has to be done, carries our finalizer."""
        self._refuse_second_claim(work)
        await self._try(work)
        match work.plan.action:
            case Action.CREATE:
                await self._create(work)
            case Action.ADOPT:
                await self._adopt(work)
            case Action.UPDATE:
                await self._update(work, work.plan.changes)
                self.outcomes.tell_update(work, work.plan.changes)
            case Action.REPORT:
                refuse_or_report(work)
        if not work.policies.observe_only:
            await self._ensure_finalizer(work)

    async def _try(self, work: Work) -> None:
        """Have the remote try what is about to be written, where spec and remote allow that."""
        creates = work.plan.action is Action.CREATE
        if creates or work.plan.changes:
            work.phase = EventReason.CANNOT_CREATE if creates else EventReason.CANNOT_UPDATE
            work.warnings = await work.adapter.preflight(work.desired)

    async def _create(self, work: Work) -> None:
        work.phase = EventReason.CANNOT_CREATE
        if work.desired.adopt_id is not None and not work.may_exist:
            raise errors.RemoteNotFound(
                f"there is no object {work.desired.adopt_id} to adopt; correct spec.management.adopt.id or take it out"
            )
        await self._ensure_finalizer(work)
        if work.adapter.intends:
            await self._intend(work)
        try:
            self._look_around(work)
            work.observation = await self._create_under_free_id(work)
        except REFUSALS:
            work.facts["intent"] = None  # Nothing was made that we would have to look for.
            raise
        work.record_event(EventReason.CREATED, f"created {work.observation.id}{succeeds(work)}")
        changes = work.adapter.diff(work.desired, work.observation)
        if changes:
            await self._update(work, changes)

    def _look_around(self, work: Work) -> None:
        """Look at the other resources once more, now that status tells them of us: of two that race, one sees it."""
        self._s.inputs.refuse_going(work.row, work.resource)
        if work.adapter.intends:
            self._refuse_second_claim(work)

    async def _create_under_free_id(self, work: Work) -> Observation[Any]:
        """Step over burnt ids. The Secret holds the keys from the start; its id is corrected once, in the end."""
        await self._publisher.ahead(work)
        for _ in range(MOST_INCARNATIONS):
            try:
                return await work.adapter.create(work.desired)
            except errors.IdBurnt:
                work.desired = work.adapter.prepare(work.desired.next_incarnation(), None)
                work.facts["incarnation"] = work.desired.incarnation
        raise errors.NotYet(f"{MOST_INCARNATIONS} ids in a row were used up by deleted objects", after=1.0)

    async def _adopt(self, work: Work) -> None:
        await self._ensure_finalizer(work)
        if work.plan.changes:
            await self._update(work, work.plan.changes)
        work.record_event(EventReason.ADOPTED, f"adopted {work.found.id}")

    async def _update(self, work: Work, changes: tuple[Change, ...]) -> None:
        work.phase = EventReason.CANNOT_UPDATE
        self.outcomes.refuse_thrashing(work, changes)
        await self._ensure_finalizer(work)
        await self._publisher.ahead(work)
        work.observation = await work.adapter.update(work.desired, work.found, changes)

    async def _delete(self, work: Work) -> None:
        """Delete what is ours, and see it gone; a deletion that was accepted before may have become visible."""
        if work.plan.action is Action.DELETE:
            users = self._make_way(work)
            await work.adapter.delete(work.desired, work.found)
            if not await work.adapter.is_deleted(work.found):
                raise errors.NotYet("the remote still lists the object", after=LOOK_AGAIN, deleting=True)
            await self.outcomes.tell_deletion(work, users.staying)
        elif is_ending(work.resource.status):
            work.record_event(EventReason.DELETED, f"deleted {work.resource.status.get('id')}")

    def _make_way(self, work: Work) -> Referrers:
        """See who of ours uses the object: those that are going go first, and the policy decides about the others."""
        users = referrers(work.resource, self._s.kinds, self._s.kube, self._s.references)
        cure = CURE if cascades(work.spec) else "delete or change these first"
        users.make_way(work.policies.cascade, cure, self._s.clock.now())
        work.desired = replace(work.desired, cascade=work.policies.cascade, users=users.ids)
        return users

    async def _release(self, work: Work) -> None:
        """Let the resource go; a Secret that is to stay loses our owner reference first."""
        asked = work.policies.retain or work.policies.released
        if leaves_remote(work.policies):
            kept = await self._publisher.disown(work, always=asked)
            if asked or kept or work.resource.status.get("appliedFields"):
                what = "object and its Secret were left as they are" if kept else "object was left as it is"
                work.record_event(EventReason.RETAINED, f"the remote {what}{staying(work.resource)}")
        elif sentence := work.row.out_of_reach(work.resource):
            work.record_event(EventReason.RETAINED, sentence)
        others = tuple(name for name in work.resource.finalizers if name != meta.FINALIZER)
        work.resource = await self._s.kube.set_finalizers(work.resource, others)

    async def _ensure_finalizer(self, work: Work) -> None:
        """Put our finalizer on before anything happens outside."""
        if meta.FINALIZER not in work.resource.finalizers:
            self._resolver.refuse_going_connection(work)
            finalizers = (*work.resource.finalizers, meta.FINALIZER)
            work.resource = await self._s.kube.set_finalizers(work.resource, finalizers)
            if work.resource.deleting:
                raise errors.Conflict("deleted meanwhile")
        await self._s.connection_reconciler.protect(self._resolver.connection(work))

    async def _intend(self, work: Work) -> None:
        """Write what will tell our object from others' before the remote chooses its id."""
        intent = {"at": stamp(self._s.clock.now()), **await work.adapter.intend(work.desired)}
        former = {name: value for name, value in work.resource.status.items() if name != "id"}
        status = {**former, "intent": intent, **{name: value for name, value in listed(work).items() if value}}
        work.resource = await self._s.reporter.write(work.resource, status, guarded=True)

    def _refuse_second_claim(self, work: Work) -> None:
        """Two resources never share a remote object: the first one keeps it, whoever else comes to claim it."""
        found = work.observation.id if work.observation else None
        known = found is not None and found == work.resource.status.get("id") and work.desired.owned
        if known or work.policies.observe_only:
            return
        claims = work.adapter.claims(work.desired) | ({found} if found else frozenset())
        others = contenders(work.row, work.resource, claims, self._s.kube, self._s.claims)
        if others:
            instead = work.adapter.instead(work.desired)
            raise errors.AlreadyOwned(f"{others[0]} manages the same remote object; delete one of the two{instead}")
