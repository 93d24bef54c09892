"""What one reconcile knows and what it has recorded so far."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.api.reasons import EventReason
from jitops.core.index.ownership import may_exist
from jitops.core.kube import Event

if TYPE_CHECKING:
    from jitops.api.managed import ManagedSpec
    from jitops.core.connection.pool import OpenConnection
    from jitops.core.contract.adapter import Adapter
    from jitops.core.contract.desired import Prepared
    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.contract.observation import Observation
    from jitops.core.kube import JSON, ConfigMap, Resource, Secret
    from jitops.core.managed.inputs import Resolved
    from jitops.core.managed.plan import Plan, Policies
    from jitops.core.outputs.outputs import PublishedOutput


NOT_REMOTE = frozenset({"management", "outputs"})
"""The parts of a spec that say nothing about the remote object."""


@dataclass(frozen=True, slots=True)
class Target:
    """A resource whose spec was checked."""

    kind: ManagedKind
    resource: Resource
    spec: ManagedSpec
    policies: Policies


@dataclass(frozen=True, slots=True)
class Connected(Target):
    """A target with everything it refers to: connection, inputs, output Secret and ConfigMap."""

    connection: OpenConnection
    adapter: Adapter[Any, Any, Any]
    inputs: Resolved
    secret: PublishedOutput[Secret]
    config_map: PublishedOutput[ConfigMap]


@dataclass(frozen=True, slots=True)
class ReconcileContext(Connected):
    """Everything that one reconcile decides on. It is made once; what changes is replaced by a new context."""

    desired: Prepared[Any, Any]
    observation: Observation[Any] | None
    plan: Plan

    @property
    def found(self) -> Observation[Any]:
        """The remote object, where there must be one."""
        assert self.observation is not None  # noqa: S101 - plans that need an object are made only where one exists
        return self.observation


@dataclass(slots=True)
class Recorder:
    """What a reconcile records while it runs, for the status and the events at its end."""

    resource: Resource
    """The resource in the version last read or written; every write rests on it."""
    phase: str = EventReason.CANNOT_RESOLVE
    """The reason of the event if the reconcile fails now."""
    paused_by: tuple[str, ...] = ()
    """Who pauses a resource that is only compared."""
    connected: bool = False
    """Whether the connection answered, so that a failure may be the connection's."""
    facts: dict[str, JSON] = field(default_factory=dict)
    """Fields for status; None removes one."""
    events: list[Event] = field(default_factory=list)
    ends_overdue: bool = False
    """Whether this reconcile ended everything that was overdue at the remote."""
    closing_events: list[Event] = field(default_factory=list)
    """Sent after the others, and only if the reconcile succeeds."""

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Record an event; it is sent once the status is written."""
        self.events.append(Event(reason, message, warning))


def is_settled(resource: Resource) -> bool:
    """Return whether this generation was fully applied before, so that a difference is drift."""
    return bool(resource.status.get("syncedGeneration") == resource.generation)


def is_applied(resource: Resource) -> bool:
    """Return whether everything that the spec asks of the remote was fully applied before, so a difference is drift.

    A change of `management` or `outputs` alone asks nothing of the remote object.
    """
    return is_settled(resource) or resource.status.get("appliedSpec") == spec_hash(resource)


def spec_hash(resource: Resource) -> str:
    """Return a hash of the spec without `management` and `outputs`."""
    asked = {name: value for name, value in resource.spec.items() if name not in NOT_REMOTE}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def is_untouched(resource: Resource) -> bool:
    """Return whether jitops never wrote anything for a resource."""
    return meta.FINALIZER not in resource.finalizers and not resource.status.get("id")


def is_asked(resource: Resource) -> bool:
    """Return whether a person asks for a reconcile that was not done yet."""
    token = resource.reconcile_request
    return token is not None and token != resource.status.get("lastHandledReconcileAt")


def exists_remotely(resource: Resource) -> bool:
    """Return whether the status mentions anything at the remote."""
    return may_exist(resource.status)
