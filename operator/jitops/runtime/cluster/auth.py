"""Access to a cluster: the configuration and credentials of kubernetes.aio, kept fresh by its own means.

This is the only module that imports kubernetes.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoClusterConfigured(Exception):
    """No configuration names a cluster, or it can't be read."""


class ClusterAuth:
    """Address and credentials of a cluster, from a kubeconfig or a pod's service account."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._refreshing: asyncio.Task[None] | None = None
        self._certificates: tuple[bytes, ...] = ()
        self.configuration = Configuration()
        self.namespace = "default"

    async def load(self) -> bool:
        """Read the configuration and return whether its certificates changed.

        Raises NoClusterConfigured if there is no configuration, or none that can be used.
        """
        configuration = Configuration()
        try:
            if self._in_cluster():
                config.load_incluster_config(client_configuration=configuration)
                self.namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
            else:
                await self._load_file(configuration)
            self.configuration, before = configuration, self._certificates
            self._certificates = _certificates(configuration)
        except NoClusterConfigured:
            raise
        except Exception as error:  # noqa: BLE001 - a kubeconfig can be wrong in ways that the library doesn't foresee
            raise NoClusterConfigured(f"the Kubernetes configuration can't be used: {_describe(error)}") from None
        return self._certificates != before

    async def authorize(self, request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
        """Send a request with the current credentials, as a middleware of aiohttp."""
        # kubernetes.aio reads a service account's token from its file again each minute: tokens are rotated.
        token = await self.configuration.get_api_key_with_prefix("BearerToken")
        if token:
            request.headers["Authorization"] = token
        request.server_hostname = self.configuration.tls_server_name
        return await send(request)

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self.configuration.host)

    def proxy(self) -> str | None:
        """Return the address of the proxy: the configuration's, else the environment's."""
        # Not left to aiohttp, which reads a file for it at each request.
        url = URL(self.server)
        usual = None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)
        return str(self.configuration.proxy) if self.configuration.proxy else usual

    def trust(self) -> ssl.SSLContext:
        """Return the TLS context that the configuration describes."""
        context: ssl.SSLContext = RESTClientObject(self.configuration).ssl_context
        return context

    async def aclose(self) -> None:
        """Stop the renewal of credentials."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    def _in_cluster(self) -> bool:
        """Return whether to use the service account: if nothing names a kubeconfig, as controller-runtime does."""
        named = self._kubeconfig or self._context or os.environ.get("KUBECONFIG")
        return not named and (SERVICE_ACCOUNT / "token").exists()

    async def _load_file(self, configuration: Configuration) -> None:
        files = _kubeconfig(self._kubeconfig)
        loader = await config.load_kube_config(
            config_file=files,
            context=self._context,
            client_configuration=configuration,
            persist_config=False,  # the user's file is not changed
        )
        self.namespace = loader.current_context["context"].get("namespace") or "default"
        await self.aclose()
        # Only these providers issue tokens that expire.
        if loader.provider == "gcp" or "exec" in (loader._user or ()):  # noqa: SLF001 - `refresh_token` reads it too
            renewal = config.refresh_token(loader, configuration)
            self._refreshing = asyncio.create_task(renewal, name="token renewal")


def _kubeconfig(named: Path | None) -> str:
    """Return the path of the kubeconfig, or of several; raise NoClusterConfigured if no file exists."""
    files = str(named or os.environ.get("KUBECONFIG") or "~/.kube/config")
    if not any(Path(name).expanduser().is_file() for name in files.split(os.pathsep) if name):
        raise NoClusterConfigured(f"there is no kubeconfig at {files}, and this is no pod")
    return files


def _certificates(configuration: Configuration) -> tuple[bytes, ...]:
    files = (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)
    return tuple(Path(name).read_bytes() for name in files if name)


def _describe(error: Exception) -> str:
    """Return the fault of a kubeconfig, without secrets."""
    # Past "in", the library's message may repeat a whole entry of the kubeconfig, token included.
    known = isinstance(error, config.ConfigException | OSError)
    return str(error).partition(" in ")[0] if known else type(error).__name__
