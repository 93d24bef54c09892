"""What the remote refused, so that the same is not asked of it at every resync (law 5).

A plainly refused write comes back refused as long as nothing changes that it rests on; yet finding that out by trying
costs a call and, where the remote chooses ids, an intent in status before it and its removal after it (law 2 lets
neither be left out). So the refusal is remembered, and repeated to the reconciler instead of the write. It is kept in
memory alone: lost at a restart, when everything is tried anew, it costs one more refusal; kept in status it would
outlive its reason.

The write is tried again when the spec, an input, the connection, the object or what it needs at the remote (the ends
of a link) changed, and when a person asks. What else made the remote refuse, a domain used in another workspace or a
deletion that is not through, no listing shows: hence a refusal stands only once it was heard twice in the same words,
and then for a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jitops.core.errors import SpecInvalid

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.client import Client
    from jitops.core.kube import Key
    from jitops.core.managed.context import Work
    from jitops.core.managed.plan import Plan

SETTLED = 60.0
"""Seconds between two refusals after which the first can't have been due to something still under way."""
BELIEVED = 24 * 3600.0
"""Seconds for which a refusal that was heard twice is not put to the test."""


@dataclass(frozen=True, slots=True)
class _Grounds:
    """Everything that we can see a refusal rest on."""

    uid: str
    generation: int
    plan: Plan
    client: Client
    inputs: Mapping[str, str] = field(repr=False)
    """Ids and code as they are, secrets by their keyed hashes."""
    remote: Any = field(repr=False)
    needs: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Refusal:
    grounds: _Grounds
    phase: str
    message: str
    first: float
    last: float

    def stands(self, now: float) -> bool:
        return self.last - self.first >= SETTLED and now - self.last < BELIEVED


class Refusals:
    """The refusals that this process heard, one for each resource at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[Key, _Refusal] = {}

    @contextmanager
    def heeded(self, work: Work) -> Iterator[None]:
        """Carry out a plan; raise SpecInvalid without doing so if just this was refused, and nobody asks for it."""
        key, grounds = work.resource.key, _grounds(work)
        known = self._heard.get(key)
        if known is not None and known.grounds != grounds:
            known = None
        if known is not None and known.stands(self._clock.monotonic()) and not work.asked:
            work.phase = known.phase
            raise SpecInvalid(known.message)
        try:
            yield
        except SpecInvalid as error:
            now, message = self._clock.monotonic(), str(error)
            first = known.first if known is not None and known.message == message else now
            self._heard[key] = _Refusal(grounds, work.phase, message, first, now)
            raise
        self.forget(key)

    def forget(self, key: Key) -> None:
        """Drop what was heard about a resource."""
        self._heard.pop(key, None)


def _grounds(work: Work) -> _Grounds:
    assert work.line is not None  # noqa: S101 - nothing is acted on before it is connected
    client = work.line.client
    return _Grounds(
        uid=work.resource.uid,
        generation=work.resource.generation,
        plan=work.plan,
        client=client,
        inputs={**work.inputs.values, **work.inputs.digests},
        remote=work.observation.remote if work.observation else None,
        needs=tuple(snapshot.seen(id_) for id_ in sorted(_needed(work)) for snapshot in client.snapshots.values()),
    )


def _needed(work: Work) -> set[str]:
    """Give the remote ids of what the resource refers to, by name or by id."""
    named = {work.inputs.values[each.path] for each in work.row.inputs(work.resource) if each.entry is None}
    return named | (work.row.uses(work.resource) if work.row.uses else set())
