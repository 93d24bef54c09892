"""How Flux and ArgoCD judge a resource: by the kstatus library that Flux uses, and by a real Lua."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lupa.lua51 import LuaRuntime
from tests.harness.repository import CHART

from jitops_sandbox.controlplane.goprogram import GoProgram, GoProgramUnavailable

Body = Mapping[str, Any]

SCRIPT = CHART / "files" / "argocd-health.lua"
STANDARD = ("coroutine", "debug", "io", "os", "package", "python", "string", "math", "require", "dofile", "loadfile")
"""The libraries that ArgoCD removes unless `useOpenLibs` is set."""
KSTATUS = GoProgram(
    name="kstatus",
    sources=Path(__file__).parent / "kstatus",
    link_flags=("-s", "-w"),
    what="kstatus, the library by which Flux judges resources,",
    expectation="half a minute",
    packages=400,
)


class Flux:
    """kstatus, as a process that reads resources and writes their status."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Flux]:
        """Build the program if it never was, and run it."""
        try:
            program = KSTATUS.binary()
        except GoProgramUnavailable as unavailable:
            raise pytest.fail.Exception(str(unavailable), pytrace=False) from None
        with subprocess.Popen(  # noqa: S603 - what we built
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield cls(process)
            assert process.stdin is not None
            process.stdin.close()

    def thinks(self, body: Body) -> str:
        """Return the status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(body) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().partition("\t")[0]


class Argo:
    """ArgoCD's health check, in ArgoCD's Lua version, without the libraries that ArgoCD removes."""

    def __init__(self) -> None:
        self._lua = LuaRuntime(unpack_returned_tuples=False)
        self._globals: Any = self._lua.globals()
        for library in STANDARD:
            self._globals[library] = None
        self._check: Callable[[], Any] = self._lua.compile(SCRIPT.read_text(encoding="utf-8"))

    def thinks(self, body: Body) -> str:
        """Return the health; check that its message is a text."""
        self._globals.obj = self._lua.table_from(body, recursive=True)
        health = dict(self._check())
        assert health.keys() <= {"status", "message"}
        assert isinstance(health.get("message", ""), str)
        return str(health["status"])


@pytest.fixture(scope="session")
def flux() -> Iterator[Flux]:
    """Start kstatus, built once from source."""
    with Flux.started() as running:
        yield running


@pytest.fixture(scope="session")
def argo() -> Argo:
    """Load the health check that the chart ships."""
    return Argo()
