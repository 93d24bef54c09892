"""The spec of a Connector: a registration of the Connector SDK, or a connector of the Connector Builder."""

import unicodedata
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.managed import REPLACEABLE, ConfigMapKeyRef, ConnectionRef, ReplacingSpec, output_rules
from jitops.api.schema.model import Model, Rule, immutable, matching
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName
from jitops.products.jitterbit.connector.jar_manifest import ConnectorManifest

OUTPUTS = (
    "id",
    "key",
    "secret",
    "endpointEntityId",
    "functionEntityStartId",
    "functionEntityEndId",
    "MANIFEST.MF",
)

BUILDER = "has(self.source) && self.source == 'Builder'"
"""CEL for: the connector is one of the Connector Builder."""
MANAGED = "has(self.management)"
OR_REPLACE = (
    "set management.replace to Allow to replace it by a new registration (with another key, secret and ids), or delete"
    " this resource and create it again"
)


def _for_builder(holds: str, message: str, check: Rule | None, field: str) -> Rule:
    """Return a rule for connectors of the Builder only: `check` must hold for `field`; None: it must not be set."""
    return Rule(
        cel=f"!({BUILDER}) || {holds}",
        message=message,
        check=lambda spec: spec.source != "Builder" or _given(spec, field, check),
        field=field,
    )


def _given(spec: "ConnectorSpec", field: str, check: Rule | None) -> bool:
    value = getattr(spec, field)
    return value is None if check is None else value is not None and bool(check.check(value))


def _of(letters: str, also: str, message: str) -> Rule:
    """Return a rule that a string has only letters and digits of any script, and `also`.

    The check is not a pattern, since Python's patterns have no classes of Unicode characters.
    """
    return Rule(
        cel=f"self.matches(r'^[{letters}]+$')",
        message=message,
        check=lambda text: all(char in also or unicodedata.category(char)[0] in "LN" for char in text),
    )


# What the creation page of the Connector Builder allows: docs/reference/jitterbit.md section 5.
BUILDER_NAME = _of(r"\p{L}\p{N} ", " ", "must have only letters, digits and spaces, as the Builder shows it")
BUILDER_VERSION = _of(r"\p{L}\p{N}", "", "must have only letters and digits, as the Builder shows it")


class BuilderExport(Model):
    """A reference to the JSON that the Connector Builder exported."""

    config_map_key_ref: ConfigMapKeyRef
    """The value of a ConfigMap that holds the JSON."""


class Builder(Model):
    """Further data of a connector of the Connector Builder."""

    export_from: BuilderExport
    """The connector as the Builder exported it, for the person who imports it. It must be a JSON object, and each SVG
    image in it must have at most 120 KiB. Nothing else is checked, as Jitterbit does not publish the schema."""


class ConnectorSpec(ReplacingSpec):
    """A connector of an organization: a registration of the Connector SDK, or a connector of the Connector Builder.

    Its id and entity ids are always written to the Secret `<name>-connector`; for the SDK also its key, its secret, and
    the manifest of its JAR, ready for packaging.
    """

    organization_ref: Annotated[ConnectionRef, UsesConnection("JitterbitOrganization")]
    """The JitterbitOrganization that the connector belongs to. It can't be changed."""
    source: Literal["SDK", "Builder"] = "SDK"
    """How the connector is made. SDK: the operator registers it for a JAR that is written with the Connector SDK.
    Builder: a person makes and publishes it in the Connector Builder, which has no API. The operator finds it by name
    and version and only observes it, as with management.policy Observe: it never changes or deletes it, whatever
    management.deletionPolicy is. The source can't be changed. Default: SDK."""
    name: DisplayName | None = None
    """The name of the connector, which must equal `name` in its adapter.json. For Builder: the name that the Builder
    shows; it is required then. It can't be changed, unless management.replace allows it. Default: metadata.name."""
    version: Annotated[
        str,
        Field(min_length=1, max_length=64),
        matching(r"\S(.*\S)?", "must be one line, without a space at the beginning or end"),
    ]
    """The version of the registration, such as "1.0.0", in quotes. It can't be changed, unless management.replace
    allows it. It does not need to equal the version of the JAR."""
    manifest: ConnectorManifest | None = None
    """Further values for the manifest of the JAR. The operator adds those of the registration, and writes the complete
    manifest to the key MANIFEST.MF of the Secret. Only for SDK."""
    builder: Builder | None = None
    """Further data of the connector. Only for Builder."""

    output_names: ClassVar[tuple[str, ...]] = OUTPUTS
    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationRef", "delete this resource and create it again in the other organization"),
        Rule(
            cel="(has(self.source) ? self.source : 'SDK') == (has(oldSelf.source) ? oldSelf.source : 'SDK')",
            message="source can't be changed: delete this resource and create it again",
            check=lambda new, old: new.source == old.source,
            field="source",
        ),
        immutable("name", f"a registration can't be renamed; {OR_REPLACE}", unless=REPLACEABLE),
        immutable("version", f"a registration keeps its version; {OR_REPLACE}", unless=REPLACEABLE),
        _for_builder(
            f"(has(self.name) && {BUILDER_NAME.cel.replace('self', 'self.name', 1)})",
            f"is required for source Builder, and {BUILDER_NAME.message}",
            BUILDER_NAME,
            "name",
        ),
        _for_builder(
            BUILDER_VERSION.cel.replace("self", "self.version", 1),
            f"{BUILDER_VERSION.message}, for source Builder",
            BUILDER_VERSION,
            "version",
        ),
        _for_builder(
            "!has(self.manifest)",
            "must not be set for source Builder: such a connector has no JAR",
            None,
            "manifest",
        ),
        Rule(
            cel=f"!has(self.builder) || ({BUILDER})",
            message="must not be set for source SDK: set source to Builder, or remove it",
            check=lambda spec: spec.builder is None or spec.source == "Builder",
            field="builder",
        ),
        Rule(
            cel=f"!({BUILDER}) || !{MANAGED} || !has(self.management.policy) || self.management.policy == 'Observe'",
            message="must be Observe for source Builder, as only people change such a connector: set that or remove it",
            check=lambda spec: (
                spec.source != "Builder"
                or "policy" not in spec.management.model_fields_set
                or spec.management.policy == "Observe"
            ),
            field="management.policy",
        ),
        Rule(
            cel=f"!({BUILDER}) || !{MANAGED} || !has(self.management.adopt) || !has(self.management.adopt.mode)"
            " || self.management.adopt.mode == 'Never'",
            message="must not allow adoption for source Builder: it is only observed, and found by name and version",
            check=lambda spec: spec.source != "Builder" or spec.management.adopt.mode == "Never",
            field="management.adopt",
        ),
        Rule(
            cel=f"!({BUILDER}) || !({REPLACEABLE.cel})",
            message="must not be Allow for source Builder: such a connector is only observed",
            check=lambda spec: spec.source != "Builder" or spec.management.replace == "Never",
            field="management.replace",
        ),
        *output_rules(OUTPUTS),
    )
