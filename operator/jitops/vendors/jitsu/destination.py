"""JitsuDestination: a destination of a workspace (reference/jitsu.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api.jitsu_destination import JitsuDestinationSpec
from jitops.core.adapter import External, Wanted
from jitops.core.errors import SpecInvalid
from jitops.vendors.jitsu.masked import MaskedAdapter
from jitops.vendors.jitsu.masked_wire import MaskedRow
from jitops.vendors.jitsu.schemas import BASE, Schema, masked_fields
from jitops.vendors.jitsu.sealed import Path, leaves, parted, seal
from jitops.vendors.jitsu.validation import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON

Want = Wanted[JitsuDestinationSpec]
Found = External[MaskedRow]

NOTHING_AT_ALL = "devnull"
"""The type without fields: what is given it is stripped of all that it had."""


class DestinationAdapter(MaskedAdapter[JitsuDestinationSpec]):
    """Destinations of one workspace."""

    type = "destination"
    root = "config"
    base = ()

    def plain(self, wanted: Want) -> Mapping[str, JSON]:
        """Give name and type."""
        spec = wanted.spec
        return {"name": spec.name or wanted.key.name, "destinationType": spec.destination_type}

    async def check(self, wanted: Want) -> None:
        """Check the config against the schema of its type; what is only observed may leave required fields out."""
        spec = wanted.spec
        masked = masked_fields(spec.destination_type)
        for name in masked:
            if spec.free_form.get(name) is not None:
                raise SpecInvalid(self.cure(name))
        config = self.filled(wanted)
        await self._client.schemas.load(spec.destination_type)
        schema = self._schema(wanted)
        if schema is not None and spec.management.policy == "Managed":
            secret = [parted(each.path) for each in spec.secret_config or ()]
            Check(schema, self.root, secret, masked).refuse(config)

    def _schema(self, wanted: Want) -> Schema | None:
        return self._client.schemas.get(wanted.spec.destination_type)

    def surplus(self, wanted: Want, external: Found) -> set[Path]:
        """Name what was taken out of the spec; of a destination that changes its type, all that the spec leaves out.

        A new type would inherit the fields of the old one that have the same names. Those that it doesn't know go by
        themselves.
        """
        known = (self._schema(wanted) or {}).get("properties", {})
        gone = super().surplus(wanted, external)
        if external.remote.at(("destinationType",)) != seal(wanted.spec.destination_type):
            asked = {self.remote(path) for path in self.fields(wanted)}
            gone = {path for path in leaves(external.remote.tree) if path[0] not in BASE} - asked
        return {path for path in gone if path[0] in known}

    def nothing(self, wanted: Want, path: Path) -> JSON:
        """Give the schema's default, or what is empty; a map's entry, a number or a choice has nothing of that."""
        node = self._schema(wanted) or {}
        for name in path:
            node = (node.get("properties") or {}).get(name) or {}
        if "default" in node:
            return node["default"]
        if node.get("type") == "array":
            return []
        return "" if node.get("type") == "string" and not node.keys() & {"enum", "format"} else None

    async def strip(self, id_: str) -> None:
        """Turn it into a destination that has no fields."""
        await self._client.update(self.type, id_, {"destinationType": NOTHING_AT_ALL})
