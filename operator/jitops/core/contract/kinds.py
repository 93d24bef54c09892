"""The table of kinds, as the engine sees it; `jitops.kinds` fills it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Input
from jitops.core.kube import Key

if TYPE_CHECKING:
    from jitops.api.kind import KindInfo
    from jitops.core.contract.client import Client, Opening
    from jitops.core.kube import Resource


def remote_ids(resource: Resource) -> frozenset[str]:
    """Return the id that a resource has, or asks to adopt."""
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    return frozenset(filter(None, (resource.status.get("id"), adopt.get("id"))))


@dataclass(frozen=True, slots=True)
class ManagedKind:
    """A managed kind: its contract with users, and the adapter that carries it out over a client."""

    info: KindInfo
    connection: str
    reference: str
    """The spec's field that names the connection."""
    adapter: Callable[[Any], Adapter[Any, Any, Any]]
    output_name: Callable[[str], str | None] = lambda _: None
    """The output Secret's name for a resource's name; None: only where the spec asks for a Secret."""
    config_map_name: Callable[[str], str | None] = lambda _: None
    """The output ConfigMap's name for a resource's name; None: the kind writes none."""
    write_once: frozenset[str] = frozenset()
    """The outputs that can't be had again from the remote, with what belongs to them."""
    inputs: Callable[[Resource], Iterable[Input]] = lambda _: ()
    """What a resource refers to beside its connection, from the spec as written, which may be invalid."""
    uses: Callable[[Resource], frozenset[str]] | None = None
    """The remote ids of objects that a resource's own needs, by name or not; None: the kind needs none."""
    observes: Callable[[Resource], bool] = lambda _: False
    """Whether a resource only observes, whatever `management.policy` says."""
    claims: Callable[[Resource], frozenset[str]] = remote_ids
    """What of the remote a resource lays claim to, so that no two share it."""
    out_of_reach: Callable[[Resource], str | None] = lambda _: None
    """What stays at the remote when a resource is deleted, since nothing of ours can delete it; None: nothing does."""

    def only_observes(self, resource: Resource) -> bool:
        """Return whether a resource never writes: by its policy, or because its kind can only be observed."""
        return self.observes(resource) or (resource.spec.get("management") or {}).get("policy") == "Observe"


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A connection kind: which keys of its Secret it reads, and how a client is opened."""

    info: KindInfo
    credentials: tuple[str, ...]
    """What logs in: log-ins are counted for these values."""
    open: Callable[[Opening], Awaitable[Client]]
    optional: tuple[str, ...] = ()
    """Keys of the same Secret that open something else, for those who use it."""
    caseless: frozenset[str] = frozenset()
    """What of `credentials` may mean the same in capitals: log-ins are counted as if it did."""


@dataclass(frozen=True, slots=True)
class KindRegistry:
    """The table, as the core sees it (filled in `jitops.kinds`)."""

    managed: Mapping[str, ManagedKind]
    connections: Mapping[str, ConnectionKind]

    def row(self, kind: str) -> ManagedKind | ConnectionKind:
        """Look a kind up; KeyError is a defect."""
        return self.managed.get(kind) or self.connections[kind]


def connection_key(row: ManagedKind, resource: Resource) -> Key:
    """Name the connection that a resource uses, from the spec as written."""
    ref = resource.spec.get(row.reference) or {}
    namespace = ref.get("namespace") or resource.key.namespace
    return Key(row.connection, namespace, ref.get("name") or "")


def output_secret(row: ManagedKind, resource: Resource) -> str | None:
    """Name the Secret that a resource writes, if it writes one."""
    outputs = (resource.spec.get("outputs") or {}).get("secret") or {}
    return outputs.get("name") or row.output_name(resource.key.name)


def output_config_map(row: ManagedKind, resource: Resource) -> str | None:
    """Name the ConfigMap that a resource writes, if its kind writes one."""
    usual = row.config_map_name(resource.key.name)
    outputs = (resource.spec.get("outputs") or {}).get("configMap") or {}
    return usual and (outputs.get("name") or usual)
