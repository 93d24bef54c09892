"""What an adapter decides before anything is written: the typed draft beside what the resource asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from jitops.core.contract.desired import Desired
from jitops.core.kube import Event

if TYPE_CHECKING:
    from typing import Self

S = TypeVar("S")
D = TypeVar("D")


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
        """Return the request again, once the Secret holds the values generated for it."""
        asked = {each.name: getattr(self, each.name) for each in _ASKED}
        return Desired(**{**asked, "proven": self.material or self.proven})

    def with_next_incarnation(self) -> Desired[S]:
        """Return the request for the same object under the next id, with the values generated for this one."""
        return replace(self.published(), incarnation=self.incarnation + 1)


_ASKED = fields(Desired)
