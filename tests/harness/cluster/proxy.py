"""A TCP proxy between operator and API server whose connections a test can hang or refuse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import yaml


class Proxy:
    """Forwards bytes until a test stops it."""

    def __init__(self, server: str) -> None:
        self._target = urlsplit(server)
        self._open = asyncio.Event()
        self._open.set()
        self._flowing: set[asyncio.Event] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self) -> None:
        """Accept connections, always on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Stop forwarding on all present connections, for ever; new connections work."""
        for flowing in self._flowing:
            flowing.clear()
        self._flowing = set()

    def hang(self) -> None:
        """Stop forwarding on all connections, present and new."""
        self._open.clear()

    async def refuse(self) -> None:
        """Close all connections, and accept no more."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    async def restore(self) -> None:
        """Forward bytes again."""
        self._open.set()
        if self._server is None or not self._server.is_serving():
            await self.listen()

    async def stop(self) -> None:
        """Close all connections for good."""
        await self.refuse()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
            flowing = asyncio.Event()
            flowing.set()
            self._flowing.add(flowing)
            self._writers |= {writer, far_writer}
            await asyncio.gather(self._pass(reader, far_writer, flowing), self._pass(far_reader, writer, flowing))
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                await self._open.wait()
                await flowing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def proxied(kubeconfig: Path, folder: Path) -> AsyncIterator[tuple[Proxy, Path]]:
    """Run a proxy before the API server of a kubeconfig; yield it and a kubeconfig that uses it."""
    config = yaml.safe_load(await asyncio.to_thread(kubeconfig.read_text, encoding="utf-8"))
    cluster = config["clusters"][0]["cluster"]
    proxy = Proxy(cluster["server"])
    await proxy.listen()
    cluster["server"] = f"https://127.0.0.1:{proxy.port}"
    path = folder / f"kubeconfig-{proxy.port}"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    try:
        yield proxy, path
    finally:
        await proxy.stop()
