"""The web server in front of a product: records each request, applies the faults, serves the admin prefix."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Protocol

from aiohttp import hdrs, web

from jitops_sandbox.answers import Answer, Call, answer, text
from jitops_sandbox.record import Request

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops_sandbox.admin import Admin
    from jitops_sandbox.faults import Fault, Faults
    from jitops_sandbox.record import RequestLog

HOST = "127.0.0.1"
KEEP_ALIVE_ADVERTISED = 5
KEEP_ALIVE = 6.0
"""The console announces 5 seconds and closes idle connections after about 6 (docs/reference/jitsu.md section 7)."""

LARGEST_BODY = 64 * 1024 * 1024
ADMIN = "/_sandbox"


class Product(Protocol):
    """A product: a name, and an answer to each call."""

    name: str

    def respond(self, call: Call) -> Answer:
        """Answer one request."""


class Front:
    """One address of the sandbox, and the product that it serves."""

    def __init__(self, product: Product, clock: Clock, faults: Faults, requests: RequestLog, admin: Admin) -> None:
        self.product = product
        self._clock = clock
        self._faults = faults
        self._requests = requests
        self._admin = admin
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> str:
        """Listen on loopback and return the base URL; port 0 is any free port."""
        app = web.Application(client_max_size=LARGEST_BODY)
        # With (?s), because a path may contain an encoded newline.
        app.router.add_route("*", "/{target:(?s:.*)}", self._serve)
        app.on_response_prepare.append(_without_invented_type)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=0.2
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        return f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and close the open connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        call = await _call(request)
        if call.path == ADMIN or call.path.startswith(f"{ADMIN}/"):
            return _response(call, self._admin.respond(call))
        query = {name: value for name, value in call.query.items() if name != "__unsafe_token"}
        record = Request(self.product.name, call.method, call.path, query, self._clock.now().timestamp())
        self._requests.add(record)
        reply = await self._through_faults(call, record)
        if reply is None:
            return _reset(request)
        record.status = reply.status
        return _response(call, reply)

    async def _through_faults(self, call: Call, record: Request) -> Answer | None:
        """Return the answer after all faults; None means that the connection is reset."""
        struck: Fault | None = None
        for fault in self._faults.strike(self.product.name, call.method, call.path):
            record.fault = fault.kind
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
            else:
                struck = fault
        if struck is None:
            return self.product.respond(call)
        if struck.kind in ("reset", "error", "throttled"):
            return _fault_answer(struck)
        reply = self.product.respond(call)
        if struck.kind == "late":
            await asyncio.sleep(struck.seconds)
        if struck.kind == "malformed":
            _damage(reply, struck)
        return None if struck.kind == "lost" else reply


def _fault_answer(fault: Fault) -> Answer | None:
    """Return the answer of a fault in place of the product's; None means that the connection is reset."""
    if fault.kind == "reset":
        return None
    if fault.kind == "throttled":
        refusal = answer({"error": "rate_limit_exceeded", "message": "Throttled by a fault."}, 429)
        refusal.headers["Retry-After"] = f"{fault.seconds:g}"
        return refusal
    if fault.body is not None:
        return text(fault.body, fault.status)
    return answer({"error": f"A fault of the sandbox: {fault.status}"}, fault.status)


def _damage(reply: Answer, fault: Fault) -> None:
    """Replace the body by one that is no JSON."""
    reply.body = fault.body.encode() if fault.body is not None else reply.body[: max(1, len(reply.body) // 2)]
    reply.packed = None
    reply.headers.pop(hdrs.ETAG, None)


async def _call(request: web.Request) -> Call:
    target = request.raw_path
    body = await request.read() if request.can_read_body else b""
    return Call(request.method, target, target.partition("?")[0], request.query, request.headers, body)


def _response(call: Call, reply: Answer) -> web.Response:
    reply.compress(call.headers.get(hdrs.ACCEPT_ENCODING, ""))
    headers = {**reply.headers, "Keep-Alive": f"timeout={KEEP_ALIVE_ADVERTISED}"}
    if reply.content_type is not None:
        headers[hdrs.CONTENT_TYPE] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, headers=headers)


def _reset(request: web.Request) -> web.Response:
    """Reset the connection: the client receives neither status nor body."""
    transport = request.transport
    if transport is not None:
        # A linger of 0 makes the close a RST instead of a FIN.
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _without_invented_type(_request: web.Request, response: web.StreamResponse) -> None:
    """Remove the content type that aiohttp adds to a body without one."""
    if response.headers.get(hdrs.CONTENT_TYPE) == "application/octet-stream":
        del response.headers[hdrs.CONTENT_TYPE]
