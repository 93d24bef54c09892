"""JitsuLink: a push from a stream, or a sync from a service, to a destination (docs/reference/jitsu.md section 5).

The console chooses the id. A push is found by its pair; of syncs a pair may have several, so that what a failed or
unanswered creation came to is found by comparing the listing with the intent: the pair's links that were there before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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
Ready = Prepared[JitsuLinkSpec, None]
Found = Observation[LinkRow]
DATA = "data."
ENDS = ("from", "to")
SETTLE = timedelta(seconds=10)
"""How long a creation whose answer never came may still be under way at the console."""


class LinkAdapter(PlainAdapter[JitsuLinkSpec, LinkRow]):
    """Links of one workspace."""

    intends = True

    def __init__(self, client: JitsuClient) -> None:
        self._client = client

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
            made = _only(row for row in _parallel(intent, rows) if row.id not in desired.taken)
            if made is not None:
                return Observation(made.id, made, owned=True)
            _insist_on_settled(desired, moment(intent["at"]))
        return None if desired.deleting else self._natural(desired, rows)

    def _natural(self, desired: Want, rows: Mapping[str, LinkRow]) -> Found | None:
        """Find what isn't known to be ours: it is, without adoption, if an end is and nothing is to be written."""
        if desired.adopt_id:
            adopted = rows.get(desired.adopt_id)
            return Observation(adopted.id, adopted, owned=False) if adopted else None
        data, made = _data(self.fields(desired)), any(self._made(desired, end) for end in ends_of(desired.spec))
        links = [row for row in rows.values() if row.pair == pair_of(desired)]
        if desired.spec.allow_parallel:
            theirs = desired.taken | {row.id for intent in desired.sibling_intents for row in _parallel(intent, rows)}
            links = [row for row in links if made and row.data == data and row.id not in theirs]
        found = _only(links)
        return None if found is None else Observation(found.id, found, owned=made and found.data == data)

    def _made(self, desired: Want, end: End) -> bool:
        """Tell by its id whether an end is an object that we made."""
        if end.ref.name is None:
            return False
        stem = identity.stem(desired.identity, self._client.workspace_id, end.kind, desired.key.namespace, end.ref.name)
        return identity.number_of(stem, id_of(desired, end.path, end.ref)) is not None

    async def _require_ends(self, desired: Want) -> None:
        """Wait for ends that the console does not have; those of others are looked at with each listing."""
        for end in ends_of(desired.spec):
            if not self._client.lists(end.type):
                continue
            if end.ref.external is not None:
                self._client.follow(end.type)
            listing, id_ = self._client.listing(end.type), id_of(desired, end.path, end.ref)
            if id_ not in (await listing.get()).rows:
                await self._insist(end, id_)

    async def _insist(self, end: End, id_: str) -> None:
        """Believe that an end is gone only by a listing that begins now."""
        if id_ not in (await self._client.listing(end.type).get(self._client.clock.monotonic())).rows:
            raise DependencyNotReady(
                f"spec.{end.path}: the console has no {end.type} {id_}, or no longer; the link waits until it is there",
                reason="DependencyNotFound",
            )

    def fields(self, desired: Want) -> Mapping[str, JSON]:
        """Give the ends, the functions, and the options that the user set, each by its path."""
        spec = desired.spec
        _, start, end = pair_of(desired)
        functions = {} if spec.functions is None else {"functions": functions_of(desired)}
        data = {DATA + name: normal(value) for name, value in (spec.data or {}).items()}
        return {"from": start, "to": end, **functions, **data}

    def diff(self, desired: Ready, observation: Found) -> tuple[Change, ...]:
        """Compare ends, functions and options by path; a link without data is always wrong."""
        row = observation.remote
        nothing = (Change("data"),) if row.data is None else ()
        return (*compare(self.fields(desired), _actual(row), self.leftovers(desired, observation)), *nothing)

    def leftovers(self, desired: Ready, observation: Found) -> tuple[str, ...]:
        """Name the options we once sent, the user no longer sets, and the console still holds."""
        gone = desired.applied - set(self.fields(desired))
        return tuple(sorted(gone & set(_actual(observation.remote))))

    def claims(self, desired: Ready) -> frozenset[str]:
        """Lay claim to the pair, which no other link may have unless it is a sync that says so."""
        return frozenset() if desired.spec.allow_parallel else frozenset({claim(*pair_of(desired))})

    def alternative_to_adoption(self, desired: Ready) -> str:
        """Name the other way that syncs have."""
        return ", or spec.allowParallel to true to make another sync beside it" if desired.spec.is_sync else ""

    async def intend(self, desired: Ready) -> Mapping[str, JSON]:
        """Take down the pair, and those of its links that are there before ours."""
        pair = pair_of(desired)
        rows = (await self._client.links.get()).rows.values()
        ids = sorted(row.id for row in rows if row.pair == pair)
        return {"type": pair[0], "fromId": pair[1], "toId": pair[2], "ids": ids}

    async def create(self, desired: Ready) -> Found:
        """POST without an id: the console then refuses a push whose pair is linked."""
        try:
            row = await self._client.save_link(_body(desired, _data(self.fields(desired))))
        except AlreadyOwned as error:
            raise Overtaken(str(error), after=1.0) from None
        return Observation(row.id, row, owned=True)

    async def update(self, desired: Ready, observation: Found, changes: tuple[Change, ...]) -> Found:
        """PUT the whole data, with what others set in it; a link to an end that was made anew is made anew."""
        if any(change.path in ENDS for change in changes):
            await self._let_go(observation)
        await self._insist_on_oldest(observation.remote)
        fields, data = self.fields(desired), dict(observation.remote.data or {})
        for change in changes:
            name = change.path.removeprefix(DATA)
            if change.path in fields:
                data[name] = fields[change.path]
            else:
                data.pop(name, None)
        row = await self._client.save_link({"id": observation.id, **_body(desired, data)})
        if row.id != observation.id:
            self._client.links.record(observation.id, None)  # It vanished meanwhile, and the console made another one.
        return Observation(row.id, row, owned=True)

    async def _let_go(self, observation: Found) -> None:
        """Delete our link between other ends; one of others is not ours to move, and the console moves none."""
        if not observation.owned:
            raise AlreadyOwned(
                f"link {observation.id} is between other ends, and the console moves no link: correct"
                " spec.management.adopt.id, or spec.from and spec.to"
            )
        await self._client.delete_link(observation.id)
        raise NotYet("an end was made anew at the console; the link follows", after=0.1)

    async def _insist_on_oldest(self, row: LinkRow) -> None:
        """Refuse to change a push that shares its pair: the console would change the oldest one, whatever the id."""
        rows = (await self._client.links.get()).rows.values()
        oldest = next((other for other in rows if other.pair == row.pair), row)
        if row.type == "push" and oldest.id != row.id:
            raise AlreadyOwned(
                f"link {oldest.id} is between the same two and older than {row.id}, so that the console would change"
                " it instead: delete one of them in the console"
            )

    async def delete(self, desired: Ready, observation: Found) -> None:  # noqa: ARG002 - the contract's
        """DELETE by id: by its pair all links of others would go too."""
        await self._client.delete_link(observation.id)

    def facts(self, desired: Ready, observation: Found) -> Mapping[str, JSON]:  # noqa: ARG002 - the contract's
        """Tell the workspace and the ends; the intent has served: kept, it would take a later link for ours."""
        row = observation.remote
        return {
            "workspaceId": self._client.workspace_id,
            "linkType": row.type,
            "fromId": row.from_id,
            "toId": row.to_id,
            "intent": None,
        }


def _data(fields: Mapping[str, JSON]) -> dict[str, JSON]:
    """Put `data` together from the fields; the console replaces it as a whole, and it is never null."""
    return {path.removeprefix(DATA): value for path, value in fields.items() if path not in ENDS}


def _body(desired: Ready, data: Mapping[str, JSON]) -> dict[str, JSON]:
    kind, start, end = pair_of(desired)
    return {"type": kind, "fromId": start, "toId": end, "data": data}


def _actual(row: LinkRow) -> dict[str, JSON]:
    data = row.data or {}
    named = {name if name == "functions" else DATA + name: value for name, value in data.items()}
    return {"from": row.from_id, "to": row.to_id, **named}


def _parallel(intent: Mapping[str, JSON], rows: Mapping[str, LinkRow]) -> list[LinkRow]:
    """Give the links of the intended pair that were not there before."""
    pair = (intent["type"], intent["fromId"], intent["toId"])
    return [row for row in rows.values() if row.pair == pair and row.id not in intent["ids"]]


def _insist_on_settled(desired: Want, attempt: datetime) -> None:
    """Absence counts only when nothing can be under way any more."""
    due = attempt + SETTLE + timedelta(seconds=1)  # Attempts are noted in whole seconds.
    if desired.now < due:
        raise NotYet("a link was asked for, and may still be on its way", after=(due - desired.now).total_seconds())


def _only(rows: Iterable[LinkRow]) -> LinkRow | None:
    """Return the one link there may be; two are for a person to tell apart."""
    found = list(rows)
    if len(found) > 1:
        raise AlreadyOwned(
            f"links {', '.join(sorted(row.id for row in found))} are between the same two; name the right one in"
            " spec.management.adopt.id (with mode Match), or remove the others"
        )
    return found[0] if found else None
