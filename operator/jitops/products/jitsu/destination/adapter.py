"""The adapter of JitsuDestination (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Observation
from jitops.core.errors import SpecInvalid
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.masked.adapter import MaskedAdapter
from jitops.products.jitsu.masked.sealed import Path, leaves, parted, seal
from jitops.products.jitsu.masked.validation import ConfigCheck
from jitops.products.jitsu.masked.wire import MaskedRow, masked_type
from jitops.products.jitsu.schemas import BASE, Schema, masked_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jitops.core.kube import JSON

Want = Desired[JitsuDestinationSpec]
Request = Prepared[JitsuDestinationSpec, None]
Found = Observation[MaskedRow]

CONNECTED = frozenset({"clickhouse", "postgres", "mysql", "redshift", "snowflake", "bigquery", "duckdb", "s3", "gcs"})
"""The types that the data plane connects to: warehouses and file stores (docs/reference/jitsu.md section 5)."""
WITHOUT_FIELDS = "devnull"
"""The type without fields: a destination that gets this type loses all its values."""


class DestinationAdapter(MaskedAdapter[JitsuDestinationSpec]):
    """The destinations of one workspace."""

    object_type = masked_type("destination", "JitsuDestination")
    root = "config"
    base = ()

    @override
    def plain(self, desired: Want) -> Mapping[str, JSON]:
        """Return name and type."""
        spec = desired.spec
        return {"name": spec.name or desired.key.name, "destinationType": spec.destination_type}

    @override
    async def check(self, desired: Want) -> None:
        """Check the config against the schema of its type; an observed destination may omit required fields."""
        spec = desired.spec
        masked = masked_fields(spec.destination_type)
        for name in masked:
            if spec.free_form.get(name) is not None:
                raise SpecInvalid(self.cure(name))
        config = self.complete_config(desired)
        await self._client.schemas.load(spec.destination_type)
        schema = self._schema(desired)
        if schema is not None and spec.management.policy == "Managed":
            secret = [parted(each.path) for each in spec.secret_config or ()]
            ConfigCheck(schema, self.root, secret, masked).validate(config)

    @override
    async def test_connection(self, desired: Request) -> str | None:
        """Test the connection to a warehouse or file store; the console has no test for other types."""
        if desired.spec.destination_type not in CONNECTED:
            return None
        return await self._client.preflight.destination(self.whole(desired), self.secrets(desired))

    def _schema(self, desired: Want) -> Schema | None:
        return self._client.schemas.get(desired.spec.destination_type)

    @override
    def read(self, desired: Want, path: str, text: str) -> JSON:
        """Return the text, or its JSON value if the field is a list, a number or a boolean."""
        if self._node(desired, self.remote_path(path)).get("type") not in {"array", "boolean", "integer", "number"}:
            return text
        try:
            return json.loads(text)
        except ValueError:
            raise SpecInvalid(
                f"spec.{path}: the value in the Secret must be JSON, as the field is not a string"
            ) from None

    @override
    def secrets(self, desired: Request) -> Iterable[str]:
        """Return the secret values, and the entries of secret lists."""
        values = self._secret(desired).values()
        return [*desired.inputs.values(), *(str(each) for value in values if isinstance(value, list) for each in value)]

    @override
    def has_same_type(self, desired: Want, observation: Found) -> bool:
        """Return whether the types are equal: a field that one type masks may not be a secret of another."""
        return observation.remote.at(("destinationType",)) == seal(desired.spec.destination_type)

    @override
    def surplus(self, desired: Request, observation: Found) -> set[Path]:
        """Return the paths that were removed from the spec; after a change of the type, all paths that it does not set.

        A new type would inherit fields of the old type that have the same names. The console itself drops fields that
        the new type does not have.
        """
        schema = self._schema(desired)
        removed = super().surplus(desired, observation)
        if not self.has_same_type(desired, observation):
            asked = {self.remote_path(path) for path in self.fields(desired)}
            removed = {path for path in leaves(observation.remote.tree) if path[0] not in BASE} - asked
        return removed if schema is None else {path for path in removed if path[0] in schema["properties"]}

    @override
    def empty_value(self, desired: Request, path: Path) -> JSON:
        """Return the schema's default, or an empty string or list; None for a map entry, a number or a choice."""
        if self._schema(desired) is None:
            return ""
        node = self._node(desired, path)
        if "default" in node:
            return node["default"]
        if node.get("type") == "array":
            return []
        return "" if node.get("type") == "string" and not node.keys() & {"enum", "format"} else None

    def _node(self, desired: Want, path: Path) -> Schema:
        """Return the schema of one field. An entry of a map has no schema, only its part of the map's default."""
        node = self._schema(desired) or {}
        for name in path:
            whole = node.get("default")
            inherited = {"default": whole[name]} if isinstance(whole, dict) and name in whole else {}
            node = {**inherited, **((node.get("properties") or {}).get(name) or {})}
        return node

    @override
    async def remove_all_values(self, id_: str) -> None:
        """Change the destination to the type that has no fields."""
        await self._client.update(self.object_type.name, id_, {"destinationType": WITHOUT_FIELDS})
