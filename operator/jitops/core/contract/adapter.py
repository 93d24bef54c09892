"""The contract between the reconciler and a kind of remote object.

An adapter speaks for one connection, never sees Kubernetes, and gets everything it needs as frozen values. Five
methods carry the life of a plain object (`observe`, `diff`, `create`, `update`, `delete`); the others have a default
and are for kinds with keys of their own, write-once secrets or server-chosen ids.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from jitops.api.reasons import Reason
from jitops.core.contract.desired import Desired
from jitops.core.contract.observation import Change, Observation

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.kube import JSON

S = TypeVar("S")
R = TypeVar("R")


class Adapter(ABC, Generic[S, R]):
    """One kind of remote object, over one connection."""

    intends = False
    """True where the remote chooses ids: `intend` is written to status before `create`."""
    secret_first = False
    """True where the Secret must hold `material` before the remote hears of it."""

    @abstractmethod
    async def observe(self, desired: Desired[S]) -> Observation[R] | None:
        """Find the remote object; reads only."""

    @abstractmethod
    def diff(self, desired: Desired[S], observation: Observation[R]) -> tuple[Change, ...]:
        """Compare what the user set, and what was set before and no longer is; pure."""

    @abstractmethod
    async def create(self, desired: Desired[S]) -> Observation[R]:
        """Make the object; IdBurnt asks for the next incarnation."""

    @abstractmethod
    async def update(
        self, desired: Desired[S], observation: Observation[R], changes: tuple[Change, ...]
    ) -> Observation[R]:
        """Bring just these changes to the object."""

    @abstractmethod
    async def delete(self, desired: Desired[S], observation: Observation[R]) -> None:
        """Remove the object; one that is gone is removed."""

    async def left_behind(self, desired: Desired[S], observation: Observation[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Say, once the object is deleted, what of others leads nowhere now and needs a person."""
        return ()

    def replaced_objects(self, desired: Desired[S]) -> tuple[Mapping[str, JSON], ...]:  # noqa: ARG002 - a default
        """Give, as `status.replaced` lists it, what is ours and another object took, or is to take, the place of."""
        return ()

    async def delete_replaced(self, desired: Desired[S], former: Mapping[str, JSON]) -> None:
        """Remove one of `replaced_objects` and see it gone; DeletionBlocked or NotYet while it stays."""
        raise NotImplementedError

    async def is_deleted(self, observation: Observation[R]) -> bool:  # noqa: ARG002 - a default
        """Say whether a deletion that was accepted has happened; the plain remote's answer is proof enough."""
        return True

    @abstractmethod
    def fields(self, desired: Desired[S]) -> Mapping[str, JSON]:
        """Give the remote fields that the user set, by path."""

    def prepare(self, desired: Desired[S], observation: Observation[R] | None) -> Desired[S]:  # noqa: ARG002 - a default
        """Decide what we generate; the plain object generates nothing."""
        return desired

    async def preflight(self, desired: Desired[S]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Have the remote try what is about to be written; say what is wrong, or forbid it: PreflightFailed."""
        return ()

    def claims(self, desired: Desired[S]) -> frozenset[str]:  # noqa: ARG002 - a default
        """Give what is claimed beside `ManagedKind.claims`, now that references are resolved."""
        return frozenset()

    def instead(self, desired: Desired[S]) -> str:  # noqa: ARG002 - a default
        """Say what can be done about an object that exists and isn't ours, but for adopting it."""
        return ""

    async def intend(self, desired: Desired[S]) -> Mapping[str, JSON]:
        """Give what must stand in status before `create`, as `status.intent`."""
        raise NotImplementedError

    async def verify(self, desired: Desired[S], observation: Observation[R]) -> None:
        """Check with the remote that what we are about to publish is good."""

    async def probe(self, desired: Desired[S], observation: Observation[R]) -> None:
        """Look, once all is done and published, at what `readiness` rests on beside the remote's own word."""

    def outputs(self, desired: Desired[S], observation: Observation[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output Secret, by their canonical names."""
        return {"id": observation.id}

    def documents(self, desired: Desired[S], observation: Observation[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output ConfigMap, where the kind has one."""
        return {}

    def facts(self, desired: Desired[S], observation: Observation[R]) -> Mapping[str, JSON]:  # noqa: ARG002 - a default
        """Give the kind's own part of status; None removes a field."""
        return {}

    def readiness(self, desired: Desired[S], observation: Observation[R]) -> tuple[str, str]:  # noqa: ARG002 - a default
        """Give reason and message of Ready=True, once all is done and published; or raise what is still in its way."""
        return Reason.AVAILABLE, "the remote holds what the spec asks"

    def leftovers(self, desired: Desired[S], observation: Observation[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Name the paths we once sent, the user no longer sets, and the remote still has."""
        return ()

    def due(self, desired: Desired[S], observation: Observation[R]) -> datetime | None:  # noqa: ARG002 - a default
        """Say when the object needs attention by itself (an overlap that ends)."""
        return None


def compare(desired: Mapping[str, JSON], actual: Mapping[str, JSON], removed: tuple[str, ...]) -> tuple[Change, ...]:
    """Compare fields by path: each one set and different, then each one no longer set but still there."""
    differing = [path for path, value in desired.items() if path not in actual or actual[path] != value]
    return tuple(Change(path) for path in sorted({*differing, *removed}))
