"""What goes through the HTTP wrapper: how a connection uses a host, and what the host answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from jitops.core.errors import CredentialsRejected, JitopsError, PermissionDenied, SpecInvalid, Unavailable
from jitops.core.kube import Key

if TYPE_CHECKING:
    from jitops.core.kube import JSON


class AnswerLost(Unavailable):
    """The request may have reached the remote and taken effect; no answer came."""


class WritesRefused(Unavailable):
    """The remote answers, and takes no writes for the time being."""


@dataclass(frozen=True)
class Answer:
    """What the remote answered; the body never shows."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By their names in lower case."""
    body: bytes = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is a 2xx, or the 304 of a conditional read."""
        return 200 <= self.status < 300 or self.status == 304  # noqa: PLR2004 - as the docstring says

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The decoded body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def content_of(body: Any) -> tuple[bytes | AsyncIterator[bytes], int]:  # noqa: ANN401 - JSON
    """Write a body as JSON, and tell its length; one of megabytes in pieces, between which others get their turn."""
    content = json.dumps(body, separators=(",", ":")).encode()
    return content if len(content) <= PIECE else _pieces(content), len(content)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


PIECE = 262_144
"""Bytes that are sent at once."""

Classify = Callable[[Answer], JitopsError | None]
"""A vendor's judgement of an answer; None leaves a success alone, and a failure to the table `BY_STATUS`."""

Hide = Callable[["JSON"], "JSON"]
"""Masks the secrets in the strings of a JSON value."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What may be told of one request to anyone: for metrics and traces."""

    connection: Key
    host: str
    method: str
    path: str
    """Without the query, which may hold credentials."""
    outcome: str
    """The status code, or the name of our error."""
    seconds: float


class Observer(Protocol):
    """Is told of each request."""

    def request(self, exchange: Exchange) -> None:
        """Note one request that has just ended."""


class Silent:
    """Observes nothing."""

    def request(self, exchange: Exchange) -> None:
        """Let it pass."""


def allow_writes() -> None:
    """Permit every write: for a process that needs no Lease."""


NOBODY = Key("", "", "")


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """How one connection uses a host."""

    base_url: str
    account: str = field(repr=False)
    """The key id or user that the budget belongs to."""
    classify: Classify
    connection: Key = NOBODY
    ca: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    budget: Mapping[str, int] = field(default_factory=dict)
    """Calls a minute by method, until the server tells; without it, none are counted until then."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """What the connection's spec states."""
    rate_limit_scope: str = ""
    """What the budget belongs to, with the account, where that isn't the host but something behind several hosts."""


def segment(value: str) -> str:
    """Write a value as one segment of a path; what would be read as another path is refused."""
    if value in {"", ".", ".."}:
        raise SpecInvalid(f"{value!r} can't be the id of a remote object")
    return quote(value, safe="")


BY_STATUS: Mapping[int, type[JitopsError]] = {
    401: CredentialsRejected,
    403: PermissionDenied,
    408: Unavailable,
    425: Unavailable,
}
"""What a failure means that the vendor left alone; others are SpecInvalid, and Unavailable from 500 on."""
FAILURES = 500
REDIRECTS = range(300, 400)


def unclassified(host: str, status: int) -> JitopsError:
    """Judge a failure by its status alone."""
    if status in REDIRECTS:
        return SpecInvalid(f"{host} answered HTTP {status}, a redirect: write the address that it leads to")
    kind = BY_STATUS.get(status, Unavailable if status >= FAILURES else SpecInvalid)
    return kind(f"{host} answered HTTP {status}")


def judged(answer: Answer, classify: Classify, host: str, hide: Hide) -> JitopsError | None:
    """Judge an answer as the vendor does, and take the sentence of the error from the same answer without secrets.

    A vendor cuts its sentences out of an answer, and would cut through what is only hidden afterwards.
    """
    error = classify(answer)
    if error is None:
        return None if answer.succeeded else unclassified(host, answer.status)
    hidden = hide(answer.json)
    if hidden != answer.json:
        told = classify(replace(answer, body=json.dumps(hidden).encode()))
        error.args = told.args if type(told) is type(error) else (f"{host} answered HTTP {answer.status}",)
    return error
