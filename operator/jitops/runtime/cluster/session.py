"""Requests to the Kubernetes API over a bare aiohttp session; each failure is an ApiError or ClusterUnavailable.

kubernetes.aio's own calls cost three times the CPU of this session: docs/decisions/0003-kubernetes-session.md.
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

TIMEOUT = 30.0
CONNECT = 3.0
"""Seconds from the check of the Lease to the first byte, at most: the Lease outlasts its deadline by as much."""
RENEWALS = 10.0
"""Seconds between two renewals of the credentials."""
MOST_THROTTLED = 3
"""How many times one request is sent if the API server throttles it (429)."""
LONGEST_WAIT = 5.0
"""Seconds to wait for a throttling API server, at most."""
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PLAIN = "application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
UNAUTHORIZED = 401
UNPROCESSABLE = 422
TOO_MANY = 429
CLIENT_ERRORS = range(400, 500)


@dataclass(eq=False)
class ApiError(Exception):
    """The API server refused a request (HTTP 4xx); the values of its Status object."""

    status: int
    reason: str = ""
    message: str = ""
    causes: tuple[Mapping[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def from_response(cls, status: int, content: bytes) -> ApiError:
        """Return the error of a response; if it is no Status, as a proxy may answer, with the number alone."""
        try:
            body = json.loads(content)
            causes = tuple((body.get("details") or {}).get("causes") or ())
            return cls(status, body.get("reason", ""), body.get("message", ""), causes)
        except (ValueError, AttributeError, TypeError):
            return cls(status)

    def caused_by(self, reason: str) -> bool:
        """Return whether the Status names this cause."""
        return any(cause.get("reason") == reason for cause in self.causes)

    @property
    def outdated(self) -> bool:
        """Whether the state that the request assumed is outdated: another version, or another object of the name."""
        # A failed `test` of a JSON patch is a 422 without causes; an invalid object has causes.
        unapplied = self.status == UNPROCESSABLE and not self.causes
        return unapplied or any(cause.get("field") == "metadata.uid" for cause in self.causes)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, which may be sent several times."""

    method: str
    path: str
    data: bytes | None
    headers: Mapping[str, str]
    gate: Callable[[], None]


def allow_writes() -> None:
    """Permit every request: the gate of reads, and of a process that needs no Lease."""


class ApiServer:
    """A configured API server, and the session that all requests of the port share."""

    def __init__(self, auth: ClusterAuth) -> None:
        self._auth = auth
        self._session: aiohttp.ClientSession | None = None
        self._renewing = asyncio.Lock()
        self._renewed = float("-inf")

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None, context: str | None = None) -> ApiServer:
        """Return an API server as configured, without a request; raise NoClusterConfigured."""
        auth = ClusterAuth(kubeconfig, context)
        await auth.load()
        return cls(auth)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._auth.server

    @property
    def namespace(self) -> str:
        """The namespace of the pod, or of the kubeconfig's context."""
        return self._auth.namespace

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
        """Send one request and return the decoded answer; raise ApiError or ClusterUnavailable.

        The gate is asked each time before the request is sent.
        """
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Accept": accept} if data is None else {"Accept": accept, "Content-Type": content_type}
        status, content = await self._send(_Request(method, path, data, headers, gate))
        if status < CLIENT_ERRORS.start:
            return _decoded(content)
        if status in CLIENT_ERRORS and status not in (UNAUTHORIZED, TOO_MANY):
            raise ApiError.from_response(status, content)
        raise ClusterUnavailable(f"the Kubernetes API answered HTTP {status}")

    async def _send(self, request: _Request) -> tuple[int, bytes]:
        """Send, again with new credentials if they were refused, and again later if the server throttles."""
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
        # The last check before the send; `CONNECT` bounds the time from here to the first byte.
        request.gate()
        try:
            async with self._session.request(
                request.method, url, data=request.data, headers=request.headers
            ) as response:
                return response.status, await response.read(), _retry_after(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterUnavailable(f"the Kubernetes API can't be reached ({type(error).__name__})") from None

    def session(self) -> aiohttp.ClientSession:
        """Return a session that always sends the current credentials; its owner closes it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._auth.trust()),
            middlewares=(self._auth.authorize,),
            headers={"User-Agent": MANAGER},  # the API server derives the field manager from it
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT),
            proxy=self._auth.proxy(),
        )

    async def renew(self, refused: float) -> bool:
        """Renew the credentials, which the server refused at the monotonic moment `refused`.

        Returns False if they were renewed less than `RENEWALS` ago; raises ClusterUnavailable if they can't be read.
        """
        async with self._renewing:
            # Another request renewed them meanwhile.
            if self._renewed > refused:
                return True
            if time.monotonic() - self._renewed < RENEWALS:
                return False
            try:
                other_certificates = await self._auth.load()
            except NoClusterConfigured as error:
                raise ClusterUnavailable(f"the credentials for the Kubernetes API can't be renewed: {error}") from None
            self._renewed = time.monotonic()
            # The token is read at each request; certificates belong to the session's TLS context.
            if other_certificates:
                await self._drop_session()
            return True

    async def aclose(self) -> None:
        """Close the session and stop the renewal of credentials."""
        await self._auth.aclose()
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
