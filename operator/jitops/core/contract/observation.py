"""What the remote holds for a resource, and how it differs from the spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    pass


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, by path, never by value.

    `generated` marks what we made ourselves (keys): it is no drift that a person should judge, and no obstacle to
    adopting an object that is otherwise equal.
    """

    path: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Observation(Generic[R]):
    """What the remote holds for a resource. `remote` compares equal as long as nothing changed there."""

    id: str
    remote: R = field(repr=False)
    owned: bool
    """Made or adopted by us for this resource: by the id in status, by our hash in the id, or by our intent."""
