"""HTTP to a remote: the steps of one call (see the package), over httpx.

`HttpPool` lives as long as the process and keeps one pool of sockets per host (and certificate authority), shared by
all connections to that host. Budgets belong to (host, key), breakers to the host. `Http` is one connection's handle.

No httpx exception leaves this module: they carry the request with its headers. A write is sent at most once per call:
the reconciler is level-triggered and repeats by itself.
"""

from __future__ import annotations

import asyncio
import weakref
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from jitops.core.errors import JitopsError, Unavailable
from jitops.remote.breaker import Breaker, Breakers
from jitops.remote.budget import METHODS, MINUTE, Budget
from jitops.remote.exchange import Answer, Exchange, NoObserver, allow_writes, classify_answer, content_of
from jitops.remote.redaction import Redactor
from jitops.remote.transport import CAUGHT, TIMEOUT, Disconnected, failure_of, open_transport, split_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON
    from jitops.remote.exchange import Hide, HttpConfig, Observer

T = TypeVar("T")

TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class _Host:
    name: str
    transport: httpx.AsyncBaseTransport
    breaker: Breaker


class HttpPool:
    """Everything that the process shares about its remotes; `aclose` closes it."""

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
        self.observer = observer or NoObserver()
        self._minute = minute
        self._transport = transport
        self._hosts: dict[tuple[str, str | None], _Host] = {}
        self._breakers: dict[str, Breaker] = {}
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._shared: weakref.WeakValueDictionary[object, Any] = weakref.WeakValueDictionary()

    def http(self, config: HttpConfig) -> Http:
        """Return a handle for one connection; its owner closes it."""
        origin, prefix = split_address(config.base_url)
        host = self._hosts.get((origin, config.ca)) or self._connect(origin, config.ca)
        owner = (config.rate_limit_scope or origin, config.account)
        budget = self._budgets.get(owner)
        if budget is None:
            budget = self._budgets[owner] = Budget(self.clock, config.budget, self._minute, host.name)
        return Http(self, host, origin + prefix, budget, config)

    def share(self, key: object, make: Callable[[], T]) -> T:
        """Return the value that `make` made for this key, for as long as anyone holds it."""
        found: T | None = self._shared.get(key)
        if found is None:
            found = self._shared[key] = make()
        return found

    def breakers(self) -> Mapping[str, bool]:
        """Return, by host, whether its breaker is open."""
        return {breaker.host: breaker.open for breaker in self._breakers.values()}

    async def aclose(self) -> None:
        """Close all sockets."""
        while self._hosts:
            await self._hosts.popitem()[1].transport.aclose()

    def _connect(self, origin: str, ca: str | None) -> _Host:
        name = origin.partition("://")[2]
        # The breaker belongs to the host whatever authority a connection trusts, so it is not part of `_hosts`.
        breaker = self._breakers.setdefault(origin, Breaker(name, self.clock))
        transport = self._transport() if self._transport else open_transport(origin, ca)
        host = _Host(name, transport, breaker)
        self._hosts[origin, ca] = host
        return host


class Http:
    """One connection's way to its host."""

    def __init__(self, pool: HttpPool, host: _Host, base: str, budget: Budget, config: HttpConfig) -> None:
        self._pool, self._host, self._base = pool, host, base
        self._budget, self._config = budget, config
        self._headers = [
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            ("user-agent", "jitops"),
            *((name.lower(), value) for name, value in config.headers.items()),
        ]
        self.redactor = Redactor(config.secrets)
        budget.set_limits(self, config.limits)

    @property
    def host(self) -> str:
        """The host's name and port."""
        return self._host.name

    @property
    def budget(self) -> Mapping[str, int]:
        """The calls that the key could make at once, by method; without the methods that are not counted."""
        return {name: left for name in METHODS if (left := self._budget.meter(name).left()) is not None}

    def check(self) -> None:
        """Raise Unavailable while the breaker of the host is open."""
        self._host.breaker.check()

    @property
    def write_error(self) -> JitopsError | None:
        """The error that writes meet while the remote refuses them; None while it accepts them."""
        return self._budget.writes.error() if self._budget.writes.open else None

    def close(self) -> None:
        """Withdraw the limits of this connection's spec."""
        self._budget.set_limits(self, {})

    async def request(  # noqa: PLR0913 - all but two have a default
        self,
        method: str,
        path: str,
        *,
        body: JSON = None,
        headers: Mapping[str, str] | None = None,
        who: str = "",
        secrets: Iterable[str] = (),
    ) -> Answer:
        """Send one request and return its successful answer; raise a JitopsError for any failure.

        `who` names the caller in the queue of the budget: its turn is kept for it. `secrets` are values in this request
        that the connection doesn't know, to be masked in the error.
        """
        meter, breakers = self._budget.meter(method), self._breakers(method)
        # Before the claim: a call that can't be sent must not use a turn.
        breakers.check()
        if wait := meter.claim(who, self):
            await asyncio.sleep(wait)
        request = self._build(method, path, body, headers)
        # The gate is the last check before the send: nothing suspends between them, so no time passes.
        if method != "GET":
            self._pool.may_write()
        result = await self._guarded(request, who, breakers, self.redactor.hiding(hidden := tuple(secrets)))
        if isinstance(result, JitopsError):
            result.args = (self.redactor.clean(str(result), hidden),)
            raise result
        return result

    def _breakers(self, method: str) -> Breakers:
        return Breakers(self._host.breaker) if method == "GET" else Breakers(self._host.breaker, self._budget.writes)

    async def _guarded(self, request: httpx.Request, who: str, breakers: Breakers, hide: Hide) -> Answer | JitopsError:
        """Send past the breakers, and report the result to them, to the budget and to the observer."""
        breakers.admit()
        started = self._pool.clock.monotonic()
        try:
            sent = await self._send(request)
        except BaseException:
            breakers.abandon()
            raise
        if isinstance(sent, Answer):
            outcome, error = str(sent.status), self._judge(request.method, who, sent, hide)
        else:
            outcome, error = type(sent).__name__, sent
        breakers.settle(error)
        lasted, connection = self._pool.clock.monotonic() - started, self._config.connection
        self._pool.observer.request(Exchange(connection, self.host, request.method, request.url.path, outcome, lasted))
        return error or sent

    def _build(self, method: str, path: str, body: JSON, headers: Mapping[str, str] | None) -> httpx.Request:
        sent = [*self._headers, *(headers or {}).items()]
        content = None
        if body is not None:
            content, length = content_of(body)
            sent.extend((("content-type", "application/json"), ("content-length", str(length))))
        return httpx.Request(method, self._base + path, headers=sent, content=content, extensions={"timeout": TIMEOUT})

    async def _send(self, request: httpx.Request) -> Answer | Unavailable:
        """Send, and send a read once more if the server closed the idle socket under it."""
        failure = await self._try(request)
        if isinstance(failure, Disconnected) and request.method == "GET":
            failure = await self._try(request)
        return failure

    async def _try(self, request: httpx.Request) -> Answer | Unavailable:
        """Exchange once, without cookies and redirects, and return a failure."""
        # It is returned and not raised, so that no httpx exception is its context: that would carry the headers.
        try:
            async with aclosing(await self._host.transport.handle_async_request(request)) as response:
                await response.aread()
        except CAUGHT as error:
            return failure_of(self.host, error)
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
        return Answer(response.status_code, headers, response.content)

    def _judge(self, method: str, who: str, answer: Answer, hide: Hide) -> JitopsError | None:
        """Return the error of an answer, and adopt the numbers of its headers."""
        meter = self._budget.meter(method)
        meter.learn(answer.status, answer.headers)
        if answer.status == TOO_MANY:
            return meter.throttled(who, answer.headers, self)
        return classify_answer(answer, self._config.classify, self.host, hide)
