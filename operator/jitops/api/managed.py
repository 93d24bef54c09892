"""The parts that every managed kind has: references, `management`, `outputs`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.meta import GROUP, MANAGED_BY
from jitops.api.schema.model import Model, Rule
from jitops.api.schema.reference import ReferenceModel, RefersTo
from jitops.api.schema.strings import Annotations, DataKey, Duration, Labels, NamespaceName, ObjectName, OutputKeys

DeletionPolicy = Literal["Delete", "Retain"]

OURS = Rule(
    cel=f"self.all(k, !k.startsWith('{GROUP}/') && k != '{MANAGED_BY}')",
    message=f"must leave out {GROUP}/… and {MANAGED_BY}, which jitops sets itself",
    check=lambda keys: not any(key.startswith(f"{GROUP}/") or key == MANAGED_BY for key in keys),
)


class NameRef(Model):
    """Names an object in the namespace of the resource."""

    name: ObjectName
    """The object's name; it is looked for in the namespace of this resource."""


class ConnectionRef(Model):
    """Names the connection that a resource uses."""

    name: ObjectName
    """The connection's name."""
    namespace: NamespaceName | None = None
    """The connection's namespace, if it is another one; the connection must allow that in
    `spec.allowedNamespaces`.

    Default: the namespace of this resource."""


class SecretKeyRef(ReferenceModel):
    """Points at one value in a Secret."""

    name: ObjectName
    """The Secret's name, in the namespace of this resource."""
    key: DataKey
    """The key of the value in the Secret's data."""

    refers_to: ClassVar[RefersTo] = RefersTo("Secret", keyed=True)


class ConfigMapKeyRef(ReferenceModel):
    """Points at one value in a ConfigMap."""

    name: ObjectName
    """The ConfigMap's name, in the namespace of this resource."""
    key: DataKey
    """The key of the value in the ConfigMap's `data`."""

    refers_to: ClassVar[RefersTo] = RefersTo("ConfigMap", keyed=True)


class Adopt(Model):
    """Whether a remote object that exists already may become this resource's."""

    mode: Literal["Never", "Match", "Override"] = "Never"
    """Never: an object that exists already is a Conflict. Match: it is adopted only if it equals this spec,
    and nothing is written before that is known. Override: it is adopted and made to equal this spec. Default:
    Never."""
    id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The remote id of the object to adopt; needs mode Match or Override."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.id) || (has(self.mode) && self.mode != 'Never')",
            message="an id is used only when adopting: set mode to Match or Override, or take the id out",
            check=lambda adopt: adopt.id is None or adopt.mode != "Never",
            field="id",
        ),
    )


class Management(Model):
    """How the operator treats the remote object."""

    policy: Literal["Managed", "Observe"] = "Managed"
    """Managed: the remote object is made to equal this spec. Observe: it is read and compared, never written.
    Changing from one to the other is fine. Default: Managed."""
    adopt: Adopt = Adopt()
    """Whether a remote object that exists already may become this resource's. Default: never."""
    deletion_policy: DeletionPolicy | None = None
    """What happens to the remote object when this resource is deleted. Delete: it is deleted too. Retain: it
    stays, and so does the Secret with its keys. Default: what the connection says, else Delete."""
    drift: Literal["Correct", "Report"] = "Correct"
    """What happens when the remote object was changed by others. Correct: it is changed back. Report: the
    condition DriftDetected names the fields, nothing is written. Default: Correct."""
    resync_period: Duration | None = None
    """How often the remote object is compared with this spec when nothing else happens, such as 10m; 0 turns
    it off. Up to a fifth is added at random. Default: what the connection says, else the operator's setting.
    """


class CascadingManagement(Management):
    """The same for an object that links may use."""

    cascade: Literal["Strict", "Cascade", "Orphan"] | None = None
    """What happens to the links of the remote object when this resource is deleted. Strict: while there are any,
    the deletion is blocked, and says by which. Cascade: they are deleted too, whoever made them. Orphan: those of
    JitsuLinks are deleted, those that others made stay and lead nowhere. Default: Strict."""


class ReplacingManagement(Management):
    """The same for an object that the remote can't change, only make anew."""

    replace: Literal["Never", "Allow"] = "Never"
    """What happens when a field is changed that the remote can't change. Never: the change is refused. Allow: a new
    object is made, its ids and keys are written to the Secret, and then the former one is removed, as soon as the
    remote lets it go; until then it is listed in `status.replaced`. Default: Never."""


REPLACEABLE = Rule(
    cel="has(self.management) && has(self.management.replace) && self.management.replace == 'Allow'",
    message="must allow replacement",
    check=lambda spec: spec.management.replace == "Allow",
)
"""Whether a spec lets its object be replaced."""


class OutputSecret(Model):
    """The Secret that receives what the remote hands out."""

    name: ObjectName | None = None
    """The Secret's name. A Secret that exists and isn't ours is never overwritten. Default: the resource's
    name and its kind, where the kind always writes a Secret; see the kind's own description."""
    keys: OutputKeys = Field(default_factory=dict)
    """Other names for the outputs: from the output's own name to the key it gets in the Secret, such as
    `id: MY_ID`. Outputs that aren't named here keep their own names."""
    labels: Annotated[Labels, OURS] = Field(default_factory=dict)
    """Labels to put on the Secret, besides ours."""
    annotations: Annotated[Annotations, OURS] = Field(default_factory=dict)
    """Annotations to put on the Secret, besides ours."""


class Outputs(Model):
    """Where the ids and keys go that the remote hands out."""

    secret: OutputSecret = OutputSecret()
    """The Secret that receives them."""


class ManagedSpec(Model):
    """What every managed kind has: `management` and `outputs`."""

    management: Management = Management()
    """How the remote object is treated: watched or managed, adopted, deleted, repaired. All of it is
    optional."""
    outputs: Outputs = Outputs()
    """Where the ids and keys go that the remote hands out. All of it is optional."""

    output_names: ClassVar[tuple[str, ...]] = ("id",)
    """The names of the outputs that the kind has."""


class CascadingSpec(ManagedSpec):
    """What a kind has besides whose objects links may start or end at."""

    management: CascadingManagement = CascadingManagement()
    """How the remote object is treated: watched or managed, adopted, deleted, repaired. All of it is
    optional."""


class ReplacingSpec(ManagedSpec):
    """What a kind has besides whose objects the remote can't change, only make anew."""

    management: ReplacingManagement = ReplacingManagement()
    """How the remote object is treated: watched or managed, adopted, deleted, repaired. All of it is
    optional."""


def output_rules(names: tuple[str, ...]) -> tuple[Rule, ...]:
    """Ask that outputs are renamed by the names they have, and to names that differ."""
    listed = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    keys = "self.outputs.secret.keys"
    there = f"!has(self.outputs) || !has(self.outputs.secret) || !has({keys})"
    return (
        Rule(
            cel=f"{there} || {keys}.all(k, k in {listed})",
            message=f"there is no such output; the outputs of this kind are: {', '.join(names)}",
            check=lambda spec: set(spec.outputs.secret.keys) <= set(names),
            field="outputs.secret.keys",
        ),
        Rule(
            cel=f"{there} || {listed}.all(a, {listed}.all(b, a == b"
            f" || (a in {keys} ? {keys}[a] : a) != (b in {keys} ? {keys}[b] : b)))",
            message="two outputs would get the same key in the Secret: give each a key of its own",
            check=lambda spec: len({spec.outputs.secret.keys.get(name, name) for name in names}) == len(names),
            field="outputs.secret.keys",
        ),
    )
