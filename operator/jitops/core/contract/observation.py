"""What an adapter finds: the remote object, how it differs from the spec, and what Ready rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from jitops.api.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, by path, never by value.

    `generated` marks a value that jitops generates, such as a key. It is no drift that a person should judge, and no
    obstacle to adopting an object that is otherwise equal. `contested` marks such a value that someone else overwrote,
    removed or restored: neither the spec nor the Secret explains the difference.
    """

    path: str
    generated: bool = False
    contested: bool = False


@dataclass(frozen=True, slots=True)
class Observation(Generic[R]):
    """What the remote holds for a resource; `remote` compares equal while nothing changed there."""

    id: str
    remote: R = field(repr=False)
    owned: bool
    """Whether jitops made or adopted it for this resource: by the id in status, the hash in the id, or the intent."""


@dataclass(frozen=True, slots=True)
class ExtraCondition:
    """A condition of the kind's own, such as `Validated`, beside the common ones."""

    type: str
    status: str
    """True, False or Unknown."""
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something at the remote that ends at a known moment, such as a key that a rotation replaced."""

    what: str
    """What ends, as a message names it."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Readiness:
    """Why a resource is Ready, and when the adapter wants to look again by itself."""

    reason: str = Reason.AVAILABLE
    message: str = "the remote holds what the spec asks"
    due: datetime | None = None
    """When the object needs attention by itself: a key retires, an address is probed again."""
    conditions: tuple[ExtraCondition, ...] = ()
