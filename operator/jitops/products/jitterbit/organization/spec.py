"""The spec of a JitterbitOrganization."""

from typing import Annotated, ClassVar

from pydantic import Field

from jitops.api.connection import ConnectionSpec
from jitops.api.schema.integers import WHOLE
from jitops.api.schema.model import Model, Rule, immutable
from jitops.api.schema.strings import HttpUrl, PathSegment
from jitops.products.jitterbit.fields import NOT_HARMONY, REGION_HOSTS, Region

DEFAULT_SETTLE_SECONDS = 60


class ApiAdapter(Model):
    """A service of yours that publishes Custom APIs in API Manager."""

    base_url: Annotated[HttpUrl, NOT_HARMONY]
    """The URL of the service, up to the /v1/ of the contract. It must not be a host of Harmony itself."""


class JitterbitOrganizationSpec(ConnectionSpec):
    """A connection to one Jitterbit Harmony organization: its region, and the user to manage it with.

    The Secret holds `email` and `password` of a Harmony user without a second factor and without single sign-on, and
    `adapterToken` if an adapter requires one.
    """

    region: Region | None = None
    """The region of the organization: NA, EMEA or APAC. Required unless `host` is set."""
    host: HttpUrl | None = None
    """The URL of the region's REST services, such as https://na-east.jitterbit.com. It takes precedence over
    `region`."""
    organization_id: PathSegment
    """The id of the organization, in quotes. It can't be changed: all objects would be created again in another
    organization."""
    settle_seconds: Annotated[int, Field(ge=0, le=3600), WHOLE] | None = None
    """How many seconds a registration may take to appear in Harmony's list. After an unclear answer the operator waits
    this long before it registers again, so that nothing is registered twice. Default: 60."""
    api_adapter: ApiAdapter | None = None
    """A service of yours that publishes the Custom APIs with `publication.mode: Adapter` in API Manager. It implements
    the contract that `jitops adapter-contract` prints, which is not an API of Jitterbit. It receives the `adapterToken`
    of the Secret, if there is one, as a bearer token. If it, or a gateway, has a certificate of a private certificate
    authority, set that in `tls` too. Default: none."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationId", "create another JitterbitOrganization, and refer to it in the resources"),
        Rule(
            cel="has(self.region) || has(self.host)",
            message="set region to NA, EMEA or APAC, or host to the URL of the REST services",
            check=lambda spec: spec.region is not None or spec.host is not None,
            field="region",
        ),
    )

    @property
    def address(self) -> str:
        """Return the URL of the REST services; empty if neither field is set, which the rules reject."""
        if self.host is not None:
            return self.host.rstrip("/")
        return "" if self.region is None else REGION_HOSTS[self.region]

    @property
    def settle(self) -> float:
        """Return the seconds that a registration may take to appear in Harmony's list."""
        return DEFAULT_SETTLE_SECONDS if self.settle_seconds is None else self.settle_seconds
