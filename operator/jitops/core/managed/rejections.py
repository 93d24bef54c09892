"""Remember what the remote refused, so that the same write is not sent at every resync (law 5).

A plainly refused write is refused again as long as nothing changes that it rests on. Trying it costs a call and, where
the remote chooses ids, an intent in status before it and its removal afterwards (law 2 needs both). So the refusal is
remembered and raised again instead of the write. It is kept in memory alone. A restart loses it, and everything is
tried once more; in status it would outlive its reason.

The write is tried again when the spec, an input, the connection, the object or something it needs at the remote (such
as the ends of a link) changed, and when a person asks. A remote can refuse for reasons that no listing shows: a domain
used in another workspace, or a deletion that is not finished. So a refusal counts only once it was received twice with
the same message, and then for a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jitops.core.errors import SpecInvalid
from jitops.core.managed.context import is_asked

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.client import Client
    from jitops.core.kube import Key
    from jitops.core.managed.context import ReconcileContext, Recorder
    from jitops.core.managed.plan import Plan

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
    """The refusals that this process received, at most one for each resource."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._received: dict[Key, _Rejection] = {}

    @contextmanager
    def respected(self, context: ReconcileContext, recorder: Recorder) -> Iterator[None]:
        """Execute a plan; SpecInvalid instead if exactly this was refused before and nobody asks for it."""
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
