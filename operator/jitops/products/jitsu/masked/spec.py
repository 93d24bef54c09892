"""Values that come out of Secrets into a free-form part of a spec."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue

from jitops.api.managed import CascadingSpec, SecretKeyRef
from jitops.api.schema.model import ListMap, Model, Rule, matching
from jitops.api.schema.reference import RefersTo
from jitops.products.jitsu.preflight.spec import Validation

FIELD_PATH = matching(
    r"[-A-Za-z0-9_]+(\.[-A-Za-z0-9_]+)*",
    "must name a field, and one inside a map with a dot between them, such as password or parameters.token",
)
FieldPath = Annotated[str, Field(min_length=1, max_length=253), FIELD_PATH]
MOST = 32


class SecretField(Model):
    """A field whose value comes out of a Secret."""

    path: FieldPath
    """The field, such as password; a dot leads into a map, such as parameters.token."""
    secret_key_ref: Annotated[SecretKeyRef, RefersTo("Secret", keyed=True, path_field="path")]
    """The value in a Secret; for a field that the console's schema calls a list, a number or true or false, it is
    written as JSON. A change of it is applied, at once where the Secret bears the label jitops.dev/watch:
    "true"."""


SecretFields = Annotated[
    list[SecretField],
    Field(max_length=MOST),
    ListMap("path"),
    Rule(
        cel="self.all(a, self.exists_one(b, b.path == a.path || b.path.startsWith(a.path + '.')))",
        message="must name each path once, and none that lies inside another",
        check=lambda fields: all(_covered(each.path, fields) == 1 for each in fields),
    ),
]


def _covered(path: str, fields: list[SecretField]) -> int:
    return sum(each.path == path or each.path.startswith(f"{path}.") for each in fields)


class SecretSpec(CascadingSpec):
    """The spec of a kind with a free-form part, some of whose values come out of Secrets."""

    secret_config: SecretFields | None = None
    """The fields that are secrets, each with the Secret that holds its value; they must not be set in clear as well."""

    validation: Validation = "Off"
    """Whether the console tests the connection before anything is written, where it offers that. Off: it doesn't. Warn:
    an event says what is wrong, and it is written all the same. Enforce: nothing is written until the test succeeds; it
    is tried again every few minutes. Default: Off."""

    @property
    def free_form(self) -> Mapping[str, JsonValue]:
        """Give the part that the console knows the fields of."""
        raise NotImplementedError
