"""What a sample of a managed kind is: all that the laws need to know to be tried on it."""

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
    """What else the spec has while the field is set; None takes a field out."""
    instead: Spec | None = None
    """What the spec has when the field is taken out, where it can't be without."""

    def spec(self, value: Any) -> Spec:
        """Give the part of a spec that sets the field; None takes it out."""
        return {self.field: value, **((self.instead if value is None else self.beside) or {})}


@dataclass(frozen=True)
class Sample:
    """A kind, as the laws see it."""

    key: Key
    secret: str
    connect: Callable[[World], Awaitable[Key]]
    manifest: Callable[..., Manifest]
    objects: Callable[[World], list[Mapping[str, Any]]]
    """What the remote holds of this kind; each has an `id`."""
    remove: Callable[[World, str], None]
    """Deletes a remote object behind the operator's back."""
    plant: Callable[[World], str]
    """Makes a remote object equal to the manifest's, by someone else; returns its id."""
    spoil: Callable[[World, str], None]
    """Makes a planted object differ from the manifest."""
    adoption: Callable[[str, str], Spec]
    """Gives the spec part that adopts an id in a mode."""
    valid: Callable[[World], bool]
    """Tells whether the remote would accept what the Secret holds."""
    creation: Fault
    """A fault that fits the request by which an object is made; its kind and times are to be set."""
    outputs: int
    """How many values the Secret holds."""
    listing: str
    """The path of the listing, as a glob."""
    at_rest: Mapping[str, int] = field(default_factory=dict)
    """What a connection's own check costs at each resync, as path globs of GETs."""
    cases: tuple[FieldCase, ...] = ()
    identity: frozenset[str] = frozenset()
    """Fields that can't be changed."""
    elsewhere: frozenset[str] = frozenset()
    """Fields that make another thing of the resource, which has its own scenarios."""
    setting: Callable[[World], None] = lambda _: None
    """Arranges what must be there beside the connection; `connect` does so too."""
    alike: Spec = field(default_factory=dict)
    """What makes a resource of another name ask for the same object, where that is not its `name`."""
    keeps_id: bool = False
    """Whether what was deleted at the remote comes back under its former id."""

    @property
    def is_jitsu(self) -> bool:
        """Tell which of the two products the kind belongs to."""
        return self.key.kind.startswith("Jitsu")

    @property
    def credentials(self) -> str:
        """Name the Secret of the connection."""
        return "jitsu" if self.is_jitsu else "harmony"

    @property
    def reference(self) -> str:
        """Name the field that names the connection."""
        return "workspaceRef" if self.is_jitsu else "organizationRef"

    @property
    def same(self) -> Spec:
        """Give what makes a resource of another name ask for the same object."""
        return self.alike or {"name": self.key.name}


def untold(field: str, value: Any, other: Any) -> FieldCase:
    """Give the case of a field that speaks of how is written, not of what: nothing of it is seen."""
    return FieldCase(field, value, other, lambda _: None, None, None, None)
