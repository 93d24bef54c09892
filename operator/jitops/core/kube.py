"""The port to Kubernetes: the few verbs the core needs, and the values they speak in.

Two implementations: `runtime.cluster` on a real API server, `local.store` on a folder of manifests.
Resources are read from what the watch last delivered (`get`, `list`), corrected by the answers to our own writes;
Secrets and ConfigMaps are always read live.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

from jitops.api import meta

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

JSON = Any
"""A value of a manifest: null, bool, number, string, list or map."""


class Key(NamedTuple):
    """Names one object; a Secret too, when something refers to it."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as `kind namespace/name`, the form of messages and logs."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A custom resource of jitops, in the version last seen."""

    key: Key
    uid: str
    generation: int
    resource_version: str
    created: str
    deleting: bool
    finalizers: tuple[str, ...]
    annotations: Mapping[str, str] = field(repr=False)
    """Never shown: kubectl keeps the whole object in one of them."""
    spec: Mapping[str, JSON] = field(repr=False)
    status: Mapping[str, JSON] = field(repr=False)

    @classmethod
    def parse(cls, kind: str, body: Mapping[str, JSON]) -> Resource:
        """Read the API server's (or a manifest's) form."""
        metadata = body["metadata"]
        return cls(
            key=Key(kind, metadata.get("namespace", ""), metadata["name"]),
            uid=metadata.get("uid", ""),
            generation=metadata.get("generation", 1),
            resource_version=metadata.get("resourceVersion", ""),
            created=metadata.get("creationTimestamp") or "",
            deleting=bool(metadata.get("deletionTimestamp")),
            finalizers=tuple(metadata.get("finalizers") or ()),
            annotations=dict(metadata.get("annotations") or {}),
            spec=body.get("spec") or {},
            status=body.get("status") or {},
        )

    @property
    def reconcile_request(self) -> str | None:
        """The token by which a person, or Flux, asks for a reconcile now."""
        asked = self.annotations
        return asked.get(meta.RECONCILE_REQUESTED_AT) or asked.get(meta.FLUX_RECONCILE_REQUESTED_AT)

    @property
    def version(self) -> int:
        """The resource version as the growing number it is (0 where there is none)."""
        return int(self.resource_version) if self.resource_version.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner reference to a custom resource of jitops."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class DataObject:
    """A Secret or ConfigMap; neither its values nor its annotations, which may repeat them, show in `repr`."""

    kind: ClassVar[str]

    namespace: str
    name: str
    data: Mapping[str, str] = field(repr=False)
    """The values that are text, decoded."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()
    resource_version: str = ""
    deleting: bool = False

    @property
    def key(self) -> Key:
        """Its name among the objects that resources refer to."""
        return Key(self.kind, self.namespace, self.name)

    def with_finalizers(self, finalizers: tuple[str, ...]) -> Self:
        """Return the same object under other finalizers."""
        return replace(self, finalizers=finalizers)


@dataclass(frozen=True, slots=True)
class Secret(DataObject):
    """A Secret."""

    kind: ClassVar[str] = "Secret"


@dataclass(frozen=True, slots=True)
class ConfigMap(DataObject):
    """A ConfigMap."""

    kind: ClassVar[str] = "ConfigMap"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a resource, reported once."""

    reason: str
    message: str
    warning: bool = False


class Kube(Protocol):
    """What the core asks of Kubernetes. Writes raise `Conflict` when the version they rest on is outdated."""

    def get(self, key: Key) -> Resource | None:
        """Return the resource as last seen, without a request."""

    def list(self, kind: str) -> Collection[Resource]:
        """Return all resources of a kind as last seen, without a request."""

    async def refresh(self, key: Key) -> Resource | None:
        """Read the resource from the source and remember it."""

    async def prune(self, kind: str) -> Collection[Key]:
        """Forget and return the resources that were deleted without a report from the watch."""

    async def set_finalizers(self, resource: Resource, finalizers: tuple[str, ...]) -> Resource:
        """Replace the finalizers, if the resource is still in this version."""

    async def write_status(self, resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        """Make the status so; `guarded` only if the resource is still in this version."""

    async def read_secret(self, namespace: str, name: str) -> Secret | None:
        """Read a Secret now."""

    async def write_secret(self, secret: Secret) -> Secret:
        """Create the Secret (no resource version) or replace that very version of it."""

    async def delete_secret(self, secret: Secret) -> None:
        """Delete it; no error if it is deleted already."""

    async def read_config_map(self, namespace: str, name: str) -> ConfigMap | None:
        """Read a ConfigMap now."""

    async def write_config_map(self, config_map: ConfigMap) -> ConfigMap:
        """Create the ConfigMap (no resource version) or replace that very version of it."""

    async def delete_config_map(self, config_map: ConfigMap) -> None:
        """Delete it; no error if it is deleted already."""

    async def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Read a namespace's labels; PermissionDenied where we may not."""

    def event(self, resource: Resource, event: Event) -> None:
        """Report what happened; never waits, never fails."""
