"""Reads what a resource refers to: its spec, its policies, its connection, its Secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops.api.reasons import EventReason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.contract.desired import Desired
from jitops.core.contract.kinds import connection_key
from jitops.core.errors import DependencyNotReady, SpecInvalid
from jitops.core.managed.policies import drift_hold, policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import Key
    from jitops.core.managed.context import Work
    from jitops.core.managed.policies import Policies
    from jitops.core.managed.services import Services


class Resolver:
    """Turns references into values, or says which of them can't be."""

    def __init__(self, services: Services) -> None:
        self._s = services

    def guard(self, work: Work) -> None:
        """Check the spec as the API server does, and read the policies."""
        try:
            work.spec = validate_spec(work.row.info.spec, work.resource.spec)
        except InvalidSpec as error:
            raise SpecInvalid(str(error)) from None
        work.policies = self.policies(work)

    def policies(self, work: Work) -> Policies:
        """Read the `management` block with the connection's default, and the switches."""
        connection = self._s.kube.get(self.connection(work))
        default = connection.spec.get("deletionPolicy") if connection else None
        work.hold_until = drift_hold(work.resource.annotations, self._s.clock.now())
        return policies(work.row, work.resource, default, held=work.hold_until is not None)

    def connection(self, work: Work) -> Key:
        """Name the connection that the resource uses."""
        return connection_key(work.row, work.resource)

    def may_exist(self, work: Work) -> bool:
        """With no connection object, and neither id nor intent in status, nothing was created (law 4)."""
        return work.may_exist or self._s.kube.get(self.connection(work)) is not None

    async def connect(self, work: Work) -> None:
        """Get the connection and, unless the resource is going, its inputs, its Secret and its ConfigMap."""
        work.line = await self._s.connections.use(self.connection(work), work.resource.key.namespace)
        work.adapter = work.row.adapter(work.line.client)
        if work.resource.deleting:
            return
        work.inputs = await self._s.inputs.resolve(work.row, work.resource)
        if not (work.untouched and work.adapter.secret_first):
            work.held = await self._s.outputs.read(work.row, work.resource)
        work.documents = await self._s.documents.read(work.row, work.resource)
        work.phase = EventReason.CANNOT_OBSERVE

    def refuse_going_connection(self, work: Work) -> None:
        """Refuse to begin anything over a connection that is being deleted; it serves those it has, and no one new."""
        connection = self._s.kube.get(self.connection(work))
        if connection is not None and connection.deleting:
            raise DependencyNotReady(f"{connection.key} is being deleted: use another one, or create it again")

    def desired(self, work: Work, not_older_than: float | None) -> Desired[Any]:
        """Put together what the adapter is to compare with."""
        resource, status = work.resource, work.resource.status
        others = self._others(work)
        return Desired(
            key=resource.key,
            spec=work.spec,
            identity=self._s.identity,
            now=self._s.clock.now(),
            id=status.get("id"),
            owned=bool(status.get("appliedFields")),
            adopt_id=work.spec.management.adopt.id,
            incarnation=status.get("incarnation", 0),
            applied=frozenset(status.get("appliedFields") or ()),
            last_status=status,
            held=work.held.proven,
            inputs=work.inputs.values,
            digests=work.inputs.digests,
            deleting=resource.deleting,
            replaces=_may_replace(work),
            observed=work.policies.observe_only,
            taken=frozenset(str(other["id"]) for other in others if other.get("id")),
            sibling_intents=tuple(other["intent"] for other in others if other.get("intent") and not other.get("id")),
            not_older_than=not_older_than,
        )

    def _others(self, work: Work) -> list[Mapping[str, Any]]:
        """Give the status of the other resources, where ours has to be told from theirs: by what it claims it can't."""
        resource = work.resource
        named = {resource.status.get("id"), work.spec.management.adopt.id}
        alike = work.adapter.intends and work.row.claims(resource) <= named
        unsure = resource.status.get("intent") and not resource.status.get("id")
        if not (alike or unsure):
            return []
        return [other.status for other in self._s.kube.list(resource.key.kind) if other.key != resource.key]


def _may_replace(work: Work) -> bool:
    """Say whether the policies let an object be replaced now; drift that is to be reported is left as it is."""
    policies, going = work.policies, work.resource.deleting
    reported = policies.report_drift and work.settled
    return policies.replaces and not (policies.observe_only or reported or going)
