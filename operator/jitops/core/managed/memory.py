"""What a process remembers about resources between reconciles.

It is kept in memory alone. A restart loses it, which costs a listing, one refusal or one retry, and never a resource.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jitops.api import meta
from jitops.core import errors
from jitops.core.contract.kinds import connection_key
from jitops.core.errors import SpecInvalid
from jitops.core.managed.context import is_asked, is_settled
from jitops.core.status.conditions import Verdict, judge
from jitops.core.status.error_rules import ConnectionFault, for_dependents, rule_of
from jitops.core.status.requeue import Requeue

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.connection.pool import Connections
    from jitops.core.contract.client import Client
    from jitops.core.contract.observation import Change
    from jitops.core.kube import Key, Resource
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.managed.plan import Plan
    from jitops.core.status.error_rules import ErrorRule


@dataclass(frozen=True, slots=True)
class _Converged:
    connection: Key
    id: str
    remote: Any
    watched: bool
    """Whether a change of any input would enqueue the resource."""


class ConvergedCache:
    """Remembers converged resources until the listing shows something else for them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._resources: dict[Key, _Converged] = {}

    def add(self, context: ReconcileContext) -> None:
        """Remember what the remote holds for a resource that matches its spec."""
        found, connection = context.found, connection_key(context.kind, context.resource)
        self._resources[context.resource.key] = _Converged(connection, found.id, found.remote, context.inputs.watched)

    def discard(self, key: Key) -> None:
        """Forget a resource that needs something, or no longer exists."""
        self._resources.pop(key, None)

    def holds(self, key: Key) -> bool:
        """Return whether a resource needs no reconcile: the remote is unchanged, and its inputs are watched."""
        known = self._resources.get(key)
        return known is not None and known.watched and self.shown(key)

    def shown(self, key: Key) -> bool:
        """Return whether the listing in memory still shows what was seen; no request is made."""
        known = self._resources.get(key)
        connection = self._connections.open_connection(known.connection) if known else None
        if known is None or connection is None or self._connections.error(known.connection) is not None:
            return False
        return bool(connection.client.snapshots[key.kind].seen(known.id) == known.remote)


SETTLED = 60.0
"""Seconds between two refusals, after which the first can't have been caused by something still in progress."""
BELIEVED = 24 * 3600.0
"""Seconds for which a refusal that was received twice is not tested again."""


@dataclass(frozen=True, slots=True)
class _Grounds:
    """Everything visible that a refusal rests on."""

    uid: str
    generation: int
    plan: Plan
    client: Client
    inputs: Mapping[str, str] = field(repr=False)
    """Ids and code as they are, secrets as keyed hashes."""
    remote: Any = field(repr=False)
    needs: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Rejection:
    grounds: _Grounds
    phase: str
    message: str
    first: float
    last: float

    def is_believed(self, now: float) -> bool:
        return self.last - self.first >= SETTLED and now - self.last < BELIEVED


class RejectionCache:
    """The refusals that this process received, so that the same write is not sent at every resync (law 5).

    A plainly refused write is refused again as long as nothing it depends on changes. Trying it costs a call and,
    where the remote chooses ids, an intent in status before it and its removal afterwards (law 2 needs both). So the
    refusal is remembered and raised again instead of the write. In status it would outlive its reason.

    The write is tried again when the spec, an input, the connection, the object or something it needs at the remote
    (such as the ends of a link) changed, and when a person asks. A remote can refuse for reasons that no listing shows:
    a domain used in another workspace, or a deletion that is not finished. So a refusal counts only once it was
    received twice with the same message, `SETTLED` seconds apart, and then for a day.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._received: dict[Key, _Rejection] = {}

    @contextmanager
    def respected(self, context: ReconcileContext, recorder: Recorder) -> Iterator[None]:
        """Guard the execution of a plan: SpecInvalid if this very plan was refused before and nobody asks again."""
        key, grounds = context.resource.key, _grounds(context)
        known = self._received.get(key)
        if known is not None and known.grounds != grounds:
            known = None
        if known is not None and known.is_believed(self._clock.monotonic()) and not is_asked(context.resource):
            recorder.phase = known.phase
            raise SpecInvalid(known.message)
        try:
            yield
        except SpecInvalid as error:
            now, message = self._clock.monotonic(), str(error)
            first = known.first if known is not None and known.message == message else now
            self._received[key] = _Rejection(grounds, recorder.phase, message, first, now)
            raise
        self.forget(key)

    def forget(self, key: Key) -> None:
        """Forget what was received about a resource."""
        self._received.pop(key, None)


def _grounds(context: ReconcileContext) -> _Grounds:
    client = context.connection.client
    needed = sorted(_needed(context))
    return _Grounds(
        uid=context.resource.uid,
        generation=context.resource.generation,
        plan=context.plan,
        client=client,
        inputs={**context.inputs.values, **context.inputs.digests},
        remote=context.observation.remote if context.observation else None,
        needs=tuple(snapshot.seen(id_) for id_ in needed for snapshot in client.snapshots.values()),
    )


def _needed(context: ReconcileContext) -> set[str]:
    """Return the remote ids of what the resource refers to, by name or by id."""
    kind, resource = context.kind, context.resource
    named = {context.inputs.values[each.path] for each in kind.inputs(resource) if each.entry is None}
    return named | (kind.uses(resource) if kind.uses else set())


class Patience:
    """The passing failures of resources, and since when: a short one keeps the conditions, as it is no news."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing: dict[Key, tuple[ErrorRule, float]] = {}

    def judge(self, resource: Resource, error: Exception) -> Verdict:
        """Return what an error means for a resource; a failure that may pass by itself changes no condition."""
        error = _for_resource(error)
        verdict, rule = judge(error), rule_of(error)
        if not rule.patience:
            self.forget(resource.key)
            return verdict
        left = self._left(resource.key, rule)
        if self._keeps_conditions(resource, error, left):
            return replace(_silent(verdict), requeue=_soon(error, left))
        return verdict

    def in_outage(self, key: Key) -> bool:
        """Return whether the last attempt for a resource could not reach the remote."""
        known = self._failing.get(key)
        return known is not None and known[0].connection is ConnectionFault.SUSPECTED

    def forget(self, key: Key) -> None:
        """Forget a resource that no longer fails, or no longer exists."""
        self._failing.pop(key, None)

    def _left(self, key: Key, rule: ErrorRule) -> float:
        """Return for how many seconds a failure of this kind may still go unreported."""
        now = self._clock.monotonic()
        known, started_at = self._failing.get(key, (rule, now))
        if known is not rule:
            started_at = now
        self._failing[key] = rule, started_at
        return started_at + rule.patience - now

    @staticmethod
    def _keeps_conditions(resource: Resource, error: Exception, left: float) -> bool:
        """Return whether the failure goes unreported: a short wait, or an outage of a resource that was Ready."""
        if isinstance(error, errors.JitopsError) and error.after is not None:
            return error.after <= left
        return left > 0 and is_settled(resource) and not resource.deleting


def _for_resource(error: Exception) -> Exception:
    """Return an error as a resource sees it: refused credentials are the connection's to report."""
    if isinstance(error, errors.JitopsError) and rule_of(error).connection is ConnectionFault.REFUSED:
        return for_dependents(error, str(error))
    return error


def _silent(verdict: Verdict) -> Verdict:
    return Verdict(verdict.reason, verdict.message)


def _soon(error: Exception, left: float) -> Requeue:
    after = error.after if isinstance(error, errors.JitopsError) else None
    return Requeue.backoff(at_most=left) if after is None else Requeue.after(after)


MOST_CORRECTIONS = 5
"""How often the same drift is corrected within `CORRECTION_WINDOW`."""
MOST_KEY_WRITES = 3
"""How often contested keys are written within `CORRECTION_WINDOW`."""
CORRECTION_WINDOW = 3600.0
"""Seconds."""


class CorrectionLimit:
    """The corrections of the last hour: jitops stops where someone else writes the same field again and again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._corrections: dict[Key, list[tuple[float, tuple[str, ...]]]] = defaultdict(list)
        self._contested: dict[Key, list[float]] = defaultdict(list)

    def check(self, resource: Resource, changes: tuple[Change, ...]) -> None:
        """Count a correction; Thrashing if the same fields or keys were corrected too often."""
        self._check_keys(resource, changes)
        paths = tuple(change.path for change in changes if not change.generated)
        if not (is_settled(resource) and paths) or is_asked(resource):
            return
        now = self._clock.monotonic()
        recent = [past for past in self._corrections[resource.key] if now - past[0] < CORRECTION_WINDOW]
        if sum(past[1] == paths for past in recent) >= MOST_CORRECTIONS:
            raise errors.Thrashing(
                f"{', '.join(paths)} was corrected {MOST_CORRECTIONS} times within the hour and changed back each time:"
                " find who else writes it, or set spec.management.drift to Report"
            )
        self._corrections[resource.key] = [*recent, (now, paths)]

    def _check_keys(self, resource: Resource, changes: tuple[Change, ...]) -> None:
        """Count a write of contested keys. A change of the spec and a request begin a new count."""
        if is_asked(resource) or not is_settled(resource):
            self._contested.pop(resource.key, None)
            return
        paths = [change.path for change in changes if change.contested]
        if not paths:
            return
        now = self._clock.monotonic()
        recent = [past for past in self._contested[resource.key] if now - past < CORRECTION_WINDOW]
        if len(recent) >= MOST_KEY_WRITES:
            raise errors.Thrashing(
                f"{', '.join(paths)} was corrected {MOST_KEY_WRITES} times within the hour and changed back each time:"
                " find who else writes it, such as a second operator with this cluster id, then change the spec or set"
                f" the annotation {meta.RECONCILE_REQUESTED_AT}"
            )
        self._contested[resource.key] = [*recent, now]

    def forget(self, key: Key) -> None:
        """Forget a resource that no longer exists."""
        self._corrections.pop(key, None)
        self._contested.pop(key, None)
