"""The policies and switches of a resource, as they stand now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jitops.api import meta
from jitops.core.clock import moment
from jitops.core.index.ownership import _observes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.kube import Resource


@dataclass(frozen=True, slots=True)
class Policies:
    """The `management` block with its defaults, and the operational switches, as they stand now."""

    observe_only: bool = False
    adopt: str = "Never"
    retain: bool = False
    report_drift: bool = False
    paused: bool = False
    replaces: bool = False
    """An object that the remote can't change may be replaced by a new one."""
    cascade: str = "Strict"
    """What a deletion does about others that use the object, where the kind has it."""
    released: bool = False
    """The annotation that lets a stuck deletion go."""


def leaves_remote(policies: Policies) -> bool:
    """Say whether a deletion lets the remote object be."""
    return policies.retain or policies.released or policies.observe_only


def policies(row: ManagedKind, resource: Resource, default_deletion: str | None, *, held: bool) -> Policies:
    """Read the `management` block and the switches; a deletion policy that is not set is the connection's."""
    management, annotations = resource.spec.get("management") or {}, resource.annotations
    return Policies(
        observe_only=_observes(row, resource),
        adopt=(management.get("adopt") or {}).get("mode") or "Never",
        retain=(management.get("deletionPolicy") or default_deletion or "Delete") == "Retain",
        replaces=management.get("replace") == "Allow",
        report_drift=management.get("drift") == "Report" or held,
        cascade=management.get("cascade") or "Strict",
        paused=annotations.get(meta.PAUSED) == meta.TRUE,
        released=annotations.get(meta.RELEASE_FINALIZER) == meta.RELEASE_ORPHAN,
    )


def drift_hold(annotations: Mapping[str, str], now: datetime) -> datetime | None:
    """Return until when drift is only reported; None when that is over, not asked, or not a moment."""
    try:
        until = moment(annotations[meta.DRIFT_HOLD_UNTIL])
    except (KeyError, ValueError):
        return None
    return until if until > now else None
