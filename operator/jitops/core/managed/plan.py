"""The decision: from a situation to one action, without side effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from jitops.core.managed.policies import Policies

if TYPE_CHECKING:
    from jitops.core.contract.observation import Change


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
    settled: bool = False
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
        reported = s.policies.observe_only or (s.settled and s.policies.report_missing)
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
    if not (s.settled and s.policies.report_drift):
        return Plan(Action.UPDATE if s.changes else Action.NOTHING, s.changes)
    own = tuple(change for change in s.changes if change.generated)
    drift = _report(s.changes).drift
    if own:
        return Plan(Action.UPDATE, own, drift)
    return Plan(Action.REPORT if drift else Action.NOTHING, drift=drift)
