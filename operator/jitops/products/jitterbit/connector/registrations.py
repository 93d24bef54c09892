"""Which registrations a Connector means: questions about rows of the listing, all of them pure."""

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
    """Give the name under which a connector is wanted."""
    return desired.spec.name or desired.key.name


def natural_key(desired: Want) -> tuple[str, str]:
    """Give the name and version that are wanted."""
    return name_of(desired), desired.spec.version


def is_same(row: ConnectorRow, desired: Want) -> bool:
    """Tell whether a registration bears the wanted name and version."""
    return (row.name, row.version) == natural_key(desired)


def is_alike(row: ConnectorRow, desired: Want) -> bool:
    """Tell the same but for capitals and spaces: whether Harmony keeps those is not known (section 2.5)."""
    return _folded(row.name, row.version) == _folded(*natural_key(desired))


def is_answer(row: ConnectorRow, desired: Want) -> bool:
    """Tell whether a registration is what Harmony made of just what is wanted: another would come out the same."""
    intent = desired.last_status.get("intent") or {}
    asked = (intent.get("name"), intent.get("version")) == natural_key(desired)
    return asked and row.id not in intent["ids"] and is_alike(row, desired)


def makes_way(row: ConnectorRow, desired: Want) -> bool:
    """Tell whether the registration in status is to be replaced by another one."""
    return desired.replaces and desired.owned and not is_same(row, desired) and not is_answer(row, desired)


def replaced_ids(desired: Want) -> frozenset[str]:
    """Give the ids that status lists as replaced."""
    return frozenset(str(former["id"]) for former in desired.last_status.get("replaced") or ())


def outcome(desired: Want, rows: Rows) -> ConnectorRow | None:
    """Find what the intent led to: the one with the id in status, else the one that was not there before.

    With a spec that was changed since the attempt, it bears another name or version than is wanted now.
    """
    if desired.id is not None:
        return rows.get(desired.id)
    intent: Mapping[str, JSON] = desired.last_status["intent"]
    name, version = natural_key(desired)
    meant = (intent.get("name", name), intent.get("version", version))
    new = [row for row in rows.values() if row.id not in intent["ids"]]
    exact = [row for row in new if (row.name, row.version) == meant]
    return only(exact or (row for row in new if _folded(row.name, row.version) == _folded(*meant)))


def natural(desired: Want, rows: Rows, but: Collection[str]) -> ConnectorRow | None:
    """Find what isn't known to be ours: the one with the id to adopt, else by name and version."""
    if desired.adopt_id:
        return rows.get(desired.adopt_id) if desired.adopt_id not in but else None
    return only(row for row in rows.values() if is_same(row, desired) and row.id not in but)


def replaced_objects(desired: Want, rows: Rows, current: str | None) -> tuple[Mapping[str, JSON], ...]:
    """List what is ours and is not, or no longer, the one that is wanted."""
    listed = {str(former["id"]): former for former in desired.last_status.get("replaced") or ()}
    mine = rows.get(desired.id or "") if desired.owned else None
    made = outcome(desired, rows) if desired.last_status.get("intent") and desired.id is None else None
    rest = {row.id: {"id": row.id, "name": row.name, "version": row.version} for row in (mine, made) if row is not None}
    return tuple(former for id_, former in {**listed, **rest}.items() if id_ != current)


def only(found: Iterable[ConnectorRow]) -> ConnectorRow | None:
    """Return the one registration there may be; two are for a person to tell apart."""
    rows = list(found)
    if len(rows) > 1:
        raise AlreadyOwned(
            f"registrations {', '.join(sorted(row.id for row in rows))} bear the same name and version; name the"
            " right one in spec.management.adopt.id (with mode Match), or remove the others"
        )
    return rows[0] if rows else None


def _folded(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(text.casefold().split()) for text in texts)


def registration_claims(resource: Resource) -> frozenset[str]:
    """Add what was replaced and, unless an id says which is meant, name and version: a connector is found by them."""
    replaced = frozenset(str(former["id"]) for former in resource.status.get("replaced") or ())
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    name = resource.spec.get("name") or resource.key.name
    natural = frozenset() if adopt.get("id") else {f"{name}\0{resource.spec.get('version')}"}
    return remote_ids(resource) | replaced | natural
