"""The schemas of the destination types: read from the console once per client, else the copies in this package.

The copies in `published/` are answers of a console. They include the list of fields that it was seen to mask, which no
schema has (docs/reference/jitsu.md section 4).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, SchemaError

from jitops.core.errors import CredentialsRejected, JitopsError, RateLimited, Unavailable
from jitops.remote.exchange import segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.remote.client import Http

Schema = dict[str, Any]

PUBLISHED = files("jitops.products.jitsu") / "published"
BASE = frozenset(
    {
        *("id", "type", "workspaceId", "name", "updatedAt", "cloneId"),
        *("destinationType", "provisioned", "testConnectionError"),
    }
)
"""The fields that every destination has; none of them is a part of `config`."""


class Schemas:
    """The schemas of the destination types of one console."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._known: dict[str, Schema | None] = {}

    async def load(self, kind: str) -> None:
        """Load the schema of a type once; the call needs no credentials."""
        if kind in self._known:
            return
        try:
            answer = await self._http.request("GET", f"/api/schema/destination/{segment(kind)}", who="schema")
        except (RateLimited, CredentialsRejected):
            raise
        except JitopsError as error:
            if shipped(kind) is not None or not isinstance(error, Unavailable):
                self._known[kind] = shipped(kind)
        else:
            self._known[kind] = without_base(answer.json) or shipped(kind)

    def get(self, kind: str) -> Schema | None:
        """Return the schema of a type; None if it is not known, so that only the console can check a config."""
        return self._known[kind] if kind in self._known else shipped(kind)


@cache
def shipped(kind: str) -> Schema | None:
    """Return the copy of the schema of a type; None if this package has none."""
    file = PUBLISHED / "destination" / f"{kind}.json"
    plain = kind.replace("-", "").isalnum()
    return without_base(json.loads(file.read_text("utf-8"))) if plain and file.is_file() else None


def masked_fields(kind: str) -> tuple[str, ...]:
    """Return the fields of a type that the console was seen to mask."""
    return tuple(_masked().get(kind, ()))


def without_base(schema: object) -> Schema | None:
    """Return a schema without the fields that every destination has; None if it is not the schema of an object."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return None
    try:
        Draft7Validator.check_schema(schema)
    except SchemaError:
        return None
    properties = {name: each for name, each in schema["properties"].items() if name not in BASE}
    required = [name for name in schema.get("required", ()) if name not in BASE]
    return {**schema, "properties": properties, "required": required}


@cache
def _masked() -> Mapping[str, list[str]]:
    read: Mapping[str, list[str]] = json.loads((PUBLISHED / "masked.json").read_text("utf-8"))
    return read
