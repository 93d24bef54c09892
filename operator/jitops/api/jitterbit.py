"""Jitterbit Harmony: the organization as a connection, and connector registrations."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.base import Model, Rule, immutable, matching
from jitops.api.common import ConnectionRef, ManagedSpec, output_rules
from jitops.api.connection import ConnectionSpec
from jitops.api.integers import WHOLE
from jitops.api.strings import DisplayName, HttpUrl, PathSegment

Region = Literal["NA", "EMEA", "APAC"]

REGION_HOSTS: dict[Region, str] = {
    "NA": "https://na-east.jitterbit.com",
    "EMEA": "https://emea-west.jitterbit.com",
    "APAC": "https://apac-southeast.jitterbit.com",
}
"""Where each region's REST services are."""

DEFAULT_SETTLE_SECONDS = 60

MOST_ACTIVITIES = 99
"""A registration hands out 99 ids for activities."""

# A header of a JAR manifest has at most 70 characters, of which `Jitterbit-Activity-EntityTypeId-` takes 32.
Activity = Annotated[
    str,
    Field(min_length=1, max_length=38),
    matching("[A-Za-z0-9_-]+", "must be a part of a manifest header: letters, digits, '-' and '_', 38 at most"),
]

OUTPUTS = (
    "id",
    "key",
    "secret",
    "endpointEntityId",
    "functionEntityStartId",
    "functionEntityEndId",
    "MANIFEST.MF",
)


class JitterbitOrganizationSpec(ConnectionSpec):
    """One Jitterbit Harmony organization: where it is, and with which login it is managed.

    The Secret holds `email` and `password` of a Harmony user that needs no second factor and no single
    sign-on.
    """

    region: Region | None = None
    """The organization's region: NA, EMEA or APAC. Needed unless `host` is set."""
    host: HttpUrl | None = None
    """The address of the region's REST services, such as https://na-east.jitterbit.com. It wins over
    `region`."""
    organization_id: PathSegment
    """The organization's id, in quotes. It can't be changed: the objects would be made again in another one.
    """
    settle_seconds: Annotated[int, Field(ge=0, le=3600), WHOLE] | None = None
    """How many seconds a registration may take to appear in the listing. After an unclear answer the operator
    waits that long before it registers again, so that nothing is registered twice. Default: 60."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationId", "create another JitterbitOrganization, and let the resources refer to it"),
        Rule(
            cel="has(self.region) || has(self.host)",
            message="set region to NA, EMEA or APAC, or host to the address of the REST services",
            check=lambda spec: spec.region is not None or spec.host is not None,
            field="region",
        ),
    )

    @property
    def base_url(self) -> str:
        """Give the address to call."""
        if self.host is not None:
            return self.host.rstrip("/")
        return "" if self.region is None else REGION_HOSTS[self.region]

    @property
    def settle(self) -> float:
        """Give the seconds that a registration may take to appear in the listing."""
        return DEFAULT_SETTLE_SECONDS if self.settle_seconds is None else self.settle_seconds


class ConnectorManifest(Model):
    """What goes into the fragment of a JAR manifest."""

    activities: Annotated[
        list[Activity],
        Field(max_length=MOST_ACTIVITIES),
        Rule(
            cel="self.all(a, self.exists_one(b, b.lowerAscii() == a.lowerAscii()))",
            message="must name each activity once; upper and lower case are the same in a manifest",
            check=lambda names: len({name.lower() for name in names}) == len(names),
        ),
    ]
    """The connector's activities, as they are named in the manifest. Each gets an id of the registration, in
    this order: add new ones at the end, so that the others keep theirs."""


class ConnectorSpec(ManagedSpec):
    """A connector's registration in an organization (Connector SDK).

    The Secret `<name>-connector` always receives its id, key, secret, entity ids, and a fragment of a JAR
    manifest.
    """

    organization_ref: ConnectionRef
    """The JitterbitOrganization in which the connector is registered. It can't be changed."""
    name: DisplayName | None = None
    """The connector's name, equal to `name` in its adapter.json. It can't be changed. Default: metadata.name.
    """
    version: Annotated[
        str,
        Field(min_length=1, max_length=64),
        matching(r"\S(.*\S)?", "must be one line, with no space at its beginning or end"),
    ]
    """The version that is registered, such as "1.0.0", in quotes. It can't be changed. It needs not equal the
    version of the JAR."""
    manifest: ConnectorManifest | None = None
    """What goes into the manifest fragment besides the registration's own values."""

    output_names: ClassVar[tuple[str, ...]] = OUTPUTS
    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationRef", "delete this resource, and create it again in the other organization"),
        immutable("name", "a registration can't be renamed; delete this resource, and create it again"),
        immutable("version", "a registration keeps its version; delete this resource, and create it again"),
        *output_rules(OUTPUTS),
    )

    @property
    def connection_ref(self) -> ConnectionRef:
        """Say in which organization the connector is registered."""
        return self.organization_ref

    @property
    def activities(self) -> tuple[str, ...]:
        """Give the activities in the order of their ids."""
        return () if self.manifest is None else tuple(self.manifest.activities)
