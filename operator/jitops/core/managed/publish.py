"""Publish the outputs in the Secret, the documents for people in the ConfigMap, and the facts in status."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jitops.api.reasons import EventReason
from jitops.core.managed.context import exists_remotely, is_settled
from jitops.core.managed.replace import replacement_status
from jitops.core.outputs.outputs import is_changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.kube import Resource
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.managed.services import Services


class Publisher:
    """Publishes the outputs of one reconcile at a time."""

    def __init__(self, services: Services) -> None:
        self._s = services

    async def publish_ahead(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        """Write what jitops generated into the Secret before the remote hears of it."""
        if not context.adapter.secret_first:
            return context
        return await self._write_secret(context, recorder, context.desired.material)

    async def publish(self, context: ReconcileContext, recorder: Recorder) -> ReconcileContext:
        """Write the outputs into Secret and ConfigMap; new values are verified with the remote first."""
        if context.observation is None:
            return context
        recorder.facts |= status_facts(context)
        recorder.events += context.desired.notices
        kind, resource = context.kind, context.resource
        values = context.adapter.outputs(context.desired, context.observation)
        if is_changed(context.secret, values) and self._s.outputs.name(kind, resource):
            await context.adapter.verify(context.desired, context.observation)
        context = await self._write_secret(context, recorder, values)
        await self._s.outputs.drop_former(context.secret)
        recorder.facts["secretName"] = self._s.outputs.name(kind, resource)
        recorder.facts["configMapName"] = await self._write_config_map(context)
        return context

    async def disown(self, kind: ManagedKind, resource: Resource, *, always: bool) -> bool:
        """Remove the owner references, so that the outputs outlive the resource; return whether its Secret does."""
        await self._s.documents.disown(kind, resource, always=always)
        return bool(await self._s.outputs.disown(kind, resource, always=always))

    async def _write_secret(
        self, context: ReconcileContext, recorder: Recorder, values: Mapping[str, str]
    ) -> ReconcileContext:
        before, owned = context.secret, not context.policies.retain
        written = await self._s.outputs.publish(context.kind, context.resource, before, values, owned=owned)
        after = replace(context, secret=written)
        if is_changed(before, written.values):
            _record_secret(after, recorder, is_new=before.data_object is None)
        return after

    async def _write_config_map(self, context: ReconcileContext) -> str | None:
        """Write the documents for people into the ConfigMap, if the kind has one; return its name."""
        values, owned = context.adapter.documents(context.desired, context.found), not context.policies.retain
        documents = self._s.documents
        written = await documents.publish(context.kind, context.resource, context.config_map, values, owned=owned)
        await documents.drop_former(written)
        return documents.name(context.kind, context.resource)


def status_facts(context: ReconcileContext) -> dict[str, object]:
    """Return the status fields that describe the remote object."""
    desired, found, adapter = context.desired, context.found, context.adapter
    replaced = replacement_status(context) if adapter.replaces else {}
    facts: dict[str, object] = {"id": found.id, **adapter.facts(desired, found), **replaced}
    fields = set(adapter.fields(desired))
    if not context.policies.observe_only:
        facts["appliedFields"] = sorted({*fields, *adapter.leftovers(desired, found)})
    elif found.id != context.resource.status.get("id"):
        # An observed object was not applied. The exception is an object that jitops created and then died before it
        # wrote the id to status: that object is owned all the same.
        facts["appliedFields"] = sorted(fields - set(context.plan.drift)) if found.owned else None
    return facts


def _record_secret(context: ReconcileContext, recorder: Recorder, *, is_new: bool) -> None:
    """Record that the Secret was written, unless a creation or a rotation says it already."""
    secret = context.secret.data_object
    first = is_new and not exists_remotely(context.resource)
    if secret is None or recorder.events or context.desired.notices or first:
        return
    if is_settled(context.resource):
        recorder.event(EventReason.SECRET_RESTORED, f"restored Secret {secret.name}")
    else:
        recorder.event(EventReason.SECRET_PUBLISHED, f"wrote Secret {secret.name}")
