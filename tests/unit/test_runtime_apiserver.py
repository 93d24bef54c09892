"""The way to the API server: credentials as they are renewed, and every failure one of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from jitops.core.errors import ClusterUnavailable
from jitops.runtime.cluster import session as apiserver
from jitops.runtime.cluster.auth import NoClusterConfigured
from jitops.runtime.cluster.session import ApiError, ApiServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
GONE = {
    "kind": "Status",
    "reason": "Gone",
    "message": "it is gone",
    "details": {"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]},
}


def kubeconfig(folder: Path, server: str, user: dict[str, Any] | None = None) -> Path:
    """Write a kubeconfig."""
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "ops"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "first-token"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@contextlib.asynccontextmanager
async def served(folder: Path, handler: Handler) -> AsyncIterator[ApiServer]:
    """Connect to a server that answers everything in one way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        api = await ApiServer.connect(kubeconfig(folder, str(server.make_url("/"))))
        try:
            yield api
        finally:
            await api.aclose()


async def test_request_carries_token_and_body(tmp_path: Path) -> None:
    """Credentials, content type and body arrive; the decoded answer comes back."""
    seen: list[tuple[Any, ...]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.headers["Authorization"], request.content_type, request.path_qs, await request.json()))
        return web.json_response({"ok": True}, status=201)

    async with served(tmp_path, handler) as api:
        answer = await api.request("PATCH", "/x?a=b%2Fc", {"y": 1}, content_type=apiserver.MERGE_PATCH)
        assert api.namespace == "ops"
    assert answer == {"ok": True}
    assert seen == [("Bearer first-token", apiserver.MERGE_PATCH, "/x?a=b%2Fc", {"y": 1})]


async def test_refusal_tells_the_status_object(tmp_path: Path) -> None:
    """A 4xx is a Refusal with reason, message and causes."""

    async def handler(_: web.Request) -> web.Response:
        return web.json_response(GONE, status=403)

    async with served(tmp_path, handler) as api:
        with pytest.raises(ApiError) as caught:
            await api.request("GET", "/x")
    assert (caught.value.status, caught.value.reason, caught.value.message) == (403, "Gone", "it is gone")
    assert caught.value.caused_by("NamespaceTerminating")
    assert not caught.value.outdated


@pytest.mark.parametrize("body", ["<html>", "[]", "null", '"text"', '{"details": {"causes": 5}}'])
async def test_refusal_by_a_stranger_is_its_number(tmp_path: Path, body: str) -> None:
    """What a proxy in between answers need not be a Status."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body, status=404)

    async with served(tmp_path, handler) as api:
        with pytest.raises(ApiError) as caught:
            await api.request("GET", "/x")
    assert (caught.value.status, caught.value.message) == (404, "")


async def test_failing_server_is_unavailable(tmp_path: Path) -> None:
    """A 5xx and an answer that is no JSON pass by themselves."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=503) if request.path == "/fails" else web.Response(text="<html>")

    async with served(tmp_path, handler) as api:
        for path, said in (("/fails", "HTTP 503"), ("/odd", "can't be understood")):
            with pytest.raises(ClusterUnavailable, match=said):
                await api.request("GET", path)


async def test_unreachable_server_is_unavailable(tmp_path: Path, unused_tcp_port: int) -> None:
    """No connection is ClusterUnavailable, in words that say what is out of reach."""
    api = await ApiServer.connect(kubeconfig(tmp_path, f"http://127.0.0.1:{unused_tcp_port}"))
    with pytest.raises(ClusterUnavailable, match="the Kubernetes API can't be reached"):
        await api.request("GET", "/x")
    await api.aclose()


async def test_throttled_request_waits_as_asked(tmp_path: Path) -> None:
    """A 429 is asked again after the time that the server names."""
    calls = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=429, headers={"Retry-After": "0"}) if calls < 3 else web.json_response({})

    async with served(tmp_path, handler) as api:
        assert await api.request("GET", "/x") == {}
        assert calls == 3


async def test_throttling_without_end_is_unavailable(tmp_path: Path) -> None:
    """A server that only ever says 429 is given up for this time."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "0"})

    async with served(tmp_path, handler) as api:
        with pytest.raises(ClusterUnavailable, match="HTTP 429"):
            await api.request("GET", "/x")


async def test_refused_credentials_are_read_anew(tmp_path: Path) -> None:
    """A token that was replaced in the kubeconfig is found after one 401, by all who were refused."""
    accepted = "Bearer second-token"

    async def handler(request: web.Request) -> web.Response:
        good = request.headers["Authorization"] == accepted
        return web.json_response({}, status=200 if good else 401)

    async with served(tmp_path, handler) as api:
        kubeconfig(tmp_path, api.url, {"token": "second-token"})
        assert await asyncio.gather(*(api.request("GET", "/x") for _ in range(5))) == [{}] * 5


async def test_credentials_refused_for_good_are_not_asked_for_each_time(tmp_path: Path) -> None:
    """Where there are no others, a refusal is ClusterUnavailable, and the kubeconfig is not read again at once."""
    calls = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=401)

    async with served(tmp_path, handler) as api:
        for _ in range(3):
            with pytest.raises(ClusterUnavailable, match="HTTP 401"):
                await api.request("GET", "/x")
    assert calls == 4, "one more for the credentials read anew"


async def test_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    """The message says where we looked."""
    with pytest.raises(NoClusterConfigured, match="nowhere"):
        await ApiServer.connect(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "[]", "current-context: x", "{", "current-context: x\ncontexts: []"])
async def test_broken_kubeconfig_is_no_traceback(tmp_path: Path, text: str) -> None:
    """Whatever is in the file, the failure is one of ours."""
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(NoClusterConfigured):
        await ApiServer.connect(path)


async def test_broken_kubeconfig_is_told_without_its_secrets(tmp_path: Path) -> None:
    """kubernetes.aio puts the whole entry into its message; ours names what is missing."""
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", {"token": "planted-token", "exec": {"args": []}})
    broken = path.read_text().replace("cluster: c", "klaster: c")
    path.write_text(broken + "\nextra: planted-token\n")
    with pytest.raises(NoClusterConfigured, match="Expected key cluster") as caught:
        await ApiServer.connect(path)
    assert "planted" not in str(caught.value)


async def test_gate_is_asked_each_time(tmp_path: Path) -> None:
    """A write that had to wait is not sent once the Lease is lost."""
    calls = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=429, headers={"Retry-After": "0"})

    def gate() -> None:
        if calls:
            raise ClusterUnavailable("no Lease")

    async with served(tmp_path, handler) as api:
        with pytest.raises(ClusterUnavailable, match="no Lease"):
            await api.request("POST", "/x", {}, gate=gate)
    assert calls == 1
