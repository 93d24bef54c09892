"""The one way to a remote: timeouts, budget, breaker, the Lease, classification and redaction, over httpx.

`HttpPool` lives as long as the process and keeps one connection pool per host (and certificate authority),
shared by all connections to that host; budgets belong to (host, key), breakers to the host. `Http` is one
connection's handle.

What httpx raises never leaves: its exceptions carry the request with its headers. A write is sent at most
once per call: the reconciler is level-triggered and repeats by itself. A read is repeated once when the
server closed the idle socket under it.
"""

from __future__ import annotations

import asyncio
import ssl
import weakref
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from jitops.core.errors import JitopsError, SpecInvalid, Unavailable
from jitops.remote.breaker import Breaker, Guards
from jitops.remote.budget import METHODS, MINUTE, Budget
from jitops.remote.exchange import Answer, AnswerLost, Exchange, Silent, allow_writes, content_of, judged
from jitops.remote.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jitops.core.clock import Clock
    from jitops.remote.exchange import Hide, HttpConfig, Observer

T = TypeVar("T")

KEEPALIVE = 4.0
"""Below the 5 s after which the console closes idle sockets (docs/reference/jitsu.md section 7)."""
CONNECT = 3.0
"""The longest way from the check of the Lease to the first byte: the time the Lease outlasts its deadline."""
TIMEOUT = {"connect": CONNECT, "pool": CONNECT, "write": 30.0, "read": 30.0}
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class _Host:
    name: str
    transport: httpx.AsyncBaseTransport
    breaker: Breaker


class HttpPool:
    """All that the process shares about its remotes; `aclose` ends it."""

    def __init__(
        self,
        clock: Clock,
        *,
        may_write: Callable[[], None] = allow_writes,
        observer: Observer | None = None,
        minute: float = MINUTE,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self.clock = clock
        self.may_write = may_write
        self.observer = observer or Silent()
        self._minute = minute
        self._transport = transport
        self._hosts: dict[tuple[str, str | None], _Host] = {}
        self._breakers: dict[str, Breaker] = {}
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._shared: weakref.WeakValueDictionary[object, Any] = weakref.WeakValueDictionary()

    def http(self, access: HttpConfig) -> Http:
        """Hand out a handle for one connection; its owner closes it."""
        origin, prefix = _address(access.base_url)
        host = self._hosts.get((origin, access.ca)) or self._connect(origin, access.ca)
        owner = (access.rate_limit_scope or origin, access.account)
        budget = self._budgets.get(owner)
        if budget is None:
            budget = self._budgets[owner] = Budget(self.clock, access.budget, self._minute, host.name)
        return Http(self, host, origin + prefix, budget, access)

    def share(self, key: object, make: Callable[[], T]) -> T:
        """Give what `make` made for this key as long as someone still holds it."""
        found: T | None = self._shared.get(key)
        if found is None:
            found = self._shared[key] = make()
        return found

    def breakers(self) -> Mapping[str, bool]:
        """Tell of each host whether its breaker is open."""
        return {breaker.host: breaker.open for breaker in self._breakers.values()}

    async def aclose(self) -> None:
        """Close all sockets."""
        while self._hosts:
            await self._hosts.popitem()[1].transport.aclose()

    def _connect(self, origin: str, ca: str | None) -> _Host:
        name = origin.partition("://")[2]
        breaker = self._breakers.setdefault(origin, Breaker(name, self.clock))
        transport = self._transport() if self._transport else _transport(origin, ca)
        host = _Host(name, transport, breaker)
        self._hosts[origin, ca] = host
        return host


class Http:
    """One connection's way to its host."""

    def __init__(self, pool: HttpPool, host: _Host, base: str, budget: Budget, access: HttpConfig) -> None:
        self._pool, self._host, self._base = pool, host, base
        self._budget, self._access = budget, access
        self._headers = [
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            ("user-agent", "jitops"),
            *((name.lower(), value) for name, value in access.headers.items()),
        ]
        self.redactor = Redactor(access.secrets)
        budget.state(self, access.limits)

    @property
    def host(self) -> str:
        """The host's name and port."""
        return self._host.name

    @property
    def budget(self) -> Mapping[str, int]:
        """How many calls the key could make at once, by method; without the methods that are not counted."""
        return {name: left for name in METHODS if (left := self._budget.meter(name).left()) is not None}

    def check(self) -> None:
        """Raise Unavailable while the breaker spares the host our calls."""
        self._host.breaker.check()

    @property
    def trouble(self) -> JitopsError | None:
        """What is wrong with the host beside what it answers to reads: that it takes no writes."""
        return self._budget.writes.refusal() if self._budget.writes.open else None

    def close(self) -> None:
        """Withdraw the limits this connection stated."""
        self._budget.state(self, {})

    async def request(  # noqa: PLR0913 - all but two have a default
        self,
        method: str,
        path: str,
        *,
        body: Any = None,  # noqa: ANN401 - JSON
        headers: Mapping[str, str] | None = None,
        who: str = "",
        secrets: Iterable[str] = (),
    ) -> Answer:
        """Send one request, for `who` of those that wait for the budget, and return its success; failures are ours.

        `secrets` are values in this request that the connection doesn't know.
        """
        meter, guards = self._budget.meter(method), self._guards(method)
        guards.check()
        if wait := meter.claim(who, self):
            await asyncio.sleep(wait)
        request = self._build(method, path, body, headers)
        if method != "GET":
            self._pool.may_write()
        result = await self._guarded(request, who, guards, self.redactor.hiding(hidden := tuple(secrets)))
        if isinstance(result, JitopsError):
            result.args = (self.redactor.clean(str(result), hidden),)
            raise result
        return result

    def _guards(self, method: str) -> Guards:
        return Guards(self._host.breaker) if method == "GET" else Guards(self._host.breaker, self._budget.writes)

    async def _guarded(self, request: httpx.Request, who: str, guards: Guards, hide: Hide) -> Answer | JitopsError:
        """Send behind the breakers, and tell them, the budget and the observer how that went."""
        guards.admit()
        started = self._pool.clock.monotonic()
        try:
            sent = await self._send(request)
        except BaseException:
            guards.abandon()
            raise
        if isinstance(sent, Answer):
            outcome, error = str(sent.status), self._judge(request.method, who, sent, hide)
        else:
            outcome, error = type(sent).__name__.strip("_"), sent
        guards.settle(error)
        lasted, connection = self._pool.clock.monotonic() - started, self._access.connection
        self._pool.observer.request(Exchange(connection, self.host, request.method, request.url.path, outcome, lasted))
        return error or sent

    def _build(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None) -> httpx.Request:  # noqa: ANN401 - JSON
        sent = [*self._headers, *(headers or {}).items()]
        content = None
        if body is not None:
            content, length = content_of(body)
            sent.extend((("content-type", "application/json"), ("content-length", str(length))))
        return httpx.Request(method, self._base + path, headers=sent, content=content, extensions={"timeout": TIMEOUT})

    async def _send(self, request: httpx.Request) -> Answer | Unavailable:
        """Send, and once more where the server had closed an idle socket under a read."""
        failure = await self._try(request)
        if isinstance(failure, _Disconnected) and request.method == "GET":
            failure = await self._try(request)
        return failure

    async def _try(self, request: httpx.Request) -> Answer | Unavailable:
        """Exchange once, without cookies and redirects; failures are returned: no httpx exception hangs on to ours."""
        try:
            async with aclosing(await self._host.transport.handle_async_request(request)) as response:
                await response.aread()
        except (httpx.HTTPError, aiohttp.ClientError, OSError, TimeoutError) as error:
            return _failure(self.host, error)
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
        return Answer(response.status_code, headers, response.content)

    def _judge(self, method: str, who: str, answer: Answer, hide: Hide) -> JitopsError | None:
        meter = self._budget.meter(method)
        meter.learn(answer.status, answer.headers)
        if answer.status == TOO_MANY:
            return meter.refused(who, answer.headers, self)
        return judged(answer, self._access.classify, self.host, hide)


class _Disconnected(AnswerLost):
    """The server closed the socket instead of answering."""


PRIVATE = "a private authority belongs in spec.tls.caRef"
FAILED: tuple[tuple[type[Exception], type[Unavailable], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, Unavailable, f"its certificate is not trusted ({PRIVATE})"),
    (aiohttp.ClientSSLError, Unavailable, "the TLS handshake failed"),
    (aiohttp.ClientConnectorDNSError, Unavailable, "its name can't be resolved"),
    (aiohttp.ClientConnectorError, Unavailable, "it accepts no connection"),
    (aiohttp.ConnectionTimeoutError, Unavailable, "no connection was made in time"),
    (TimeoutError, AnswerLost, "no answer came in time"),
    (httpx.TimeoutException, AnswerLost, "no answer came in time"),
    (aiohttp.ServerDisconnectedError, _Disconnected, "it closed the connection without an answer"),
    (aiohttp.ClientOSError, _Disconnected, "it reset the connection"),
    (aiohttp.ClientPayloadError, AnswerLost, "its answer ended too early"),
)
"""What failed, in words of ours: the library's own may repeat headers and addresses."""


def _failure(host: str, error: Exception) -> Unavailable:
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    for kind, ours, sentence in FAILED:
        if isinstance(cause, kind):
            return ours(f"{host} can't be reached: {sentence}")
    return AnswerLost(f"{host} can't be reached: its answer can't be understood ({type(cause).__name__})")


def _address(base_url: str) -> tuple[str, str]:
    """Split an address into the origin, which sockets belong to, and the path before ours."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise SpecInvalid("the address of the remote must be an http:// or https:// URL")
    return f"{url.scheme}://{url.netloc.decode()}", url.raw_path.decode().partition("?")[0].rstrip("/")


def _transport(origin: str, ca: str | None) -> httpx.AsyncBaseTransport:
    """Make the sockets of one host: aiohttp's, at a third of the cost of httpx's own under concurrency."""
    tls = _trust(ca) if origin.startswith("https:") else False
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE, ssl=tls or True),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    # aiohttp would repeat a PUT or DELETE by itself; it knows no public switch.
    session._retry_connection = False  # noqa: SLF001
    return AiohttpTransport(client=session, verify=tls, proxy=_proxy(origin))


def _trust(ca: str | None) -> ssl.SSLContext:
    """Trust the usual authorities and the private one."""
    context = httpx.create_ssl_context()
    if ca is not None:
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError):
            raise SpecInvalid("spec.tls.caRef: the value is no certificate in PEM form") from None
    return context


def _proxy(origin: str) -> httpx.Proxy | None:
    """Find the proxy that the environment names for this host, once instead of at each request."""
    scheme, _, name = origin.partition("://")
    address = getproxies().get(scheme)
    return httpx.Proxy(address) if address and not proxy_bypass(name) else None
