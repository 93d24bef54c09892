"""Brings what the remote handed out, and what people read, into the Secret and the ConfigMap of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.outputs.outputs import is_changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.managed.context import Work
    from jitops.core.managed.outcome import Outcomes
    from jitops.core.managed.services import Services


class Publisher:
    """Publishes for one reconcile at a time."""

    def __init__(self, services: Services, outcomes: Outcomes) -> None:
        self._s = services
        self._outcomes = outcomes

    async def ahead(self, work: Work) -> None:
        """Bring what we generated into the Secret before the remote hears of it."""
        if work.adapter.secret_first:
            await self._write_secret(work, work.desired.material)

    async def publish(self, work: Work) -> None:
        """Bring the outputs into Secret and ConfigMap, verified with the remote if they are news."""
        if work.observation is None:
            return
        self._outcomes.collect_status(work)
        for reason, message in work.desired.news:
            work.record_event(reason, message)
        values = work.adapter.outputs(work.desired, work.observation)
        if is_changed(work.held, values) and self._s.outputs.name(work.row, work.resource):
            await work.adapter.verify(work.desired, work.observation)
        await self._write_secret(work, values)
        await self._s.outputs.drop_former(work.held)
        work.facts["secretName"] = self._s.outputs.name(work.row, work.resource)
        await self._write_documents(work)

    async def disown(self, work: Work, *, always: bool) -> bool:
        """Let what was written outlive the resource; say whether its Secret does."""
        await self._s.documents.disown(work.row, work.resource, always=always)
        return bool(await self._s.outputs.disown(work.row, work.resource, always=always))

    async def _write_secret(self, work: Work, values: Mapping[str, str]) -> None:
        before = work.held
        owned = not work.policies.retain
        work.held = await self._s.outputs.publish(work.row, work.resource, before, values, owned=owned)
        if is_changed(before, work.held.values):
            self._outcomes.tell_secret(work, before)

    async def _write_documents(self, work: Work) -> None:
        """Bring what people read into the ConfigMap, if the kind has one."""
        values = work.adapter.documents(work.desired, work.found)
        owned = not work.policies.retain
        work.documents = await self._s.documents.publish(work.row, work.resource, work.documents, values, owned=owned)
        await self._s.documents.drop_former(work.documents)
        work.facts["configMapName"] = self._s.documents.name(work.row, work.resource)
