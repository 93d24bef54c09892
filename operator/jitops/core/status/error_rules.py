"""The one table per error class: condition, event, next attempt, and what it means for connection and creation.

A new error class gets its row here and nothing anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from jitops.api.reasons import EventReason, Reason
from jitops.core import errors
from jitops.core.status.requeue import Requeue


class ConnectionFault(Enum):
    """What an error of one resource says about its connection."""

    NONE = auto()
    SUSPECTED = auto()
    """The connection is checked again."""
    REFUSED = auto()
    """The connection is closed to its dependents until it was checked; they see an outage."""


class Seen(Enum):
    """How the dependents of a connection see its error."""

    AS_IT_IS = auto()
    NOT_READY = auto()
    OUTAGE = auto()
    THROTTLED = auto()


PHASE: Final = "the phase's own event"
"""The event that the phase of the reconcile names, such as CannotCreate."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What follows from one class of error."""

    reason: Reason
    """The condition's reason, unless the error has one of its own."""
    requeue: Requeue
    """The next attempt, unless the error names its seconds."""
    stalled: bool = False
    """Only a person can help (kstatus: Stalled)."""
    reconciling: bool = False
    ready: str = "False"
    synced: str | None = "False"
    """None leaves the condition as it was."""
    resolved: str | None = None
    event: EventReason | str | None = PHASE
    """The Warning event; None: nothing is wrong, the work is in progress."""
    ends_creation: bool = False
    """The remote plainly refused a creation, so that nothing was created and the intent can be dropped."""
    connection: ConnectionFault = ConnectionFault.NONE
    dependents_see: Seen = Seen.AS_IT_IS
    patience: float = 0.0
    """Seconds for which the resource's conditions stay as they are, in case the error passes by itself."""
    forbids_writing: bool = False
    """Nothing at all may be written to the object, not even the end of something overdue."""
    needs_way_out: bool = True
    """While deleting, the message adds how to release the resource without cleaning up."""


RULES: Mapping[type[Exception], ErrorRule] = {
    errors.SpecInvalid: ErrorRule(
        Reason.INVALID_CONFIGURATION,
        Requeue.on_change(),
        stalled=True,
        ends_creation=True,
        dependents_see=Seen.NOT_READY,
    ),
    errors.PreflightFailed: ErrorRule(Reason.INVALID_CONFIGURATION, Requeue.slow(), stalled=True),
    errors.DependencyNotReady: ErrorRule(
        Reason.DEPENDENCY_NOT_READY,
        Requeue.slow(),
        resolved="False",
        ends_creation=True,
        dependents_see=Seen.NOT_READY,
    ),
    errors.CredentialsRejected: ErrorRule(
        Reason.CREDENTIALS_INVALID,
        Requeue.on_change(),
        stalled=True,
        connection=ConnectionFault.REFUSED,
        dependents_see=Seen.OUTAGE,
    ),
    errors.PermissionDenied: ErrorRule(
        Reason.PERMISSION_DENIED,
        Requeue.slow(),
        stalled=True,
        ends_creation=True,
        dependents_see=Seen.NOT_READY,
    ),
    errors.Unavailable: ErrorRule(
        Reason.REMOTE_UNAVAILABLE,
        Requeue.backoff(),
        reconciling=True,
        ready="Unknown",
        synced=None,
        connection=ConnectionFault.SUSPECTED,
        dependents_see=Seen.OUTAGE,
        patience=300.0,
    ),
    errors.RateLimited: ErrorRule(
        Reason.THROTTLED,
        Requeue.backoff(),
        reconciling=True,
        synced=None,
        event=EventReason.THROTTLED,
        dependents_see=Seen.THROTTLED,
        patience=10.0,
        needs_way_out=False,
    ),
    errors.NotYet: ErrorRule(
        Reason.CREATING, Requeue.backoff(), reconciling=True, synced=None, event=None, needs_way_out=False
    ),
    errors.Overtaken: ErrorRule(
        Reason.CREATING,
        Requeue.backoff(),
        reconciling=True,
        synced=None,
        event=None,
        ends_creation=True,
        needs_way_out=False,
    ),
    errors.AlreadyOwned: ErrorRule(
        Reason.CONFLICT,
        Requeue.slow(),
        stalled=True,
        event=EventReason.CONFLICT_DETECTED,
        ends_creation=True,
        forbids_writing=True,
    ),
    errors.AdoptionMismatch: ErrorRule(
        Reason.ADOPTION_MISMATCH,
        Requeue.slow(),
        stalled=True,
        event=EventReason.CONFLICT_DETECTED,
        forbids_writing=True,
    ),
    errors.RemoteNotFound: ErrorRule(Reason.REMOTE_NOT_FOUND, Requeue.slow(), stalled=True),
    errors.ManualActionRequired: ErrorRule(
        Reason.MANUAL_ACTION_REQUIRED, Requeue.slow(), stalled=True, event=EventReason.MANUAL_ACTION_REQUIRED
    ),
    errors.DeletionBlocked: ErrorRule(
        Reason.DELETION_BLOCKED, Requeue.slow(), stalled=True, event=EventReason.DELETION_BLOCKED
    ),
    errors.Thrashing: ErrorRule(Reason.THRASHING, Requeue.on_change(), stalled=True, forbids_writing=True),
}
DEFECT = ErrorRule(Reason.INTERNAL_ERROR, Requeue.backoff(), reconciling=True)
"""The rule of every error that is not in the table: a defect in jitops."""


def rule_of(error: Exception) -> ErrorRule:
    """Return the row of an error's class or of its nearest base class, else `DEFECT`."""
    return next((RULES[base] for base in type(error).__mro__ if base in RULES), DEFECT)


def for_dependents(error: errors.JitopsError, message: str) -> errors.JitopsError:
    """Return a connection's error as its dependents see it, with a message for them."""
    match rule_of(error).dependents_see:
        case Seen.OUTAGE:
            return errors.Unavailable(message, circuit_open=error.reason == Reason.CIRCUIT_OPEN)
        case Seen.THROTTLED:
            return errors.RateLimited(message, after=error.after or 0.0)
        case Seen.NOT_READY:
            return errors.DependencyNotReady(message, after=error.after)
        case Seen.AS_IT_IS:
            return error
