"""The HTTP wrapper, at its seam: answers become values, failures become errors of ours, and no secret gets out."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest

from jitops.core.clock import SystemClock
from jitops.core.errors import (
    CredentialsRejected,
    JitopsError,
    PermissionDenied,
    RateLimited,
    SpecInvalid,
    Unavailable,
)
from jitops.remote.breaker import THRESHOLD
from jitops.remote.client import Http, HttpPool
from jitops.remote.exchange import Answer, AnswerLost, Exchange, HttpConfig, segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Handler = Callable[[httpx.Request], httpx.Response]

SECRET = "planted-secret-1"
BASE = "https://console.example.com/prefix/"


def unjudged(_: Answer) -> JitopsError | None:
    """Classify nothing."""
    return None


class Server:
    """Answers by a function that tests replace, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Handler = lambda _: httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Keep the request and answer it."""
        self.requests.append(request)
        return self.answer(request)


class Seen:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str, str, str]] = []

    def request(self, exchange: Exchange) -> None:
        """Note one request."""
        assert exchange.seconds >= 0
        self.outcomes.append((exchange.host, exchange.method, exchange.path, exchange.outcome))


class Lease:
    """A gate that can be shut."""

    def __init__(self) -> None:
        self.held = True

    def __call__(self) -> None:
        """Refuse unless the Lease is held."""
        if not self.held:
            raise Unavailable("this replica does not hold the Lease")


class World:
    """A pool over a server in memory."""

    def __init__(self) -> None:
        self.server, self.seen, self.lease = Server(), Seen(), Lease()
        self.pool = HttpPool(
            SystemClock(),
            may_write=self.lease,
            observer=self.seen,
            transport=lambda: httpx.MockTransport(self.server),
        )

    def http(self, **changes: Any) -> Http:
        """Open a connection; its credentials are planted."""
        access: dict[str, Any] = {
            "base_url": BASE,
            "account": "key",
            "classify": unjudged,
            "headers": {"Authorization": f"Bearer key:{SECRET}"},
            "secrets": (SECRET,),
        }
        return self.pool.http(HttpConfig(**{**access, **changes}))

    def fails(self, error: Exception, cause: Exception | None = None) -> None:
        """Let the server's network fail."""

        def fail(_: httpx.Request) -> httpx.Response:
            raise error from cause

        self.server.answer = fail


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world and close it."""
    world = World()
    yield world
    await world.pool.aclose()


async def error_of(http: Http, method: str = "GET", **arguments: Any) -> JitopsError:
    """Make a call that fails and give its error."""
    with pytest.raises(JitopsError) as caught:
        await http.request(method, "/x", **arguments)
    return caught.value


async def test_a_success_is_a_value(world: World) -> None:
    """Status, headers by lower-case names, and the decoded body come back; the body never shows."""
    world.server.answer = lambda _: httpx.Response(200, json={"password": SECRET}, headers={"ETag": "abc"})
    answer = await world.http().request("GET", "/path")
    assert (answer.status, answer.headers["etag"], answer.json) == (200, "abc", {"password": SECRET})
    assert SECRET not in repr(answer)


async def test_what_is_sent(world: World) -> None:
    """The path follows the base address; a body is compact JSON; the credentials go in their header."""
    await world.http().request("POST", "/path?strict=true", body={"a": [1, "ü"]}, headers={"If-None-Match": "e"})
    (sent,) = world.server.requests
    assert str(sent.url) == "https://console.example.com/prefix/path?strict=true"
    assert sent.method == "POST"
    assert json.loads(sent.content) == {"a": [1, "ü"]}
    assert b" " not in sent.content
    assert sent.headers["authorization"] == f"Bearer key:{SECRET}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["if-none-match"] == "e"


async def test_a_body_that_is_no_json_reads_as_none(world: World) -> None:
    """Whoever expects JSON gets None from a page of HTML."""
    world.server.answer = lambda _: httpx.Response(200, text="<html>")
    assert (await world.http().request("GET", "/")).json is None


@pytest.mark.parametrize(
    ("error", "cause", "kind", "said"),
    [
        (httpx.ConnectError("x"), None, AnswerLost, "can't be understood"),
        (httpx.ReadTimeout("x"), None, AnswerLost, "no answer arrived in time"),
        (httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError(), AnswerLost, "closed the connection"),
        (httpx.ConnectTimeout("x"), aiohttp.ConnectionTimeoutError(), Unavailable, "no connection was made"),
        (httpx.ReadError("x"), aiohttp.ClientPayloadError(), AnswerLost, "ended too early"),
        (aiohttp.ClientOSError(104, "reset"), None, AnswerLost, "reset the connection"),
        (httpx.DecodingError("x"), None, AnswerLost, "can't be understood"),
    ],
)
async def test_a_failure_of_the_network_is_unavailable(
    world: World, error: Exception, cause: Exception | None, kind: type[Unavailable], said: str
) -> None:
    """Each failure is named in words of ours; nothing of httpx hangs on to the error."""
    world.fails(error, cause)
    raised = await error_of(world.http(), "POST", body={"password": SECRET})
    assert type(raised).__mro__.index(kind) <= 1
    assert said in str(raised)
    assert "console.example.com" in str(raised)
    assert raised.__cause__ is None
    assert raised.__context__ is None


async def test_no_secret_in_any_trace_of_a_failure(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The text, `repr`, traceback and logs of a failed call hold no credential, whatever the library said."""
    caplog.set_level(logging.DEBUG)
    world.fails(httpx.ReadError(f"Authorization: Bearer key:{SECRET}"))
    raised = await error_of(world.http())
    trace = "".join(traceback.format_exception(raised))
    assert SECRET not in f"{raised!r} {raised} {trace} {caplog.text} {world.http()!r}"


async def test_a_vendors_message_is_cleaned_on_its_way_out(world: World) -> None:
    """What a classifier takes from a body loses the connection's secrets and those of the request."""
    world.server.answer = lambda _: httpx.Response(400, text=f"bad {SECRET} and other-secret")
    http = world.http(classify=lambda answer: SpecInvalid(answer.body.decode()))
    assert str(await error_of(http, secrets=["other-secret"])) == "bad *** and ***"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_writes_are_never_repeated(world: World, method: str) -> None:
    """A write whose socket was closed is sent once: the reconciler repeats, not this layer."""
    world.fails(httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError())
    assert isinstance(await error_of(world.http(), method), AnswerLost)
    assert len(world.server.requests) == 1


async def test_a_read_is_repeated_once_when_the_idle_socket_was_closed(world: World) -> None:
    """One more try for a GET, and no third."""
    world.fails(httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError())
    await error_of(world.http())
    assert len(world.server.requests) == 2


async def test_a_timed_out_read_is_not_repeated(world: World) -> None:
    """A slow server is not asked twice."""
    world.fails(httpx.ReadTimeout("x"))
    await error_of(world.http())
    assert len(world.server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, SpecInvalid),
        (400, SpecInvalid),
        (401, CredentialsRejected),
        (403, PermissionDenied),
        (408, Unavailable),
        (418, SpecInvalid),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_what_the_vendor_leaves_alone_is_told_by_the_status(
    world: World, status: int, kind: type[JitopsError]
) -> None:
    """An unclassified failure has a class by its status, and never its body in the message."""
    world.server.answer = lambda _: httpx.Response(status, text="unknown-secret")
    raised = await error_of(world.http())
    assert type(raised) is kind
    assert "unknown-secret" not in str(raised)


async def test_a_refused_success_is_an_error(world: World) -> None:
    """A vendor may refuse with HTTP 200."""
    http = world.http(classify=lambda _: PermissionDenied("no"))
    assert isinstance(await error_of(http), PermissionDenied)


async def test_a_conditional_read_may_find_nothing_new(world: World) -> None:
    """A 304 is a success."""
    world.server.answer = lambda _: httpx.Response(304)
    assert (await world.http().request("GET", "/")).status == 304


async def test_without_the_lease_nothing_is_written(world: World) -> None:
    """Reads go on; a write is refused before it reaches the network."""
    world.lease.held = False
    await world.http().request("GET", "/")
    raised = await error_of(world.http(), "PUT")
    assert "Lease" in str(raised)
    assert [request.method for request in world.server.requests] == ["GET"]


async def test_losing_the_lease_while_waiting_for_the_budget_stops_the_write(world: World) -> None:
    """The Lease is asked after the wait, right before the request goes out."""
    world.pool = HttpPool(
        SystemClock(), may_write=world.lease, minute=0.3, transport=lambda: httpx.MockTransport(world.server)
    )
    http = world.http(limits={"POST": 1})
    await http.request("POST", "/x")
    waiting = asyncio.create_task(error_of(http, "POST"))
    await asyncio.sleep(0.05)
    world.lease.held = False
    assert "Lease" in str(await waiting)
    assert len(world.server.requests) == 1


async def test_five_failures_open_the_breaker_for_all_connections_of_the_host(world: World) -> None:
    """Whoever calls that host is spared; another host is not touched."""
    world.server.answer = lambda _: httpx.Response(500)
    for _ in range(THRESHOLD):
        await error_of(world.http())
    refused = await error_of(world.http(account="another key"))
    assert isinstance(refused, Unavailable)
    assert refused.circuit_open
    assert len(world.server.requests) == THRESHOLD
    await error_of(world.http(base_url="https://other.example.com"))
    assert len(world.server.requests) == THRESHOLD + 1


async def test_what_the_vendor_decided_is_no_failure_of_the_host(world: World) -> None:
    """A 500 that the vendor reads as a refusal leaves the breaker closed."""
    world.server.answer = lambda _: httpx.Response(500)
    http = world.http(classify=lambda _: SpecInvalid("bad"))
    for _ in range(3 * THRESHOLD):
        assert isinstance(await error_of(http), SpecInvalid)


async def test_a_429_is_no_failure_of_the_host_and_pauses_its_key(world: World) -> None:
    """The second call is not even sent."""
    world.server.answer = lambda _: httpx.Response(429, headers={"Retry-After": "30"})
    raised = await error_of(world.http(), "DELETE")
    assert isinstance(raised, RateLimited)
    assert raised.after == pytest.approx(30)
    assert isinstance(await error_of(world.http(), "DELETE", who="b"), RateLimited)
    assert len(world.server.requests) == 1
    await error_of(world.http(account="another key"), "DELETE")
    assert len(world.server.requests) == 2


async def test_connections_of_one_key_share_its_budget(world: World) -> None:
    """Two connections with one key draw on one budget; another key has its own."""
    one, other = world.http(limits={"POST": 1}), world.http(limits={"POST": 5})
    world.server.answer = lambda _: httpx.Response(200, json={})
    await one.request("POST", "/", who="a")
    assert other.budget["POST"] == 0
    assert isinstance(await error_of(other, "POST", who="b"), RateLimited)
    one.close()
    assert other.budget["POST"] == 3
    await world.http(account="another").request("POST", "/", who="c")


async def test_the_observer_hears_of_each_request(world: World) -> None:
    """With the host, the method, the path without its query, and the status or the name of our error."""
    await world.http().request("GET", "/list?after=1")
    world.server.answer = lambda _: httpx.Response(404)
    await error_of(world.http(), "PUT")
    world.fails(httpx.ReadTimeout("x"))
    await error_of(world.http())
    host = "console.example.com"
    assert world.seen.outcomes == [
        (host, "GET", "/prefix/list", "200"),
        (host, "PUT", "/prefix/x", "404"),
        (host, "GET", "/prefix/x", "AnswerLost"),
    ]


async def test_a_cancelled_trial_does_not_block_the_host(world: World) -> None:
    """Cancelling the breaker's trial call leaves room for another."""
    http = world.http()
    breaker = http._host.breaker
    for _ in range(THRESHOLD):
        breaker.settle(trial=False, failed=True)
    breaker._until = 0.0

    def hang(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    world.server.answer = hang
    with pytest.raises(asyncio.CancelledError):
        await http.request("GET", "/")
    world.server.answer = lambda _: httpx.Response(200, json={})
    assert (await http.request("GET", "/")).status == 200


@pytest.mark.parametrize("address", ["ftp://host", "host", "https://", ""])
async def test_an_address_that_is_none_is_refused(world: World, address: str) -> None:
    """The refusal is about the spec."""
    with pytest.raises(SpecInvalid, match="http"):
        world.http(base_url=address)


async def test_a_certificate_that_is_none_is_refused() -> None:
    """A value under caRef that is no PEM names the field."""
    pool = HttpPool(SystemClock())
    with pytest.raises(SpecInvalid, match=r"spec\.tls\.caRef"):
        pool.http(HttpConfig(BASE, "key", unjudged, ca="not a certificate"))
    await pool.aclose()


async def test_what_is_shared_lives_as_long_as_someone_holds_it(world: World) -> None:
    """One value per key while it is held; a new one once nobody holds it."""

    class Session:
        pass

    first = world.pool.share("key", Session)
    assert world.pool.share("key", Session) is first
    assert world.pool.share("other", Session) is not first
    before = id(first)
    del first
    gc.collect()
    assert "key" not in world.pool._shared, before


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_id_leads_to_another_path(value: str) -> None:
    """Ids that a URL would swallow are refused."""
    with pytest.raises(SpecInvalid):
        segment(value)


def test_an_id_stays_one_segment() -> None:
    """Slashes, spaces and question marks are written so that they stay in the id."""
    assert segment("a/b c?d=ü") == "a%2Fb%20c%3Fd%3D%C3%BC"


async def test_a_handle_shows_no_secret(world: World) -> None:
    """Neither the handle nor how it was opened shows the credentials."""
    access = HttpConfig(BASE, "user@example.com", unjudged, headers={"a": SECRET}, secrets=(SECRET,))
    shown = f"{access!r} {world.pool.http(access)!r} {world.pool!r}"
    assert SECRET not in shown
    assert "user@example.com" not in shown
