"""Execute a plan: create, adopt, update or delete the remote object, in the order that survives a crash."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.api.reasons import EventReason
from jitops.core import errors
from jitops.core.clock import stamp
from jitops.core.contract.kinds import connection_key
from jitops.core.index.ownership import contenders
from jitops.core.index.usage import CURE, has_cascade_rules, referrers
from jitops.core.kube import Event
from jitops.core.managed.context import exists_remotely, is_applied
from jitops.core.managed.outcome import is_ending
from jitops.core.managed.plan import Action
from jitops.core.managed.replace import protected_from_deletion, replacement_status, replaces_note
from jitops.core.status.error_rules import rule_of

if TYPE_CHECKING:
    from jitops.core.contract.observation import Change
    from jitops.core.index.usage import Referrers
    from jitops.core.kube import Resource
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.managed.memory import CorrectionLimit
    from jitops.core.managed.publish import Publisher
    from jitops.core.managed.resolve import Resolver
    from jitops.core.managed.services import Services

MOST_INCARNATIONS = 20
"""How many burnt ids in a row are stepped over in one reconcile."""
LOOK_AGAIN = 5.0
"""Seconds between two looks for something that the remote does not show yet, or still shows."""


class Executor:
    """Executes the plans of managed resources."""

    def __init__(
        self, services: Services, resolver: Resolver, publisher: Publisher, corrections: CorrectionLimit
    ) -> None:
        self._s = services
        self._resolver = resolver
        self._publisher = publisher
        self._corrections = corrections

    async def apply(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        """Execute the plan. Owned objects always carry the finalizer."""
        self._refuse_second_claim(context, recorder)
        await _preflight(context, recorder)
        match context.plan.action:
            case Action.CREATE:
                context = await self._create(context, recorder)
            case Action.ADOPT:
                context = await self._adopt(context, recorder)
            case Action.UPDATE:
                context = await self._update(context, recorder, context.plan.changes)
                _record_update(context, recorder)
            case Action.REPORT:
                _refuse_or_report(context)
        if not context.policies.observe_only:
            await self._ensure_finalizer(context, recorder)
        return context

    async def _create(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        recorder.phase = EventReason.CANNOT_CREATE
        _refuse_missing_adoption(context)
        await self._ensure_finalizer(context, recorder)
        if context.adapter.intends:
            await self._intend(context, recorder)
        try:
            self._look_around(context, recorder)
            context = await self._create_under_free_id(context, recorder)
        except errors.JitopsError as error:
            if rule_of(error).ends_creation:
                recorder.facts["intent"] = None  # Nothing was created that a later reconcile would have to look for.
            raise
        note = replaces_note(context) if context.adapter.replaces else ""
        recorder.event(EventReason.CREATED, f"created {context.found.id}{note}")
        changes = context.adapter.diff(context.desired, context.found)
        if changes and context.adapter.secret_first:
            # The id was taken by an object of this identity that no listing showed: decide again, with what it has.
            prepared = context.adapter.prepare(context.desired.published(), context.found)
            context = replace(context, desired=prepared)
            changes = context.adapter.diff(prepared, context.found)
        return await self._update(context, recorder, changes) if changes else context

    def _look_around(self, context: ReconcileContext, recorder: Recorder) -> None:
        """Check the other resources once more: status announces this one, so of two that race one sees the other."""
        if context.inputs.values:
            self._s.inputs.refuse_deleted(context.kind, recorder.resource)
        if context.adapter.intends:
            self._refuse_second_claim(context, recorder)

    async def _create_under_free_id(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        """Create the object, stepping over burnt ids.

        The Secret holds the keys before the first attempt. Its id is corrected once, after the last attempt.
        """
        context = await self._publisher.publish_ahead(context, recorder)
        for _ in range(MOST_INCARNATIONS):
            try:
                return replace(context, observation=await context.adapter.create(context.desired))
            except errors.IdBurnt:
                following = context.adapter.prepare(context.desired.with_next_incarnation(), None)
                context = replace(context, desired=following)
                recorder.facts["incarnation"] = following.incarnation
        raise errors.NotYet(f"{MOST_INCARNATIONS} ids in a row were used by deleted objects", after=1.0)

    async def _adopt(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        await self._ensure_finalizer(context, recorder)
        if context.plan.changes:
            context = await self._update(context, recorder, context.plan.changes)
        recorder.event(EventReason.ADOPTED, f"adopted {context.found.id}")
        return context

    async def _update(
        self, context: ReconcileContext, recorder: Recorder, changes: tuple[Change, ...]
    ) -> ReconcileContext:
        recorder.phase = EventReason.CANNOT_UPDATE
        self._corrections.check(context.resource, changes)
        await self._ensure_finalizer(context, recorder)
        context = await self._publisher.publish_ahead(context, recorder)
        fields = tuple(change for change in changes if not change.generated)
        if context.adapter.secret_first and context.found.owned and fields:
            # The Secret has the keys already: a field that the remote refuses must not keep them from it.
            context = await self._update_keys(context, recorder, changes)
            changes = fields
        return replace(context, observation=await context.adapter.update(context.desired, context.found, changes))

    async def _update_keys(
        self, context: ReconcileContext, recorder: Recorder, changes: tuple[Change, ...]
    ) -> ReconcileContext:
        """Write the generated values first and record them, so that status has them even if other fields fail."""
        desired, written = context.desired, context.found
        keys = tuple(change for change in changes if change.generated)
        if keys:
            written = await context.adapter.update(desired, written, keys)
        recorder.facts |= {"id": written.id, **context.adapter.facts(desired, written)}
        recorder.events += desired.notices
        return replace(context, observation=written, desired=replace(desired, notices=()))

    async def delete(self, context: ReconcileContext, recorder: Recorder) -> None:
        """Delete the owned object and check that it is deleted.

        If it no longer exists, report the deletion that an earlier reconcile requested.
        """
        if context.plan.action is Action.DELETE:
            if context.policies.protected:
                raise protected_from_deletion(context.resource)
            users = self._users(context)
            desired = replace(context.desired, cascade=context.policies.cascade, users=users.ids)
            await context.adapter.delete(desired, context.found)
            if not await context.adapter.is_deleted(context.found):
                raise errors.NotYet("the remote still lists the object", after=LOOK_AGAIN, deleting=True)
            await self._record_deletion(replace(context, desired=desired), recorder, users.staying)
        elif is_ending(context.resource.status):
            recorder.event(EventReason.DELETED, f"deleted {context.resource.status.get('id')}")

    def _users(self, context: ReconcileContext) -> Referrers:
        """Return the resources that use the object, once none of them has to be deleted first."""
        users = referrers(context.resource, self._s.kinds, self._s.kube, self._s.references)
        cure = CURE if has_cascade_rules(context.spec) else "delete or change these first"
        users.require_way(context.policies.cascade, cure, self._s.clock.now())
        for user in users.staying:
            self._refuse_cascade(user)
        return users

    def _refuse_cascade(self, user: Resource) -> None:
        """Raise DeletionBlocked if the object of a user must not be deleted together with the one that it uses."""
        policies = self._resolver.policies(self._s.kinds.managed[user.key.kind], user)
        if policies.protected:
            raise errors.DeletionBlocked(
                f"{user.key} uses it and is protected by its spec.management.deletionProtection: set that to false,"
                " or delete the resource first"
            )
        if policies.paused:
            raise errors.DeletionBlocked(f"{user.key} uses it and is paused by {' and '.join(policies.paused_by)}")

    async def _record_deletion(
        self, context: ReconcileContext, recorder: Recorder, users: tuple[Resource, ...]
    ) -> None:
        """Record deletion events for the object, for links left dangling and for cascaded resources."""
        recorder.event(EventReason.DELETED, f"deleted {context.found.id}")
        for sentence in await context.adapter.left_behind(context.desired, context.found):
            recorder.event(EventReason.DELETED, sentence, warning=True)
        policy = context.policies.cascade
        for user in users:
            sentence = f"deleted {user.status.get('id')} with {context.resource.key}, by its policy {policy}"
            self._s.kube.event(user, Event(EventReason.DELETED, sentence, warning=True))

    async def _ensure_finalizer(self, context: ReconcileContext, recorder: Recorder) -> None:
        """Write the finalizer before anything happens outside, and protect the credentials."""
        if meta.FINALIZER not in recorder.resource.finalizers:
            self._resolver.refuse_deleted_connection(context)
            finalizers = (*recorder.resource.finalizers, meta.FINALIZER)
            recorder.resource = await self._s.kube.set_finalizers(recorder.resource, finalizers)
            if recorder.resource.deleting:
                raise errors.Conflict("deleted meanwhile")
        await self._s.connection_reconciler.protect(connection_key(context.kind, context.resource))

    async def _intend(self, context: ReconcileContext, recorder: Recorder) -> None:
        """Write to status what will identify the object before the remote chooses its id."""
        intent = {"at": stamp(self._s.clock.now()), **await context.adapter.intend(context.desired)}
        known = {name: value for name, value in recorder.resource.status.items() if name != "id"}
        replaced = {name: value for name, value in replacement_status(context).items() if value}
        status = {**known, "intent": intent, **replaced}
        recorder.resource = await self._s.status_writer.write(recorder.resource, status, guarded=True)

    def _refuse_second_claim(self, context: ReconcileContext, recorder: Recorder) -> None:
        """Refuse to share a remote object: the first resource keeps it, whoever else claims it."""
        found = context.observation.id if context.observation else None
        known = found is not None and found == recorder.resource.status.get("id") and context.desired.owned
        if known or context.policies.observe_only:
            return
        claims = context.adapter.claims(context.desired) | ({found} if found else frozenset())
        others = contenders(context.kind, recorder.resource, claims, self._s.kube, self._s.claims)
        if others:
            way_out = context.adapter.alternative_to_adoption(context.desired)
            raise errors.AlreadyOwned(f"{others[0]} manages the same remote object; delete one of the two{way_out}")


async def _preflight(context: ReconcileContext, recorder: Recorder) -> None:
    """Try the coming write at the remote, where spec and remote allow that."""
    creates = context.plan.action is Action.CREATE
    if not (creates or context.plan.changes):
        return
    recorder.phase = EventReason.CANNOT_CREATE if creates else EventReason.CANNOT_UPDATE
    warnings = await context.adapter.preflight(context.desired)
    recorder.closing_events += [Event(EventReason.VALIDATION_FAILED, each, warning=True) for each in warnings]


def _record_update(context: ReconcileContext, recorder: Recorder) -> None:
    """Record what was changed, by path, unless the adapter's own notices say it already."""
    changes = context.plan.changes
    paths = ", ".join(change.path for change in changes)
    if is_applied(context.resource) and any(change.contested or not change.generated for change in changes):
        recorder.event(EventReason.DRIFT_CORRECTED, f"corrected {paths}")
    elif not (recorder.events or context.desired.notices):
        recorder.event(EventReason.UPDATED, f"updated {paths}")


def _refuse_missing_adoption(context: ReconcileContext) -> None:
    adopted: Any = context.desired.adopt_id
    if adopted is not None and not exists_remotely(context.resource):
        raise errors.RemoteNotFound(
            f"there is no object {adopted} to adopt; correct spec.management.adopt.id or remove it"
        )


def _refuse_or_report(context: ReconcileContext) -> None:
    """Raise why nothing was done; drift that is only reported is no error."""
    found = context.observation
    if found is None:
        raise _not_found(context)
    if found.owned or context.policies.observe_only:
        return
    if context.policies.adopt == "Match":
        raise errors.AdoptionMismatch(
            f"{found.id} exists and differs in {', '.join(context.plan.drift)}; make the spec equal to it,"
            " or set spec.management.adopt.mode to Override",
            paths=context.plan.drift,
        )
    raise errors.AlreadyOwned(
        f"{found.id} exists already and was not made by jitops for this resource; set spec.management.adopt.mode to"
        f" Match or Override to adopt it{context.adapter.alternative_to_adoption(context.desired)}"
    )


def _not_found(context: ReconcileContext) -> errors.RemoteNotFound:
    """Return the error of an object that does not exist and is not created."""
    if context.policies.observe_only:
        return errors.RemoteNotFound("there is no such object at the remote, and policy Observe creates none")
    what = f"{context.resource.status.get('id')} does not exist any more at the remote"
    hold = context.policies.drift_hold
    if hold is not None:
        seconds = (hold - context.desired.now).total_seconds()
        return errors.RemoteNotFound(f"{what}; it is not created again before {stamp(hold)}", after=seconds)
    return errors.RemoteNotFound(
        f"{what} and is only reported: set spec.management.onMissing to Recreate to have it created again"
    )
