"""The spec of a JitsuLink."""

from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from jitops.api.managed import ConnectionRef, ManagedSpec, output_rules
from jitops.api.schema.model import Model, Rule, immutable
from jitops.api.schema.open_map import LIST_OF_OBJECTS, OpenMap
from jitops.api.schema.reference import RefersTo, UsesConnection
from jitops.api.schema.strings import ObjectName, PathSegment

DATA = OpenMap(
    rejected={"functions": LIST_OF_OBJECTS},
    why="has a field of its own in this spec",
)
OPTIONS = OpenMap()

INSTEAD = "delete this resource and create another one between the other two"


class RemoteRef(Model):
    """A reference to an object of the console: by a resource in this namespace, or by its id."""

    name: ObjectName | None = None
    """The name of the resource that manages the object, in the namespace of this resource."""
    external: PathSegment | None = None
    """The id of the object at the console, if no resource in this namespace manages it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.name) != has(self.external)",
            message="set exactly one of name and external",
            check=lambda ref: (ref.name is None) != (ref.external is None),
        ),
    )


class LinkSource(Model):
    """Where a link starts."""

    stream_ref: Annotated[RemoteRef, RefersTo("JitsuStream")] | None = None
    """The JitsuStream whose events are sent to the destination."""
    service_ref: Annotated[RemoteRef, RefersTo("JitsuService")] | None = None
    """The JitsuService whose data is synced to the destination."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.streamRef) != has(self.serviceRef)",
            message="set exactly one of streamRef and serviceRef",
            check=lambda source: (source.stream_ref is None) != (source.service_ref is None),
        ),
    )


class LinkTarget(Model):
    """Where a link ends."""

    destination_ref: Annotated[RemoteRef, RefersTo("JitsuDestination")]
    """The JitsuDestination that receives the events or the data."""


class LinkFunction(Model):
    """A function that a link runs."""

    function_ref: Annotated[RemoteRef, RefersTo("JitsuFunction")]
    """The JitsuFunction to run."""
    options: Annotated[dict[str, JsonValue], Field(max_length=64), OPTIONS] | None = None
    """Options that are passed to the function. Only the function itself knows them."""


class JitsuLinkSpec(ManagedSpec):
    """A link: a connection that sends a stream's events to a destination, or a sync of a service's data to one.

    A Secret with the id of the link is written only if `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace that the link belongs to. It can't be changed."""
    from_: LinkSource = Field(validation_alias="from", serialization_alias="from")
    """Where the link starts: at a stream or at a service. It can't be changed."""
    to: LinkTarget
    """Where the link ends: at a destination. It can't be changed."""
    functions: Annotated[list[LinkFunction], Field(max_length=64)] | None = None
    """The functions that process the events of a stream before they reach the destination, in this order."""
    data: Annotated[dict[str, JsonValue], Field(max_length=64), DATA] | None = None
    """The options of the link, such as mode, frequency or streams, as the console names them. They depend on the type
    of the destination; the console checks them. Options that others set and that are not listed here are kept. Don't
    put secrets here: everyone who can read the link can read `functionsEnv`."""
    allow_parallel: bool | None = None
    """Whether a sync may be created although other syncs exist between the same service and destination, which are then
    not changed. Default: false, there is only one."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource and create it again in the other workspace"),
        immutable("from", INSTEAD),
        immutable("to", INSTEAD),
        Rule(
            cel="!has(self.functions) || !has(self.from.serviceRef)",
            message="functions run on the events of a stream: remove them from a link that starts at a service",
            check=lambda spec: spec.functions is None or spec.from_.service_ref is None,
            field="functions",
        ),
        Rule(
            cel="!has(self.allowParallel) || !self.allowParallel || has(self.from.serviceRef)",
            message="only syncs may be parallel, as a stream and a destination have one link: remove allowParallel",
            check=lambda spec: not spec.allow_parallel or spec.from_.service_ref is not None,
            field="allowParallel",
        ),
        Rule(
            cel="!has(self.allowParallel) || !self.allowParallel || !has(self.management)"
            " || !has(self.management.adopt) || !has(self.management.adopt.mode)"
            " || self.management.adopt.mode == 'Never' || has(self.management.adopt.id)",
            message="one of several syncs is adopted by its id: set management.adopt.id",
            check=lambda spec: (
                not spec.allow_parallel or spec.management.adopt.mode == "Never" or spec.management.adopt.id is not None
            ),
            field="management.adopt.id",
        ),
        *output_rules(("id",)),
    )

    @property
    def is_sync(self) -> bool:
        """Return whether the link is a sync, which starts at a service."""
        return self.from_.service_ref is not None
