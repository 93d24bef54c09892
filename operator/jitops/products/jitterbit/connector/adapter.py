"""The adapter of Connector: registrations of the SDK, and connectors of the Connector Builder.

The calls are in docs/reference/jitterbit.md sections 2.5 to 2.8. Harmony chooses the id of a registration, and may list
it late. So the result of a registration that failed or was not answered is found by comparing the listing with the
intent, which has the ids with this name and version that existed before. A registration can't be changed: if the spec
allows it, it is replaced by another one.
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
from jitops.products.jitterbit.connector.manifest import render_manifest
from jitops.products.jitterbit.connector.registrations import (
    is_alike,
    is_answer,
    is_same,
    makes_way,
    name_of,
    natural_key,
    outcome,
    replaced_ids,
    replaced_objects,
    unclaimed,
)
from jitops.products.jitterbit.connector.spec import ConnectorSpec
from jitops.products.jitterbit.errors import Rejected
from jitops.products.jitterbit.wire import ConnectorRow

if TYPE_CHECKING:
    from jitops.core.contract.snapshot import Listing
    from jitops.products.jitterbit.client import JitterbitClient

Want = Desired[ConnectorSpec]
Replaced = tuple[Mapping[str, JSON], ...]
Request = Prepared[ConnectorSpec, Replaced]
"""The draft lists the registrations that this one replaces."""
Found = Observation[ConnectorRow]

VALIDATION_RETRY = 60.0
"""Seconds until key and secret that Harmony did not accept are checked again."""
POLL_INTERVAL = 5.0
"""Seconds between two listings while a new registration is not listed yet, or a deleted one is still listed."""


class ConnectorAdapter(Adapter[ConnectorSpec, ConnectorRow, Replaced]):
    """The connectors of one organization."""

    intends = True
    replaces = True

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client

    @override
    async def observe(self, desired: Want) -> Found | None:
        """Find the registration by the id in status, by the intent, among those replaced, or by name and version."""
        listing = await self._client.connectors.get(desired.not_older_than)
        if desired.spec.source == "Builder":
            return builder.find(desired, listing.rows)
        known = listing.rows.get(desired.id or "")
        if known is not None and not makes_way(known, desired):
            return Observation(known.id, known, owned=desired.owned)
        if known is None and desired.last_status.get("intent"):
            listing = await self._settled_listing(listing, moment(desired.last_status["intent"]["at"]))
            made = outcome(desired, listing.rows)
            if made is not None and _is_current(made, desired):
                return Observation(made.id, made, owned=True)
            if made is None:
                self._require_settled(listing, moment(desired.last_status["intent"]["at"]))
        return await self._restored(desired, listing) or self._unclaimed(desired, listing)

    async def _restored(self, desired: Want, listing: Listing[ConnectorRow]) -> Found | None:
        """Return a replaced registration that the spec asks for again, if a listing that begins now still has it."""
        ids = [id_ for id_ in replaced_ids(desired) if not self._client.connectors.retracted(id_)]
        if not any(id_ in listing.rows and is_same(listing.rows[id_], desired) for id_ in ids):
            return None
        rows = (await self._client.connectors.get(self._client.clock.monotonic())).rows
        found = next((rows[id_] for id_ in sorted(ids) if id_ in rows and is_same(rows[id_], desired)), None)
        return Observation(found.id, found, owned=True) if found else None

    @staticmethod
    def _unclaimed(desired: Want, listing: Listing[ConnectorRow]) -> Found | None:
        """Return a registration that others made; those made and replaced by jitops are excluded."""
        owned = {desired.id or ""} if desired.owned else set()
        found = unclaimed(desired, listing.rows, exclude={*replaced_ids(desired), *owned})
        return Observation(found.id, found, owned=False) if found else None

    async def _settled_listing(self, listing: Listing[ConnectorRow], attempt: datetime) -> Listing[ConnectorRow]:
        """Return a listing that is late enough to have the attempted registration, if that is possible now."""
        clock = self._client.clock
        if clock.now() < self._due(attempt) or self._started_at(listing) >= self._due(attempt):
            return listing
        return await self._client.connectors.get(clock.monotonic())

    def _require_settled(self, listing: Listing[ConnectorRow], attempt: datetime) -> None:
        """Raise NotYet unless the listing began settleSeconds after the attempt: only then a missing row counts."""
        remaining = (self._due(attempt) - self._client.clock.now()).total_seconds()
        if self._started_at(listing) < self._due(attempt):
            raise NotYet(
                "a registration was attempted, and Harmony may not list it yet",
                after=min(POLL_INTERVAL, max(remaining, 0.0) + 0.1),
            )

    def _due(self, attempt: datetime) -> datetime:
        return attempt + self._client.settle + timedelta(seconds=1)  # Attempts are recorded in whole seconds.

    def _started_at(self, listing: Listing[ConnectorRow]) -> datetime:
        clock = self._client.clock
        return clock.now() - timedelta(seconds=clock.monotonic() - listing.started_at)

    @override
    def prepare(self, desired: Want, observation: Found | None) -> Request:
        """Find the registrations made by jitops that this one replaces."""
        if desired.spec.source == "Builder":
            return Prepared.of(desired, ())
        rows = self._client.connectors.rows
        return Prepared.of(desired, replaced_objects(desired, rows, observation.id if observation else None))

    @override
    def replaced_objects(self, desired: Request) -> Replaced:
        """Return the registrations that `prepare` found."""
        return desired.draft

    @override
    def diff(self, desired: Request, observation: Found) -> tuple[Change, ...]:
        """Compare name and version, which are all that a registration has."""
        row, fields = observation.remote, self.fields(desired)
        actual = {"name": row.name, "version": row.version}
        return tuple(Change(path) for path, value in fields.items() if actual[path] != value)

    @override
    def fields(self, desired: Want) -> Mapping[str, JSON]:
        """Return name and version."""
        return {"name": name_of(desired), "version": desired.spec.version}

    @override
    async def intend(self, desired: Request) -> Mapping[str, JSON]:
        """Return name and version, and the ids of the registrations with both that exist before the attempt."""
        rows = (await self._client.connectors.get()).rows.values()
        return {**self.fields(desired), "ids": sorted(row.id for row in rows if is_alike(row, desired))}

    @override
    async def create(self, desired: Request) -> Found:
        """Register the connector. An answer without an id is resolved by the listing, like a lost answer."""
        name, version = natural_key(desired)
        try:
            row = await self._client.register(name, version)
        except Rejected as rejected:
            raise SpecInvalid(
                f"Harmony does not register {name} {version} ({rejected}); if the name is taken, set another spec.name"
                f" or spec.version, or adopt the existing registration{_fate_of_replaced(desired)}"
            ) from None
        if row is None:
            raise NotYet("registered; waiting until Harmony lists its id", after=1.0)
        return Observation(row.id, row, owned=True)

    @override
    async def update(self, desired: Request, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Raise AlreadyOwned: the API can't update a registration (section 2.5)."""
        row, replaceable = observation.remote, observation.owned and not desired.replaces
        raise AlreadyOwned(
            f"registration {observation.id} has another {' and '.join(c.path for c in changes)}: it is {row.name}"
            f" {row.version}, and Jitterbit can't change it; change the spec to equal it"
            + (", or set spec.management.replace to Allow" if replaceable else "")
        )

    @override
    async def delete(self, desired: Request, observation: Found) -> None:
        """Delete the payload, then the registration; a rejection is no error if the registration is deleted anyway."""
        await self._delete(observation.id)

    @override
    async def delete_replaced(self, desired: Request, replaced: Mapping[str, JSON]) -> None:
        """Delete a replaced registration and check that; NotYet if it may not be listed yet, or still is."""
        id_, intent = str(replaced["id"]), desired.last_status.get("intent")
        listing = await self._client.connectors.get(self._client.clock.monotonic())
        if id_ not in listing.rows:
            if intent:
                self._require_settled(listing, moment(intent["at"]))
            return
        await self._delete(id_)
        if not await self._is_unlisted(id_):
            raise NotYet(f"Harmony still lists registration {id_}", after=POLL_INTERVAL, deleting=True)

    async def _delete(self, id_: str) -> None:
        if self._client.connectors.retracted(id_):
            return  # Harmony accepted the deletion, and its listing is late.
        with contextlib.suppress(Rejected):
            # There may be no payload, or the connector is in use: deleting the registration shows which.
            await self._client.remove_payload(id_)
        try:
            await self._client.remove(id_)
        except Rejected as rejected:
            if not await self._is_unlisted(id_):
                raise DeletionBlocked(
                    f"Harmony does not delete connector {id_} ({rejected}), as it does while a project uses the"
                    " connector: remove it there, or set spec.management.deletionPolicy to Retain"
                ) from None

    @override
    async def is_deleted(self, observation: Found) -> bool:
        """Return whether a listing that begins now does not have the registration."""
        return await self._is_unlisted(observation.id)

    async def _is_unlisted(self, id_: str) -> bool:
        return id_ not in (await self._client.connectors.get(self._client.clock.monotonic())).rows

    @override
    async def verify(self, desired: Request, observation: Found) -> None:
        """Check key and secret with Harmony before they are published; connectors of the Builder publish none."""
        row = observation.remote
        if desired.spec.source == "Builder":
            return
        if not await self._client.validate(row.name, row.key, row.secret):
            raise DependencyNotReady(
                f"Harmony does not accept the key and secret that it lists for connector {observation.id}",
                after=VALIDATION_RETRY,
            )

    @override
    def outputs(self, desired: Request, observation: Found) -> Mapping[str, str]:
        """Return the ids and, for the SDK, key, secret and manifest; for the Builder only the listed ids."""
        row = observation.remote
        if desired.spec.source == "Builder":
            return {name: value for name, value in {"id": row.id, **_entity_ids(row)}.items() if value}
        return {
            "id": row.id,
            "key": row.key,
            "secret": row.secret,
            **_entity_ids(row),
            "MANIFEST.MF": render_manifest(row, desired.spec.manifest),
        }

    @override
    async def readiness(self, desired: Request, observation: Found) -> Readiness:
        """Return that Harmony lists the Builder's connector: nothing more can be known about it."""
        if desired.spec.source == "Builder":
            return Readiness(message=f"Harmony lists the Builder's connector as {observation.id}")
        return Readiness()

    @override
    def facts(self, desired: Request, observation: Found) -> Mapping[str, JSON]:
        """Return the entity ids. The intent is kept, since a later listing may still be late."""
        return {name: value or None for name, value in _entity_ids(observation.remote).items()}


def _is_current(made: ConnectorRow, desired: Want) -> bool:
    """Return whether the registration made for the intent is the one of the spec, or must not be replaced."""
    known = made.id == desired.id and not makes_way(made, desired)
    return is_same(made, desired) or is_answer(made, desired) or known


def _fate_of_replaced(desired: Request) -> str:
    """Return the end of a message: what happens to the registration that was to be replaced."""
    ids = ", ".join(str(former["id"]) for former in desired.draft)
    return f"; {ids} is kept, and used again if its name and version are set again" if ids else ""


def _entity_ids(row: ConnectorRow) -> dict[str, str]:
    return {
        "endpointEntityId": row.endpoint_entity_id,
        "functionEntityStartId": row.function_entity_start_id,
        "functionEntityEndId": row.function_entity_end_id,
    }
