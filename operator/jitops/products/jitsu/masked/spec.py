"""The spec of kinds whose configuration takes values from Secrets."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue

from jitops.api.managed import CascadingSpec, SecretKeyRef
from jitops.api.schema.model import ListMap, Model, Rule, matching
from jitops.api.schema.reference import RefersTo
from jitops.products.jitsu.preflight.spec import Validation

FIELD_PATH = matching(
    r"[-A-Za-z0-9_]+(\.[-A-Za-z0-9_]+)*",
    "must be the path of a field, with a dot before each field inside a map, such as password or parameters.token",
)
FieldPath = Annotated[str, Field(min_length=1, max_length=253), FIELD_PATH]
MOST = 32


class SecretField(Model):
    """A field whose value is taken from a Secret."""

    path: FieldPath
    """The path of the field, such as password, or parameters.token for a field inside a map."""
    secret_key_ref: Annotated[SecretKeyRef, RefersTo("Secret", keyed=True, path_field="path")]
    """The value in a Secret. If the field is a list, a number or a boolean in the schema of the console, the value must
    be JSON. A change of the Secret is applied at once if it has the label jitops.dev/watch: "true", else at the next
    resync."""


SecretFields = Annotated[
    list[SecretField],
    Field(max_length=MOST),
    ListMap("path"),
    Rule(
        cel="self.all(a, self.exists_one(b, b.path == a.path || b.path.startsWith(a.path + '.')))",
        message="must list each path once, and no path inside another path",
        check=lambda fields: all(_covered(each.path, fields) == 1 for each in fields),
    ),
]


def _covered(path: str, fields: list[SecretField]) -> int:
    """Return the number of fields that are at a path or inside it."""
    return sum(each.path == path or each.path.startswith(f"{path}.") for each in fields)


class SecretSpec(CascadingSpec):
    """The spec of a kind with a free-form configuration, some of whose values are taken from Secrets."""

    secret_config: SecretFields | None = None
    """The fields whose values are taken from Secrets. They must not also be set in plain text."""

    validation: Validation = "Off"
    """Whether the console tests the connection before anything is written, if the console offers that. Off: it does
    not. Warn: an event reports what failed, and the object is written anyway. Enforce: nothing is written until the
    test succeeds; it is run again every few minutes. Default: Off."""

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Return the free-form configuration."""
        raise NotImplementedError
