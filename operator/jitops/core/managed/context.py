"""One reconcile's working state: what was read, what was decided, what has been done so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.core import errors
from jitops.core.index.ownership import may_exist
from jitops.core.kube import Event
from jitops.core.managed.inputs import Resolved
from jitops.core.managed.plan import Plan
from jitops.core.managed.policies import Policies
from jitops.core.outputs.outputs import PublishedOutput

if TYPE_CHECKING:
    from jitops.core.connection.pool import OpenConnection
    from jitops.core.contract.adapter import Adapter
    from jitops.core.contract.desired import Desired
    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.contract.observation import Observation
    from jitops.core.kube import JSON, ConfigMap, Resource, Secret
    from jitops.core.status.conditions import Verdict


@dataclass(slots=True)
class Work:
    """Grows line by line as a reconcile goes on; `phase` names the event if it fails here."""

    row: ManagedKind
    resource: Resource
    not_older_than: float
    """The monotonic moment at which the key was enqueued: what a write rests on must have begun after it."""
    phase: str = "CannotResolve"
    spec: Any = None
    policies: Policies = field(default_factory=Policies)
    hold_until: datetime | None = None
    line: OpenConnection | None = None
    held: PublishedOutput[Secret] = field(default_factory=PublishedOutput)
    documents: PublishedOutput[ConfigMap] = field(default_factory=PublishedOutput)
    inputs: Resolved = field(default_factory=Resolved)
    observation: Observation[Any] | None = None
    adapter: Adapter[Any, Any] = field(init=False)
    """Set by connecting, like what follows by observing: read before that, it is a defect and says so."""
    desired: Desired[Any] = field(init=False)
    plan: Plan = field(init=False)
    readiness: tuple[str, str] = field(init=False)
    """What Ready=True rests on: reason and message."""
    warnings: tuple[str, ...] = ()
    """What is wrong with what was written, as the remote found by trying it."""
    again: Verdict | None = None
    """When to look again, though all is done, for the sake of what is left to be removed."""
    facts: dict[str, JSON] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def record_event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Take down an event, to be sent once the status is written."""
        self.events.append(Event(reason, message, warning))

    @property
    def found(self) -> Observation[Any]:
        """The remote object where there must be one."""
        assert self.observation is not None  # noqa: S101 - plans that need one are made only where there is one
        return self.observation

    @property
    def settled(self) -> bool:
        """Say whether this generation was fully applied before."""
        return bool(self.resource.status.get("syncedGeneration") == self.resource.generation)

    @property
    def may_exist(self) -> bool:
        """Say whether status tells of anything at the remote."""
        return may_exist(self.resource.status)

    @property
    def untouched(self) -> bool:
        """Say whether we never wrote anything for it; should its Secret's name be taken, a create will tell."""
        return meta.FINALIZER not in self.resource.finalizers and not self.resource.status.get("id")

    @property
    def asked(self) -> bool:
        """Say whether a person asks for a fresh look that was not taken yet."""
        token = self.resource.reconcile_request
        return token is not None and token != self.resource.status.get("lastHandledReconcileAt")


def refuse_or_report(work: Work) -> None:
    """Say why nothing was done: nothing there to observe, not ours to take, or drift that is only reported."""
    if work.observation is None:
        raise errors.RemoteNotFound("there is no such object at the remote, and policy Observe creates none")
    if work.observation.ours or work.policies.observe_only:
        return
    if work.policies.adopt == "Match":
        raise errors.AdoptionMismatch(
            f"{work.observation.id} exists and differs in {', '.join(work.plan.drift)}; make spec equal to it,"
            " or set spec.management.adopt.mode to Override",
            paths=work.plan.drift,
        )
    raise errors.AlreadyOwned(
        f"{work.observation.id} exists already and was not made by jitops for this resource;"
        f" set spec.management.adopt.mode to Match or Override to adopt it{work.adapter.instead(work.desired)}"
    )
