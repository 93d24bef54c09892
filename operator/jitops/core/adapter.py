"""The contract between the reconciler and a kind of remote object.

An adapter speaks for one connection, never sees Kubernetes, and gets everything it needs as frozen values. Five
methods carry the life of a plain object (`observe`, `diff`, `create`, `update`, `delete`); the others have a default
and are for kinds with keys of their own, write-once secrets or server-chosen ids.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jitops.api.reasons import Reason
from jitops.core.kube import Key

if TYPE_CHECKING:
    from datetime import datetime

    from jitops.api.kinds import KindInfo
    from jitops.core.client import Client, Opening
    from jitops.core.kube import JSON, Kube, Resource

S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, by path, never by value.

    `generated` marks what we made ourselves (keys): it is no drift that a person should judge, and no obstacle to
    adopting an object that is otherwise equal.
    """

    path: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """Something a resource reads: one value of a Secret or ConfigMap, or the remote id of another resource of ours."""

    path: str
    """Where the spec names it; the adapter finds the value under this path."""
    target: Key
    entry: str | None = None
    """The key of the value in a Secret or ConfigMap; None: the remote id of a resource."""


@dataclass(frozen=True, slots=True)
class Wanted(Generic[S]):
    """What a resource asks of the remote, with everything it refers to resolved."""

    key: Key
    spec: S
    identity: str
    """The cluster identity that deterministic ids are made from."""
    now: datetime
    id: str | None = None
    """The remote id in status."""
    owned: bool = False
    """Whether what has this id became ours: an object that was only observed has not."""
    adopt_id: str | None = None
    incarnation: int = 0
    applied: frozenset[str] = frozenset()
    """The paths we last sent (`status.appliedFields`)."""
    memory: Mapping[str, JSON] = field(default_factory=dict)
    """The whole status as last written: what a kind remembers of itself."""
    held: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The write-once values of our own Secret that are as we wrote them, by their canonical names."""
    material: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `prepare` decided that the Secret must hold."""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the resource refers to, by the path at which the spec names it."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Keyed hashes of the inputs that come from Secrets, by path: they tell a change where the remote masks values."""
    deleting: bool = False
    """Whether the resource is being deleted: its inputs are not resolved then."""
    replaces: bool = False
    """Whether an object of ours that can't be changed may make way for a new one now."""
    observed: bool = False
    """Whether the remote object is only observed."""
    taken: frozenset[str] = frozenset()
    """While there is no id, but an intent, or nothing that we claim: the remote ids that others of the kind have."""
    begun: tuple[Mapping[str, JSON], ...] = ()
    """The same of those others that have an intent and no id yet: their intents."""
    cascade: str = "Strict"
    """What a deletion does about others that use the object."""
    users: frozenset[str] = frozenset()
    """When deleting: the remote ids of what other resources of ours have that uses the object, and stay."""
    since: float | None = None
    """The listing must have begun after this monotonic moment; None: any will do."""
    prepared: Any = field(default=None, repr=False)
    """What `prepare` decided; the adapter's own."""
    news: tuple[tuple[str, str], ...] = ()
    """What `prepare` decided that people should hear of, as event reason and message."""

    def next_incarnation(self) -> Wanted[S]:
        """Ask for the same object under the next id, with what was generated for this one."""
        return replace(self, incarnation=self.incarnation + 1, held=self.material or self.held)


@dataclass(frozen=True, slots=True)
class External(Generic[R]):
    """What the remote holds for a resource. `remote` compares equal as long as nothing changed there."""

    id: str
    remote: R = field(repr=False)
    ours: bool
    """Made or adopted by us for this resource: by the id in status, by our hash in the id, or by our intent."""


class Adapter(ABC, Generic[S, R]):
    """One kind of remote object, over one connection."""

    intends = False
    """True where the remote chooses ids: `intend` is written to status before `create`."""
    secret_first = False
    """True where the Secret must hold `material` before the remote hears of it."""

    @abstractmethod
    async def observe(self, wanted: Wanted[S]) -> External[R] | None:
        """Find the remote object; reads only."""

    @abstractmethod
    def diff(self, wanted: Wanted[S], external: External[R]) -> tuple[Change, ...]:
        """Compare what the user set, and what was set before and no longer is; pure."""

    @abstractmethod
    async def create(self, wanted: Wanted[S]) -> External[R]:
        """Make the object; IdBurnt asks for the next incarnation."""

    @abstractmethod
    async def update(self, wanted: Wanted[S], external: External[R], changes: tuple[Change, ...]) -> External[R]:
        """Bring just these changes to the object."""

    @abstractmethod
    async def delete(self, wanted: Wanted[S], external: External[R]) -> None:
        """Remove the object; one that is gone is removed."""

    async def left_behind(self, wanted: Wanted[S], external: External[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Say, once the object is deleted, what of others leads nowhere now and needs a person."""
        return ()

    def formers(self, wanted: Wanted[S]) -> tuple[Mapping[str, JSON], ...]:  # noqa: ARG002 - a default
        """Give, as `status.replaced` lists it, what is ours and another object took, or is to take, the place of."""
        return ()

    async def retire(self, wanted: Wanted[S], former: Mapping[str, JSON]) -> None:
        """Remove one of `formers` and see it gone; DeletionBlocked or NotYet while it stays."""
        raise NotImplementedError

    async def gone(self, external: External[R]) -> bool:  # noqa: ARG002 - a default
        """Say whether a deletion that was accepted has happened; the plain remote's answer is proof enough."""
        return True

    @abstractmethod
    def fields(self, wanted: Wanted[S]) -> Mapping[str, JSON]:
        """Give the remote fields that the user set, by path."""

    def prepare(self, wanted: Wanted[S], external: External[R] | None) -> Wanted[S]:  # noqa: ARG002 - a default
        """Decide what we generate; the plain object generates nothing."""
        return wanted

    async def preflight(self, wanted: Wanted[S]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Have the remote try what is about to be written; say what is wrong, or forbid it: PreflightFailed."""
        return ()

    def claims(self, wanted: Wanted[S]) -> frozenset[str]:  # noqa: ARG002 - a default
        """Give what is claimed beside `Row.claims`, now that references are resolved."""
        return frozenset()

    def instead(self, wanted: Wanted[S]) -> str:  # noqa: ARG002 - a default
        """Say what can be done about an object that exists and isn't ours, but for adopting it."""
        return ""

    async def intend(self, wanted: Wanted[S]) -> Mapping[str, JSON]:
        """Give what must stand in status before `create`, as `status.intent`."""
        raise NotImplementedError

    async def verify(self, wanted: Wanted[S], external: External[R]) -> None:
        """Check with the remote that what we are about to publish is good."""

    async def probe(self, wanted: Wanted[S], external: External[R]) -> None:
        """Look, once all is done and published, at what `standing` rests on beside the remote's own word."""

    def outputs(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output Secret, by their canonical names."""
        return {"id": external.id}

    def documents(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, str]:  # noqa: ARG002 - a default
        """Give the values of the output ConfigMap, where the kind has one."""
        return {}

    def facts(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, JSON]:  # noqa: ARG002 - a default
        """Give the kind's own part of status; None removes a field."""
        return {}

    def standing(self, wanted: Wanted[S], external: External[R]) -> tuple[str, str]:  # noqa: ARG002 - a default
        """Give reason and message of Ready=True, once all is done and published; or raise what is still in its way."""
        return Reason.AVAILABLE, "the remote holds what the spec asks"

    def leftovers(self, wanted: Wanted[S], external: External[R]) -> tuple[str, ...]:  # noqa: ARG002 - a default
        """Name the paths we once sent, the user no longer sets, and the remote still has."""
        return ()

    def due(self, wanted: Wanted[S], external: External[R]) -> datetime | None:  # noqa: ARG002 - a default
        """Say when the object needs attention by itself (an overlap that ends)."""
        return None


def compare(wanted: Mapping[str, JSON], actual: Mapping[str, JSON], removed: tuple[str, ...]) -> tuple[Change, ...]:
    """Compare fields by path: each one set and different, then each one no longer set but still there."""
    differing = [path for path, value in wanted.items() if path not in actual or actual[path] != value]
    return tuple(Change(path) for path in sorted({*differing, *removed}))


@dataclass(frozen=True, slots=True)
class Row:
    """A managed kind: its contract with users, and the adapter that carries it out over a client."""

    info: KindInfo
    connection: str
    reference: str
    """The spec's field that names the connection."""
    adapter: Callable[[Any], Adapter[Any, Any]]
    output_name: Callable[[str], str | None]
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
    claims: Callable[[Resource], frozenset[str]] = lambda _: frozenset()
    """What of the remote a resource lays claim to, so that no two share it."""
    out_of_reach: Callable[[Resource], str | None] = lambda _: None
    """What stays at the remote when a resource is deleted, since nothing of ours can delete it; None: nothing does."""


@dataclass(frozen=True, slots=True)
class ConnectionRow:
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
class Kinds:
    """The table, as the core sees it (filled in `jitops.kinds`)."""

    managed: Mapping[str, Row]
    connections: Mapping[str, ConnectionRow]

    def row(self, kind: str) -> Row | ConnectionRow:
        """Look a kind up; KeyError is a defect."""
        return self.managed.get(kind) or self.connections[kind]


def connection_key(row: Row, resource: Resource) -> Key:
    """Name the connection that a resource uses, from the spec as written."""
    ref = resource.spec.get(row.reference) or {}
    namespace = ref.get("namespace") or resource.key.namespace
    return Key(row.connection, namespace, ref.get("name") or "")


def place(row: Row, resource: Resource, kube: Kube) -> tuple[str, ...]:
    """Tell which workspace or organization a resource lives in; two connections may lead to the same one."""
    key = connection_key(row, resource)
    connection = kube.get(key)
    status = connection.status if connection else {}
    return (status.get("host", ""), status["id"]) if status.get("id") else key
