"""The HTTP wrapper on real sockets: what only a server that hangs up, compresses or sets cookies can show."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from typing import TYPE_CHECKING

import pytest

from jitops.core.clock import SystemClock
from jitops.core.errors import JitopsError, Unavailable
from jitops.remote.client import Http, HttpPool
from jitops.remote.exchange import Answer, AnswerLost, HttpConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Reply = Callable[[int], bytes | None]


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBXDCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF3P6JQe59sAUfI1
+0+/QHQkrsrnKw6oOm1NTMTooWQ8Zxt8bAiOcPqRyo5tt4s18q0a2rc7X3uBeDh2
aShldvWjQzBBMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNV
HQ4EFgQUojz9ZR4E2/zYdLTRPXesM8aFxa4wCgYIKoZIzj0EAwIDSAAwRQIhAN66
rz3igH0SVIbIL0N2qpbQ5hzxwDZD+A7vBNUzT0t3AiBS38FOFRaI4SOtflvcOzjd
AmBrM2o43vaGMyxGRArNsQ==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ390qxdck2Bk1HSr
E8a2TKbJdXzobk8VFMC82hvwuDGhRANCAARdz+iUHufbAFHyNftPv0B0JK7K5ysO
qDptTUzE6KFkPGcbfGwIjnD6kcqObbeLNfKtGtq3O197gXg4dmkoZXb1
-----END PRIVATE KEY-----
"""
"""Of 127.0.0.1, made for these tests alone and used by nothing else; both are valid until 2120."""


def unjudged(_: Answer) -> JitopsError | None:
    """Classify nothing."""
    return None


def response(body: bytes, *headers: str) -> bytes:
    """Write a response that keeps the socket open."""
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class Server:
    """A server of raw sockets: `reply` gives the bytes for the n-th request, None to hang up without a word."""

    def __init__(self) -> None:
        self.reply: Reply = lambda _: response(b"{}")
        self.requests: list[bytes] = []
        self.hang_up = False
        self.sockets = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one socket."""
        self.sockets += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.lower().split(b"\r\n")
                lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
                await reader.readexactly(sum(lengths))
                self.requests.append(head)
                reply = self.reply(len(self.requests))
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
                if self.hang_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server on a free port."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def http(server: Server) -> AsyncIterator[Http]:
    """Open a connection to the server."""
    pool = HttpPool(SystemClock())
    yield pool.http(HttpConfig(f"http://127.0.0.1:{server.port}", "key", unjudged))
    await pool.aclose()


async def lost(call: Awaitable[Answer]) -> AnswerLost:
    """Make a call that gets no answer."""
    with pytest.raises(AnswerLost) as caught:
        await call
    return caught.value


async def test_sockets_are_kept_and_shared(server: Server, http: Http) -> None:
    """Calls one after the other use one socket."""
    for _ in range(5):
        await http.request("GET", "/")
    assert server.sockets == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
async def test_no_layer_repeats_a_write_on_a_closed_idle_socket(server: Server, http: Http, method: str) -> None:
    """The library below would repeat PUT and DELETE by itself; it must not."""
    await http.request("GET", "/")
    server.reply = lambda _: None
    await lost(http.request(method, "/", body={}))
    assert len(server.requests) == 2


async def test_a_read_survives_a_closed_idle_socket(server: Server, http: Http) -> None:
    """The console closes idle sockets; a GET that meets that goes through on the next one."""
    await http.request("GET", "/")
    server.reply = lambda number: None if number == 2 else response(b"{}")
    assert (await http.request("GET", "/")).status == 200
    assert len(server.requests) == 3


async def test_compressed_answers_are_read(server: Server, http: Http) -> None:
    """An encoding is asked for and undone (docs/reference/jitsu.md section 1)."""
    body = gzip.compress(json.dumps({"objects": ["x"] * 1000}).encode())
    server.reply = lambda _: response(body, "Content-Encoding: gzip")
    assert len((await http.request("GET", "/")).json["objects"]) == 1000
    assert b"gzip" in server.requests[0]


async def test_cookies_are_ignored(server: Server, http: Http) -> None:
    """The console sets a cookie with its refusals; it is never sent back."""
    server.reply = lambda _: response(b"{}", "Set-Cookie: next-auth=1; Path=/")
    await http.request("GET", "/")
    await http.request("GET", "/")
    assert b"cookie" not in server.requests[1].lower()


async def test_an_answer_cut_off_is_lost(server: Server, http: Http) -> None:
    """Fewer bytes than announced are no answer."""
    server.hang_up = True
    server.reply = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    assert "ended too early" in str(await lost(http.request("POST", "/", body={})))


async def test_garbage_is_no_answer(server: Server, http: Http) -> None:
    """What is no HTTP at all is told in words of ours."""
    server.reply = lambda _: b"SSH-2.0-OpenSSH\r\n\r\n"
    assert "SSH" not in str(await lost(http.request("POST", "/", body={})))


async def test_nobody_listening_is_unavailable(server: Server) -> None:
    """A refused connection never reached the remote: the request took no effect."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    pool = HttpPool(SystemClock())
    http = pool.http(HttpConfig(f"http://127.0.0.1:{port}", "key", unjudged))
    with pytest.raises(Unavailable, match="accepts no connection") as caught:
        await http.request("POST", "/", body={})
    assert not isinstance(caught.value, AnswerLost)
    await pool.aclose()


async def test_a_plain_server_spoken_to_in_tls_is_named(server: Server) -> None:
    """A port without TLS is told as unreachable."""
    pool = HttpPool(SystemClock())
    http = pool.http(HttpConfig(f"https://127.0.0.1:{server.port}", "key", unjudged))
    with pytest.raises(Unavailable, match="can't be reached"):
        await http.request("GET", "/")
    await pool.aclose()


@pytest.fixture
async def tls(server: Server, tmp_path: Path) -> AsyncIterator[str]:
    """Serve over TLS, with a certificate that no usual authority signed; give the address."""
    (tmp_path / "pair.pem").write_text(CERTIFICATE + KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pair.pem")
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()
    await listening.wait_closed()


async def test_a_private_authority_is_trusted_where_it_is_named(tls: str) -> None:
    """With the certificate under caRef the call goes through; another connection without it is refused."""
    pool = HttpPool(SystemClock())
    assert (await pool.http(HttpConfig(tls, "key", unjudged, ca=CERTIFICATE)).request("GET", "/")).status == 200
    with pytest.raises(Unavailable, match=r"spec\.tls\.caRef") as caught:
        await pool.http(HttpConfig(tls, "key", unjudged)).request("GET", "/")
    assert not isinstance(caught.value, AnswerLost)
    await pool.aclose()


async def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is obeyed."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "")
    pool = HttpPool(SystemClock())
    await pool.http(HttpConfig("http://console.example.com", "key", unjudged)).request("GET", "/x")
    assert server.requests[0].startswith(b"GET http://console.example.com/x")
    await pool.aclose()


async def test_hosts_that_need_no_proxy_are_called_directly(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY is obeyed."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    pool = HttpPool(SystemClock())
    await pool.http(HttpConfig(f"http://127.0.0.1:{server.port}", "key", unjudged)).request("GET", "/x")
    assert server.requests[0].startswith(b"GET /x")
    await pool.aclose()
