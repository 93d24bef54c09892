"""The decision: from the policies and the situation of a resource to one action, without side effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.switches import is_paused, read_switches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.contract.observation import Change
    from jitops.core.kube import Resource


SETTING = "the operator's setting"
"""Who pauses everything, in words."""


@dataclass(frozen=True, slots=True)
class OperatorPolicy:
    """What the operator's settings say about all resources."""

    paused: bool = False
    """Everything is compared and reported, and nothing is written to a remote."""
    deletion_policy: str = "Delete"
    """The deletion policy where neither the resource nor its connection has one."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The `management` block with its defaults, and the annotations that switch something."""

    observe_only: bool = False
    adopt: str = "Never"
    retain: bool = False
    report_drift: bool = False
    report_missing: bool = False
    """An object that others deleted is not created again."""
    paused_by: tuple[str, ...] = ()
    """Who pauses the resource, in words; empty: nobody."""
    compares: bool = False
    """Whether the resource is compared although it is paused: only the operator's setting pauses it."""
    replaces: bool = False
    """An object that the remote can't change may be replaced by a new one."""
    cascade: str = "Strict"
    """What a deletion does about others that use the object, where the kind has cascade rules."""
    protected: bool = False
    """Nothing remote may be deleted."""
    released: bool = False
    """The annotation that ends a deletion which can't be done."""
    drift_hold: datetime | None = None
    """When a hold of drift ends, if it ends by itself."""

    @property
    def paused(self) -> bool:
        """Return whether anybody pauses the resource."""
        return bool(self.paused_by)

    @property
    def leaves_remote(self) -> bool:
        """Return whether a deletion leaves the remote object as it is."""
        return self.retain or self.released or self.observe_only


def policies_of(
    kind: ManagedKind, resource: Resource, connection: Resource | None, operator: OperatorPolicy, now: datetime
) -> Policies:
    """Read the `management` block and the switches, with what the connection and the operator set for everyone."""
    annotated = tuple(_pauses(resource, connection))
    default_deletion = connection.spec.get("deletionPolicy") if connection else None
    management, switches = resource.spec.get("management") or {}, read_switches(resource.annotations, now)
    return Policies(
        observe_only=kind.only_observes(resource),
        adopt=(management.get("adopt") or {}).get("mode") or "Never",
        retain=(management.get("deletionPolicy") or default_deletion or operator.deletion_policy) == "Retain",
        protected=management.get("deletionProtection") is True,
        replaces=management.get("replace") == "Allow",
        report_drift=management.get("drift") == "Report" or switches.holds_drift,
        report_missing=switches.holds_drift or (management.get("onMissing") or management.get("drift")) == "Report",
        cascade=management.get("cascade") or "Strict",
        paused_by=(*annotated, SETTING) if operator.paused else annotated,
        compares=operator.paused and not annotated,
        released=switches.released,
        drift_hold=switches.hold_until,
    )


def _pauses(resource: Resource, connection: Resource | None) -> Iterator[str]:
    """Yield the annotations that pause a resource."""
    if is_paused(resource.annotations):
        yield f"the annotation {meta.PAUSED}"
    if connection is not None and is_paused(connection.annotations):
        yield f"the annotation {meta.PAUSED} on {connection.key}"


class Action(Enum):
    """What one reconcile may do outside the process."""

    CREATE = auto()
    UPDATE = auto()
    ADOPT = auto()
    DELETE = auto()
    RELEASE = auto()
    REPORT = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision rests on."""

    policies: Policies
    deleting: bool = False
    exists: bool = False
    owned: bool = False
    applied: bool = False
    """What the spec asks of the remote was fully applied before, so a difference is drift and no change of the spec."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The action, the changes it makes, and the drift it only reports."""

    action: Action
    changes: tuple[Change, ...] = ()
    drift: tuple[str, ...] = ()


def plan(s: Situation) -> Plan:
    """Return the plan. Deletion decides first, then pause, then existence, then differences."""
    if s.deleting:
        return Plan(_ending(s))
    if s.policies.paused:
        return Plan(Action.NOTHING, drift=_report(s.changes).drift)
    if not s.exists:
        reported = s.policies.observe_only or (s.applied and s.policies.report_missing)
        return Plan(Action.REPORT if reported else Action.CREATE)
    if s.policies.observe_only:
        return _report(s.changes)
    if not s.owned:
        return _adoption(s)
    return _correction(s)


def _ending(s: Situation) -> Action:
    if s.policies.leaves_remote:
        return Action.RELEASE
    if s.policies.paused:
        return Action.NOTHING
    return Action.DELETE if s.exists and s.owned else Action.RELEASE


def _report(changes: tuple[Change, ...]) -> Plan:
    drift = tuple(change.path for change in changes if not change.generated)
    return Plan(Action.REPORT if drift else Action.NOTHING, drift=drift)


def _adoption(s: Situation) -> Plan:
    differing = tuple(change.path for change in s.changes if not change.generated)
    if s.policies.adopt == "Never" or (s.policies.adopt == "Match" and differing):
        return Plan(Action.REPORT, drift=differing)
    return Plan(Action.ADOPT, s.changes)


def _correction(s: Situation) -> Plan:
    if not (s.applied and s.policies.report_drift):
        return Plan(Action.UPDATE if s.changes else Action.NOTHING, s.changes)
    own = tuple(change for change in s.changes if change.generated)
    drift = _report(s.changes).drift
    if own:
        return Plan(Action.UPDATE, own, drift)
    return Plan(Action.REPORT if drift else Action.NOTHING, drift=drift)
