"""What one HTTP request costs us: CPU per request of bare aiohttp, of httpx on it, and of our wrapper.

The server runs in a process of its own; only this process's CPU counts. `python benchmarks/http_cost.py`
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import aiohttp
import httpx
import uvloop
from aiohttp import web
from httpx_aiohttp import AiohttpTransport

from jitops.core.clock import SystemClock
from jitops.remote.client import HttpPool
from jitops.remote.exchange import Answer, HttpConfig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jitops.core.errors import JitopsError

REQUESTS = 2000
WORKERS = 16
ROUNDS = 5
BODY = {"id": "streamabcdef0", "type": "stream", "name": "A stream", "domains": ["events.example.com"]}


async def answer(request: web.Request) -> web.Response:
    """Answer as the console answers a POST."""
    await request.read()
    return web.json_response({"id": "streamabcdef0"}, headers={"ETag": '"17a6zzdutk1g"'})


async def serve() -> None:
    """Serve until the parent is gone, after printing the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


async def cost(send: Callable[[], Awaitable[object]]) -> float:
    """Give the CPU microseconds that one request takes, with several under way."""
    await asyncio.gather(*(send() for _ in range(WORKERS)))
    started = time.process_time()

    async def work() -> None:
        for _ in range(REQUESTS // WORKERS):
            await send()

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return (time.process_time() - started) / REQUESTS * 1e6


def nothing(_: Answer) -> JitopsError | None:
    """Classify nothing."""
    return None


async def measure(base: str) -> None:
    """Measure the three in turns and print their medians."""
    path = "/api/workspace/config/stream"
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    client = httpx.AsyncClient(transport=AiohttpTransport(verify=False), base_url=base)
    pool = HttpPool(SystemClock())
    http = pool.http(HttpConfig(base, "key", nothing, headers={"Authorization": "Bearer key:secret"}))

    async def bare() -> object:
        async with session.post(base + path, json=BODY, headers={"Authorization": "Bearer key:secret"}) as told:
            return await told.json()

    async def plain() -> object:
        told = await client.post(path, json=BODY, headers={"Authorization": "Bearer key:secret"})
        return told.json()

    async def ours() -> object:
        return (await http.request("POST", path, body=BODY)).json

    ways = {"bare aiohttp": bare, "httpx on aiohttp": plain, "Http": ours}
    results: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, send in ways.items():
            results[name].append(await cost(send))
    for name, costs in results.items():
        print(f"{name:18} {statistics.median(costs):7.0f} µs of CPU per request")
    await session.close()
    await client.aclose()
    await pool.aclose()


def main() -> None:
    """Start the server beside us and measure."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        uvloop.run(measure(f"http://127.0.0.1:{port}"))
        server.communicate("")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        uvloop.run(serve())
    else:
        main()
