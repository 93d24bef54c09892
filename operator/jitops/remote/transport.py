"""The sockets of one host: addresses, trust, proxy, and what can go wrong on the way.

Together with `client` the only module that knows httpx and aiohttp. httpx is the interface; aiohttp moves the bytes
below it (`httpx_aiohttp`), at a third of the CPU of httpx's own transport under concurrency.
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from jitops.core.errors import SpecInvalid, Unavailable
from jitops.remote.exchange import AnswerLost

KEEPALIVE = 4.0
"""Seconds, below the 5 s after which the console closes idle sockets (docs/reference/jitsu.md section 7)."""
CONNECT = 3.0
"""Seconds from the check of the Lease to the first byte, at most: the Lease outlasts its deadline by as much."""
TIMEOUT = {"connect": CONNECT, "pool": CONNECT, "write": 30.0, "read": 30.0}


class Disconnected(AnswerLost):
    """The server closed the socket instead of answering."""


CERTIFICATE = "its certificate is not trusted (write the certificate of a private authority to spec.tls.caRef)"
FAILED: tuple[tuple[type[Exception], type[Unavailable], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, Unavailable, CERTIFICATE),
    (aiohttp.ClientSSLError, Unavailable, "the TLS handshake failed"),
    (aiohttp.ClientConnectorDNSError, Unavailable, "its name can't be resolved"),
    (aiohttp.ClientConnectorError, Unavailable, "it accepts no connection"),
    (aiohttp.ConnectionTimeoutError, Unavailable, "no connection was made in time"),
    (TimeoutError, AnswerLost, "no answer arrived in time"),
    (httpx.TimeoutException, AnswerLost, "no answer arrived in time"),
    (aiohttp.ServerDisconnectedError, Disconnected, "it closed the connection without an answer"),
    (aiohttp.ClientOSError, Disconnected, "it reset the connection"),
    (aiohttp.ClientPayloadError, AnswerLost, "its answer ended too early"),
)
"""What failed, in own words: the messages of the libraries may repeat headers and addresses."""
CAUGHT = (httpx.HTTPError, aiohttp.ClientError, OSError, TimeoutError)
"""All that the transport raises when a request fails."""


def failure_of(host: str, error: Exception) -> Unavailable:
    """Return the error for an exception of the transport, in words that hold no secret."""
    # httpx wraps aiohttp's exceptions, and only they show whether the request may have arrived.
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    for kind, failure, sentence in FAILED:
        if isinstance(cause, kind):
            return failure(f"{host} can't be reached: {sentence}")
    return AnswerLost(f"{host} can't be reached: its answer can't be understood ({type(cause).__name__})")


def split_address(base_url: str) -> tuple[str, str]:
    """Return an address as its origin, which sockets belong to, and the path that precedes all others.

    Raises SpecInvalid unless it is an http:// or https:// URL with a host.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise SpecInvalid("the address of the remote must be an http:// or https:// URL")
    return f"{url.scheme}://{url.netloc.decode()}", url.raw_path.decode().partition("?")[0].rstrip("/")


def open_transport(origin: str, ca: str | None) -> httpx.AsyncBaseTransport:
    """Create the sockets of one host; raise SpecInvalid if `ca` is no certificate."""
    tls = _trust(ca) if origin.startswith("https:") else False
    session = aiohttp.ClientSession(
        # The controller's workers bound the calls; a limit here would be a second queue before the Lease's deadline.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE, ssl=tls or True),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    # aiohttp would repeat a PUT or DELETE by itself, and has no public switch for it.
    session._retry_connection = False  # noqa: SLF001
    return AiohttpTransport(client=session, verify=tls, proxy=_proxy(origin))


def _trust(ca: str | None) -> ssl.SSLContext:
    """Return a context that trusts the usual authorities and the private one."""
    context = httpx.create_ssl_context()
    if ca is not None:
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError):
            raise SpecInvalid("spec.tls.caRef: the value is no certificate in PEM form") from None
    return context


def _proxy(origin: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for this host."""
    # Read once for each host: httpx would read the environment at each request.
    scheme, _, name = origin.partition("://")
    address = getproxies().get(scheme)
    return httpx.Proxy(address) if address and not proxy_bypass(name) else None
