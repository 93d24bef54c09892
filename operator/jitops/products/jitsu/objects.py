"""What all objects have in common whose ids we choose: streams, destinations, functions, services.

The id is deterministic, so that a create may be repeated and a rebuilt cluster finds its objects; deletion is soft and
burns the id, so the next one takes the next number (reference/jitsu.md section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from jitops.core import identity
from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Wanted
from jitops.core.contract.observation import External
from jitops.core.errors import DeletionBlocked, IdBurnt, JitopsError
from jitops.core.index.usage import CURE, cascades
from jitops.products.jitsu.client import TYPES

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.products.jitsu.client import JitsuClient
    from jitops.products.jitsu.links import LinkRow

S = TypeVar("S")
R = TypeVar("R")

SHOWN = 5
"""How many links a message names."""
PROBED = 64
"""How many incarnations are looked for in a listing; a higher one is found by the refusal of its id."""


class ObjectAdapter(Adapter[S, R]):
    """Objects of one type in one workspace; the kind's own adapter says what a body holds."""

    type: ClassVar[str]
    """The console's name of the type: build A follows an id into any type, so it is never guessed."""

    def __init__(self, client: JitsuClient) -> None:
        self._client = client
        self._listing = client.listing(self.type)

    def stem(self, wanted: Wanted[S]) -> str:
        """Give the part of the object's id that never changes."""
        key = wanted.key
        return identity.stem(wanted.identity, self._client.workspace_id, key.kind, key.namespace, key.name)

    async def observe(self, wanted: Wanted[S]) -> External[R] | None:
        """Find the object by the id in status, by our stem, or by the id to adopt."""
        rows = (await self._listing.get(wanted.since)).rows
        stem = self.stem(wanted)
        candidates = (*filter(None, [wanted.id]), *(identity.numbered(stem, number) for number in range(PROBED)))
        known = next((id_ for id_ in candidates if id_ in rows), None)
        if known is not None:
            made = identity.number_of(stem, known) is not None
            return External(known, rows[known], ours=made or wanted.owned)
        adopted = wanted.adopt_id if wanted.id is None and wanted.adopt_id in rows else None
        return External(adopted, rows[adopted], ours=False) if adopted else None

    def whole(self, wanted: Wanted[S]) -> dict[str, JSON]:
        """Write the object as it is to be, with the id that it has or will have."""
        id_ = wanted.id or identity.numbered(self.stem(wanted), wanted.incarnation)
        return {"id": id_, "type": self.type, "workspaceId": self._client.workspace_id, **self.body(wanted)}

    def body(self, wanted: Wanted[S]) -> Mapping[str, JSON]:
        """Write the body of a POST, but for what the client adds: id, type and workspace."""
        raise NotImplementedError

    def secrets(self, wanted: Wanted[S]) -> Iterable[str]:
        """Name the secrets in a body, so that no refusal repeats them."""
        return wanted.inputs.values()

    async def create(self, wanted: Wanted[S]) -> External[R]:
        """POST under our own id; if a live object has that id, it is ours from before a crash."""
        id_ = identity.numbered(self.stem(wanted), wanted.incarnation)
        try:
            await self._client.create(self.type, {"id": id_, **self.body(wanted)}, secrets=self.secrets(wanted))
        except IdBurnt:
            if not await self._look(id_):
                raise
            return self._seen(id_)
        return await self._written(wanted, id_)

    async def _written(self, wanted: Wanted[S], id_: str) -> External[R]:  # noqa: ARG002 - a default
        """Give what the console holds after it accepted a write of ours."""
        return self._seen(id_)

    async def _look(self, id_: str) -> bool:
        """Read one object into the listing; say whether there is one."""
        found = await self._client.get(self.type, id_)
        if found is not None:
            self._listing.record(id_, TYPES[self.type].parse(found))
        return found is not None

    def _seen(self, id_: str) -> External[Any]:
        row = self._listing.seen(id_)
        assert row is not None  # noqa: S101 - the client records what its writes made
        return External(id_, row, ours=True)

    async def delete(self, wanted: Wanted[S], external: External[R]) -> None:
        """Delete as the policy says; consoles older than the flags ignore them, so that the links are listed first.

        Links that go, go first: a link whose end is gone stays in the listing and leads nowhere (section 6).
        """
        links = await self._links(external.id)
        if links and wanted.cascade == "Strict":
            raise DeletionBlocked(_in_use(wanted, links))
        for link in links:
            if wanted.cascade == "Cascade" or link.id in wanted.users:
                await self._client.delete_link(link.id)
        strict, cascade = wanted.cascade == "Strict", wanted.cascade == "Cascade"
        await self._client.delete(self.type, external.id, strict=strict, cascade=cascade)

    async def _links(self, id_: str) -> list[LinkRow]:
        """List the links that use an object, as they are now."""
        rows = (await self._client.links.get(self._client.clock.monotonic())).rows.values()
        return [row for row in rows if row.uses(id_)]

    async def left_behind(self, wanted: Wanted[S], external: External[R]) -> tuple[str, ...]:
        """Look for links that others made while we deleted: the console's own check is no lock (section 6)."""
        try:
            links = await self._links(external.id)
        except JitopsError:
            return ()
        if wanted.cascade == "Cascade":
            links = [link for link in links if not await self._removed(link)]
        return (f"these lead nowhere now, delete them in the console: {_listed(links)}",) if links else ()

    async def _removed(self, link: LinkRow) -> bool:
        """Delete a link, and say whether that could be done: nobody comes back for it once its end is gone."""
        try:
            await self._client.delete_link(link.id)
        except JitopsError:
            return False
        return True

    def facts(self, wanted: Wanted[S], external: External[R]) -> Mapping[str, JSON]:  # noqa: ARG002 - the contract's
        """Tell the workspace."""
        return {"workspaceId": self._client.workspace_id}


def _in_use(wanted: Wanted[Any], links: list[LinkRow]) -> str:
    cure = CURE if cascades(wanted.spec) else f"take the {wanted.key.kind.removeprefix('Jitsu').lower()} out of these"
    return f"still used by {_listed(links)}: {cure}"


def _listed(links: list[LinkRow]) -> str:
    more = f" and {len(links) - SHOWN} more" if links[SHOWN:] else ""
    return "; ".join(f"link {row.id} ({row.type})" for row in links[:SHOWN]) + more
