"""What a process needs before it is assembled: access to the cluster, and the cluster's identity."""

from __future__ import annotations

import asyncio
import logging

from jitops.core import errors
from jitops.core.clock import SystemClock
from jitops.runtime.cluster.auth import NoClusterConfigured
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import ApiServer
from jitops.runtime.settings import Settings

log = logging.getLogger(__name__)

ATTEMPTS = 30
"""How often an unreachable API server is asked for the identity."""
INTERVAL = 2.0
"""Seconds between two attempts."""


class CannotStart(Exception):
    """A setting is wrong or missing, or the API server can't be reached; the message says which, and the cure."""


async def connect(settings: Settings) -> ApiServer:
    """Return the API server of the settings, without a request; raise CannotStart if none is configured."""
    if settings.namespaced and not settings.cluster_id:
        raise CannotStart(
            "with namespaces named, a cluster id must be set too (--cluster-id or JITOPS_CLUSTER_ID):"
            " its default, the UID of kube-system, can't be read with Roles alone"
        )
    try:
        return await ApiServer.connect(settings.kubeconfig, settings.context)
    except NoClusterConfigured as error:
        raise CannotStart(str(error)) from None


async def cluster_uid(api: ApiServer) -> str:
    """Return the UID of kube-system, which identifies a cluster; raise CannotStart if it can't be read."""
    cluster, problem = Cluster(api, SystemClock()), ""
    for _ in range(ATTEMPTS):
        try:
            uid = await cluster.namespace_uid("kube-system")
        except errors.PermissionDenied as error:
            raise CannotStart(f"{error}; allow it, or set a cluster id (--cluster-id or JITOPS_CLUSTER_ID)") from None
        except errors.JitopsError as error:
            problem = str(error)
        else:
            if uid:
                return uid
            raise CannotStart("there is no namespace kube-system: set a cluster id (--cluster-id or JITOPS_CLUSTER_ID)")
        log.warning("waiting for the Kubernetes API: %s", problem)
        await asyncio.sleep(INTERVAL)
    raise CannotStart(problem)
