"""Connectors of the Connector Builder, which has no API: they are only looked up in the listing.

The listing does not distinguish them from registrations of the SDK (docs/reference/jitterbit.md sections 2.6 and 5). So
they are found by name and version, which are unique.
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
"""The most bytes of an SVG. Section 5 says 120 KB, without saying which; this is the larger reading."""


def is_of_builder(resource: Resource) -> bool:
    """Return whether a Connector is one of the Connector Builder, which only people can change."""
    return bool(resource.spec.get("source") == "Builder")


def find(desired: Want, rows: Mapping[str, ConnectorRow]) -> Observation[ConnectorRow] | None:
    """Find the connector; ManualActionRequired if a listing that began after the request does not have it."""
    check_export(desired)
    found = [row for row in rows.values() if is_same(row, desired)]
    if len(found) > 1:
        raise AlreadyOwned(
            f"{', '.join(sorted(row.id for row in found))} have the same name and version, and Harmony does not show"
            " which one is the Builder's: delete or rename the others"
        )
    if not found and desired.not_older_than is not None:
        raise ManualActionRequired(_instructions(desired))
    return Observation(found[0].id, found[0], owned=False) if found else None


def check_export(desired: Want) -> None:
    """Raise SpecInvalid if the ConfigMap has no valid export, as far as its format is documented."""
    text = desired.inputs.get(EXPORT)
    if text is None:
        return
    try:
        exported = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecInvalid(f"spec.{EXPORT}: the value is not JSON: export the connector again") from None
    if not isinstance(exported, dict):
        raise SpecInvalid(f"spec.{EXPORT}: the value is not a JSON object: export the connector again")
    size = max((len(image.encode("utf-8", "surrogatepass")) for image in _images(exported)), default=0)
    if size > LARGEST_ICON:
        raise SpecInvalid(
            f"spec.{EXPORT}: an SVG in it has {size} bytes, and the Builder accepts {LARGEST_ICON}: make it smaller"
        )


def _images(value: JSON) -> Iterator[str]:
    """Yield each text that looks like an SVG, wherever it is: the schema is not published."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str) and "<svg" in one[:1024].lower():
            yield one


def _instructions(desired: Want) -> str:
    name = f"{desired.spec.name} {desired.spec.version}"
    if EXPORT not in desired.inputs or desired.spec.builder is None:
        return (
            f"Harmony lists no connector {name}: create it in the Connector Builder, or import it there with this name"
            " and version, and publish it"
        )
    ref = desired.spec.builder.export_from.config_map_key_ref
    digest = hashlib.sha256(desired.inputs[EXPORT].encode("utf-8", "surrogatepass")).hexdigest()
    return (
        f"Harmony lists no connector {name}: import the JSON under {ref.key} of ConfigMap {ref.name} (SHA-256"
        f" {digest[:12]}…) in the Connector Builder, with this name and version, and publish it"
    )
