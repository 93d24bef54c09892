"""What the client knows about a type of object: how its rows are parsed, and how writes change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from jitops.core.kube import JSON

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ObjectType(Generic[R]):
    """A type of object whose ids jitops chooses; each kind passes its type to the client."""

    name: str
    """The console's name of the type. It must be right: build A returns an object of any type for an id."""
    kind: str
    """The name of the Kubernetes kind."""
    parse: Callable[[Mapping[str, JSON]], R]
    """Return the row of an object that the console returned."""
    created: Callable[[Mapping[str, JSON]], R]
    """Return the row that the console has after it accepted this POST."""
    updated: Callable[[R, Mapping[str, JSON]], R]
    """Return the row that the console has after it accepted this PUT."""
    secrets: Callable[[Mapping[str, JSON]], Iterable[str]] = lambda _: ()
    """Return the secrets in a body that is sent."""
