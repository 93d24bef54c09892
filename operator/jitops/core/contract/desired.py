"""What a resource asks of the remote, with everything it refers to resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jitops.core.kube import Key

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.core.kube import JSON


S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Input:
    """Something a resource reads: one value of a Secret or ConfigMap, or the remote id of another resource of ours."""

    path: str
    """Where the spec names it; the adapter finds the value under this path."""
    target: Key
    entry: str | None = None
    """The key of the value in a Secret or ConfigMap; None: the remote id of a resource."""


@dataclass(frozen=True, slots=True)
class Desired(Generic[S]):
    """What a resource asks of the remote, with everything it refers to resolved."""

    key: Key
    spec: S
    identity: str
    """The cluster identity that deterministic ids are made from."""
    now: datetime
    id: str | None = None
    """The remote id in status."""
    owned: bool = False
    """Whether what has this id became ours: an object that was only observed has not."""
    adopt_id: str | None = None
    incarnation: int = 0
    applied: frozenset[str] = frozenset()
    """The paths we last sent (`status.appliedFields`)."""
    last_status: Mapping[str, JSON] = field(default_factory=dict)
    """The whole status as last written: what a kind remembers of itself."""
    held: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The write-once values of our own Secret that are as we wrote them, by their canonical names."""
    material: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `prepare` decided that the Secret must hold."""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the resource refers to, by the path at which the spec names it."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Keyed hashes of the inputs that come from Secrets, by path: they tell a change where the remote masks values."""
    deleting: bool = False
    """Whether the resource is being deleted: its inputs are not resolved then."""
    replaces: bool = False
    """Whether an object of ours that can't be changed may make way for a new one now."""
    observed: bool = False
    """Whether the remote object is only observed."""
    taken: frozenset[str] = frozenset()
    """While there is no id, but an intent, or nothing that we claim: the remote ids that others of the kind have."""
    sibling_intents: tuple[Mapping[str, JSON], ...] = ()
    """The same of those others that have an intent and no id yet: their intents."""
    cascade: str = "Strict"
    """What a deletion does about others that use the object."""
    users: frozenset[str] = frozenset()
    """When deleting: the remote ids of what other resources of ours have that uses the object, and stay."""
    not_older_than: float | None = None
    """The listing must have begun after this monotonic moment; None: any will do."""
    prepared: Any = field(default=None, repr=False)
    """What `prepare` decided; the adapter's own."""
    news: tuple[tuple[str, str], ...] = ()
    """What `prepare` decided that people should hear of, as event reason and message."""

    def next_incarnation(self) -> Desired[S]:
        """Ask for the same object under the next id, with what was generated for this one."""
        return replace(self, incarnation=self.incarnation + 1, held=self.material or self.held)
