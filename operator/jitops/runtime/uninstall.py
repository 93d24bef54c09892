"""`jitops release`: stop the operator, then release all its resources (`core.managed.uninstall`).

An operator that still ran would put its finalizers back. So its Deployment is scaled to 0, and the end of its pods is
awaited. A pod on a lost node may still run, and so may a process elsewhere: so the Lease is taken, and kept to the end.
Whoever else runs writes nothing meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from jitops.core.clock import SystemClock
from jitops.core.errors import Interrupted, JitopsError
from jitops.core.kube import JSON, Key, Resource
from jitops.core.managed.uninstall import Released, Releaser
from jitops.core.outputs.backends import ConfigMapBackend, SecretBackend
from jitops.core.outputs.outputs import HashKey, Outputs
from jitops.kinds import registry
from jitops.remote.client import HttpPool
from jitops.runtime.cluster.auth import NoClusterConfigured
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import MERGE_PATCH, ApiError, ApiServer
from jitops.runtime.leader_election import LeaderElector
from jitops.runtime.settings import Settings

log = logging.getLogger(__name__)

AT_ONCE = 16
"""How many resources are released at a time."""
INTERVAL = 1.0
NOT_FOUND = 404
SHOWN = 5
"""How many resources a message names."""


class ReleaseFailed(Exception):
    """A resource could not be released, or the operator not stopped; the message says which, and the cure."""


async def release(settings: Settings, *, deployment: str | None, limit: float) -> list[Released]:
    """Release all resources in the settings' namespaces and return them.

    `deployment` is the operator's, to be stopped first. Raises ReleaseFailed after `limit` seconds at the latest.
    """
    try:
        api = await ApiServer.connect(settings.kubeconfig, settings.context)
    except NoClusterConfigured as error:
        raise ReleaseFailed(str(error)) from None
    work = _Release(settings, api)
    try:
        async with asyncio.timeout(limit):
            return await work.run(deployment)
    except TimeoutError:
        raise ReleaseFailed(f"not finished within {limit:.0f} s: {work.step}") from None
    except ApiError as error:
        raise ReleaseFailed(f"{work.step}: Kubernetes refuses it: {error.message}") from None
    except JitopsError as error:
        raise ReleaseFailed(f"{work.step}: {error}") from None
    finally:
        await api.aclose()


class _Release:
    """The three steps of a release; `step` describes the current one."""

    def __init__(self, settings: Settings, api: ApiServer) -> None:
        self._api = api
        self._settings = settings
        self._namespace = settings.operator_namespace or api.namespace
        self.step = "not started"
        self._clock = SystemClock()
        self._cluster = Cluster(api, self._clock, namespaces=settings.namespaces)
        kinds = registry(HttpPool(self._clock), self._clock)
        backends = (SecretBackend(self._cluster), ConfigMapBackend(self._cluster))
        key = HashKey(self._cluster, self._namespace)
        self._releaser = Releaser(kinds, self._cluster, [Outputs[Any](backend, key) for backend in backends])
        self._done: dict[Key, Released] = {}
        self._refused: JitopsError | None = None

    async def run(self, deployment: str | None) -> list[Released]:
        """Stop the operator, take the Lease, and release resources until none carries a finalizer of jitops."""
        if deployment:
            await self._stop(deployment)
        async with self._leading():
            while True:
                if not await self._pass():
                    break
                await asyncio.sleep(INTERVAL)
        return sorted(self._done.values(), key=lambda one: one.key)

    async def _stop(self, deployment: str) -> None:
        """Scale the operator to 0, and wait for the end of its pods."""
        self.step = f"stopping the Deployment {self._namespace}/{deployment}"
        path = f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{quote(deployment)}/scale"
        try:
            scale = await self._api.request("PATCH", path, {"spec": {"replicas": 0}}, content_type=MERGE_PATCH)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            log.info("there is no Deployment %s/%s to stop", self._namespace, deployment)
            return
        while pods := await self._pods(scale["status"]["selector"]):
            self.step = f"waiting for the end of the pods {', '.join(pods)}; if their node is lost, delete them"
            await asyncio.sleep(INTERVAL)
        log.info("the Deployment %s/%s is stopped", self._namespace, deployment)

    async def _pods(self, selector: str) -> list[str]:
        path = f"/api/v1/namespaces/{self._namespace}/pods?labelSelector={quote(selector)}"
        found: JSON = await self._api.request("GET", path)
        ended = ("Succeeded", "Failed")
        return [one["metadata"]["name"] for one in found["items"] if one.get("status", {}).get("phase") not in ended]

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[None]:
        """Hold the Lease, unless the operators run without one."""
        # An operator that runs elsewhere ends once it can't renew the Lease.
        if not self._settings.leader_election:
            yield
            return
        name = self._settings.lease_name
        elector = LeaderElector(self._api, self._clock, namespace=self._namespace, name=name, identity="jitops-release")
        self.step = f"waiting for the Lease {self._namespace}/{name}; stop the operator that holds it"
        await elector.acquire()
        self._cluster.gate = elector.may_write
        renewing = asyncio.create_task(elector.renew(), name="renewing the Lease")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await elector.release()

    async def _pass(self) -> list[Resource]:
        """List all resources and release them; return the ones not released yet."""
        self.step = "reading the resources"
        await self._cluster.prime()
        # One that is held again was changed by someone in between.
        left = [one for one in self._releaser.resources() if one.key not in self._done]
        left += [one for one in self._releaser.held() if one.key in self._done]
        self.step = f"releasing {_names(one.key for one in left)}"
        slots = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for resource in left:
                group.create_task(self._one(resource, slots))
        if self._refused is not None:
            raise self._refused
        return [one for one in left if one.key not in self._done] + self._releaser.held()

    async def _one(self, resource: Resource, slots: asyncio.Semaphore) -> None:
        async with slots:
            try:
                self._done[resource.key] = await self._releaser.release(resource)
            except Interrupted as error:
                log.info("%s will be tried again: %s", resource.key, error)
            except JitopsError as error:
                self._refused = error


def _names(keys: Iterable[Key]) -> str:
    """Return the first keys, and the number of the others."""
    named = [str(key) for key in keys]
    more = f" and {len(named) - SHOWN} more" if named[SHOWN:] else ""
    return ", ".join(named[:SHOWN]) + more


def lines(released: list[Released]) -> list[str]:
    """Return the released resources as the lines of a table."""
    rows = [("KIND", "RESOURCE", "REMOTE-ID", "KEPT", "")]
    for one in released:
        place = f"{one.key.namespace}/{one.key.name}"
        note = "was being deleted: deleted now, its remote object stays" if one.deleting else ""
        rows.append((one.key.kind, place, one.remote_id or "-", ",".join(one.kept) or "-", note))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
