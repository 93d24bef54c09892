"""What a resource asks of the remote, and what an adapter decides about it before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from jitops.core.kube import Event, Key

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from jitops.core.kube import JSON

S = TypeVar("S")
D = TypeVar("D")


class Input(NamedTuple):
    """A reference of a resource: to one value of a Secret or ConfigMap, or to the remote id of another resource."""

    path: str
    """The path in the spec; the adapter finds the value under it."""
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
    """Whether jitops made or adopted the object of this id; false if it was only observed."""
    adopt_id: str | None = None
    incarnation: int = 0
    applied: frozenset[str] = frozenset()
    """The paths last sent (`status.appliedFields`)."""
    last_status: Mapping[str, JSON] = field(default_factory=dict)
    """The whole status as last written."""
    proven: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The write-once values in the output Secret that match their hash, by their canonical names."""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of references, by the path in the spec."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Keyed hashes of the inputs that come from Secrets, by path. They show a change where the remote masks values."""
    deleting: bool = False
    """Whether the resource is being deleted; its inputs are not resolved then."""
    replaces: bool = False
    """Whether an owned object that can't be changed may be replaced by a new one now."""
    observed: bool = False
    """Whether the remote object is only observed."""
    taken: frozenset[str] = frozenset()
    """The remote ids of the kind's other resources, where this one could be confused with theirs."""
    sibling_intents: tuple[Mapping[str, JSON], ...] = ()
    """The intents of those other resources that have no id yet."""
    cascade: str = "Strict"
    """The cascade policy: what a deletion does about others that use the object."""
    users: frozenset[str] = frozenset()
    """When deleting: the remote ids of other resources' objects that use this one and stay."""
    not_older_than: float | None = None
    """The listing must have begun after this monotonic moment; None: any will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Desired[S], Generic[S, D]):
    """What a resource asks, with what `Adapter.prepare` decided about it."""

    draft: D = field(repr=False)
    """The adapter's own decision, such as the write keys of a stream."""
    material: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values that the output Secret must hold before the remote hears of them, by their canonical names."""
    notices: tuple[Event, ...] = ()
    """The events to send once it is carried out."""

    @classmethod
    def of(
        cls,
        desired: Desired[S],
        draft: D,
        *,
        material: Mapping[str, str] | None = None,
        notices: tuple[Event, ...] = (),
    ) -> Self:
        """Return the desired state with a decision added to it."""
        asked = {each.name: getattr(desired, each.name) for each in _ASKED}
        return cls(**asked, draft=draft, material=material or {}, notices=notices)

    def published(self) -> Desired[S]:
        """Return the desired state without the decision; the Secret holds the generated values, so they are proven."""
        asked = {each.name: getattr(self, each.name) for each in _ASKED}
        return Desired(**{**asked, "proven": self.material or self.proven})

    def with_next_incarnation(self) -> Desired[S]:
        """Return the desired state for the next id; the values generated for this one are kept as proven."""
        return replace(self.published(), incarnation=self.incarnation + 1)


_ASKED = fields(Desired)
