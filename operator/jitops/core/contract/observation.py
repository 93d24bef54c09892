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

    `generated` marks a value that jitops generates, such as a key. It is no drift that a person should judge, and no
    obstacle to adopting an object that is otherwise equal.
    """

    path: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Observation(Generic[R]):
    """What the remote holds for a resource; `remote` compares equal while nothing changed there."""

    id: str
    remote: R = field(repr=False)
    owned: bool
    """Whether jitops made or adopted it for this resource: by the id in status, the hash in the id, or the intent."""
