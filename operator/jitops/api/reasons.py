"""The types and reasons of conditions and events, each defined in one place."""

from __future__ import annotations

from enum import StrEnum


class ConditionType(StrEnum):
    """The types of conditions. The last three are abnormal: they are present only when true."""

    READY = "Ready"
    SYNCED = "Synced"
    REFERENCES_RESOLVED = "ReferencesResolved"
    DRIFT_DETECTED = "DriftDetected"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Reason(StrEnum):
    """The reasons of conditions. Each is chosen so that the reader knows what to do."""

    AVAILABLE = "Available"
    CREATING = "Creating"
    DELETING = "Deleting"
    RECONCILE_PAUSED = "ReconcilePaused"
    DEPENDENCY_NOT_FOUND = "DependencyNotFound"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    REFERENCE_NOT_PERMITTED = "ReferenceNotPermitted"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    PERMISSION_DENIED = "PermissionDenied"
    INVALID_CONFIGURATION = "InvalidConfiguration"
    CONFLICT = "Conflict"
    ADOPTION_MISMATCH = "AdoptionMismatch"
    DRIFT_DETECTED = "DriftDetected"
    REMOTE_NOT_FOUND = "RemoteNotFound"
    REMOTE_UNAVAILABLE = "RemoteUnavailable"
    THROTTLED = "Throttled"
    CIRCUIT_OPEN = "CircuitOpen"
    DELETION_BLOCKED = "DeletionBlocked"
    THRASHING = "Thrashing"
    MANUAL_ACTION_REQUIRED = "ManualActionRequired"
    PUBLISHED = "Published"
    VERIFIED = "Verified"
    ACKNOWLEDGED = "Acknowledged"
    INTERNAL_ERROR = "InternalError"


class EventReason(StrEnum):
    """The reasons of events. An event is recorded only when something changes."""

    CREATED = "Created"
    ADOPTED = "Adopted"
    UPDATED = "Updated"
    DRIFT_DETECTED = "DriftDetected"
    DRIFT_CORRECTED = "DriftCorrected"
    DELETED = "Deleted"
    RETAINED = "Retained"
    PAUSED = "Paused"
    RESUMED = "Resumed"
    SECRET_PUBLISHED = "SecretPublished"  # noqa: S105 - a reason, no secret
    SECRET_RESTORED = "SecretRestored"  # noqa: S105 - a reason, no secret
    KEY_ROTATED = "KeyRotated"
    KEY_LOST = "KeyLost"
    CANNOT_CONNECT = "CannotConnect"
    CANNOT_OBSERVE = "CannotObserve"
    CANNOT_CREATE = "CannotCreate"
    CANNOT_UPDATE = "CannotUpdate"
    CANNOT_DELETE = "CannotDelete"
    DELETION_BLOCKED = "DeletionBlocked"
    THROTTLED = "Throttled"
    CONFLICT_DETECTED = "ConflictDetected"
    CANNOT_RESOLVE = "CannotResolve"
    CANNOT_READ_ANNOTATION = "CannotReadAnnotation"
    MANUAL_ACTION_REQUIRED = "ManualActionRequired"
    VALIDATION_FAILED = "ValidationFailed"
    REPLACED_NON_ATOMICALLY = "ReplacedNonAtomically"
