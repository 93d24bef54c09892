"""Pure functions that find the registrations of a Connector among the rows of the listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.contract.desired import Desired
from jitops.core.contract.kinds import remote_ids
from jitops.core.errors import AlreadyOwned

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from jitops.core.kube import JSON, Resource
    from jitops.products.jitterbit.connector.spec import ConnectorSpec
    from jitops.products.jitterbit.wire import ConnectorRow

    Want = Desired[ConnectorSpec]
    Rows = Mapping[str, ConnectorRow]


def name_of(desired: Want) -> str:
    """Return the name that the spec asks for."""
    return desired.spec.name or desired.key.name


def natural_key(desired: Want) -> tuple[str, str]:
    """Return the name and version that the spec asks for."""
    return name_of(desired), desired.spec.version


def is_same(row: ConnectorRow, desired: Want) -> bool:
    """Return whether a registration has the name and version of the spec."""
    return (row.name, row.version) == natural_key(desired)


def is_alike(row: ConnectorRow, desired: Want) -> bool:
    """Return the same, but ignore case and spaces: it is not known whether Harmony keeps them (section 2.5)."""
    return _folded(row.name, row.version) == _folded(*natural_key(desired))


def is_answer(row: ConnectorRow, desired: Want) -> bool:
    """Return whether Harmony made this registration from the spec, so that another one would get the same name."""
    intent = desired.last_status.get("intent") or {}
    asked = (intent.get("name"), intent.get("version")) == natural_key(desired)
    return asked and row.id not in intent["ids"] and is_alike(row, desired)


def makes_way(row: ConnectorRow, desired: Want) -> bool:
    """Return whether the registration in status is to be replaced by another one."""
    return desired.replaces and desired.owned and not is_same(row, desired) and not is_answer(row, desired)


def replaced_ids(desired: Want) -> frozenset[str]:
    """Return the ids that status lists as replaced."""
    return frozenset(str(former["id"]) for former in desired.last_status.get("replaced") or ())


def outcome(desired: Want, rows: Rows) -> ConnectorRow | None:
    """Return the registration made for the intent: the one with the id in status, else the one that is new.

    If the spec was changed since the attempt, the registration has another name or version than the spec.
    """
    if desired.id is not None:
        return rows.get(desired.id)
    intent: Mapping[str, JSON] = desired.last_status["intent"]
    name, version = natural_key(desired)
    intended = (intent.get("name", name), intent.get("version", version))
    new = [row for row in rows.values() if row.id not in intent["ids"]]
    exact = [row for row in new if (row.name, row.version) == intended]
    return only(exact or (row for row in new if _folded(row.name, row.version) == _folded(*intended)))


def unclaimed(desired: Want, rows: Rows, exclude: Collection[str]) -> ConnectorRow | None:
    """Return a registration that no status has recorded: by the id to adopt, else by name and version."""
    if desired.adopt_id:
        return rows.get(desired.adopt_id) if desired.adopt_id not in exclude else None
    return only(row for row in rows.values() if is_same(row, desired) and row.id not in exclude)


def replaced_objects(desired: Want, rows: Rows, current: str | None) -> tuple[Mapping[str, JSON], ...]:
    """Return the registrations made by jitops, except the current one, for `status.replaced`."""
    listed = {str(former["id"]): former for former in desired.last_status.get("replaced") or ()}
    owned = rows.get(desired.id or "") if desired.owned else None
    made = outcome(desired, rows) if desired.last_status.get("intent") and desired.id is None else None
    rest = {row.id: {"id": row.id, "name": row.name, "version": row.version} for row in (owned, made) if row}
    return tuple(former for id_, former in {**listed, **rest}.items() if id_ != current)


def only(found: Iterable[ConnectorRow]) -> ConnectorRow | None:
    """Return the only registration, if any; AlreadyOwned if there are several, as only a person can choose."""
    rows = list(found)
    if len(rows) > 1:
        raise AlreadyOwned(
            f"registrations {', '.join(sorted(row.id for row in rows))} have the same name and version; set"
            " spec.management.adopt.id (with mode Match) to the right one, or delete the others"
        )
    return rows[0] if rows else None


def _folded(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(text.casefold().split()) for text in texts)


def registration_claims(resource: Resource) -> frozenset[str]:
    """Return the ids, the replaced ids, and name and version unless `adopt.id` is set: a connector is found by them."""
    replaced = frozenset(str(former["id"]) for former in resource.status.get("replaced") or ())
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    name = resource.spec.get("name") or resource.key.name
    natural = frozenset() if adopt.get("id") else {f"{name}\0{resource.spec.get('version')}"}
    return remote_ids(resource) | replaced | natural
