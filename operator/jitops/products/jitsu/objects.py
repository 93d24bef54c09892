"""The adapter of all objects whose ids jitops chooses: streams, destinations, functions, services.

The id is deterministic: a create may be repeated, and a rebuilt cluster finds its objects again. A deletion is soft and
burns the id, so the next object with this name gets the next number (docs/reference/jitsu.md section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from typing_extensions import override

from jitops.core import identity
from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.kinds import ManagedKind
from jitops.core.contract.observation import Observation
from jitops.core.errors import DeletionBlocked, IdBurnt, JitopsError
from jitops.core.index.usage import CURE, has_cascade_rules
from jitops.products.jitsu.object_type import ObjectType

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.products.jitsu.client import JitsuClient
    from jitops.products.jitsu.links import LinkRow

S = TypeVar("S")
R = TypeVar("R")
D = TypeVar("D")

SHOWN = 5
"""The most links that a message lists."""
PROBED = 64
"""How many incarnations are looked up in the listing. A higher one is found when the console rejects its id."""


class ObjectAdapter(Adapter[S, R, D]):
    """The objects of one type in one workspace; the adapter of the kind adds the fields of the type."""

    object_type: ClassVar[ObjectType[Any]]

    def __init__(self, client: JitsuClient) -> None:
        self._client = client
        self._listing = client.listing(self.object_type.name)

    def stem(self, desired: Desired[S]) -> str:
        """Return the part of the object's id that never changes."""
        key = desired.key
        return identity.stem(desired.identity, self._client.workspace_id, key.kind, key.namespace, key.name)

    @override
    async def observe(self, desired: Desired[S]) -> Observation[R] | None:
        """Find the object by the id in status, by the id that jitops gives it, or by the id to adopt."""
        rows = (await self._listing.get(desired.not_older_than)).rows
        stem = self.stem(desired)
        candidates = (*filter(None, [desired.id]), *(identity.numbered(stem, number) for number in range(PROBED)))
        known = next((id_ for id_ in candidates if id_ in rows), None)
        if known is not None:
            made = identity.number_of(stem, known) is not None
            return Observation(known, rows[known], owned=made or desired.owned)
        adopted = desired.adopt_id if desired.id is None and desired.adopt_id in rows else None
        return Observation(adopted, rows[adopted], owned=False) if adopted else None

    def whole(self, desired: Prepared[S, D]) -> dict[str, JSON]:
        """Return the complete object as the spec asks for it, with the id that it has or will get."""
        id_ = desired.id or identity.numbered(self.stem(desired), desired.incarnation)
        return {
            "id": id_,
            "type": self.object_type.name,
            "workspaceId": self._client.workspace_id,
            **self.body(desired),
        }

    def body(self, desired: Prepared[S, D]) -> Mapping[str, JSON]:
        """Return the body of a POST without id, type and workspace, which the client adds."""
        raise NotImplementedError

    def secrets(self, desired: Prepared[S, D]) -> Iterable[str]:
        """Return the secrets in a body, so that no message repeats them."""
        return desired.inputs.values()

    @override
    async def create(self, desired: Prepared[S, D]) -> Observation[R]:
        """Create the object with its id. If an object already has it, jitops made that before a crash."""
        id_ = identity.numbered(self.stem(desired), desired.incarnation)
        try:
            await self._client.create(
                self.object_type.name, {"id": id_, **self.body(desired)}, secrets=self.secrets(desired)
            )
        except IdBurnt:
            if not await self._reread(id_):
                raise
            return self._seen(id_)
        return await self._written(desired, id_)

    async def _written(self, _desired: Prepared[S, D], id_: str) -> Observation[R]:
        """Return the object after the console accepted a write."""
        return self._seen(id_)

    async def _reread(self, id_: str) -> bool:
        """Read one object into the listing; return whether it exists."""
        found = await self._client.get(self.object_type.name, id_)
        if found is not None:
            self._listing.record(id_, self.object_type.parse(found))
        return found is not None

    def _seen(self, id_: str) -> Observation[Any]:
        row = self._listing.seen(id_)
        assert row is not None  # noqa: S101 - the client records the result of its writes
        return Observation(id_, row, owned=True)

    @override
    async def delete(self, desired: Prepared[S, D], observation: Observation[R]) -> None:
        """Delete the object according to the cascade policy.

        Consoles older than the flags `strict` and `cascade` ignore them, so jitops lists the links itself. Links are
        deleted before the object: a link whose end is deleted stays in the listing and leads nowhere (section 6).
        """
        links = await self._links(observation.id)
        if links and desired.cascade == "Strict":
            raise DeletionBlocked(_in_use(desired, links))
        for link in links:
            if desired.cascade == "Cascade" or link.id in desired.users:
                await self._client.delete_link(link.id)
        strict, cascade = desired.cascade == "Strict", desired.cascade == "Cascade"
        await self._client.delete(self.object_type.name, observation.id, strict=strict, cascade=cascade)

    async def _links(self, id_: str) -> list[LinkRow]:
        """Return the links that use an object, from a listing that begins now."""
        rows = (await self._client.links.get(self._client.clock.monotonic())).rows.values()
        return [row for row in rows if row.uses(id_)]

    @override
    async def left_behind(self, desired: Prepared[S, D], observation: Observation[R]) -> tuple[str, ...]:
        """Report links that others made during the deletion: the console checks, but does not lock (section 6)."""
        try:
            links = await self._links(observation.id)
        except JitopsError:
            return ()
        if desired.cascade == "Cascade":
            links = [link for link in links if not await self._removed(link)]
        return (f"these lead nowhere now, delete them in the console: {_listed(links)}",) if links else ()

    async def _removed(self, link: LinkRow) -> bool:
        """Delete a link; return whether that succeeded. It is not tried again: its end is deleted already."""
        try:
            await self._client.delete_link(link.id)
        except JitopsError:
            return False
        return True

    @override
    def facts(self, desired: Prepared[S, D], observation: Observation[R]) -> Mapping[str, JSON]:
        """Return the id of the workspace."""
        return {"workspaceId": self._client.workspace_id}


def object_types(kinds: Iterable[ManagedKind]) -> tuple[ObjectType[Any], ...]:
    """Return the types of the kinds whose ids jitops chooses."""
    adapters = (kind.adapter for kind in kinds)
    return tuple(each.object_type for each in adapters if isinstance(each, type) and issubclass(each, ObjectAdapter))


def _in_use(desired: Desired[Any], links: list[LinkRow]) -> str:
    what = desired.key.kind.removeprefix("Jitsu").lower()
    cure = CURE if has_cascade_rules(desired.spec) else f"remove the {what} from these"
    return f"still used by {_listed(links)}: {cure}"


def _listed(links: list[LinkRow]) -> str:
    more = f" and {len(links) - SHOWN} more" if links[SHOWN:] else ""
    return "; ".join(f"link {row.id} ({row.type})" for row in links[:SHOWN]) + more
