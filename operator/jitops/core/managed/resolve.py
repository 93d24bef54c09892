"""Resolve what a resource refers to: its spec, its policies, its connection, its inputs and its outputs."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from jitops.api.reasons import EventReason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.contract.desired import Desired
from jitops.core.contract.kinds import connection_key
from jitops.core.errors import DependencyNotReady, SpecInvalid
from jitops.core.index.ownership import may_exist
from jitops.core.managed.context import Connected, Target, is_applied, is_untouched
from jitops.core.managed.inputs import NO_INPUTS
from jitops.core.managed.plan import policies_of
from jitops.core.outputs.outputs import PublishedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.kube import Resource
    from jitops.core.managed.context import Recorder
    from jitops.core.managed.plan import Policies
    from jitops.core.managed.services import Services


class Resolver:
    """Turns references into values, or raises an error that names the one that can't be resolved."""

    def __init__(self, services: Services) -> None:
        self._s = services

    def check(self, kind: ManagedKind, resource: Resource) -> Target:
        """Check the spec as the API server does, and read the policies; SpecInvalid names the field."""
        try:
            spec: Any = validate_spec(kind.info.spec, resource.spec)
        except InvalidSpec as error:
            raise SpecInvalid(str(error)) from None
        return Target(kind, resource, spec, self.policies(kind, resource))

    def policies(self, kind: ManagedKind, resource: Resource) -> Policies:
        """Read the `management` block, with what connection and operator set, and the switches."""
        connection = self._s.kube.get(connection_key(kind, resource))
        return policies_of(kind, resource, connection, self._s.operator, self._s.clock.now())

    def may_exist(self, kind: ManagedKind, resource: Resource) -> bool:
        """Return whether anything may exist remotely (law 4): not without connection and trace in status."""
        return may_exist(resource.status) or self._s.kube.get(connection_key(kind, resource)) is not None

    async def connect(self, target: Target, recorder: Recorder) -> Connected:
        """Open the connection; unless the resource is being deleted, also read its inputs, Secret and ConfigMap."""
        kind, resource = target.kind, target.resource
        connection = await self._s.connections.use(connection_key(kind, resource), resource.key.namespace)
        recorder.connected = True
        adapter = kind.adapter(connection.client)
        known: dict[str, Any] = {each.name: getattr(target, each.name) for each in fields(Target)}
        if resource.deleting:
            nothing: Any = PublishedOutput()
            return Connected(**known, connection=connection, adapter=adapter, inputs=NO_INPUTS, secret=nothing,
                             config_map=nothing)  # fmt: skip
        references = kind.inputs(resource)
        inputs = await self._s.inputs.resolve(kind, resource, references) if references else NO_INPUTS
        # Nothing was written yet, and a Secret of this name is noticed when it is created: one read less for a create.
        unwritten = is_untouched(resource) and adapter.secret_first
        secret = PublishedOutput() if unwritten else await self._s.outputs.read(kind, resource)
        config_map = await self._s.documents.read(kind, resource)
        recorder.phase = EventReason.CANNOT_OBSERVE
        return Connected(
            **known, connection=connection, adapter=adapter, inputs=inputs, secret=secret, config_map=config_map
        )

    def desired(self, target: Connected, not_older_than: float | None) -> Desired[Any]:
        """Return what the resource asks, for a listing that began after `not_older_than` (None: any)."""
        resource, status, spec = target.resource, target.resource.status, target.spec
        others = self._others(target)
        return Desired(
            key=resource.key,
            spec=spec,
            identity=self._s.identity,
            now=self._s.clock.now(),
            id=status.get("id"),
            owned=bool(status.get("appliedFields")),
            adopt_id=spec.management.adopt.id,
            incarnation=status.get("incarnation", 0),
            applied=frozenset(status.get("appliedFields") or ()),
            last_status=status,
            proven=target.secret.proven,
            inputs=target.inputs.values,
            digests=target.inputs.digests,
            deleting=resource.deleting,
            replaces=_may_replace(target),
            observed=target.policies.observe_only,
            taken=frozenset(str(other["id"]) for other in others if other.get("id")),
            sibling_intents=tuple(one["intent"] for one in others if one.get("intent") and not one.get("id")),
            not_older_than=not_older_than,
        )

    def _others(self, target: Connected) -> list[Mapping[str, Any]]:
        """Return the statuses of the kind's other resources, where their objects could be confused with this one's."""
        resource = target.resource
        named = {resource.status.get("id"), target.spec.management.adopt.id}
        alike = target.adapter.intends and target.kind.claims(resource) <= named
        unsure = resource.status.get("intent") and not resource.status.get("id")
        if not (alike or unsure):
            return []
        return [other.status for other in self._s.kube.list(resource.key.kind) if other.key != resource.key]

    def refuse_deleted_connection(self, target: Target) -> None:
        """Refuse to start anything over a connection that is being deleted; it serves only what exists already."""
        connection = self._s.kube.get(connection_key(target.kind, target.resource))
        if connection is not None and connection.deleting:
            raise DependencyNotReady(f"{connection.key} is being deleted: use another one, or create it again")


def _may_replace(target: Target) -> bool:
    """Return whether the object may be replaced now; drift that is only reported is left as it is."""
    policies, resource = target.policies, target.resource
    reported = policies.report_drift and is_applied(resource)
    return policies.replaces and not (policies.observe_only or reported or resource.deleting)
