"""A console of each build, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from jitops.core.clock import SystemClock
from jitops.core.contract.client import Opening
from jitops.core.kube import Key
from jitops.kinds import JITSU
from jitops.products.jitsu.client import JitsuClient
from jitops.products.jitsu.objects import object_types
from jitops.products.jitsu.workspace.connection import open_workspace
from jitops.products.jitsu.workspace.spec import JitsuWorkspaceSpec
from jitops.remote.client import HttpPool
from jitops_sandbox import Sandbox

KEY = Key("JitsuWorkspace", "default", "acme")


class NoLogins:
    """The log-in attempts of a product without log-ins."""

    async def attempt(self) -> None:
        """Fail: Jitsu has no log-in."""
        raise AssertionError

    async def withdrawn(self) -> None:
        """Fail: Jitsu has no log-in."""
        raise AssertionError

    async def accepted(self) -> None:
        """Fail: Jitsu has no log-in."""
        raise AssertionError


def opening(url: str, api_key: str, workspace: str = "acme", **spec: Any) -> Opening:
    """Return what a JitsuWorkspace with this key opens."""
    parsed = JitsuWorkspaceSpec.model_validate(
        {"credentialsRef": {"name": "jitsu"}, "baseUrl": url, "workspace": workspace, **spec}
    )
    return Opening(KEY, parsed, {"apiKey": api_key}, None, NoLogins())


class World:
    """A sandbox and a pool."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pool = HttpPool(SystemClock())

    async def client(self, api_key: str | None = None, workspace: str = "acme", **spec: Any) -> JitsuClient:
        """Open a client; the first key of the seed unless another is given."""
        key = api_key or self.sandbox.credentials.api_key
        asked = opening(self.sandbox.jitsu_url, key, workspace, **spec)
        return await open_workspace(asked, self.pool, SystemClock(), object_types(JITSU))

    def count(self, method: str = "*") -> int:
        """Count the requests that the console saw."""
        return self.sandbox.requests.count(product="jitsu", method=method)


@pytest.fixture(params=["A", "B"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Run a console of each build."""
    async with Sandbox.start(build=request.param) as sandbox:
        world = World(sandbox)
        yield world
        await world.pool.aclose()
