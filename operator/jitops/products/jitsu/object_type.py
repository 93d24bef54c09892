"""What the client must know of a type of object: how its rows are read, and what our writes make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from jitops.core.kube import JSON

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ObjectType(Generic[R]):
    """One type of object whose ids jitops chooses; each kind hands its own to the client."""

    name: str
    """The console's name of the type. Build A follows an id into any type, so it is never guessed."""
    kind: str
    """The name of the Kubernetes kind."""
    parse: Callable[[Mapping[str, JSON]], R]
    created: Callable[[Mapping[str, JSON]], R]
    """Return the row that the console holds after it accepted a POST."""
    updated: Callable[[R, Mapping[str, JSON]], R]
    """Return the row that the console holds after it accepted a PUT."""
    secrets: Callable[[Mapping[str, JSON]], Iterable[str]] = lambda _: ()
    """Return the secrets in a body of ours."""
