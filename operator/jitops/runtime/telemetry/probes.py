"""The HTTP server of the probes and metrics: /healthz and /readyz list the problems in words.

An answer proves that the event loop runs. A task of kopf that ends takes the process with it, and kopf reconnects a
watch that goes silent. So the checks judge the operator's own workers only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

STALLED = 60.0
"""Seconds for which keys may be due without any being finished."""
OVERDUE = 130.0
"""Seconds after which a reconcile is stuck: it should have been cancelled at 120."""
UNAVAILABLE = 503
Check = Callable[[], Iterable[str]]
"""Returns one sentence for each problem; none if all is well."""


class ProbeServer:
    """The HTTP server of probes and metrics, on one port or on two."""

    def __init__(self, alive: Check, ready: Check, metrics: Callable[[], bytes]) -> None:
        self._alive = alive
        self._ready = ready
        self._metrics = metrics
        self._runners: list[web.AppRunner] = []

    async def start(self, probes_port: int | None, metrics_port: int | None) -> None:
        """Listen on the ports; a port that is None is not served."""
        for port in {probes_port, metrics_port} - {None}:
            app = web.Application()
            if port == probes_port:
                app.router.add_get("/healthz", _handler(self._alive))
                app.router.add_get("/readyz", _handler(self._ready))
            if port == metrics_port:
                app.router.add_get("/metrics", self._serve_metrics)
            # No grace for open requests: probes are short, and a scrape must not delay the end.
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
            self._runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, port=port, reuse_address=True).start()

    async def stop(self) -> None:
        """Stop listening."""
        while self._runners:
            await self._runners.pop().cleanup()

    async def _serve_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _handler(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        wrong = list(check())
        return web.Response(text="\n".join(wrong or ["ok"]) + "\n", status=UNAVAILABLE if wrong else 200)

    return answer
