"""
Everything that can keep a resource from its spec, as one tree.

JitopsError
├── SpecInvalid            the spec can't be applied as written: a person must change it
├── PreflightFailed        the remote tried what was about to be written and it failed; nothing was written
├── DependencyNotReady     a reference, connection or Secret is missing, not ready, or not permitted
├── CredentialsRejected    the remote refused the credentials: a person must change the Secret
├── PermissionDenied       the credentials are good, but their role is too low
├── Unavailable            the network, the remote or the open circuit breaker: recovers by itself
├── RateLimited            the remote's budget is used up until a known moment
├── NotYet                 in progress at the remote: check again after a known time
│   └── Overtaken              someone else created the object after it was looked for; jitops created nothing
├── AlreadyOwned           the object exists and jitops does not own it for this resource
├── AdoptionMismatch       the object to adopt differs from the spec, in named fields
├── RemoteNotFound         the object to adopt or observe does not exist
├── ManualActionRequired   only a person can do the next step, because the remote has no API for it
├── DeletionBlocked        the remote refuses the deletion while something uses the object
├── Thrashing              the same difference came back again and again
├── IdBurnt                (internal) a deleted object used the id: take the next incarnation
└── Interrupted            (internal) Kubernetes is in the way, whatever the resource and its remote are like
    ├── Conflict               the API server holds a newer version of the object to write
    ├── NamespaceTerminating   the namespace accepts no new objects any more
    └── ClusterUnavailable     the API server can't be reached, fails, or may not be written to now

Users read the messages in conditions and events. So a message names the field or object and the cure, and never holds
a secret. One table says what follows from each class: `core.status.error_rules`. An Interrupted error becomes no
condition: the controller tries again.
"""

from __future__ import annotations


class JitopsError(Exception):
    """The root. Any other exception is a defect in jitops and is shown as InternalError."""

    reason: str | None = None
    """The condition's reason, where the error knows better than the table."""
    after: float | None = None
    """Seconds until the next attempt, where the error knows them."""
    paths: tuple[str, ...] = ()
    """The fields that differ, where the error is about differences."""


class SpecInvalid(JitopsError):
    """The spec, or what it refers to, can't be applied as written."""


class PreflightFailed(JitopsError):
    """The remote tried what was about to be written; it failed or could not be tried, and the spec enforces it."""


class DependencyNotReady(JitopsError):
    """Something the resource refers to is missing, not ready or not permitted; `reason` says which."""

    def __init__(self, message: str, *, reason: str | None = None, after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.after = after


class CredentialsRejected(JitopsError):
    """The remote refused the credentials; tried again only when they change or a person asks."""


class PermissionDenied(JitopsError):
    """The credentials are good, but the call needs a higher role."""


class Unavailable(JitopsError):
    """The remote can't be reached, fails, or is in maintenance; `circuit_open`: the circuit breaker held the call."""

    def __init__(self, message: str, *, circuit_open: bool = False) -> None:
        super().__init__(message)
        self.circuit_open = circuit_open
        self.reason = "CircuitOpen" if circuit_open else None


class RateLimited(JitopsError):
    """The budget is used up; the next call may be made `after` seconds from now."""

    after: float

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message)
        self.after = after


class NotYet(JitopsError):
    """The remote is not done; check again `after` seconds from now. `deleting` marks a deletion."""

    after: float

    def __init__(self, message: str, *, after: float, deleting: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.reason = "Deleting" if deleting else None


class Overtaken(NotYet):
    """Someone created the object after it was looked for; jitops created nothing and looks again."""


class AlreadyOwned(JitopsError):
    """The remote object exists and belongs to someone else, or to another resource."""


class AdoptionMismatch(JitopsError):
    """`adopt.mode: Match` was asked for, and the fields `paths` differ."""

    def __init__(self, message: str, *, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.paths = paths


class RemoteNotFound(JitopsError):
    """The object named by `adopt.id`, or the one to observe, or one that is not created again, does not exist."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class ManualActionRequired(JitopsError):
    """The remote has no API for the next step; the message says what a person must do there."""


class DeletionBlocked(JitopsError):
    """The remote, or another resource, still uses the object."""


class Thrashing(JitopsError):
    """Another writer reverts each correction; jitops stopped writing."""


class IdBurnt(JitopsError):
    """The id belongs to a deleted object for ever (docs/reference/jitsu.md section 4)."""


class Interrupted(JitopsError):
    """Kubernetes ended a reconcile before it found anything out; no condition reports it."""


class Conflict(Interrupted):
    """The API server refused a write because it holds a newer version; reconcile again from that."""


class NamespaceTerminating(Interrupted):
    """The namespace is being deleted, so nothing can be created in it."""


class ClusterUnavailable(Interrupted):
    """The API server can't be reached, fails, or may not be written to now; says nothing about the remote."""
