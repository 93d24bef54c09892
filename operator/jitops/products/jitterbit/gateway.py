"""Checks whether a Custom API is live, by probing its URL (docs/reference/jitterbit.md sections 4.6 and 4.9).

A request without credentials to a protected API runs no operation, since the gateway authenticates first. Only
secondary sources say that the gateway answers 404 for a missing API. So a rejection (401, 403) proves that the API
exists only if a random sibling URL, which can't exist, is answered with 404. All APIs of one environment and version
share that answer for a while. Any other answer is unclear, and proves neither.
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

PROBES_A_MINUTE = 100
"""The gateway accepts 200 requests per minute for an organization (section 4.6); half of them are left to callers."""
ABSENT_FOR = 240.0
"""Seconds that an absence is believed: less than the time to the next attempt."""
UNREACHED_FOR = 60.0
"""Seconds after which a URL without an answer is probed again."""
SIBLING_FOR = 600.0
"""Seconds that the answer for a sibling is believed."""
REFUSED = frozenset({401, 403})
NOT_FOUND = 404
SUCCESSES = range(200, 300)
FAILURES = 500


class Sight(Enum):
    """The result of a probe."""

    PRESENT = auto()
    """The API exists."""
    ABSENT = auto()
    """The API does not exist."""
    OPEN = auto()
    """The API answered without credentials, although it should require them."""
    UNCLEAR = auto()
    """The answers do not show whether the API exists."""
    UNREACHED = auto()
    """There was no answer, or a temporary error."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to probe, and how."""

    url: str
    """The URL to request."""
    beside: str
    """The URL of the environment and version, below which a sibling is requested."""
    public: bool
    """Whether the spec has no security profiles, so that anyone may call the API."""
    configuration_hash: str
    """The hash of the configuration: when it changes, the answer may change."""
    header: str = ""
    value: str = field(default="", repr=False)
    """The credentials. Without them a protected API runs no operation."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a probe at a monotonic time."""

    sight: Sight
    why: str
    at: float
    error: JitopsError | None = None
    """The error that prevented the probe."""


class Answered(JitopsError):
    """The gateway rejected a request."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


def classify(answer: Answer) -> JitopsError | None:
    """Return the error of an answer, with its status; Unavailable for failures of the gateway or its agent."""
    if answer.status >= FAILURES:
        return Unavailable(f"the gateway answered HTTP {answer.status}")
    return None if answer.succeeded else Answered(answer.status)


class Gateway:
    """Probes URLs, remembers the results, and stays within one budget per organization for all its gateways."""

    def __init__(self, pool: HttpPool, organization: str, ca: str | None, clock: Clock) -> None:
        self._pool = pool
        self._organization = organization
        self._ca = ca
        self._clock = clock
        self._hosts: dict[str, Http] = {}
        self._seen: dict[Key, tuple[Target, Seen]] = {}
        self._siblings: dict[str, tuple[int, float]] = {}
        """The status and time of the answer for a sibling, by the URL of the environment and version."""
        self._asking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def probe(self, key: Key, target: Target, not_older_than: float | None, seconds: float) -> Seen:
        """Return the last result, if it is newer than `not_older_than` and at most `seconds` old, or probe now."""
        known, seen = self._seen.get(key, (None, None))
        if known == target and seen is not None and self._holds(seen, not_older_than, seconds):
            return seen
        seen = await self._probe(str(key), target)
        self._seen[key] = target, seen
        return seen

    def seconds_left(self, seen: Seen, seconds: float) -> float:
        """Return the seconds until the next probe."""
        return max(0.0, seen.at + _lasting(seen, seconds) - self._clock.monotonic())

    def close(self) -> None:
        """Close the connections to all gateways."""
        for http in self._hosts.values():
            http.close()

    def _holds(self, seen: Seen, not_older_than: float | None, seconds: float) -> bool:
        fresh = not_older_than is None or seen.at > not_older_than
        return fresh and self._clock.monotonic() < seen.at + _lasting(seen, seconds)

    async def _probe(self, who: str, target: Target) -> Seen:
        at = self._clock.monotonic()
        try:
            sight, why = await self._sight(who, target)
        except (RateLimited, Unavailable) as error:
            return Seen(Sight.UNREACHED, str(error), at, error)
        return Seen(sight, why, at)

    async def _sight(self, who: str, target: Target) -> tuple[Sight, str]:
        # First the sibling: if the budget ends between the two, its answer is kept, and the next probe needs one call.
        beside = 0 if target.value or target.public else await self._sibling(target.beside)
        status = await self._status(target.url, who, target)
        answered = f"the gateway answers HTTP {status}"
        if status == NOT_FOUND:
            return Sight.ABSENT, answered
        if status not in REFUSED:
            return _sight_of_accepted(target, status, answered)
        if target.value:
            return Sight.UNCLEAR, f"{answered} to the credentials of spec.verification.credentialsRef"
        if target.public:
            return Sight.UNCLEAR, f"{answered}, though the API is public"
        if beside == NOT_FOUND:
            return Sight.PRESENT, f"{answered} without credentials, and 404 for an API that can't exist"
        return Sight.UNCLEAR, f"{answered}, and HTTP {beside} for an API that can't exist"

    async def _sibling(self, beside: str) -> int:
        """Return the status for a sibling URL that can't exist; concurrent callers share one request."""
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
                limits={"GET": PROBES_A_MINUTE},
                rate_limit_scope="gateway",
            )
            self._hosts[origin] = self._pool.http(access)
        return self._hosts[origin]


def _sight_of_accepted(target: Target, status: int, answered: str) -> tuple[Sight, str]:
    """Return the result of a request that was not rejected."""
    if status not in SUCCESSES:
        return Sight.UNCLEAR, answered
    if target.value or target.public:
        return Sight.PRESENT, answered
    return Sight.OPEN, f"{answered} without credentials"


def _lasting(seen: Seen, seconds: float) -> float:
    """Return for how many seconds a result is believed."""
    if isinstance(seen.error, RateLimited):
        return seen.error.after
    return {Sight.ABSENT: ABSENT_FOR, Sight.UNREACHED: UNREACHED_FOR}.get(seen.sight, seconds)
