"""Both products for tests without an event loop: the sandbox, on the loop of another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from jitops_sandbox import Fault, Sandbox, Switches
from jitops_sandbox.record import WRITES, Request

T = TypeVar("T")

LOGIN = "*/user/login*"


class Products:
    """The products; every question about them is answered on the loop that serves them."""

    def __init__(self, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self.sandbox = sandbox
        self._loop = loop

    def ask(self, question: Callable[[Sandbox], T]) -> T:
        """Run a function on the sandbox between two requests; return its result."""

        async def answer() -> T:
            return question(self.sandbox)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(60)

    def streams(self) -> list[dict[str, Any]]:
        """Return the live streams as clients see them."""
        return self.ask(lambda sandbox: sandbox.jitsu.objects("stream"))

    def held(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the console holds, as clients see it: objects by type, and links as `link`."""

        def look(sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
            summary = sandbox.jitsu.summary()
            return {name: rows for name, rows in {**summary["objects"], "link": summary["links"]}.items() if rows}

        return self.ask(look)

    def stored(self, object_id: str) -> dict[str, Any]:
        """Return an object as the console's database holds it."""
        return self.ask(lambda sandbox: sandbox.jitsu.stored(object_id))

    def connectors(self) -> list[dict[str, str]]:
        """Return the live registrations."""
        names = ("id", "name", "version", "key", "secret")
        return self.ask(
            lambda sandbox: [{name: getattr(one, name) for name in names} for one in sandbox.jitterbit.connectors()]
        )

    def empty(self) -> bool:
        """Return whether neither product holds anything."""
        return not self.held() and not self.connectors()

    def fault(self, **fault: Any) -> None:
        """Add a fault."""
        self.ask(lambda sandbox: sandbox.faults.add(Fault(**fault)))

    def heal(self) -> None:
        """Remove all faults."""
        self.ask(lambda sandbox: sandbox.faults.clear())

    def requests(self, product: str = "*", method: str = "*", path: str = "*") -> list[Request]:
        """Return the requests that match."""
        return self.ask(lambda sandbox: sandbox.requests.matching(product=product, method=method, path=path))

    def count(self, product: str = "*", method: str = "*", path: str = "*") -> int:
        """Count the requests that match."""
        return len(self.requests(product, method, path))

    def writes(self) -> list[Request]:
        """Return the requests that change something, except log-ins."""
        return [one for one in self.requests() if one.method in WRITES and not one.path.endswith("/user/login")]

    def forget(self) -> None:
        """Forget the requests so far."""
        self.ask(lambda sandbox: sandbox.requests.clear())

    def secrets(self) -> set[str]:
        """Return every secret of the products: from the seed, of connectors, and of open sessions."""
        return self.ask(_secrets)


def _secrets(sandbox: Sandbox) -> set[str]:
    sown = {key.secret for key in sandbox.seed.jitsu.keys} | set(sandbox.seed.jitsu.service_tokens)
    sown |= {user.password for user in sandbox.seed.jitterbit.users}
    made = {secret for one in sandbox.jitterbit.connectors() for secret in (one.key, one.secret)}
    return sown | made | set(sandbox.jitterbit.sessions._sessions)


@contextmanager
def running_products(switches: Switches | None = None) -> Iterator[Products]:
    """Serve both products on free ports until the block ends."""
    started = threading.Event()
    products: list[Products] = []
    ending: list[Callable[[], object]] = []

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        async with Sandbox.start(switches=switches) as sandbox:
            products.append(Products(sandbox, loop))
            ending.append(lambda: loop.call_soon_threadsafe(ended.set))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="products")
    thread.start()
    try:
        assert started.wait(60), "the sandbox did not start"
        yield products[0]
    finally:
        for end in ending:
            end()
        thread.join(60)
