"""Jitterbit Harmony's connectors: registrations of the Connector SDK, and those of the Connector Builder."""

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
"""CEL: whether the connector is one of the Connector Builder."""
MANAGED = "has(self.management)"
OR_REPLACE = (
    "set management.replace to Allow to have a new registration made in its place (with another key, secret and ids),"
    " or delete this resource, and create it again"
)


def _for_builder(holds: str, message: str, check: Rule | None, field: str) -> Rule:
    """Ask something of connectors of the Builder alone; `check` judges the value of `field`, None refuses any."""
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
    """Ask for letters and digits of any script, and `also`; Python's patterns know no classes of Unicode."""
    return Rule(
        cel=f"self.matches(r'^[{letters}]+$')",
        message=message,
        check=lambda text: all(char in also or unicodedata.category(char)[0] in "LN" for char in text),
    )


# reference/jitterbit.md section 5: what the creation page of the Connector Builder allows.
BUILDER_NAME = _of(r"\p{L}\p{N} ", " ", "must have letters, digits and spaces only, as the Builder shows it")
BUILDER_VERSION = _of(r"\p{L}\p{N}", "", "must have letters and digits only, as the Builder shows it")


class BuilderExport(Model):
    """Where the JSON is kept that the Connector Builder exported."""

    config_map_key_ref: ConfigMapKeyRef
    """The value of a ConfigMap that holds it."""


class Builder(Model):
    """What is known of a connector of the Connector Builder."""

    export_from: BuilderExport
    """The connector as the Builder exported it, kept for the person who imports it. It must be a JSON object whose
    SVG images have at most 120 KiB; its schema is not published, so nothing else of it is checked."""


class ConnectorSpec(ReplacingSpec):
    """A connector in an organization: a registration of the Connector SDK, or one made in the Connector Builder.

    The Secret `<name>-connector` always receives its id and entity ids; for the SDK also its key, its secret, and the
    manifest of its JAR, ready for packaging.
    """

    organization_ref: Annotated[ConnectionRef, UsesConnection("JitterbitOrganization")]
    """The JitterbitOrganization in which the connector is registered. It can't be changed."""
    source: Literal["SDK", "Builder"] = "SDK"
    """How the connector is made. SDK: it is registered for a JAR that is written with the Connector SDK. Builder: a
    person makes and publishes it in the Connector Builder, which has no API; it is found by name and version and
    only observed, as with management.policy Observe: never changed, and never deleted whatever
    management.deletionPolicy says. It can't be changed. Default: SDK."""
    name: DisplayName | None = None
    """The connector's name, equal to `name` in its adapter.json; for Builder the name that the Builder shows. It
    can't be changed, unless management.replace allows it. Default: metadata.name; for Builder there is none."""
    version: Annotated[
        str,
        Field(min_length=1, max_length=64),
        matching(r"\S(.*\S)?", "must be one line, with no space at its beginning or end"),
    ]
    """The version that is registered, such as "1.0.0", in quotes. It can't be changed, unless management.replace
    allows it. It needs not equal the version of the JAR."""
    manifest: ConnectorManifest | None = None
    """What the manifest of the JAR says besides the registration's own values; the whole of it is the entry
    MANIFEST.MF of the Secret. For SDK only."""
    builder: Builder | None = None
    """What is known of the connector besides. For Builder only."""

    output_names: ClassVar[tuple[str, ...]] = OUTPUTS
    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationRef", "delete this resource, and create it again in the other organization"),
        Rule(
            cel="(has(self.source) ? self.source : 'SDK') == (has(oldSelf.source) ? oldSelf.source : 'SDK')",
            message="source can't be changed: delete this resource, and create it again",
            check=lambda new, old: new.source == old.source,
            field="source",
        ),
        immutable("name", f"a registration can't be renamed; {OR_REPLACE}", unless=REPLACEABLE),
        immutable("version", f"a registration keeps its version; {OR_REPLACE}", unless=REPLACEABLE),
        _for_builder(
            f"(has(self.name) && {BUILDER_NAME.cel.replace('self', 'self.name', 1)})",
            f"is needed for source Builder, and {BUILDER_NAME.message}",
            BUILDER_NAME,
            "name",
        ),
        _for_builder(
            BUILDER_VERSION.cel.replace("self", "self.version", 1),
            f"for source Builder it {BUILDER_VERSION.message}",
            BUILDER_VERSION,
            "version",
        ),
        _for_builder(
            "!has(self.manifest)",
            "is for source SDK: a connector of the Builder has no JAR",
            None,
            "manifest",
        ),
        Rule(
            cel=f"!has(self.builder) || ({BUILDER})",
            message="is for a connector of the Connector Builder: set source to Builder, or take it out",
            check=lambda spec: spec.builder is None or spec.source == "Builder",
            field="builder",
        ),
        Rule(
            cel=f"!({BUILDER}) || !{MANAGED} || !has(self.management.policy) || self.management.policy == 'Observe'",
            message="is Observe for source Builder, as only people change such a connector: set it so, or take it out",
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
            message="is for source SDK: a connector of the Builder is only observed, by its name and version",
            check=lambda spec: spec.source != "Builder" or spec.management.adopt.mode == "Never",
            field="management.adopt",
        ),
        Rule(
            cel=f"!({BUILDER}) || !({REPLACEABLE.cel})",
            message="is for source SDK: a connector of the Builder is only observed",
            check=lambda spec: spec.source != "Builder" or spec.management.replace == "Never",
            field="management.replace",
        ),
        *output_rules(OUTPUTS),
    )
