"""What the connections of both products have in common."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.managed import DeletionPolicy, NameRef
from jitops.api.schema.integers import WHOLE
from jitops.api.schema.model import Model, Rule
from jitops.api.schema.reference import ReferenceModel, RefersTo
from jitops.api.schema.strings import DataKey, Duration, LabelKey, Labels, LabelValue, ObjectName

PerMinute = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]


class LabelRequirement(Model):
    """One condition on a label."""

    key: LabelKey
    """The label's key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """In, NotIn: the label's value is, or is not, one of `values`. Exists, DoesNotExist: the label is there,
    or not."""
    values: Annotated[list[LabelValue], Field(max_length=64)] | None = None
    """The values that In and NotIn compare with; Exists and DoesNotExist have none."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            message="In and NotIn need at least one value; Exists and DoesNotExist must have none",
            check=lambda part: (part.operator in ("In", "NotIn")) == bool(part.values),
            field="values",
        ),
    )


class LabelSelector(Model):
    """Selects by labels; all conditions must hold, and no condition at all selects everything."""

    match_labels: Labels = Field(default_factory=dict)
    """Labels that must be there with just these values."""
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=64)] = Field(default_factory=list)
    """Further conditions on labels."""


class AllowedNamespaces(Model):
    """From which namespaces a connection may be used."""

    from_: Literal["Same", "All", "Selector"] = Field(
        default="Same", validation_alias="from", serialization_alias="from"
    )
    """Same: only the connection's own namespace. All: every namespace. Selector: its own, and those that
    `selector` selects. Default: Same."""
    selector: LabelSelector | None = None
    """Selects namespaces by their labels; needed with, and only with, `from: Selector`. The operator needs
    the right to read namespaces for it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.from) && self.from == 'Selector') == has(self.selector)",
            message="from: Selector and a selector belong together: set both, or neither",
            check=lambda allowed: (allowed.from_ == "Selector") == (allowed.selector is not None),
            field="selector",
        ),
    )


class Limits(Model):
    """How many calls a minute the operator may make, by method."""

    get: PerMinute | None = None
    """GET calls a minute."""
    post: PerMinute | None = None
    """POST calls a minute."""
    put: PerMinute | None = None
    """PUT calls a minute."""
    delete: PerMinute | None = None
    """DELETE calls a minute."""


class CaRef(ReferenceModel):
    """Points at the certificates of a private certificate authority."""

    kind: Literal["ConfigMap", "Secret"]
    """What holds the certificates."""
    name: ObjectName
    """Its name, in the connection's namespace."""
    key: DataKey = "ca.crt"
    """The key whose value is one or more certificates in PEM. Default: ca.crt."""

    refers_to: ClassVar[RefersTo] = RefersTo("Secret", kind_field="kind")


class Tls(Model):
    """How the server's certificate is verified."""

    ca_ref: CaRef | None = None
    """A private certificate authority to trust instead of the system's. Default: the system's."""


class CredentialPolicy(Model):
    """How the Secret with the credentials is treated."""

    protect: Literal["Always", "Never"] = "Always"
    """Always: while the connection is used, the Secret carries a finalizer, so that the remote objects can
    still be cleaned up when a whole namespace is deleted. Never: the Secret is left as it is. Default:
    Always."""


class ConnectionSpec(Model):
    """How a product is reached, by whom, and what holds for everything that is reached through it."""

    credentials_ref: Annotated[NameRef, RefersTo("Secret")]
    """The Secret with the credentials, in the connection's namespace. With the label `jitops.dev/watch:
    "true"` on it, a change is noticed at once."""
    allowed_namespaces: AllowedNamespaces = AllowedNamespaces()
    """From which namespaces this connection may be used. Default: only its own."""
    deletion_policy: DeletionPolicy | None = None
    """What happens to remote objects whose resource is deleted, unless the resource says otherwise. Delete:
    they are deleted too. Retain: they stay. Default: Delete."""
    resync_period: Duration | None = None
    """How often the remote objects are compared with their resources, unless a resource says otherwise, such
    as 10m; 0 turns it off. Default: the operator's setting."""
    limits: Limits = Limits()
    """How many calls a minute may be made, by method. Where several connections use the same key or account,
    the smallest number counts. Default: what the remote announces or documents."""
    tls: Tls = Tls()
    """How the server's certificate is verified."""
    credentials: CredentialPolicy = CredentialPolicy()
    """How the Secret with the credentials is treated."""

    @property
    def address(self) -> str:
        """The address of the remote, which log-ins are counted for."""
        raise NotImplementedError
