"""Connector: a registration of the Connector SDK (reference/jitterbit.md sections 2.5 to 2.8).

The remote chooses the id, and may show a registration late; what a failed or unanswered registration came to is
found by comparing the listing with the intent: the ids of this name and version that were there before.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jitops.api.jitterbit import ConnectorSpec
from jitops.core.adapter import Adapter, Change, External, Wanted
from jitops.core.clock import moment
from jitops.core.errors import AlreadyOwned, DeletionBlocked, DependencyNotReady, NotYet, SpecInvalid
from jitops.vendors.jitterbit.errors import Refused
from jitops.vendors.jitterbit.manifest import fragment
from jitops.vendors.jitterbit.wire import ConnectorRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jitops.core.kube import JSON
    from jitops.core.snapshot import Listing
    from jitops.vendors.jitterbit.client import JitterbitClient

Want = Wanted[ConnectorSpec]
Found = External[ConnectorRow]

VALIDATION_RETRY = 60.0
"""Seconds until key and secret that Harmony did not accept are tried again."""
LOOK_AGAIN = 5.0
"""Seconds between two looks for a registration that is not listed yet."""


class ConnectorAdapter(Adapter[ConnectorSpec, ConnectorRow]):
    """Connector registrations of one organization."""

    intends = True

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client

    async def observe(self, wanted: Want) -> Found | None:
        """Find the registration by the id in status, by the intent, or by name and version."""
        listing = await self._client.connectors.get(wanted.since)
        known = listing.rows.get(wanted.id or "")
        if known is not None:
            return External(known.id, known, ours=wanted.owned)
        intent = wanted.memory.get("intent")
        if intent:
            listing = await self._settled(listing, moment(intent["at"]))
            ours = self._intended(wanted, listing, intent["ids"])
            if ours is not None:
                return External(ours.id, ours, ours=True)
            self._insist_on_settled(listing, moment(intent["at"]))
        adopted = listing.rows.get(wanted.adopt_id) if wanted.adopt_id else _only(wanted, listing)
        return External(adopted.id, adopted, ours=False) if adopted else None

    @staticmethod
    def _intended(wanted: Want, listing: Listing[ConnectorRow], known: Collection[str]) -> ConnectorRow | None:
        """Find what the intent led to: the one with the id in status, else the one that was not there before."""
        if wanted.id is not None:
            return listing.rows.get(wanted.id)
        return _only(wanted, listing, known)

    async def _settled(self, listing: Listing[ConnectorRow], attempt: datetime) -> Listing[ConnectorRow]:
        """Return a listing that had time to show a registration, if there can be one by now."""
        clock = self._client.clock
        if clock.now() < self._due(attempt) or self._begun(listing) >= self._due(attempt):
            return listing
        return await self._client.connectors.get(clock.monotonic())

    def _insist_on_settled(self, listing: Listing[ConnectorRow], attempt: datetime) -> None:
        """Absence counts only in a listing begun settleSeconds after the attempt."""
        remaining = (self._due(attempt) - self._client.clock.now()).total_seconds()
        if self._begun(listing) < self._due(attempt):
            raise NotYet(
                "a registration was attempted, and the listing may not show it yet",
                after=min(LOOK_AGAIN, max(remaining, 0.0) + 0.1),
            )

    def _due(self, attempt: datetime) -> datetime:
        return attempt + self._client.settle + timedelta(seconds=1)  # Attempts are noted in whole seconds.

    def _begun(self, listing: Listing[ConnectorRow]) -> datetime:
        clock = self._client.clock
        return clock.now() - timedelta(seconds=clock.monotonic() - listing.begun)

    def diff(self, wanted: Want, external: Found) -> tuple[Change, ...]:
        """Compare name and version; nothing else of a registration can be set."""
        row, fields = external.remote, self.fields(wanted)
        actual = {"name": row.name, "version": row.version}
        return tuple(Change(path) for path, value in fields.items() if actual[path] != value)

    def fields(self, wanted: Want) -> Mapping[str, JSON]:
        """Give name and version."""
        return {"name": _name(wanted), "version": wanted.spec.version}

    async def intend(self, wanted: Want) -> Mapping[str, JSON]:
        """Take down the registrations of this name and version that are there before ours."""
        rows = (await self._client.connectors.get()).rows.values()
        return {"ids": sorted(row.id for row in rows if _is_same(row, wanted))}

    async def create(self, wanted: Want) -> Found:
        """Register; an answer without an id is looked up in the listing, like an answer that was lost."""
        try:
            row = await self._client.register(_name(wanted), wanted.spec.version)
        except Refused as refused:
            raise SpecInvalid(
                f"Harmony refuses to register {_name(wanted)} {wanted.spec.version} ({refused}); if the name is"
                " taken, choose another spec.name or spec.version, or adopt what is there"
            ) from None
        if row is None or not row.key or not row.secret:
            raise NotYet("registered; waiting for the listing to show its id", after=1.0)
        return External(row.id, row, ours=True)

    async def update(self, wanted: Want, external: Found, changes: tuple[Change, ...]) -> Found:  # noqa: ARG002 - the contract's
        """Refuse: the API has no update (section 2.5)."""
        raise AlreadyOwned(
            f"registration {external.id} bears another {' and '.join(c.path for c in changes)},"
            " and Jitterbit can't change it; make the spec equal to it"
        )

    async def delete(self, wanted: Want, external: Found) -> None:  # noqa: ARG002 - the contract's
        """Delete the payload, then the registration; what was refused though nothing is left is done."""
        if self._client.connectors.retracted(external.id):
            return  # It was accepted; the listing is late.
        with contextlib.suppress(Refused):
            # There may be no payload, or the connector is in use: removing the registration tells which.
            await self._client.remove_payload(external.id)
        try:
            await self._client.remove(external.id)
        except Refused as refused:
            if not await self.gone(external):
                raise DeletionBlocked(
                    f"Harmony refuses to delete connector {external.id} ({refused}); it does so while a project"
                    " uses the connector: remove it there, or set spec.management.deletionPolicy to Retain"
                ) from None

    async def gone(self, external: Found) -> bool:
        """Say whether a listing begun by now no longer shows the registration."""
        return external.id not in (await self._client.connectors.get(self._client.clock.monotonic())).rows

    async def verify(self, wanted: Want, external: Found) -> None:
        """Have Harmony check key and secret before they are published."""
        row = external.remote
        if not await self._client.validate(_name(wanted), row.key, row.secret):
            raise DependencyNotReady(
                f"Harmony does not accept the key and secret that it lists for connector {external.id}",
                retry=VALIDATION_RETRY,
            )

    def outputs(self, wanted: Want, external: Found) -> Mapping[str, str]:
        """Give the ids, key and secret, and a manifest fragment ready for packaging."""
        row, manifest = external.remote, wanted.spec.manifest
        return {
            "id": row.id,
            "key": row.key,
            "secret": row.secret,
            **_entity_ids(row),
            "MANIFEST.MF": fragment(row, manifest.activities or () if manifest else ()),
        }

    def facts(self, wanted: Want, external: Found) -> Mapping[str, JSON]:  # noqa: ARG002 - the contract's
        """Tell the entity ids; the intent stays, since a later listing may still be late."""
        return _entity_ids(external.remote)


def _name(wanted: Want) -> str:
    return wanted.spec.name or wanted.key.name


def _is_same(row: ConnectorRow, wanted: Want) -> bool:
    return (row.name, row.version) == (_name(wanted), wanted.spec.version)


def _only(wanted: Want, listing: Listing[ConnectorRow], known: Collection[str] = ()) -> ConnectorRow | None:
    """Return the one registration of this name and version, if any; two are for a person to tell apart."""
    rows = [row for row in listing.rows.values() if _is_same(row, wanted) and row.id not in known]
    if len(rows) > 1:
        raise AlreadyOwned(
            f"registrations {', '.join(sorted(row.id for row in rows))} bear the same name and version; name the"
            " right one in spec.management.adopt.id (with mode Match), or remove the others"
        )
    return rows[0] if rows else None


def _entity_ids(row: ConnectorRow) -> dict[str, str]:
    return {
        "endpointEntityId": row.endpoint_entity_id,
        "functionEntityStartId": row.function_entity_start_id,
        "functionEntityEndId": row.function_entity_end_id,
    }
