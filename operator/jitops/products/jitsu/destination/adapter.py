"""JitsuDestination: a destination of a workspace (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Observation
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.masked.adapter import MaskedAdapter
from jitops.products.jitsu.masked.sealed import Path, leaves, parted, seal
from jitops.products.jitsu.masked.validation import Check
from jitops.products.jitsu.masked.wire import MaskedRow, masked_type
from jitops.products.jitsu.schemas import BASE, Schema, masked_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON

Want = Desired[JitsuDestinationSpec]
Ready = Prepared[JitsuDestinationSpec, None]
Found = Observation[MaskedRow]

CONNECTED = frozenset({"clickhouse", "postgres", "mysql", "redshift", "snowflake", "bigquery", "duckdb", "s3", "gcs"})
"""The types that the data plane connects to itself: warehouses and file stores (docs/reference/jitsu.md section 5)."""
NOTHING_AT_ALL = "devnull"
"""The type without fields: what is given it is stripped of all that it had."""


class DestinationAdapter(MaskedAdapter[JitsuDestinationSpec]):
    """Destinations of one workspace."""

    object_type = masked_type("destination", "JitsuDestination")
    root = "config"
    base = ()

    def plain(self, desired: Want) -> Mapping[str, JSON]:
        """Give name and type."""
        spec = desired.spec
        return {"name": spec.name or desired.key.name, "destinationType": spec.destination_type}

    async def check(self, desired: Want) -> None:
        """Check the config against the schema of its type; what is only observed may leave required fields out."""
        spec = desired.spec
        masked = masked_fields(spec.destination_type)
        for name in masked:
            if spec.free_form.get(name) is not None:
                raise SpecInvalid(self.cure(name))
        config = self.filled(desired)
        await self._client.schemas.load(spec.destination_type)
        schema = self._schema(desired)
        if schema is not None and spec.management.policy == "Managed":
            secret = [parted(each.path) for each in spec.secret_config or ()]
            Check(schema, self.root, secret, masked).refuse(config)

    async def trial(self, desired: Ready) -> str | None:
        """Connect to a warehouse or file store; the console has no test for the other types."""
        if desired.spec.destination_type not in CONNECTED:
            return None
        return await self._client.trials.destination(self.whole(desired), self.secrets(desired))

    def _schema(self, desired: Want) -> Schema | None:
        return self._client.schemas.get(desired.spec.destination_type)

    def read(self, desired: Want, path: str, text: str) -> JSON:
        """Take the text for what it is, or for JSON where the type asks for a list, a number or a choice of two."""
        if self._node(desired, self.remote(path)).get("type") not in {"array", "boolean", "integer", "number"}:
            return text
        try:
            return json.loads(text)
        except ValueError:
            raise SpecInvalid(
                f"spec.{path}: the value in the Secret must be written as JSON, as the field is no string"
            ) from None

    def secrets(self, desired: Ready) -> Iterable[str]:
        """Name what is secret, the entries of lists too."""
        values = self._secret(desired).values()
        return [*desired.inputs.values(), *(str(each) for value in values if isinstance(value, list) for each in value)]

    def same_type(self, desired: Want, observation: Found) -> bool:
        """Compare the types: what is masked of the one may be no secret of the other."""
        return observation.remote.at(("destinationType",)) == seal(desired.spec.destination_type)

    def surplus(self, desired: Ready, observation: Found) -> set[Path]:
        """Name what was taken out of the spec; of a destination that changes its type, all that the spec leaves out.

        A new type would inherit the fields of the old one that have the same names. Those that it doesn't know go by
        themselves.
        """
        schema = self._schema(desired)
        gone = super().surplus(desired, observation)
        if not self.same_type(desired, observation):
            asked = {self.remote(path) for path in self.fields(desired)}
            gone = {path for path in leaves(observation.remote.tree) if path[0] not in BASE} - asked
        return gone if schema is None else {path for path in gone if path[0] in schema["properties"]}

    def nothing(self, desired: Ready, path: Path) -> JSON:
        """Give the schema's default, or what is empty; a map's entry, a number or a choice has nothing of that."""
        if self._schema(desired) is None:
            return ""
        node = self._node(desired, path)
        if "default" in node:
            return node["default"]
        if node.get("type") == "array":
            return []
        return "" if node.get("type") == "string" and not node.keys() & {"enum", "format"} else None

    def _node(self, desired: Want, path: Path) -> Schema:
        """Find what the schema says of one field; of a map's entries only what the map's own default has of them."""
        node = self._schema(desired) or {}
        for name in path:
            whole = node.get("default")
            inherited = {"default": whole[name]} if isinstance(whole, dict) and name in whole else {}
            node = {**inherited, **((node.get("properties") or {}).get(name) or {})}
        return node

    async def strip(self, id_: str) -> None:
        """Turn it into a destination that has no fields."""
        await self._client.update(self.object_type.name, id_, {"destinationType": NOTHING_AT_ALL})
