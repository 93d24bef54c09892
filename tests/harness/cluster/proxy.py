"""A wire between the operator and the API server that a test can cut: connections hang, or are refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import yaml


class Proxy:
    """Passes bytes on, TLS and all, until it is told otherwise."""

    def __init__(self, server: str) -> None:
        self._target = urlsplit(server)
        self._open = asyncio.Event()
        self._open.set()
        self._flowing: set[asyncio.Event] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self) -> None:
        """Take connections, always on one port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Let what is connected now hang for ever, while new connections work."""
        for flowing in self._flowing:
            flowing.clear()
        self._flowing = set()

    def hang(self) -> None:
        """Let everything hang: new connections are accepted and answered nothing."""
        self._open.clear()

    async def refuse(self) -> None:
        """Cut what is connected and accept nothing more."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    async def restore(self) -> None:
        """Pass bytes on again."""
        self._open.set()
        if self._server is None or not self._server.is_serving():
            await self.listen()

    async def stop(self) -> None:
        """End all of it."""
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
    """Put a proxy before the API server of a kubeconfig, and write the kubeconfig that goes through it."""
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
