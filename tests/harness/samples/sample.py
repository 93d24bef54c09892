"""The form of a sample: what the laws must know of a managed kind to be tested on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.harness.manifests import Manifest
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault

Spec = Mapping[str, Any]
WS = "cacme00000000000000000001"


@dataclass(frozen=True)
class FieldCase:
    """One field of a spec: a value, another one, and where they are seen (None: the remote's own field)."""

    field: str
    value: Any
    other: Any
    seen: Callable[[World], Any]
    """What is seen of the field where it takes effect."""
    shown: Any
    """What is seen while the field has `value`."""
    shown_other: Any
    """What is seen while the field has `other`."""
    absent: Any
    """What is seen while the field is not set."""
    drift: Callable[[World], None] | None = None
    """Changes the field at the remote; None: nobody can."""
    beside: Spec | None = None
    """What else the spec has while the field is set; None removes a field."""
    instead: Spec | None = None
    """What the spec has without the field, where it needs something else then."""

    def spec(self, value: Any) -> Spec:
        """Return the part of a spec that sets the field; None removes it."""
        return {self.field: value, **((self.instead if value is None else self.beside) or {})}


@dataclass(frozen=True)
class Sample:
    """One managed kind, as the laws need it."""

    key: Key
    secret: str
    connect: Callable[[World], Awaitable[Key]]
    manifest: Callable[..., Manifest]
    objects: Callable[[World], list[Mapping[str, Any]]]
    """What the remote holds of this kind; each has an `id`."""
    remove: Callable[[World, str], None]
    """Deletes a remote object behind the operator's back."""
    plant: Callable[[World], str]
    """Creates a remote object equal to the manifest's, as another person; returns its id."""
    spoil: Callable[[World, str], None]
    """Makes a planted object differ from the manifest."""
    adoption: Callable[[str, str], Spec]
    """Returns the part of a spec that adopts an id in a mode."""
    valid: Callable[[World], bool]
    """Returns whether the remote accepts the values of the Secret."""
    creation: Fault
    """A fault of the request that creates an object; its kind and times are to be set."""
    outputs: int
    """How many values the Secret holds."""
    listing: str
    """The path of the listing, as a glob."""
    at_rest: Mapping[str, int] = field(default_factory=dict)
    """The requests of a connection's own check at each resync, by the path globs of GETs."""
    cases: tuple[FieldCase, ...] = ()
    identity: frozenset[str] = frozenset()
    """Fields that can't be changed."""
    elsewhere: frozenset[str] = frozenset()
    """Fields with scenarios of their own: they change what the resource is."""
    setting: Callable[[World], None] = lambda _: None
    """Arranges what must exist beside the connection; `connect` does so, too."""
    alike: Spec = field(default_factory=dict)
    """The spec by which a resource of another name asks for the same object, unless by its `name`."""
    keeps_id: bool = False
    """Whether an object that was deleted at the remote is created again under the same id."""

    @property
    def is_jitsu(self) -> bool:
        """Return whether the kind is Jitsu's; otherwise it is Jitterbit's."""
        return self.key.kind.startswith("Jitsu")

    @property
    def credentials(self) -> str:
        """The name of the connection's Secret."""
        return "jitsu" if self.is_jitsu else "harmony"

    @property
    def reference(self) -> str:
        """The field that refers to the connection."""
        return "workspaceRef" if self.is_jitsu else "organizationRef"

    @property
    def same(self) -> Spec:
        """The spec by which a resource of another name asks for the same object."""
        return self.alike or {"name": self.key.name}


def untold(field: str, value: Any, other: Any) -> FieldCase:
    """Return the case of a field that has no effect at the remote."""
    return FieldCase(field, value, other, lambda _: None, None, None, None)
