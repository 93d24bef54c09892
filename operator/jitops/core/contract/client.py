"""A product's side of one connection, as the core sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.snapshot import Snapshot
    from jitops.core.errors import JitopsError
    from jitops.core.kube import JSON, Key


class LoginLedger(Protocol):
    """Counts log-ins where they survive a restart, so that jitops never locks an account."""

    async def attempt(self) -> None:
        """Count one attempt before it is made; CredentialsRejected when no more may be made."""

    async def withdrawn(self) -> None:
        """Withdraw an attempt that the remote never judged."""

    async def accepted(self) -> None:
        """Clear the count, because a log-in was accepted."""


class Client(Protocol):
    """A product's side of one connection: its session and its listings."""

    @property
    def snapshots(self) -> Mapping[str, Snapshot[Any]]:
        """The listings, by the name of the Kubernetes kind."""

    @property
    def budget(self) -> Mapping[str, int]:
        """How many calls could be made at once, by method; methods without a budget are left out."""

    @property
    def write_error(self) -> JitopsError | None:
        """The error that every write gets while reads succeed, as in maintenance; None: writes are accepted."""

    async def verify(self) -> Mapping[str, JSON]:
        """Verify the connection; return the facts for its status, `id` included."""

    async def aclose(self) -> None:
        """Close the session; the sockets below it may be shared."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a product needs to open a connection: the spec, the credentials and the count of log-ins."""

    key: Key
    spec: Any
    credentials: Mapping[str, str] = field(repr=False)
    ca: str | None
    ledger: LoginLedger
