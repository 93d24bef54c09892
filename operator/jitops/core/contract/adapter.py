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
from jitops.core.contract.desired import Wanted
from jitops.core.contract.observation import Change, External

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
    async def observe(self, wanted: Wanted[S]) -> External[R] | None:
        """Find the remote object; reads only."""

    @abstractmethod
    def diff(self, wanted: Wanted[S], external: External[R]) -> tuple[Change, ...]:
        """Compare what the user set, and what was set before and no longer is; pure."""

    @abstractmethod
    async def create(self, wanted: Wanted[S]) -> External[R]:
        """Make the object; IdBurnt asks for the next incarnation."""

    @abstractmethod
    async def update(self, wanted: Wanted[S], external: External[R], changes: tuple[Change, ...]) -> External[R]:
        """Bring just these changes to the object."""

    @abstractmethod
    async def delete(self, wanted: Wanted[S], external: External[R]) -> None:
        """Remove the object; one that is gone is removed."""

    async def left_behind(self, wanted: Wanted[S], external: External[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Say, once the object is deleted, what of others leads nowhere now and needs a person."""
        return ()

    def formers(self, wanted: Wanted[S]) -> tuple[Mapping[str, JSON], ...]:  # noqa: ARG002 - a default
        """Give, as `status.replaced` lists it, what is ours and another object took, or is to take, the place of."""
        return ()

    async def retire(self, wanted: Wanted[S], former: Mapping[str, JSON]) -> None:
        """Remove one of `formers` and see it gone; DeletionBlocked or NotYet while it stays."""
        raise NotImplementedError

    async def gone(self, external: External[R]) -> bool:  # noqa: ARG002 - a default
        """Say whether a deletion that was accepted has happened; the plain remote's answer is proof enough."""
        return True

    @abstractmethod
    def fields(self, wanted: Wanted[S]) -> Mapping[str, JSON]:
        """Give the remote fields that the user set, by path."""

    def prepare(self, wanted: Wanted[S], external: External[R] | None) -> Wanted[S]:  # noqa: ARG002 - a default
        """Decide what we generate; the plain object generates nothing."""
        return wanted

    async def preflight(self, wanted: Wanted[S]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Have the remote try what is about to be written; say what is wrong, or forbid it: PreflightFailed."""
        return ()

    def claims(self, wanted: Wanted[S]) -> frozenset[str]:  # noqa: ARG002 - a default
        """Give what is claimed beside `Row.claims`, now that references are resolved."""
        return frozenset()

    def instead(self, wanted: Wanted[S]) -> str:  # noqa: ARG002 - a default
        """Say what can be done about an object that exists and isn't ours, but for adopting it."""
        return ""

    async def intend(self, wanted: Wanted[S]) -> Mapping[str, JSON]:
        """Give what must stand in status before `create`, as `status.intent`."""
        raise NotImplementedError

    async def verify(self, wanted: Wanted[S], external: External[R]) -> None:
        """Check with the remote that what we are about to publish is good."""

    async def probe(self, wanted: Wanted[S], external: External[R]) -> None:
        """Look, once all is done and published, at what `standing` rests on beside the remote's own word."""

    def outputs(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output Secret, by their canonical names."""
        return {"id": external.id}

    def documents(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output ConfigMap, where the kind has one."""
        return {}

    def facts(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, JSON]:  # noqa: ARG002 - a default
        """Give the kind's own part of status; None removes a field."""
        return {}

    def standing(self, wanted: Wanted[S], external: External[R]) -> tuple[str, str]:  # noqa: ARG002 - a default
        """Give reason and message of Ready=True, once all is done and published; or raise what is still in its way."""
        return Reason.AVAILABLE, "the remote holds what the spec asks"

    def leftovers(self, wanted: Wanted[S], external: External[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Name the paths we once sent, the user no longer sets, and the remote still has."""
        return ()

    def due(self, wanted: Wanted[S], external: External[R]) -> datetime | None:  # noqa: ARG002 - a default
        """Say when the object needs attention by itself (an overlap that ends)."""
        return None


def compare(wanted: Mapping[str, JSON], actual: Mapping[str, JSON], removed: tuple[str, ...]) -> tuple[Change, ...]:
    """Compare fields by path: each one set and different, then each one no longer set but still there."""
    differing = [path for path, value in wanted.items() if path not in actual or actual[path] != value]
    return tuple(Change(path) for path in sorted({*differing, *removed}))
