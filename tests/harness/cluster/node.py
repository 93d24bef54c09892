"""A node for a control plane without one: it runs the pods of a namespace's Deployments and Jobs as processes.

It does the work of a kubelet and two controllers. It creates the Pods from the templates, so that admission judges
them, and gives each process its ServiceAccount's token, bound to the Pod. It reads the readiness probe, ends the
processes of deleted Pods, and writes the statuses on which `helm --wait` and hooks wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from tests.harness.cluster.operator_process import free_port
from tests.harness.cluster.pod import Container, Pod, Runtime

from jitops.core.errors import ClusterUnavailable
from jitops.runtime.cluster.session import MERGE_PATCH, ApiError, ApiServer

TICK = 0.2
KILL_AFTER = 60.0
NODE = "here"
JOB = "job"
"""The revision of a Job's pods."""


@dataclass
class Node:
    """The node; `pods` run or are ending, by the UID of their owner, `logs` are those of all pods so far."""

    kubeconfig: Path
    namespace: str
    folder: Path
    runtime: Runtime
    pods: dict[str, list[Pod]] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Why something could not be started."""
    _finished: set[str] = field(default_factory=set)
    _attempts: dict[str, int] = field(default_factory=dict)
    _told: dict[str, Any] = field(default_factory=dict)

    # The loop.

    async def run(self, ending: threading.Event) -> None:
        """Run until the end, then end every process."""
        self._api = await ApiServer.connect(self.kubeconfig)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as self._http:
            while not ending.is_set():
                with contextlib.suppress(ClusterUnavailable):
                    await self._look()
                await asyncio.sleep(TICK)
        for pod in self._all():
            pod.process.terminate()
        for pod in self._all():
            await asyncio.to_thread(pod.process.wait, KILL_AFTER)
        await self._api.aclose()

    def _all(self) -> list[Pod]:
        return [pod for pods in self.pods.values() for pod in pods]

    async def _look(self) -> None:
        deployments = await self._list("apps/v1", "deployments")
        jobs = await self._list("batch/v1", "jobs")
        deleted = {
            one["metadata"]["name"]
            for one in await self._list("v1", "pods")
            if one["metadata"].get("deletionTimestamp")
        }
        for pod in self._all():
            if pod.name in deleted:
                self._end(pod)
        wanted = {one["metadata"]["uid"] for one in (*deployments, *jobs)}
        for owner, pods in self.pods.items():
            for pod in pods if owner not in wanted else ():
                self._end(pod)
        for deployment in deployments:
            await self._deployment(deployment)
        for job in jobs:
            await self._job(job)
        await self._bury()

    def _end(self, pod: Pod) -> None:
        if pod.ending is None:
            pod.ending = time.monotonic()
            pod.process.terminate()
        elif time.monotonic() - pod.ending > KILL_AFTER:
            pod.process.kill()

    async def _bury(self) -> None:
        """Delete the Pods whose processes have ended, except those of Jobs that are still to be judged."""
        for pods in self.pods.values():
            for pod in [one for one in pods if not one.running and (one.revision != JOB or one.ending)]:
                await self._delete(pod)
                pods.remove(pod)

    async def _delete(self, pod: Pod) -> None:
        with contextlib.suppress(ApiError):
            await self._api.request("DELETE", f"{self._path('v1', 'pods')}/{pod.name}", {"gracePeriodSeconds": 0})

    # Deployments.

    async def _deployment(self, deployment: Any) -> None:
        spec, owner = deployment["spec"], deployment["metadata"]["uid"]
        revision = str(hash(json.dumps(spec["template"], sort_keys=True)))
        pods = [one for one in self.pods.setdefault(owner, []) if one.ending is None and one.running]
        new, old = _split(pods, revision)
        for pod in new:
            pod.ready = await self._asked(pod, spec["template"])
            await self._tell_pod(pod)
        ready = [pod for pod in new if pod.ready]
        if spec["strategy"]["type"] == "Recreate" and old:
            surplus = old
        else:
            for _ in range(spec["replicas"] - len(new)):
                await self._begin(deployment, spec["template"], revision)
            surplus = new[spec["replicas"] :] + (old if len(ready) >= spec["replicas"] else [])
        for pod in surplus:
            self._end(pod)
        await self._tell_deployment(deployment, len(new), len(ready), len(pods))

    async def _asked(self, pod: Pod, template: Any) -> bool:
        probe = template["spec"]["containers"][0]["readinessProbe"]["httpGet"]
        try:
            async with self._http.get(f"http://127.0.0.1:{pod.port}{probe['path']}") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _tell_pod(self, pod: Pod) -> None:
        ready = {"type": "Ready", "status": str(pod.ready)}
        await self._tell("v1", "pods", pod.name, {"phase": "Running", "conditions": [ready]})

    async def _tell_deployment(self, deployment: Any, new: int, ready: int, total: int) -> None:
        meta, replicas = deployment["metadata"], deployment["spec"]["replicas"]
        done = ready >= replicas and total == new
        progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" if done else "Updated"}
        status = {
            "observedGeneration": meta["generation"],
            "replicas": total,
            "updatedReplicas": new,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [{"type": "Available", "status": str(ready >= replicas)}, progress],
        }
        await self._tell("apps/v1", "deployments", meta["name"], status)

    # Jobs.

    async def _job(self, job: Any) -> None:
        uid, name = job["metadata"]["uid"], job["metadata"]["name"]
        if uid in self._finished:
            return
        pods = self.pods.setdefault(uid, [])
        if not pods:
            self._attempts[uid] = self._attempts.get(uid, 0) + 1
            await self._tell("batch/v1", "jobs", name, {"startTime": job["metadata"]["creationTimestamp"], "active": 1})
            await self._begin(job, job["spec"]["template"], JOB)
        elif not pods[0].running:
            pod = pods.pop()
            await self._delete(pod)
            succeeded = pod.process.returncode == 0
            if succeeded or self._attempts[uid] > job["spec"]["backoffLimit"]:
                self._finished.add(uid)
                await self._tell("batch/v1", "jobs", name, _ended(succeeded=succeeded))

    # Pods.

    async def _begin(self, owner: Any, template: Any, revision: str) -> None:
        """Create a Pod from a template, and start its process; a rejected Pod is noted and tried again."""
        name = f"{owner['metadata']['name']}-{uuid.uuid4().hex[:5]}"
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        reference |= {part: owner["metadata"][part] for part in ("name", "uid")}
        meta = {"labels": template["metadata"]["labels"], "name": name, "ownerReferences": [reference]}
        spec = {**template["spec"], "nodeName": NODE}
        try:
            pod = await self._api.request("POST", self._path("v1", "pods"), {"metadata": meta, "spec": spec})
            token = await self._token(pod)
        except ApiError as refusal:
            self.troubles.append(f"{name}: {refusal.message}")
            return
        port, log = free_port(), self.folder / f"{name}.log"
        self.logs.append(log)
        process = self.runtime.start(self._container(pod, token, port, log))
        self.pods[owner["metadata"]["uid"]].append(Pod(name, revision, port, process, log))

    async def _token(self, pod: Any) -> str:
        """Return a token of the pod's ServiceAccount, bound to the pod, as a kubelet requests it."""
        meta = pod["metadata"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        path = f"{self._path('v1', 'serviceaccounts')}/{pod['spec']['serviceAccountName']}/token"
        answer = await self._api.request("POST", path, {"spec": {"audiences": [], "boundObjectRef": bound}})
        return str(answer["status"]["token"])

    def _container(self, pod: Any, token: str, port: int, log: Path) -> Container:
        """Return the container of a pod; its ports are free ones of this machine, which all pods share."""
        container = pod["spec"]["containers"][0]
        fields = {"metadata.namespace": self.namespace, "metadata.name": pod["metadata"]["name"]}
        environment = {
            one["name"]: one.get("value") or fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in container["env"]
        }
        ports = (f"--probes-port={port}", f"--metrics-port={port}") if container.get("ports") else ()
        folder = self.folder / pod["metadata"]["name"]
        folder.mkdir()
        arguments = (*container["args"], *ports)
        return Container(arguments, environment, self.namespace, token, self.kubeconfig, folder, log)

    # The API server.

    def _path(self, version: str, plural: str) -> str:
        root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        return f"{root}/namespaces/{self.namespace}/{plural}"

    async def _list(self, version: str, plural: str) -> list[Any]:
        answer = await self._api.request("GET", self._path(version, plural))
        kind = answer["kind"].removesuffix("List")
        return [{"apiVersion": version, "kind": kind, **one} for one in answer["items"]]

    async def _tell(self, version: str, plural: str, name: str, status: Any) -> None:
        """Write a status if it differs from the last one."""
        path = f"{self._path(version, plural)}/{name}/status"
        if self._told.get(path) == status:
            return
        with contextlib.suppress(ApiError):
            await self._api.request("PATCH", path, {"status": status}, content_type=MERGE_PATCH)
            self._told[path] = status


def _split(pods: list[Pod], revision: str) -> tuple[list[Pod], list[Pod]]:
    """Return the pods of this revision of a template, and the others."""
    return [one for one in pods if one.revision == revision], [one for one in pods if one.revision != revision]


def _ended(*, succeeded: bool) -> dict[str, Any]:
    """Return the status of a Job that has ended."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    types = ("SuccessCriteriaMet", "Complete") if succeeded else ("FailureTarget", "Failed")
    status: dict[str, Any] = {
        "active": 0,
        "succeeded" if succeeded else "failed": 1,
        "conditions": [{"type": one, "status": "True", "lastTransitionTime": now, "reason": "Ended"} for one in types],
    }
    return {**status, "completionTime": now} if succeeded else status


@contextmanager
def running_node(kubeconfig: Path, namespace: str, folder: Path, runtime: Runtime) -> Iterator[Node]:
    """Run a node for a namespace until the block ends."""
    node, ending = Node(kubeconfig, namespace, folder, runtime), threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(node.run(ending))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failures.append(error)

    thread = threading.Thread(target=work, name="node")
    thread.start()
    try:
        yield node
    finally:
        ending.set()
        thread.join()
    if failures:
        raise failures[0]
