"""One way to the Kubernetes API: its requests over a bare aiohttp session, every failure one of ours.

kubernetes.aio's own calls cost three times the CPU of the session below them, and the operator shares its machine
with whatever it is measured against (docs/decisions/0003-kubernetes-session.md).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from jitops.api.meta import MANAGER
from jitops.core.errors import ClusterUnavailable
from jitops.core.kube import JSON
from jitops.runtime.cluster.auth import ClusterAuth, NoClusterConfigured

PATIENCE = 30.0
CONNECT = 3.0
"""Seconds from the check of the Lease to the first byte, at most: less than the Lease outlasts its deadline."""
RENEWALS = 10.0
"""Seconds between two attempts at new credentials."""
MOST_THROTTLED = 3
"""How often one request waits as the API server asks it to (429) before it fails."""
LONGEST_WAIT = 5.0
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PLAIN = "application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
UNAUTHORIZED = 401
UNPROCESSABLE = 422
TOO_MANY = 429
REFUSALS = range(400, 500)


@dataclass(eq=False)
class Refusal(Exception):
    """The API server's refusal of a request, as its Status object puts it."""

    status: int
    reason: str = ""
    message: str = ""
    causes: tuple[Mapping[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, status: int, content: bytes) -> Refusal:
        """Read the Status; whatever else a proxy in between may answer keeps its number alone."""
        try:
            body = json.loads(content)
            causes = tuple((body.get("details") or {}).get("causes") or ())
            return cls(status, body.get("reason", ""), body.get("message", ""), causes)
        except (ValueError, AttributeError, TypeError):
            return cls(status)

    def caused_by(self, reason: str) -> bool:
        """Say whether the Status names this cause."""
        return any(cause.get("reason") == reason for cause in self.causes)

    @property
    def outdated(self) -> bool:
        """Say whether a patch was refused for what it rests on: a test in it failed, or the name is another's now."""
        unapplied = self.status == UNPROCESSABLE and not self.causes
        return unapplied or any(cause.get("field") == "metadata.uid" for cause in self.causes)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, once or again."""

    method: str
    path: str
    data: bytes | None
    headers: Mapping[str, str]
    gate: Callable[[], None]


def allow_writes() -> None:
    """Permit every request: for reads, and for a process that needs no Lease."""


class ApiServer:
    """A configured API server, and the session that our own requests share."""

    def __init__(self, access: ClusterAuth) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._renewing = asyncio.Lock()
        self._renewed = float("-inf")

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None, context: str | None = None) -> ApiServer:
        """Read the configuration; nothing is asked of the server yet."""
        access = ClusterAuth(kubeconfig, context)
        await access.load()
        return cls(access)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._access.server

    @property
    def namespace(self) -> str:
        """The namespace of the pod, or of the kubeconfig's context."""
        return self._access.namespace

    async def request(  # noqa: PLR0913 - all but two have a default
        self,
        method: str,
        path: str,
        body: JSON = None,
        *,
        content_type: str = PLAIN,
        accept: str = PLAIN,
        gate: Callable[[], None] = allow_writes,
    ) -> JSON:
        """Send one request and return the decoded answer; raises Refusal, or ClusterUnavailable.

        The gate is asked each time that it is sent.
        """
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Accept": accept} if data is None else {"Accept": accept, "Content-Type": content_type}
        status, content = await self._persist(_Request(method, path, data, headers, gate))
        if status < REFUSALS.start:
            return _decoded(content)
        if status in REFUSALS and status not in (UNAUTHORIZED, TOO_MANY):
            raise Refusal.read(status, content)
        raise ClusterUnavailable(f"the Kubernetes API answered HTTP {status}")

    async def _persist(self, request: _Request) -> tuple[int, bytes]:
        """Ask again with new credentials where the old ones were refused, and later where that was asked."""
        for _ in range(MOST_THROTTLED):
            began = time.monotonic()
            status, content, after = await self._exchange(request)
            if status == UNAUTHORIZED and await self.renew(began):
                status, content, after = await self._exchange(request)
            if status != TOO_MANY:
                break
            await asyncio.sleep(after)
        return status, content

    async def _exchange(self, request: _Request) -> tuple[int, bytes, float]:
        if self._session is None:
            self._session = self.session()
        url = URL(self.url + request.path, encoded=True)
        request.gate()
        try:
            async with self._session.request(
                request.method, url, data=request.data, headers=request.headers
            ) as response:
                return response.status, await response.read(), _retry_after(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterUnavailable(f"the Kubernetes API can't be reached ({type(error).__name__})") from None

    def session(self) -> aiohttp.ClientSession:
        """Make a session that carries the credentials, renewed as they are, to this server; its owner closes it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._access.trust()),
            middlewares=(self._access.authorize,),
            headers={"User-Agent": MANAGER},  # and so the name of our field manager
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=CONNECT),
            proxy=self._access.proxy(),
        )

    async def renew(self, refused: float) -> bool:
        """Read the credentials anew, as those of the monotonic moment `refused` were; False: there are no others."""
        async with self._renewing:
            if self._renewed > refused:
                return True
            if time.monotonic() - self._renewed < RENEWALS:
                return False
            try:
                other_certificates = await self._access.load()
            except NoClusterConfigured as error:
                raise ClusterUnavailable(f"the credentials for the Kubernetes API can't be renewed: {error}") from None
            self._renewed = time.monotonic()
            if other_certificates:
                await self._drop_session()
            return True

    async def aclose(self) -> None:
        """Close the session and end the renewal of credentials."""
        await self._access.aclose()
        await self._drop_session()

    async def _drop_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _decoded(content: bytes) -> JSON:
    try:
        return json.loads(content)
    except ValueError:
        raise ClusterUnavailable("the Kubernetes API's answer can't be understood") from None


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return min(float(headers.get("Retry-After", 1)), LONGEST_WAIT)
    except ValueError:
        return 1.0
