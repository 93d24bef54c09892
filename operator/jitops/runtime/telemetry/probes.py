"""Proof of life: /healthz and /readyz say what is wrong in words, /metrics what was measured (design, section 9).

That the event loop answers is shown by the answer. A kopf task that ends takes the process with it, and a watch that
goes silent is reconnected by kopf, so what is left to judge is our own workers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

STALLED = 60.0
"""Seconds for which keys may be due without any being finished."""
OVERDUE = 130.0
"""Seconds after which a reconcile is stuck: it was to be given up at 120."""
UNAVAILABLE = 503
Check = Callable[[], Iterable[str]]
"""Gives the sentences that say what is wrong; none: all is well."""


class Server:
    """The HTTP server of probes and metrics; on one port, or on two."""

    def __init__(self, alive: Check, ready: Check, metrics: Callable[[], bytes]) -> None:
        self._alive = alive
        self._ready = ready
        self._metrics = metrics
        self._runners: list[web.AppRunner] = []

    async def start(self, probes_port: int | None, metrics_port: int | None) -> None:
        """Listen; None leaves one out."""
        for port in {probes_port, metrics_port} - {None}:
            app = web.Application()
            if port == probes_port:
                app.router.add_get("/healthz", _answering(self._alive))
                app.router.add_get("/readyz", _answering(self._ready))
            if port == metrics_port:
                app.router.add_get("/metrics", self._measured)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
            self._runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, port=port, reuse_address=True).start()

    async def stop(self) -> None:
        """Stop listening."""
        while self._runners:
            await self._runners.pop().cleanup()

    async def _measured(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _answering(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        wrong = list(check())
        return web.Response(text="\n".join(wrong or ["ok"]) + "\n", status=UNAVAILABLE if wrong else 200)

    return answer
