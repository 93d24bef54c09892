"""The adapter of JitsuLink: pushes from streams and syncs from services (docs/reference/jitsu.md section 5).

The console chooses the id of a link. A push is found by its pair of ends. A pair may have several syncs, so the result
of a creation that failed or was not answered is found by comparing the listing with the intent, which has the links of
the pair that existed before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.core import identity
from jitops.core.clock import moment
from jitops.core.contract.adapter import PlainAdapter, compare
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation
from jitops.core.errors import AlreadyOwned, DependencyNotReady, NotYet, Overtaken
from jitops.products.jitsu.link.references import End, claim, ends_of, functions_of, id_of, pair_of
from jitops.products.jitsu.link.spec import JitsuLinkSpec
from jitops.products.jitsu.links import LinkRow
from jitops.products.jitsu.wire import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from jitops.core.kube import JSON
    from jitops.products.jitsu.client import JitsuClient

Want = Desired[JitsuLinkSpec]
Request = Prepared[JitsuLinkSpec, None]
Found = Observation[LinkRow]
DATA = "data."
ENDS = ("from", "to")
SETTLE = timedelta(seconds=10)
"""How long a creation without an answer may still be in progress at the console."""


class LinkAdapter(PlainAdapter[JitsuLinkSpec, LinkRow]):
    """The links of one workspace."""

    intends = True

    def __init__(self, client: JitsuClient) -> None:
        self._client = client

    @override
    async def observe(self, desired: Want) -> Found | None:
        """Find the link by the id in status, by the intent, by the id to adopt, or by its pair."""
        if not desired.deleting:
            await self._require_ends(desired)
        rows = (await self._client.links.get(desired.not_older_than)).rows
        known = rows.get(desired.id or "")
        if known is not None:
            return Observation(known.id, known, owned=desired.owned)
        intent = desired.last_status.get("intent")
        if intent:
            made = _only(row for row in _new_links(intent, rows) if row.id not in desired.taken)
            if made is not None:
                return Observation(made.id, made, owned=True)
            _wait_until_settled(desired, moment(intent["at"]))
        return None if desired.deleting else self._unclaimed(desired, rows)

    def _unclaimed(self, desired: Want, rows: Mapping[str, LinkRow]) -> Found | None:
        """Find a link that no status has recorded.

        It is owned without `adopt` only if jitops made one of its ends and its data equals the spec.
        """
        if desired.adopt_id:
            adopted = rows.get(desired.adopt_id)
            return Observation(adopted.id, adopted, owned=False) if adopted else None
        data, made = _data(self.fields(desired)), any(self._made(desired, end) for end in ends_of(desired.spec))
        links = [row for row in rows.values() if row.pair == pair_of(desired)]
        if desired.spec.allow_parallel:
            others = desired.taken | {row.id for intent in desired.sibling_intents for row in _new_links(intent, rows)}
            links = [row for row in links if made and row.data == data and row.id not in others]
        found = _only(links)
        return None if found is None else Observation(found.id, found, owned=made and found.data == data)

    def _made(self, desired: Want, end: End) -> bool:
        """Return whether jitops made the object at an end, which its id shows."""
        if end.ref.name is None:
            return False
        stem = identity.stem(desired.identity, self._client.workspace_id, end.kind, desired.key.namespace, end.ref.name)
        return identity.number_of(stem, id_of(desired, end.path, end.ref)) is not None

    async def _require_ends(self, desired: Want) -> None:
        """Raise DependencyNotReady if the console does not have an end; ends made by others are listed from now on."""
        for end in ends_of(desired.spec):
            if not self._client.lists(end.type):
                continue
            if end.ref.external is not None:
                self._client.follow(end.type)
            listing, id_ = self._client.listing(end.type), id_of(desired, end.path, end.ref)
            if id_ not in (await listing.get()).rows:
                await self._confirm_missing(end, id_)

    async def _confirm_missing(self, end: End, id_: str) -> None:
        """Raise DependencyNotReady if a listing that begins now does not have the end either."""
        if id_ not in (await self._client.listing(end.type).get(self._client.clock.monotonic())).rows:
            raise DependencyNotReady(
                f"spec.{end.path}: the {end.type} {id_} does not exist at the console; the link waits for it",
                reason="DependencyNotFound",
            )

    @override
    def fields(self, desired: Want) -> Mapping[str, JSON]:
        """Return the ends, the functions, and the options that the user set, by path."""
        spec = desired.spec
        _, start, end = pair_of(desired)
        functions = {} if spec.functions is None else {"functions": functions_of(desired)}
        data = {DATA + name: normal(value) for name, value in (spec.data or {}).items()}
        return {"from": start, "to": end, **functions, **data}

    @override
    def diff(self, desired: Request, observation: Found) -> tuple[Change, ...]:
        """Compare ends, functions and options by path; a link without data always differs."""
        row = observation.remote
        nothing = (Change("data"),) if row.data is None else ()
        return (*compare(self.fields(desired), _actual(row), self.leftovers(desired, observation)), *nothing)

    @override
    def leftovers(self, desired: Request, observation: Found) -> tuple[str, ...]:
        """Return the options that jitops once sent, the user no longer sets, and the console still has."""
        removed = desired.applied - set(self.fields(desired))
        return tuple(sorted(removed & set(_actual(observation.remote))))

    @override
    def claims(self, desired: Request) -> frozenset[str]:
        """Return a claim on the pair; none for a sync that may be parallel."""
        return frozenset() if desired.spec.allow_parallel else frozenset({claim(*pair_of(desired))})

    @override
    def alternative_to_adoption(self, desired: Request) -> str:
        """Return that a sync may also be created in parallel; empty for a push."""
        return ", or spec.allowParallel to true to create another sync in parallel" if desired.spec.is_sync else ""

    @override
    async def intend(self, desired: Request) -> Mapping[str, JSON]:
        """Return the pair, and the ids of its links that exist before the creation."""
        pair = pair_of(desired)
        rows = (await self._client.links.get()).rows.values()
        ids = sorted(row.id for row in rows if row.pair == pair)
        return {"type": pair[0], "fromId": pair[1], "toId": pair[2], "ids": ids}

    @override
    async def create(self, desired: Request) -> Found:
        """Create the link without an id, so that the console rejects a push whose pair already has one."""
        try:
            row = await self._client.save_link(_body(desired, _data(self.fields(desired))))
        except AlreadyOwned as error:
            raise Overtaken(str(error), after=1.0) from None
        return Observation(row.id, row, owned=True)

    @override
    async def update(self, desired: Request, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Write the complete data, including options of others. If an end was replaced, the link is replaced."""
        if any(change.path in ENDS for change in changes):
            await self._replace(observation)
        await self._require_oldest(observation.remote)
        fields, data = self.fields(desired), dict(observation.remote.data or {})
        for change in changes:
            name = change.path.removeprefix(DATA)
            if change.path in fields:
                data[name] = fields[change.path]
            else:
                data.pop(name, None)
        row = await self._client.save_link({"id": observation.id, **_body(desired, data)})
        if row.id != observation.id:
            self._client.links.record(observation.id, None)  # It was deleted meanwhile, and the console made another.
        return Observation(row.id, row, owned=True)

    async def _replace(self, observation: Found) -> None:
        """Delete an owned link between other ends, to create it again: the console can't move a link."""
        if not observation.owned:
            raise AlreadyOwned(
                f"link {observation.id} is between other ends, and the console can't move a link: correct"
                " spec.management.adopt.id, or spec.from and spec.to"
            )
        await self._client.delete_link(observation.id)
        raise NotYet("an end was replaced at the console; the link is created again", after=0.1)

    async def _require_oldest(self, row: LinkRow) -> None:
        """Raise AlreadyOwned for a push that shares its pair: the console would change the oldest, whatever the id."""
        rows = (await self._client.links.get()).rows.values()
        oldest = next((other for other in rows if other.pair == row.pair), row)
        if row.type == "push" and oldest.id != row.id:
            raise AlreadyOwned(
                f"link {oldest.id} has the same ends and is older than {row.id}, so the console would change it"
                " instead: delete one of them in the console"
            )

    @override
    async def delete(self, desired: Request, observation: Found) -> None:
        """Delete the link by its id: a deletion by its pair would delete links of others too."""
        await self._client.delete_link(observation.id)

    @override
    def facts(self, desired: Request, observation: Found) -> Mapping[str, JSON]:
        """Return the id of the workspace and the ends. The intent is removed, so that it can't match a later link."""
        row = observation.remote
        return {
            "workspaceId": self._client.workspace_id,
            "linkType": row.type,
            "fromId": row.from_id,
            "toId": row.to_id,
            "intent": None,
        }


def _data(fields: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return `data` from the fields; the console replaces it as a whole, and it must not be null."""
    return {path.removeprefix(DATA): value for path, value in fields.items() if path not in ENDS}


def _body(desired: Request, data: Mapping[str, JSON]) -> dict[str, JSON]:
    kind, start, end = pair_of(desired)
    return {"type": kind, "fromId": start, "toId": end, "data": data}


def _actual(row: LinkRow) -> dict[str, JSON]:
    data = row.data or {}
    named = {name if name == "functions" else DATA + name: value for name, value in data.items()}
    return {"from": row.from_id, "to": row.to_id, **named}


def _new_links(intent: Mapping[str, JSON], rows: Mapping[str, LinkRow]) -> list[LinkRow]:
    """Return the links of the intended pair that did not exist before."""
    pair = (intent["type"], intent["fromId"], intent["toId"])
    return [row for row in rows.values() if row.pair == pair and row.id not in intent["ids"]]


def _wait_until_settled(desired: Want, attempt: datetime) -> None:
    """Raise NotYet while a creation may still be in progress, so that a missing link proves nothing."""
    due = attempt + SETTLE + timedelta(seconds=1)  # Attempts are recorded in whole seconds.
    if desired.now < due:
        raise NotYet(
            "the creation of a link was not answered, and may still be in progress",
            after=(due - desired.now).total_seconds(),
        )


def _only(rows: Iterable[LinkRow]) -> LinkRow | None:
    """Return the only link, if any; AlreadyOwned if there are several, as only a person can choose."""
    found = list(rows)
    if len(found) > 1:
        raise AlreadyOwned(
            f"links {', '.join(sorted(row.id for row in found))} have the same ends; set spec.management.adopt.id (with"
            " mode Match) to the right one, or delete the others"
        )
    return found[0] if found else None
