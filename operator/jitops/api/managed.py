"""The parts of a spec that all managed kinds share: references, `management` and `outputs`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.meta import GROUP, MANAGED_BY
from jitops.api.schema.model import Model, Rule
from jitops.api.schema.reference import ReferenceModel, RefersTo
from jitops.api.schema.strings import Annotations, DataKey, Duration, Labels, NamespaceName, ObjectName, OutputKeys

DeletionPolicy = Literal["Delete", "Retain"]

RESERVED = Rule(
    cel=f"self.all(k, !k.startsWith('{GROUP}/') && k != '{MANAGED_BY}')",
    message=f"must not contain {GROUP}/… or {MANAGED_BY}, which jitops sets itself",
    check=lambda keys: not any(key.startswith(f"{GROUP}/") or key == MANAGED_BY for key in keys),
)


class NameRef(Model):
    """A reference to an object in the namespace of the resource."""

    name: ObjectName
    """The name of the object, in the namespace of this resource."""


class ConnectionRef(Model):
    """A reference to the connection that a resource uses."""

    name: ObjectName
    """The name of the connection."""
    namespace: NamespaceName | None = None
    """The namespace of the connection. If it is not the namespace of this resource, the connection must allow it in
    `spec.allowedNamespaces`. Default: the namespace of this resource."""


class SecretKeyRef(ReferenceModel):
    """A reference to one value in a Secret."""

    name: ObjectName
    """The name of the Secret, in the namespace of this resource."""
    key: DataKey
    """The key of the value in the Secret's data."""

    refers_to: ClassVar[RefersTo] = RefersTo("Secret", keyed=True)


class ConfigMapKeyRef(ReferenceModel):
    """A reference to one value in a ConfigMap."""

    name: ObjectName
    """The name of the ConfigMap, in the namespace of this resource."""
    key: DataKey
    """The key of the value in the ConfigMap's `data`."""

    refers_to: ClassVar[RefersTo] = RefersTo("ConfigMap", keyed=True)


class Adopt(Model):
    """Whether the resource may adopt a remote object that already exists."""

    mode: Literal["Never", "Match", "Override"] = "Never"
    """What happens if the remote object already exists. Never: the resource reports a Conflict. Match: the object is
    adopted only if it equals this spec, and nothing is written before that is known. Override: the object is adopted
    and changed to equal this spec. Default: Never."""
    id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The remote id of the object to adopt. Requires mode Match or Override."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.id) || (has(self.mode) && self.mode != 'Never')",
            message="an id is used only to adopt: set mode to Match or Override, or remove the id",
            check=lambda adopt: adopt.id is None or adopt.mode != "Never",
            field="id",
        ),
    )


class Management(Model):
    """How the operator manages the remote object."""

    policy: Literal["Managed", "Observe"] = "Managed"
    """Managed: the remote object is changed to equal this spec. Observe: it is read and compared, but never written.
    The policy can be changed at any time. Default: Managed."""
    adopt: Adopt = Adopt()
    """Whether the resource may adopt a remote object that already exists. Default: it may not."""
    deletion_policy: DeletionPolicy | None = None
    """What happens to the remote object when this resource is deleted. Delete: it is deleted too. Retain: it is kept,
    and so is the Secret with its keys. Default: the deletionPolicy of the connection, else the operator's setting."""
    deletion_protection: bool = False
    """Whether the remote object is protected. true: nothing remote is deleted, neither by the deletion of this
    resource, nor in a replacement, nor by the cascade of another resource's deletion. The deletion waits and reports it
    until this is set to false, or deletionPolicy to Retain. Default: false."""
    drift: Literal["Correct", "Report"] = "Correct"
    """What happens when others changed the remote object. Correct: it is changed back. Report: the condition
    DriftDetected lists the fields, and nothing is written, also when Report is switched on, until a field outside
    `management` and `outputs` is changed; then the whole spec is written. Default: Correct."""
    on_missing: Literal["Recreate", "Report"] | None = None
    """What happens when others deleted the remote object. Recreate: it is created again. Report: the resource reports
    RemoteNotFound, and the object is created again only when a field outside `management` and `outputs` is changed.
    Default: Report with `drift: Report`, else Recreate."""
    resync_period: Duration | None = None
    """How often the remote object is compared with this spec when nothing else happens, such as 10m; 0 turns it off.
    Up to a fifth is added at random. Default: the resyncPeriod of the connection, else the operator's setting."""


class CascadingManagement(Management):
    """How the operator manages an object that links may use."""

    cascade: Literal["Strict", "Cascade", "Orphan"] | None = None
    """What happens to the links of the remote object when this resource is deleted. Strict: the deletion is blocked
    while there are links, and the resource reports which. Cascade: all links are deleted too, whoever made them.
    Orphan: the links of JitsuLinks are deleted; links that others made are kept, and lead nowhere. Default: Strict."""


class ReplacingManagement(Management):
    """How the operator manages an object that the remote can only replace, not change."""

    replace: Literal["Never", "Allow"] = "Never"
    """What happens when a field is changed that the remote can't change. Never: the change is rejected. Allow: a new
    object is created, its ids and keys are written to the Secret, and then the former object is deleted, as soon as
    the remote permits it; until then it is listed in `status.replaced`. Default: Never."""


REPLACEABLE = Rule(
    cel="has(self.management) && has(self.management.replace) && self.management.replace == 'Allow'",
    message="must allow replacement",
    check=lambda spec: spec.management.replace == "Allow",
)
"""Whether a spec allows that its object is replaced; a condition for other rules, so its message is never shown."""


class OutputSecret(Model):
    """The Secret that the outputs are written to."""

    name: ObjectName | None = None
    """The name of the Secret. A Secret that jitops did not create for this resource is never overwritten. Default, for
    kinds that always write a Secret: the resource's name, a hyphen, and the kind in lower case."""
    keys: OutputKeys = Field(default_factory=dict)
    """Other keys for the outputs: a map from the name of an output to its key in the Secret, such as `id: MY_ID`.
    Outputs that are not listed keep their names as keys."""
    labels: Annotated[Labels, RESERVED] = Field(default_factory=dict)
    """Labels to set on the Secret, in addition to those of jitops."""
    annotations: Annotated[Annotations, RESERVED] = Field(default_factory=dict)
    """Annotations to set on the Secret, in addition to those of jitops."""


class Outputs(Model):
    """Where the outputs are written: the ids and keys that the remote assigns."""

    secret: OutputSecret = OutputSecret()
    """The Secret that the outputs are written to."""


class ManagedSpec(Model):
    """The spec that every managed kind has: `management` and `outputs`."""

    management: Management = Management()
    """How the operator manages the remote object: whether it is only observed, adopted, kept on deletion, changed back.
    Everything in it is optional."""
    outputs: Outputs = Outputs()
    """Where the outputs are written: the ids and keys that the remote assigns. Everything in it is optional."""

    output_names: ClassVar[tuple[str, ...]] = ("id",)
    """The names of the outputs of the kind."""


class CascadingSpec(ManagedSpec):
    """The spec of a kind whose objects links may start or end at."""

    management: CascadingManagement = CascadingManagement()
    """How the operator manages the remote object: whether it is only observed, adopted, kept on deletion, changed back.
    Everything in it is optional."""


class ReplacingSpec(ManagedSpec):
    """The spec of a kind whose objects the remote can only replace, not change."""

    management: ReplacingManagement = ReplacingManagement()
    """How the operator manages the remote object: whether it is only observed, adopted, kept on deletion, changed back.
    Everything in it is optional."""


def output_rules(names: tuple[str, ...]) -> tuple[Rule, ...]:
    """Return the rules that only existing outputs are renamed, and that no two get the same key."""
    listed = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    keys = "self.outputs.secret.keys"
    there = f"!has(self.outputs) || !has(self.outputs.secret) || !has({keys})"
    return (
        Rule(
            cel=f"{there} || {keys}.all(k, k in {listed})",
            message=f"must rename existing outputs only; the outputs of this kind are: {', '.join(names)}",
            check=lambda spec: set(spec.outputs.secret.keys) <= set(names),
            field="outputs.secret.keys",
        ),
        Rule(
            cel=f"{there} || {listed}.all(a, {listed}.all(b, a == b"
            f" || (a in {keys} ? {keys}[a] : a) != (b in {keys} ? {keys}[b] : b)))",
            message="must not give two outputs the same key in the Secret",
            check=lambda spec: len({spec.outputs.secret.keys.get(name, name) for name in names}) == len(names),
            field="outputs.secret.keys",
        ),
    )
