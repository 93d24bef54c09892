"""Connectors of the Connector Builder, which has no API: they are looked for in the listing, and that is all.

What the listing shows of them is not told from registrations of the SDK (docs/reference/jitterbit.md sections 2.6, 5),
so that name and version, which are unique among them, find them.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from jitops.core.contract.desired import Desired
from jitops.core.contract.observation import Observation
from jitops.core.errors import AlreadyOwned, ManualActionRequired, SpecInvalid
from jitops.products.jitterbit.connector.registrations import is_same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jitops.core.kube import JSON, Resource
    from jitops.products.jitterbit.connector.spec import ConnectorSpec
    from jitops.products.jitterbit.wire import ConnectorRow

    Want = Desired[ConnectorSpec]

EXPORT = "builder.exportFrom.configMapKeyRef"
LARGEST_ICON = 120 * 1024
"""Bytes of an SVG that the Builder takes (section 5: 120 KB; the larger reading of it, as nothing says which)."""


def is_of_builder(resource: Resource) -> bool:
    """Tell whether a Connector is one that only people make."""
    return bool(resource.spec.get("source") == "Builder")


def find(desired: Want, rows: Mapping[str, ConnectorRow]) -> Observation[ConnectorRow] | None:
    """Find the connector; that it is missing is believed of a listing that began after it was asked for."""
    check_export(desired)
    found = [row for row in rows.values() if is_same(row, desired)]
    if len(found) > 1:
        raise AlreadyOwned(
            f"{', '.join(sorted(row.id for row in found))} bear the same name and version, and Harmony does not tell"
            " which is the Builder's: delete or rename the others"
        )
    if not found and desired.not_older_than is not None:
        raise ManualActionRequired(_what_to_do(desired))
    return Observation(found[0].id, found[0], owned=False) if found else None


def check_export(desired: Want) -> None:
    """Refuse what can't be an export, as far as that is documented."""
    text = desired.inputs.get(EXPORT)
    if text is None:
        return
    try:
        exported = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecInvalid(f"spec.{EXPORT}: the key holds no JSON: export the connector again") from None
    if not isinstance(exported, dict):
        raise SpecInvalid(f"spec.{EXPORT}: the key holds JSON that is no object: export the connector again")
    size = max((len(image.encode("utf-8", "surrogatepass")) for image in _images(exported)), default=0)
    if size > LARGEST_ICON:
        raise SpecInvalid(
            f"spec.{EXPORT}: an SVG in it has {size} bytes, and the Builder takes {LARGEST_ICON}: make it smaller"
        )


def _images(value: JSON) -> Iterator[str]:
    """Give each text that is an SVG by its own words, wherever it stands: the schema is not published."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str) and "<svg" in one[:1024].lower():
            yield one


def _what_to_do(desired: Want) -> str:
    name = f"{desired.spec.name} {desired.spec.version}"
    if EXPORT not in desired.inputs or desired.spec.builder is None:
        return (
            f"Harmony lists no connector {name}: make it in the Connector Builder, or import it there under this name"
            " and version, and publish it"
        )
    ref = desired.spec.builder.export_from.config_map_key_ref
    digest = hashlib.sha256(desired.inputs[EXPORT].encode("utf-8", "surrogatepass")).hexdigest()
    return (
        f"Harmony lists no connector {name}: import the JSON under {ref.key} of ConfigMap {ref.name} (SHA-256"
        f" {digest[:12]}…) in the Connector Builder, under this name and version, and publish it"
    )
