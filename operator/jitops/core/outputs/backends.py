"""The two places of outputs: Secrets and ConfigMaps. `outputs` treats both by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from jitops.core.contract.kinds import output_config_map, output_secret
from jitops.core.kube import ConfigMap, DataObject, Secret

if TYPE_CHECKING:
    from jitops.core.contract.kinds import ManagedKind
    from jitops.core.kube import Kube, Resource

H = TypeVar("H", bound=DataObject)


class OutputBackend(Protocol[H]):
    """One place of outputs."""

    make: type[H]
    part: str
    """The part of `spec.outputs` that configures it."""
    status_field: str
    """The status field that holds its name."""

    def name(self, row: ManagedKind, resource: Resource) -> str | None:
        """Return the name of what a resource writes, if any."""

    async def read(self, namespace: str, name: str) -> H | None:
        """Read one now."""

    async def write(self, data_object: H) -> H:
        """Create it, or replace this very version of it."""

    async def delete(self, data_object: H) -> None:
        """Delete it."""


class SecretBackend:
    """The output Secrets."""

    make = Secret
    part = "secret"
    status_field = "secretName"

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def name(self, row: ManagedKind, resource: Resource) -> str | None:
        """Return the name of the Secret that a resource writes, if any."""
        return output_secret(row, resource)

    async def read(self, namespace: str, name: str) -> Secret | None:
        """Read a Secret."""
        return await self._kube.read_secret(namespace, name)

    async def write(self, data_object: Secret) -> Secret:
        """Write a Secret."""
        return await self._kube.write_secret(data_object)

    async def delete(self, data_object: Secret) -> None:
        """Delete a Secret."""
        await self._kube.delete_secret(data_object)


class ConfigMapBackend:
    """The output ConfigMaps."""

    make = ConfigMap
    part = "configMap"
    status_field = "configMapName"

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def name(self, row: ManagedKind, resource: Resource) -> str | None:
        """Return the name of the ConfigMap that a resource writes, if any."""
        return output_config_map(row, resource)

    async def read(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap."""
        return await self._kube.read_config_map(namespace, name)

    async def write(self, data_object: ConfigMap) -> ConfigMap:
        """Write a ConfigMap."""
        return await self._kube.write_config_map(data_object)

    async def delete(self, data_object: ConfigMap) -> None:
        """Delete a ConfigMap."""
        await self._kube.delete_config_map(data_object)
