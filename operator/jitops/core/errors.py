"""
Everything that can keep a resource from being what its spec asks, as one tree.

JitopsError
├── SpecInvalid            the spec can't be carried out as written: a person must change it
├── PreflightFailed        the remote tried what was to be written, and it does not work: nothing was written
├── DependencyNotReady     a reference, connection or Secret is missing, not ready, or not permitted
├── CredentialsRejected    the remote refused who we are: a person must change the Secret
├── PermissionDenied       the remote knows us, but our role is too low
├── Unavailable            the network, the remote or our open breaker: comes back by itself
├── RateLimited            the remote's budget is used up until a known moment
├── NotYet                 in progress at the remote: look again after a known time
│   └── Overtaken              someone made the object since we looked; nothing was made for us
├── AlreadyOwned           the object exists and isn't ours
├── AdoptionMismatch       the object to adopt differs from the spec, in named fields
├── RemoteNotFound         the object to adopt or observe does not exist
├── ManualActionRequired   only a person can do the next step, where the remote has no API for it
├── DeletionBlocked        the remote refuses the deletion while something uses the object
├── Thrashing              the same difference came back again and again
├── IdBurnt                (internal) the id was used up by a deleted object: take the next incarnation
└── Interrupted            (internal) Kubernetes is in the way, whatever the resource and its remote are like
    ├── Conflict               the API server holds a newer version of what we wanted to write
    ├── NamespaceTerminating   the namespace accepts no new objects any more
    └── ClusterUnavailable     the API server can't be reached, fails, or is not ours to write to now

Messages are shown to users in conditions and events, so they name the field or object and the cure, and never
hold a secret. How each class turns into a condition and a next attempt stands in one table: `conditions.VERDICTS`;
what interrupts a reconcile turns into none: the controller tries again.
"""

from __future__ import annotations


class JitopsError(Exception):
    """The root: whatever is not one of these is a defect of ours and shows as InternalError."""


class SpecInvalid(JitopsError):
    """The spec, or what it refers to, can't be carried out as written."""


class PreflightFailed(JitopsError):
    """What the remote tried before anything was written does not work, or could not be tried, and must be."""


class DependencyNotReady(JitopsError):
    """Something the resource refers to is missing, not ready or not permitted (`reason` tells which)."""

    def __init__(self, message: str, *, reason: str = "DependencyNotReady", retry: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry = retry


class CredentialsRejected(JitopsError):
    """The remote refused the credentials; tried again only when they change or a person asks."""


class PermissionDenied(JitopsError):
    """The credentials are good, but what we asked needs a higher role."""


class Unavailable(JitopsError):
    """The remote can't be reached, fails, or is in maintenance; `circuit_open` when our breaker spared the call."""

    def __init__(self, message: str, *, circuit_open: bool = False) -> None:
        super().__init__(message)
        self.circuit_open = circuit_open


class RateLimited(JitopsError):
    """The budget is used up; `after` seconds from now the next call may be made."""

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message)
        self.after = after


class NotYet(JitopsError):
    """The remote is at it; look again `after` seconds from now. `deleting` tells the two directions apart."""

    def __init__(self, message: str, *, after: float, deleting: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.deleting = deleting


class Overtaken(NotYet):
    """Someone made the object between our look and our attempt: nothing of ours was made, look again."""


class AlreadyOwned(JitopsError):
    """The remote object exists and belongs to someone else, or to another resource."""


class AdoptionMismatch(JitopsError):
    """`adopt: Match` was asked, and the fields `paths` differ."""

    def __init__(self, message: str, *, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.paths = paths


class RemoteNotFound(JitopsError):
    """The object named by `adopt.id`, or to be observed, does not exist at the remote."""


class ManualActionRequired(JitopsError):
    """The remote has no API for the next step: the message tells a person what to do there."""


class DeletionBlocked(JitopsError):
    """The remote, or a resource of ours, still uses the object."""


class Thrashing(JitopsError):
    """Another writer undoes our correction each time; we stopped writing."""


class IdBurnt(JitopsError):
    """The id belongs to a deleted object for ever (docs/reference/jitsu.md section 4)."""


class Interrupted(JitopsError):
    """Kubernetes ended a reconcile before it could find anything out; no condition tells of it."""


class Conflict(Interrupted):
    """The API server refused our write for a newer version; reconcile again from what it holds."""


class NamespaceTerminating(Interrupted):
    """The namespace is going away, so nothing can be created in it."""


class ClusterUnavailable(Interrupted):
    """The API server can't be reached, fails, or takes no writes from us now; says nothing about the remote."""
