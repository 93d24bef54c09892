"""The table of kinds, as the engine sees it; `jitops.kinds` fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitops.api.schema.reference import connection_field, find_references
from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Input
from jitops.core.contract.observation import Expiry
from jitops.core.kube import Key

if TYPE_CHECKING:
    from jitops.api.kind import KindInfo
    from jitops.core.contract.client import Client, Opening
    from jitops.core.kube import JSON, Resource


def remote_ids(resource: Resource) -> frozenset[str]:
    """Return the id that a resource has, or asks to adopt."""
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    return frozenset(filter(None, (resource.status.get("id"), adopt.get("id"))))


@dataclass(frozen=True, slots=True)
class ManagedKind:
    """A managed kind: its models, and the adapter that acts at the remote over a client."""

    info: KindInfo
    adapter: Callable[[Any], Adapter[Any, Any, Any]]
    output_name: Callable[[str], str | None] = lambda _: None
    """The output Secret's name for a resource's name; None: only where the spec asks for a Secret."""
    config_map_name: Callable[[str], str | None] = lambda _: None
    """The output ConfigMap's name for a resource's name; None: the kind writes none."""
    write_once: frozenset[str] = frozenset()
    """The outputs that the remote shows only once, and the outputs that belong to them."""
    uses: Callable[[Resource], frozenset[str]] | None = None
    """The remote ids of the objects that a resource's object uses; None: the kind uses none."""
    observes: Callable[[Resource], bool] = lambda _: False
    """Whether a resource only observes, whatever `management.policy` says."""
    claims: Callable[[Resource], frozenset[str]] = remote_ids
    """What a resource claims at the remote, so that no two resources share it."""
    expiries: Callable[[Mapping[str, JSON]], tuple[Expiry, ...]] = lambda _: ()
    """The ends at the remote that a status lists, coming or overdue; `Adapter.expire` ends the overdue ones."""
    out_of_reach: Callable[[Resource], str | None] = lambda _: None
    """A sentence about what a deletion leaves at the remote because no API can delete it; None: nothing."""

    def only_observes(self, resource: Resource) -> bool:
        """Return whether a resource never writes: by its policy, or because its kind can only be observed."""
        return self.observes(resource) or (resource.spec.get("management") or {}).get("policy") == "Observe"

    def inputs(self, resource: Resource) -> tuple[Input, ...]:
        """Return the references of a resource but its connection, from the spec as written, which may be invalid."""
        namespace = resource.key.namespace
        found = find_references(self.info.spec, resource.spec)
        return tuple([Input(path, Key(kind, namespace, name), key) for path, kind, name, key in found])


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A connection kind: the keys of its Secret, and how a client is opened."""

    info: KindInfo
    credentials: tuple[str, ...]
    """The keys that log in; log-ins are counted for their values."""
    open: Callable[[Opening], Awaitable[Client]]
    optional: tuple[str, ...] = ()
    """Further keys of the same Secret, such as the token of an adapter."""
    caseless: frozenset[str] = frozenset()
    """The keys among `credentials` whose values ignore case when log-ins are counted."""


@dataclass(frozen=True, slots=True)
class KindRegistry:
    """All kinds by name."""

    managed: Mapping[str, ManagedKind]
    connections: Mapping[str, ConnectionKind]

    def row(self, kind: str) -> ManagedKind | ConnectionKind:
        """Return a kind by its name; a KeyError is a defect."""
        return self.managed.get(kind) or self.connections[kind]


def connection_key(row: ManagedKind, resource: Resource) -> Key:
    """Return the connection that a resource uses, from the spec as written."""
    field, kind = connection_field(row.info.spec)
    ref = resource.spec.get(field) or {}
    return Key(kind, ref.get("namespace") or resource.key.namespace, ref.get("name") or "")


def output_secret(row: ManagedKind, resource: Resource) -> str | None:
    """Return the name of the Secret that a resource writes, if any."""
    outputs = (resource.spec.get("outputs") or {}).get("secret") or {}
    return outputs.get("name") or row.output_name(resource.key.name)


def output_config_map(row: ManagedKind, resource: Resource) -> str | None:
    """Return the name of the ConfigMap that a resource writes, if any."""
    usual = row.config_map_name(resource.key.name)
    outputs = (resource.spec.get("outputs") or {}).get("configMap") or {}
    return usual and (outputs.get("name") or usual)
