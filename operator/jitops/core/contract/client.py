"""A vendor's side of one connection, as the core sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.snapshot import Snapshot
    from jitops.core.errors import JitopsError
    from jitops.core.kube import JSON, Key


class LoginLedger(Protocol):
    """Counts log-ins where they survive a restart, so that no account is ever locked by us."""

    async def attempt(self) -> None:
        """Count one attempt before it is made; CredentialsRejected when no more may be made."""

    async def withdrawn(self) -> None:
        """Take back an attempt that surely was not refused: nobody judged it."""

    async def accepted(self) -> None:
        """Clear the count."""


class Client(Protocol):
    """A vendor's side of one connection: its session and its listings."""

    @property
    def snapshots(self) -> Mapping[str, Snapshot[Any]]:
        """The listings, by our kind's name."""

    @property
    def budget(self) -> Mapping[str, int]:
        """The calls that could be made at once, by method; a method whose calls nobody counts is left out."""

    @property
    def write_error(self) -> JitopsError | None:
        """The error that writes meet though `verify` succeeds: a remote in maintenance answers reads only."""

    async def verify(self) -> Mapping[str, JSON]:
        """Prove that the connection works and return what status should tell of it, `id` included."""

    async def aclose(self) -> None:
        """Give up the session; others may share what is below it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a vendor needs to open a connection: the spec, the credentials, and how to count log-ins."""

    key: Key
    spec: Any
    credentials: Mapping[str, str] = field(repr=False)
    ca: str | None
    ledger: LoginLedger
