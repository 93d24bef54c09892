"""The spec that the connections of both products share."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.managed import DeletionPolicy, NameRef
from jitops.api.schema.integers import WHOLE
from jitops.api.schema.model import Model, Rule
from jitops.api.schema.reference import ReferenceModel, RefersTo
from jitops.api.schema.strings import DataKey, Duration, LabelKey, Labels, LabelValue, ObjectName

PerMinute = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]


class LabelRequirement(Model):
    """A requirement on one label."""

    key: LabelKey
    """The key of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """In, NotIn: the value of the label is, or is not, one of `values`. Exists, DoesNotExist: the label exists, or
    does not."""
    values: Annotated[list[LabelValue], Field(max_length=64)] | None = None
    """The values that In and NotIn compare with. Must be empty for Exists and DoesNotExist."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            message="In and NotIn need at least one value; Exists and DoesNotExist must have none",
            check=lambda part: (part.operator in ("In", "NotIn")) == bool(part.values),
            field="values",
        ),
    )


class LabelSelector(Model):
    """A label selector. All requirements must hold; a selector without requirements selects everything."""

    match_labels: Labels = Field(default_factory=dict)
    """Labels that must exist with exactly these values."""
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=64)] = Field(default_factory=list)
    """Further requirements on labels."""


class AllowedNamespaces(Model):
    """The namespaces whose resources may use a connection."""

    from_: Literal["Same", "All", "Selector"] = Field(
        default="Same", validation_alias="from", serialization_alias="from"
    )
    """Same: only the connection's own namespace. All: every namespace. Selector: its own namespace, and the namespaces
    that `selector` selects. Default: Same."""
    selector: LabelSelector | None = None
    """Selects namespaces by their labels. Required with `from: Selector`, not allowed otherwise. The operator needs
    permission to read namespaces for it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.from) && self.from == 'Selector') == has(self.selector)",
            message="from: Selector and a selector belong together: set both or neither",
            check=lambda allowed: (allowed.from_ == "Selector") == (allowed.selector is not None),
            field="selector",
        ),
    )


class Limits(Model):
    """The number of calls per minute that the operator may make, by HTTP method."""

    get: PerMinute | None = None
    """GET calls per minute."""
    post: PerMinute | None = None
    """POST calls per minute."""
    put: PerMinute | None = None
    """PUT calls per minute."""
    delete: PerMinute | None = None
    """DELETE calls per minute."""


class CaRef(ReferenceModel):
    """A reference to the certificates of a private certificate authority."""

    kind: Literal["ConfigMap", "Secret"]
    """The kind of the object that holds the certificates."""
    name: ObjectName
    """The name of the object, in the connection's namespace."""
    key: DataKey = "ca.crt"
    """The key whose value is one or more certificates in PEM form. Default: ca.crt."""

    refers_to: ClassVar[RefersTo] = RefersTo("Secret", kind_field="kind")


class Tls(Model):
    """How the server's certificate is verified."""

    ca_ref: CaRef | None = None
    """A private certificate authority to trust in place of the system's. Default: the system's."""


class CredentialPolicy(Model):
    """How the operator treats the Secret with the credentials."""

    protect: Literal["Always", "Never"] = "Always"
    """Always: the Secret has a finalizer while the connection is used, so that the remote objects can still be
    deleted when a whole namespace is deleted. Never: the Secret is not changed. Default: Always."""


class ConnectionSpec(Model):
    """How to connect to a product: address, credentials, and settings for all resources that use the connection."""

    credentials_ref: Annotated[NameRef, RefersTo("Secret")]
    """The Secret with the credentials, in the connection's namespace. If it has the label `jitops.dev/watch: "true"`,
    the operator notices a change of it at once."""
    allowed_namespaces: AllowedNamespaces = AllowedNamespaces()
    """The namespaces whose resources may use this connection. Default: only its own."""
    deletion_policy: DeletionPolicy | None = None
    """What happens to a remote object when its resource is deleted, unless the resource has a deletionPolicy of its
    own. Delete: it is deleted too. Retain: it is kept. Default: the operator's setting."""
    resync_period: Duration | None = None
    """How often the remote objects are compared with their resources, such as 10m, unless a resource has a
    resyncPeriod of its own; 0 turns it off. Default: the operator's setting."""
    limits: Limits = Limits()
    """The number of calls per minute that the operator may make, by HTTP method. If several connections use the same
    key or account, the smallest number applies. Default: the limits that the remote announces or documents."""
    tls: Tls = Tls()
    """How the server's certificate is verified."""
    credentials: CredentialPolicy = CredentialPolicy()
    """How the operator treats the Secret with the credentials."""

    @property
    def address(self) -> str:
        """Return the URL of the remote, which logins are counted for."""
        raise NotImplementedError
