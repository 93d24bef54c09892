"""The contract between the reconciler and a kind of remote object.

An adapter speaks for one connection, never sees Kubernetes and gets everything it needs as frozen values. It keeps no
state of its own between calls. Seven methods are abstract: `observe`, `prepare`, `fields`, `diff`, `create`,
`update` and `delete`. The others have a default and serve kinds with keys of their own, write-once secrets or ids that
the remote chooses.

The three type parameters are the spec, the remote object and the draft: what `prepare` decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import override

from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation, Readiness

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.kube import JSON

S = TypeVar("S")
R = TypeVar("R")
D = TypeVar("D")


class Adapter(ABC, Generic[S, R, D]):
    """One kind of remote object, over one connection."""

    intends = False
    """True where the remote chooses ids: `intend` is written to status before `create`."""
    secret_first = False
    """True where the Secret must hold `Prepared.material` before the remote hears of it."""
    replaces = False
    """True where the remote can't change an object, so that a new one replaces it: see `replaced_objects`."""

    @abstractmethod
    async def observe(self, desired: Desired[S]) -> Observation[R] | None:
        """Find the remote object; reads only."""

    @abstractmethod
    def prepare(self, desired: Desired[S], observation: Observation[R] | None) -> Prepared[S, D]:
        """Decide what jitops generates for the object, such as its keys; no request is made."""

    @abstractmethod
    def fields(self, desired: Prepared[S, D]) -> Mapping[str, JSON]:
        """Return the remote fields that the user set, by path."""

    @abstractmethod
    def diff(self, desired: Prepared[S, D], observation: Observation[R]) -> tuple[Change, ...]:
        """Compare the fields that the user sets, or set before and no longer does; pure."""

    @abstractmethod
    async def create(self, desired: Prepared[S, D]) -> Observation[R]:
        """Create the object. IdBurnt asks for the next incarnation."""

    @abstractmethod
    async def update(
        self, desired: Prepared[S, D], observation: Observation[R], changes: tuple[Change, ...]
    ) -> Observation[R]:
        """Write these changes; with `secret_first` only these, else other fields of the spec may be sent again."""

    @abstractmethod
    async def delete(self, desired: Prepared[S, D], observation: Observation[R]) -> None:
        """Delete the object; no error if it is deleted already."""

    async def is_deleted(self, _observation: Observation[R]) -> bool:
        """Return whether an accepted deletion has happened; by default the remote's answer is the proof."""
        return True

    async def left_behind(self, _desired: Prepared[S, D], _observation: Observation[R]) -> tuple[str, ...]:
        """Return a sentence for a person about objects of others that lead nowhere after the deletion."""
        return ()

    def replaced_objects(self, _desired: Prepared[S, D]) -> tuple[Mapping[str, JSON], ...]:
        """Return the objects that this one replaces, as `status.replaced` lists them."""
        return ()

    async def delete_replaced(self, desired: Prepared[S, D], replaced: Mapping[str, JSON]) -> None:
        """Delete one of `replaced_objects` and check that it is deleted; DeletionBlocked or NotYet while it stays."""
        raise NotImplementedError

    async def expire(self, _status: Mapping[str, JSON], _now: datetime) -> Mapping[str, JSON]:
        """End everything overdue by `ManagedKind.expiries`, from status alone; return the status fields that change.

        It is called where a reconcile fails, and so rests on neither the spec nor the Secret.
        """
        return {}

    async def preflight(self, _desired: Prepared[S, D]) -> tuple[str, ...]:
        """Try the coming write at the remote; return warnings, or raise PreflightFailed to forbid it."""
        return ()

    def claims(self, _desired: Prepared[S, D]) -> frozenset[str]:
        """Return the claims in addition to `ManagedKind.claims`, now that references are resolved."""
        return frozenset()

    def alternative_to_adoption(self, _desired: Prepared[S, D]) -> str:
        """Return what a user can do about an existing object of someone else, other than adopt it."""
        return ""

    async def intend(self, desired: Prepared[S, D]) -> Mapping[str, JSON]:
        """Return what must be in `status.intent` before `create`."""
        raise NotImplementedError

    async def verify(self, desired: Prepared[S, D], observation: Observation[R]) -> None:
        """Check with the remote that the outputs about to be published are good."""

    def outputs(self, _desired: Prepared[S, D], observation: Observation[R]) -> Mapping[str, str]:
        """Return the values of the output Secret, by their canonical names."""
        return {"id": observation.id}

    def documents(self, _desired: Prepared[S, D], _observation: Observation[R]) -> Mapping[str, str]:
        """Return the values of the output ConfigMap, where the kind has one."""
        return {}

    def facts(self, _desired: Prepared[S, D], _observation: Observation[R]) -> Mapping[str, JSON]:
        """Return the kind's own part of status; None removes a field."""
        return {}

    def leftovers(self, _desired: Prepared[S, D], _observation: Observation[R]) -> tuple[str, ...]:
        """Return the paths that jitops once sent, the user no longer sets, and the remote still has."""
        return ()

    async def readiness(self, _desired: Prepared[S, D], _observation: Observation[R]) -> Readiness:
        """Return why the resource is Ready once all is done and published, or raise what still prevents it."""
        return Readiness()


class PlainAdapter(Adapter[S, R, None]):
    """An adapter that decides nothing before it writes."""

    @override
    def prepare(self, desired: Desired[S], observation: Observation[R] | None) -> Prepared[S, None]:
        """Return the request as it is."""
        return Prepared.of(desired, None)


def compare(desired: Mapping[str, JSON], actual: Mapping[str, JSON], removed: tuple[str, ...]) -> tuple[Change, ...]:
    """Compare fields by path: set and different, or no longer set but still existing."""
    differing = [path for path, value in desired.items() if path not in actual or actual[path] != value]
    return tuple(Change(path) for path in sorted({*differing, *removed}))
