"""One way to the Kubernetes API: configuration and credentials by kubernetes.aio, requests by a bare aiohttp session.

kubernetes.aio's own calls cost two to three times the CPU of the session below them, and the operator shares its
machine with whatever it is measured against (docs/decisions/port.md). This is the only module that imports it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

from jitops.api.meta import MANAGER
from jitops.core.errors import Unavailable
from jitops.core.kube import JSON

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
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


class NoClusterConfigured(Exception):
    """Nothing says which cluster to speak to, or what says it can't be read."""


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


class ApiServer:
    """A configured API server, and the session that our own requests share."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._renewing = asyncio.Lock()
        self._renewed = float("-inf")

    @classmethod
    async def connect(cls, kubeconfig: Path | None = None, context: str | None = None) -> ApiServer:
        """Read the configuration; nothing is asked of the server yet."""
        access = Access(kubeconfig, context)
        await access.load()
        return cls(access)

    @property
    def url(self) -> str:
        """The server's address."""
        return str(self._access.configuration.host)

    @property
    def namespace(self) -> str:
        """The namespace of the pod, or of the kubeconfig's context."""
        return self._access.namespace

    async def request(
        self,
        method: str,
        path: str,
        body: JSON = None,
        *,
        content_type: str = PLAIN,
        accept: str = PLAIN,
    ) -> JSON:
        """Send one request and return the decoded answer; raises Refusal, or Unavailable."""
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Accept": accept} if data is None else {"Accept": accept, "Content-Type": content_type}
        status, content = await self._persist(method, path, data, headers)
        if status < REFUSALS.start:
            return _decoded(content)
        if status in REFUSALS and status not in (UNAUTHORIZED, TOO_MANY):
            raise Refusal.read(status, content)
        raise Unavailable(f"the Kubernetes API answered HTTP {status}")

    async def _persist(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Ask again with new credentials where the old ones were refused, and later where that was asked."""
        for _ in range(MOST_THROTTLED):
            began = time.monotonic()
            status, content, after = await self._exchange(method, path, data, headers)
            if status == UNAUTHORIZED and await self.renew(began):
                status, content, after = await self._exchange(method, path, data, headers)
            if status != TOO_MANY:
                break
            await asyncio.sleep(after)
        return status, content

    async def _exchange(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes, float]:
        if self._session is None:
            self._session = self.session()
        url = URL(self.url + path, encoded=True)
        try:
            async with self._session.request(method, url, data=data, headers=headers) as response:
                return response.status, await response.read(), _retry_after(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"the Kubernetes API can't be reached ({type(error).__name__})") from None

    def session(self) -> aiohttp.ClientSession:
        """Make a session that carries the credentials, renewed as they are, to this server; its owner closes it."""
        configuration = self._access.configuration
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._access.trust()),
            middlewares=(self._access.authorize,),
            headers={"User-Agent": MANAGER},  # and so the name of our field manager
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=CONNECT),
            proxy=configuration.proxy or _proxy(self.url),
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
                raise Unavailable(f"the credentials for the Kubernetes API can't be renewed: {error}") from None
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


class Access:
    """How we get in: kubernetes.aio's configuration, loaded and kept fresh by its own means."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._refreshing: asyncio.Task[None] | None = None
        self._certificates: tuple[bytes, ...] = ()
        self.configuration = Configuration()
        self.namespace = "default"

    async def load(self) -> bool:
        """Read the configuration, and tell whether the certificates are others; NoClusterConfigured: there is none."""
        configuration = Configuration()
        try:
            if self._in_cluster():
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
                self.namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
            else:
                await self._load_file(configuration)
            self.configuration, before = configuration, self._certificates
            self._certificates = _certificates(configuration)
        except NoClusterConfigured:
            raise
        except Exception as error:  # noqa: BLE001 - a kubeconfig can be wrong in ways that the library doesn't foresee
            raise NoClusterConfigured(f"the Kubernetes configuration can't be used: {_words(error)}") from None
        return self._certificates != before

    async def authorize(self, request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
        """Put the credentials of the moment on a request; a service account's token is read anew each minute."""
        token = await self.configuration.get_api_key_with_prefix("BearerToken")
        if token:
            request.headers["Authorization"] = token
        request.server_hostname = self.configuration.tls_server_name
        return await send(request)

    def trust(self) -> Any:  # noqa: ANN401 - an SSLContext, from an untyped module
        """Build the TLS context that the configuration asks for."""
        return RESTClientObject(self.configuration).ssl_context

    async def aclose(self) -> None:
        """End the renewal."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refreshing

    def _in_cluster(self) -> bool:
        """Take the service account where nobody names a kubeconfig, as controller-runtime does."""
        named = self._kubeconfig or self._context or os.environ.get("KUBECONFIG")
        return not named and (SERVICE_ACCOUNT / "token").exists()

    async def _load_file(self, configuration: Configuration) -> None:
        files = _kubeconfig(self._kubeconfig)
        loader = await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=files,
            context=self._context,
            client_configuration=configuration,
            persist_config=False,  # the user's file is not ours to write
        )
        self.namespace = loader.current_context["context"].get("namespace") or "default"
        await self.aclose()
        if loader.provider == "gcp" or "exec" in (loader._user or ()):  # noqa: SLF001 - `refresh_token` reads it too
            renewal = config.refresh_token(loader, configuration)  # type: ignore[no-untyped-call]
            self._refreshing = asyncio.create_task(renewal, name="token renewal")


def _kubeconfig(named: Path | None) -> str:
    """Give the path of the kubeconfig, or several; there must be one."""
    files = str(named or os.environ.get("KUBECONFIG") or "~/.kube/config")
    if not any(Path(name).expanduser().is_file() for name in files.split(os.pathsep) if name):
        raise NoClusterConfigured(f"there is no kubeconfig at {files}, and this is no pod")
    return files


def _certificates(configuration: Configuration) -> tuple[bytes, ...]:
    files = (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)
    return tuple(Path(name).read_bytes() for name in files if name)


def _decoded(content: bytes) -> JSON:
    try:
        return json.loads(content)
    except ValueError:
        raise Unavailable("the Kubernetes API's answer can't be understood") from None


def _words(error: Exception) -> str:
    """Tell what is wrong with a kubeconfig; past "in", the library's words may repeat a whole entry, token and all."""
    known = isinstance(error, config.ConfigException | OSError)
    return str(error).partition(" in ")[0] if known else type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return min(float(headers.get("Retry-After", 1)), LONGEST_WAIT)
    except ValueError:
        return 1.0


def _proxy(server: str) -> str | None:
    """Find the proxy that the environment names, once: aiohttp's own look reads a file for each request."""
    url = URL(server)
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)
