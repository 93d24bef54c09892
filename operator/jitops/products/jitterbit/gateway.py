"""Whether a Custom API is live: what the gateway answers at its URL (docs/reference/jitterbit.md sections 4.6 and 4.9).

A request to a protected API without credentials runs no operation, since the gateway authenticates first. What it
answers for an API that isn't there is only said by secondary sources (404), so that a refusal counts as a sign of life
only if a random sibling is answered with 404; siblings of one environment and version share that answer for a while.
Everything else can't be told, and is not taken for either.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jitops.core.errors import JitopsError, RateLimited, Unavailable
from jitops.remote.exchange import Answer, HttpConfig

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.kube import Key
    from jitops.remote.client import Http, HttpPool

LOOKS_A_MINUTE = 100
"""The gateway takes 200 requests a minute of an organization (section 4.6), and half of them are for its callers."""
ABSENT_FOR = 240.0
"""Seconds for which an absence is believed: less than the time to the next attempt."""
UNREACHED_FOR = 60.0
SIBLING_FOR = 600.0
"""Seconds for which it is known what is answered for an API that can't be there."""
REFUSED = frozenset({401, 403})
NOT_FOUND = 404
FAILURES = 500


class Sight(Enum):
    """What a look at the URL came to."""

    PRESENT = auto()
    ABSENT = auto()
    OPEN = auto()
    """It answered without credentials, though it should not."""
    UNCLEAR = auto()
    """The answers don't tell."""
    UNREACHED = auto()
    """No answer, or one that says nothing: it will pass."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at, and how."""

    url: str
    """Where the request goes."""
    beside: str
    """The address of the environment and version, for a sibling that can't exist."""
    public: bool
    mark: str
    """The hash of the configuration: when it changes, so may the answer."""
    header: str = ""
    value: str = field(default="", repr=False)
    """The credentials; without any nothing is run."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The outcome of a look, at a monotonic moment."""

    sight: Sight
    why: str
    at: float
    error: JitopsError | None = None
    """What kept us from seeing."""


class Answered(JitopsError):
    """The gateway decided against a request."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


def classify(answer: Answer) -> JitopsError | None:
    """Keep the status of what is no success; a failure is the gateway's, or its agent's."""
    if answer.status >= FAILURES:
        return Unavailable(f"the gateway answered HTTP {answer.status}")
    return None if answer.succeeded else Answered(answer.status)


class Gateway:
    """Looks at URLs, remembers what it saw, and keeps within the budget of the organization, at all addresses."""

    def __init__(self, pool: HttpPool, organization: str, ca: str | None, clock: Clock) -> None:
        self._pool = pool
        self._organization = organization
        self._ca = ca
        self._clock = clock
        self._hosts: dict[str, Http] = {}
        self._seen: dict[Key, tuple[Target, Seen]] = {}
        self._siblings: dict[str, tuple[int, float]] = {}
        """What a sibling was answered with, by the address of its environment and version, and when."""
        self._asking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def look(self, key: Key, target: Target, not_older_than: float | None, seconds: float) -> Seen:
        """Tell what a URL answers: as seen after `not_older_than` and less than so many seconds ago, or now."""
        known, seen = self._seen.get(key, (None, None))
        if known == target and seen is not None and self._holds(seen, not_older_than, seconds):
            return seen
        seen = await self._look(str(key), target)
        self._seen[key] = target, seen
        return seen

    def left(self, seen: Seen, seconds: float) -> float:
        """Give the seconds until a look has to be taken again."""
        return max(0.0, seen.at + _lasting(seen, seconds) - self._clock.monotonic())

    def close(self) -> None:
        """Give up all gateways."""
        for http in self._hosts.values():
            http.close()

    def _holds(self, seen: Seen, not_older_than: float | None, seconds: float) -> bool:
        fresh = not_older_than is None or seen.at > not_older_than
        return fresh and self._clock.monotonic() < seen.at + _lasting(seen, seconds)

    async def _look(self, who: str, target: Target) -> Seen:
        at = self._clock.monotonic()
        try:
            sight, why = await self._judged(who, target)
        except (RateLimited, Unavailable) as error:
            return Seen(Sight.UNREACHED, str(error), at, error)
        return Seen(sight, why, at)

    async def _judged(self, who: str, target: Target) -> tuple[Sight, str]:
        # The sibling comes first: should the budget end between the two, its answer is kept, and the API is next.
        beside = 0 if target.value or target.public else await self._sibling(target.beside)
        status = await self._status(target.url, who, target)
        answered = f"the gateway answers HTTP {status}"
        if status == NOT_FOUND:
            return Sight.ABSENT, answered
        if status not in REFUSED:
            return _let_in(target, status, answered)
        if target.value:
            return Sight.UNCLEAR, f"{answered} to the credentials of spec.verification.credentialsRef"
        if target.public:
            return Sight.UNCLEAR, f"{answered}, though the API is public"
        if beside == NOT_FOUND:
            return Sight.PRESENT, f"{answered} without credentials, and 404 beside it"
        return Sight.UNCLEAR, f"{answered}, and HTTP {beside} for what can't be there"

    async def _sibling(self, beside: str) -> int:
        """Ask for what can't be there; one asks for all that wait."""
        async with self._asking[beside]:
            status, at = self._siblings.get(beside, (0, float("-inf")))
            if self._clock.monotonic() >= at + SIBLING_FOR:
                at = self._clock.monotonic()
                status = await self._status(f"{beside}/jitops-{secrets.token_hex(8)}", beside)
                self._siblings[beside] = status, at
        return status

    async def _status(self, url: str, who: str, target: Target | None = None) -> int:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        value = target.value if target else ""
        headers = {target.header: value} if target and value else None
        try:
            answer = await self._http(f"{parts.scheme}://{parts.netloc}").request(
                "GET", path, headers=headers, who=who, secrets=(value,) if value else ()
            )
        except Answered as answered:
            return answered.status
        return answer.status

    def _http(self, origin: str) -> Http:
        if origin not in self._hosts:
            access = HttpConfig(
                base_url=origin,
                account=self._organization,
                classify=classify,
                ca=self._ca,
                limits={"GET": LOOKS_A_MINUTE},
                rate_limit_scope="gateway",
            )
            self._hosts[origin] = self._pool.http(access)
        return self._hosts[origin]


def _let_in(target: Target, status: int, answered: str) -> tuple[Sight, str]:
    """Judge what is no refusal."""
    if not 200 <= status < 300:  # noqa: PLR2004 - the class of HTTP successes
        return Sight.UNCLEAR, answered
    if target.value or target.public:
        return Sight.PRESENT, answered
    return Sight.OPEN, f"{answered} without credentials"


def _lasting(seen: Seen, seconds: float) -> float:
    """Give for how many seconds an outcome is believed."""
    if isinstance(seen.error, RateLimited):
        return seen.error.after
    return {Sight.ABSENT: ABSENT_FOR, Sight.UNREACHED: UNREACHED_FOR}.get(seen.sight, seconds)
