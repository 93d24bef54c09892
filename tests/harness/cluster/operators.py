"""The operator in its two ways of running: `jitops run` as a process, and `kopf run` in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import aiohttp
import kopf
from kopf.testing import KopfRunner
from tests.harness.repository import ROOT

from jitops.runtime.telemetry.logs import QUIET

RUN = """
from jitops.runtime.app import run
from jitops.runtime.settings import Settings  # noqa: PLC0415 - not before it is needed
run(Settings.from_environment())
"""
BROKEN = """
import asyncio
from jitops.core.schedule.queue import WorkQueue
async def broken(self):
    raise {}("planted-defect")
WorkQueue.take = broken
"""
CRASH, CANCELLED = BROKEN.format("RuntimeError"), BROKEN.format("asyncio.CancelledError")
"""A controller with a defect in its machinery, and one that somebody cancels."""
GRACE = 40.0


class Process:
    """One `jitops run`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self._process = process
        self._log = log
        self._port = port

    @property
    def log(self) -> str:
        """Its log so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def code(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.poll()

    def terminate(self) -> None:
        """Send SIGTERM, as Kubernetes does."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    async def wait(self) -> int:
        """Wait until it has ended; return the exit code."""
        return await asyncio.to_thread(self._process.wait, GRACE)

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a probe; 0 when nobody answers."""
        try:
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self._port}{path}") as told:
                return told.status, await told.text()
        except aiohttp.ClientConnectionError:
            return 0, ""


@contextlib.asynccontextmanager
async def jitops_run(
    environment: Mapping[str, str], folder: Path, port: int, *, before: str = ""
) -> AsyncIterator[Process]:
    """Run `jitops run` until the block ends; `before` is code that comes first."""
    settings = {**environment, "JITOPS_PROBES_PORT": str(port), "JITOPS_METRICS_PORT": str(port)}
    log = folder / f"operator-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - started at once, and our own code
            [sys.executable, "-W", "error", "-c", before + RUN],
            env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), **settings},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    running = Process(process, log, port)
    try:
        yield running
    finally:
        if running.code is None:
            running.terminate()
            try:
                await running.wait()
            except subprocess.TimeoutExpired:
                running.kill()
                await running.wait()


@contextlib.asynccontextmanager
async def kopf_run(*arguments: str, settings: kopf.OperatorSettings | None = None) -> AsyncIterator[KopfRunner]:
    """Run `kopf run -m jitops.handlers` until the block ends; its output and exit code are complete then."""
    command = ["run", "-m", "jitops.handlers", *arguments]
    runner = KopfRunner(command, reraise=False, timeout=GRACE, settings=settings)
    with _logging_kept():
        await asyncio.to_thread(runner.__enter__)
        try:
            yield runner
        finally:
            await asyncio.to_thread(runner.__exit__, None, None, None)


@contextlib.contextmanager
def _logging_kept() -> Iterator[None]:
    """Restore the loggers that kopf and jitops configure for the whole process."""
    loggers = [logging.getLogger(name) for name in (None, *QUIET)]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    try:
        yield
    finally:
        for logger, handlers, level, propagate in before:
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
