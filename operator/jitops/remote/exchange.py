"""The values of one HTTP exchange: how a connection uses a host, and what the host answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol
from urllib.parse import quote

from jitops.core.errors import CredentialsRejected, JitopsError, PermissionDenied, SpecInvalid, Unavailable
from jitops.core.kube import JSON, Key

SUCCESSES = range(200, 300)
NOT_MODIFIED = 304
"""The answer to a conditional read."""
REDIRECTS = range(300, 400)
SERVER_ERRORS = 500


class AnswerLost(Unavailable):
    """The request may have reached the remote and taken effect, but no answer was received."""


class WritesRefused(Unavailable):
    """The remote answers reads, and refuses all writes for the time being."""


@dataclass(frozen=True)
class Answer:
    """An answer of the remote; its `repr` never shows headers or body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By their names in lower case."""
    body: bytes = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the status is a 2xx, or the 304 of a conditional read."""
        return self.status in SUCCESSES or self.status == NOT_MODIFIED

    @cached_property
    def json(self) -> JSON:
        """The decoded body; None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


PIECE = 262_144
"""Bytes that are sent at once. Between two pieces of a large body the event loop serves others."""


def content_of(body: JSON) -> tuple[bytes | AsyncIterator[bytes], int]:
    """Return a body as JSON, in pieces if it is large, and its length in bytes."""
    content = json.dumps(body, separators=(",", ":")).encode()
    return content if len(content) <= PIECE else _pieces(content), len(content)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


Classify = Callable[[Answer], JitopsError | None]
"""Returns a vendor's error for an answer. None means success, or a failure that the table `BY_STATUS` decides."""

Hide = Callable[[JSON], JSON]
"""Masks the secrets in the strings of a JSON value."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The facts of one request that metrics and traces may show."""

    connection: Key
    host: str
    method: str
    path: str
    """Without the query, which may hold credentials."""
    outcome: str
    """The status code, or the class name of the error."""
    seconds: float


class Observer(Protocol):
    """Receives the facts of each request."""

    def request(self, exchange: Exchange) -> None:
        """Record one request that has just ended."""


class NoObserver:
    """Observes nothing."""

    def request(self, exchange: Exchange) -> None:
        """Ignore the request."""


def allow_writes() -> None:
    """Permit every write: the gate of a process that needs no Lease."""


NO_CONNECTION = Key("", "", "")


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """How one connection uses a host."""

    base_url: str
    account: str = field(repr=False)
    """The key id or user that the budget belongs to."""
    classify: Classify
    connection: Key = NO_CONNECTION
    ca: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    budget: Mapping[str, int] = field(default_factory=dict)
    """Calls a minute by method, until the server sends its own numbers; methods without a number are not counted."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Calls a minute by method, from the connection's spec."""
    rate_limit_scope: str = ""
    """What the budget belongs to, with the account, if that isn't the host but something behind several hosts."""


def segment(value: str) -> str:
    """Return a value as one segment of a path; raise SpecInvalid if it would be read as another path."""
    if value in {"", ".", ".."}:
        raise SpecInvalid(f"{value!r} can't be the id of a remote object")
    return quote(value, safe="")


BY_STATUS: Mapping[int, type[JitopsError]] = {
    401: CredentialsRejected,
    403: PermissionDenied,
    408: Unavailable,
    425: Unavailable,
}
"""The error for a status that the vendor did not classify; others are SpecInvalid, and Unavailable from 500 on."""


def error_for_status(host: str, status: int) -> JitopsError:
    """Return the error for a failure by its status alone."""
    if status in REDIRECTS:
        return SpecInvalid(f"{host} answered HTTP {status}, a redirect: write the address that it leads to")
    kind = BY_STATUS.get(status, Unavailable if status >= SERVER_ERRORS else SpecInvalid)
    return kind(f"{host} answered HTTP {status}")


def classify_answer(answer: Answer, classify: Classify, host: str, hide: Hide) -> JitopsError | None:
    """Return the error of an answer, with a message that holds no secret; None for a success."""
    error = classify(answer)
    if error is None:
        return None if answer.succeeded else error_for_status(host, answer.status)
    # A vendor cuts its sentences out of an answer. If secrets were masked only afterwards, a cut through one would
    # leave its half: so the message is built again from the answer without secrets.
    hidden = hide(answer.json)
    if hidden != answer.json:
        clean = classify(replace(answer, body=json.dumps(hidden).encode()))
        error.args = clean.args if type(clean) is type(error) else (f"{host} answered HTTP {answer.status}",)
    return error
