"""A gate before the API server: the operator's requests pass it, and a test can stop one of them.

A stopped request has taken effect at the API server, but its answer is held back, and no other request passes: an
operator that is killed then was killed between this effect and the next one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"})
SERVER = "http://127.0.0.1"


@dataclass
class _Trap:
    """The request to stop, and how many of its kind to let pass first."""

    method: str
    path: re.Pattern[str]
    skips: int
    caught: threading.Event = field(default_factory=threading.Event)

    def fits(self, method: str, path: str) -> bool:
        """Return whether this is the request to stop; count those before it."""
        if self.caught.is_set() or method != self.method or not self.path.search(path):
            return False
        self.skips -= 1
        return self.skips < 0


class Gate:
    """The gate, open at first."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        self._config = config
        self._cluster = config["clusters"][0]["cluster"]
        self._server: str = self._cluster["server"]
        self._folder = kubeconfig.parent
        self._trap: _Trap | None = None
        self._opened = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self.closed = False
        """While it is closed, the API server can't be reached."""

    def catch(self, method: str, path: str, *, skips: int = 0) -> threading.Event:
        """Stop the answer to the next matching request, after `skips` others; return the event that is set then."""
        self._trap = _Trap(method, re.compile(path), skips)
        return self._trap.caught

    def open(self) -> None:
        """Release the stopped request, and stop no other."""
        self._trap = None
        self._loop.call_soon_threadsafe(self._opened.set)

    def kubeconfig(self, target: Path) -> Path:
        """Write a kubeconfig whose server is the gate."""
        cluster = {"server": f"{SERVER}:{self._port}"}
        clusters = [{**one, "cluster": cluster} for one in self._config["clusters"]]
        target.write_text(yaml.safe_dump({**self._config, "clusters": clusters}), encoding="utf-8")
        return target

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve until the block ends."""
        self._loop = asyncio.get_running_loop()
        trust = ssl.create_default_context(cadata=_authority(self._cluster, self._folder))
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trust),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(None),
        ) as self._session:
            app = web.Application(client_max_size=64 * 1024 * 1024)
            app.router.add_route("*", "/{path:.*}", self._pass)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
            await runner.setup()
            site = web.TCPSite(runner, urlsplit(SERVER).hostname, 0)
            await site.start()
            self._port: int = runner.addresses[0][1]
            yield
            self._opened.set()
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if self.closed:
            return self._cut(request)
        headers, trap = _kept(request.headers), self._trap
        body = await request.read()
        if trap is not None and trap.caught.is_set():
            await self._opened.wait()
            return self._cut(request)
        fits = trap is not None and trap.fits(request.method, request.path)
        url = URL(self._server + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, headers=headers, data=body or None) as answer:
            if trap is not None and fits:
                await answer.read()
                self._opened.clear()
                trap.caught.set()
                await self._opened.wait()
                return self._cut(request)
            return await self._answered(request, answer)

    async def _answered(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers))
        if encoding := answer.headers.get("Content-Encoding"):
            response.headers["Content-Encoding"] = encoding
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if self.closed:
                    return self._cut(request)
                await response.write(chunk)
            await response.write_eof()
        return response

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        """Drop the connection instead of answering."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _kept(headers: Any) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


def _authority(cluster: dict[str, str], folder: Path) -> str:
    if "certificate-authority" in cluster:
        return (folder / cluster["certificate-authority"]).read_text(encoding="ascii")
    return base64.b64decode(cluster["certificate-authority-data"]).decode("ascii")


@contextmanager
def running_gate(kubeconfig: Path) -> Iterator[Gate]:
    """Run a gate before the API server of a kubeconfig until the block ends."""
    gate, started, ending = Gate(kubeconfig), threading.Event(), threading.Event()

    async def serve() -> None:
        async with gate.serving():
            started.set()
            await asyncio.to_thread(ending.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="gate")
    thread.start()
    try:
        assert started.wait(60), "the gate did not start"
        yield gate
    finally:
        ending.set()
        thread.join(60)
