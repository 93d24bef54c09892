"""Connector: a registration of the Connector SDK, or a connector of the Connector Builder.

What Harmony documents: docs/reference/jitterbit.md sections 2.5 to 2.8.

The remote chooses the id, and may show a registration late; what a failed or unanswered registration came to is
found by comparing the listing with the intent: the ids of this name and version that were there before. A
registration can't be changed: where the spec allows it, another one takes its place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.core.clock import moment
from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation, Readiness
from jitops.core.errors import AlreadyOwned, DeletionBlocked, DependencyNotReady, NotYet, SpecInvalid
from jitops.core.kube import JSON
from jitops.products.jitterbit.connector import builder
from jitops.products.jitterbit.connector.manifest import rendered
from jitops.products.jitterbit.connector.registrations import (
    is_alike,
    is_answer,
    is_same,
    makes_way,
    name_of,
    natural,
    natural_key,
    outcome,
    replaced_ids,
    replaced_objects,
)
from jitops.products.jitterbit.connector.spec import ConnectorSpec
from jitops.products.jitterbit.errors import Refused
from jitops.products.jitterbit.wire import ConnectorRow

if TYPE_CHECKING:
    from jitops.core.contract.snapshot import Listing
    from jitops.products.jitterbit.client import JitterbitClient

Want = Desired[ConnectorSpec]
Replaced = tuple[Mapping[str, JSON], ...]
Ready = Prepared[ConnectorSpec, Replaced]
"""The draft lists the registrations that this one replaces."""
Found = Observation[ConnectorRow]

VALIDATION_RETRY = 60.0
"""Seconds until key and secret that Harmony did not accept are tried again."""
LOOK_AGAIN = 5.0
"""Seconds between two looks for a registration that is not listed yet, or still listed."""


class ConnectorAdapter(Adapter[ConnectorSpec, ConnectorRow, Replaced]):
    """Connectors of one organization."""

    intends = True
    replaces = True

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client

    async def observe(self, desired: Want) -> Found | None:
        """Find the registration by the id in status, by the intent, among those replaced, or by name and version."""
        listing = await self._client.connectors.get(desired.not_older_than)
        if desired.spec.source == "Builder":
            return builder.find(desired, listing.rows)
        known = listing.rows.get(desired.id or "")
        if known is not None and not makes_way(known, desired):
            return Observation(known.id, known, owned=desired.owned)
        if known is None and desired.last_status.get("intent"):
            listing = await self._settled(listing, moment(desired.last_status["intent"]["at"]))
            made = outcome(desired, listing.rows)
            if made is not None and _is_meant(made, desired):
                return Observation(made.id, made, owned=True)
            if made is None:
                self._insist_on_settled(listing, moment(desired.last_status["intent"]["at"]))
        return await self._regained(desired, listing) or self._natural(desired, listing)

    async def _regained(self, desired: Want, listing: Listing[ConnectorRow]) -> Found | None:
        """Take back what was replaced and is wanted again, if a listing that begins now still shows it."""
        ids = [id_ for id_ in replaced_ids(desired) if not self._client.connectors.retracted(id_)]
        if not any(id_ in listing.rows and is_same(listing.rows[id_], desired) for id_ in ids):
            return None
        rows = (await self._client.connectors.get(self._client.clock.monotonic())).rows
        found = next((rows[id_] for id_ in sorted(ids) if id_ in rows and is_same(rows[id_], desired)), None)
        return Observation(found.id, found, owned=True) if found else None

    @staticmethod
    def _natural(desired: Want, listing: Listing[ConnectorRow]) -> Found | None:
        """Find what others made; what we made and leave behind is none of that."""
        mine = {desired.id or ""} if desired.owned else set()
        found = natural(desired, listing.rows, but={*replaced_ids(desired), *mine})
        return Observation(found.id, found, owned=False) if found else None

    async def _settled(self, listing: Listing[ConnectorRow], attempt: datetime) -> Listing[ConnectorRow]:
        """Return a listing that had time to show a registration, if there can be one by now."""
        clock = self._client.clock
        if clock.now() < self._due(attempt) or self._started_at(listing) >= self._due(attempt):
            return listing
        return await self._client.connectors.get(clock.monotonic())

    def _insist_on_settled(self, listing: Listing[ConnectorRow], attempt: datetime) -> None:
        """Absence counts only in a listing begun settleSeconds after the attempt."""
        remaining = (self._due(attempt) - self._client.clock.now()).total_seconds()
        if self._started_at(listing) < self._due(attempt):
            raise NotYet(
                "a registration was attempted, and the listing may not show it yet",
                after=min(LOOK_AGAIN, max(remaining, 0.0) + 0.1),
            )

    def _due(self, attempt: datetime) -> datetime:
        return attempt + self._client.settle + timedelta(seconds=1)  # Attempts are noted in whole seconds.

    def _started_at(self, listing: Listing[ConnectorRow]) -> datetime:
        clock = self._client.clock
        return clock.now() - timedelta(seconds=clock.monotonic() - listing.started_at)

    @override
    def prepare(self, desired: Want, observation: Found | None) -> Ready:
        """List the registrations made by jitops that this one replaces."""
        if desired.spec.source == "Builder":
            return Prepared.of(desired, ())
        rows = self._client.connectors.rows
        return Prepared.of(desired, replaced_objects(desired, rows, observation.id if observation else None))

    @override
    def replaced_objects(self, desired: Ready) -> Replaced:
        """Return the registrations that `prepare` listed."""
        return desired.draft

    def diff(self, desired: Ready, observation: Found) -> tuple[Change, ...]:
        """Compare name and version; nothing else of a registration can be set."""
        row, fields = observation.remote, self.fields(desired)
        actual = {"name": row.name, "version": row.version}
        return tuple(Change(path) for path, value in fields.items() if actual[path] != value)

    def fields(self, desired: Want) -> Mapping[str, JSON]:
        """Give name and version."""
        return {"name": name_of(desired), "version": desired.spec.version}

    async def intend(self, desired: Ready) -> Mapping[str, JSON]:
        """Take down name and version, and the registrations of both that are there before ours."""
        rows = (await self._client.connectors.get()).rows.values()
        return {**self.fields(desired), "ids": sorted(row.id for row in rows if is_alike(row, desired))}

    async def create(self, desired: Ready) -> Found:
        """Register; an answer without an id is looked up in the listing, like an answer that was lost."""
        name, version = natural_key(desired)
        try:
            row = await self._client.register(name, version)
        except Refused as refused:
            raise SpecInvalid(
                f"Harmony refuses to register {name} {version} ({refused}); if the name is taken, choose another"
                f" spec.name or spec.version, or adopt what is there{_way_back(desired)}"
            ) from None
        if row is None:
            raise NotYet("registered; waiting for the listing to show its id", after=1.0)
        return Observation(row.id, row, owned=True)

    async def update(self, desired: Ready, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Refuse: the API has no update (section 2.5)."""
        row, replaceable = observation.remote, observation.owned and not desired.replaces
        raise AlreadyOwned(
            f"registration {observation.id} bears another {' and '.join(c.path for c in changes)}: it is {row.name}"
            f" {row.version}, and Jitterbit can't change it; make the spec equal to it"
            + (", or set spec.management.replace to Allow" if replaceable else "")
        )

    async def delete(self, desired: Ready, observation: Found) -> None:  # noqa: ARG002 - the contract's
        """Delete the payload, then the registration; what was refused though nothing is left is done."""
        await self._delete(observation.id)

    async def delete_replaced(self, desired: Ready, former: Mapping[str, JSON]) -> None:
        """Delete a registration that was replaced, and see it gone; one that is not listed yet is waited for."""
        id_, intent = str(former["id"]), desired.last_status.get("intent")
        listing = await self._client.connectors.get(self._client.clock.monotonic())
        if id_ not in listing.rows:
            if intent:
                self._insist_on_settled(listing, moment(intent["at"]))
            return
        await self._delete(id_)
        if not await self._is_gone(id_):
            raise NotYet(f"Harmony still lists registration {id_}", after=LOOK_AGAIN, deleting=True)

    async def _delete(self, id_: str) -> None:
        if self._client.connectors.retracted(id_):
            return  # It was accepted; the listing is late.
        with contextlib.suppress(Refused):
            # There may be no payload, or the connector is in use: removing the registration tells which.
            await self._client.remove_payload(id_)
        try:
            await self._client.remove(id_)
        except Refused as refused:
            if not await self._is_gone(id_):
                raise DeletionBlocked(
                    f"Harmony refuses to delete connector {id_} ({refused}); it does so while a project"
                    " uses the connector: remove it there, or set spec.management.deletionPolicy to Retain"
                ) from None

    async def is_deleted(self, observation: Found) -> bool:
        """Say whether a listing begun by now no longer shows the registration."""
        return await self._is_gone(observation.id)

    async def _is_gone(self, id_: str) -> bool:
        return id_ not in (await self._client.connectors.get(self._client.clock.monotonic())).rows

    async def verify(self, desired: Ready, observation: Found) -> None:
        """Have Harmony check key and secret before they are published; those of the Builder are not."""
        row = observation.remote
        if desired.spec.source == "Builder":
            return
        if not await self._client.validate(row.name, row.key, row.secret):
            raise DependencyNotReady(
                f"Harmony does not accept the key and secret that it lists for connector {observation.id}",
                after=VALIDATION_RETRY,
            )

    def outputs(self, desired: Ready, observation: Found) -> Mapping[str, str]:
        """Give the ids and, for a JAR, key, secret and the manifest; of the Builder's just the ids that are listed."""
        row = observation.remote
        if desired.spec.source == "Builder":
            return {name: value for name, value in {"id": row.id, **_entity_ids(row)}.items() if value}
        return {
            "id": row.id,
            "key": row.key,
            "secret": row.secret,
            **_entity_ids(row),
            "MANIFEST.MF": rendered(row, desired.spec.manifest),
        }

    @override
    async def readiness(self, desired: Ready, observation: Found) -> Readiness:
        """Return that Harmony lists the Builder's connector, since nothing more can be known of it."""
        if desired.spec.source == "Builder":
            return Readiness(message=f"Harmony lists the Builder's connector as {observation.id}")
        return Readiness()

    def facts(self, desired: Ready, observation: Found) -> Mapping[str, JSON]:  # noqa: ARG002 - the contract's
        """Tell the entity ids; the intent stays, since a later listing may still be late."""
        return {name: value or None for name, value in _entity_ids(observation.remote).items()}


def _is_meant(made: ConnectorRow, desired: Want) -> bool:
    """Tell whether what the intent led to is what is wanted now, or stays though it isn't."""
    known = made.id == desired.id and not makes_way(made, desired)
    return is_same(made, desired) or is_answer(made, desired) or known


def _way_back(desired: Ready) -> str:
    """Say what becomes of what was to be replaced."""
    ids = ", ".join(str(former["id"]) for former in desired.draft)
    return f"; {ids} is kept, and taken back when its name and version are wanted again" if ids else ""


def _entity_ids(row: ConnectorRow) -> dict[str, str]:
    return {
        "endpointEntityId": row.endpoint_entity_id,
        "functionEntityStartId": row.function_entity_start_id,
        "functionEntityEndId": row.function_entity_end_id,
    }
