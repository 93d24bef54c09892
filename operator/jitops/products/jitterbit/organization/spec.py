"""Jitterbit Harmony: the organization as a connection."""

from typing import Annotated, ClassVar

from pydantic import Field

from jitops.api.connection import ConnectionSpec
from jitops.api.schema.integers import WHOLE
from jitops.api.schema.model import Model, Rule, immutable
from jitops.api.schema.strings import HttpUrl, PathSegment
from jitops.products.jitterbit.fields import NOT_HARMONY, REGION_HOSTS, Region

DEFAULT_SETTLE_SECONDS = 60


class ApiAdapter(Model):
    """A service of yours that brings Custom APIs to API Manager."""

    base_url: Annotated[HttpUrl, NOT_HARMONY]
    """The service's address, before the /v1/ of the contract; never a host of Harmony itself."""


class JitterbitOrganizationSpec(ConnectionSpec):
    """One Jitterbit Harmony organization: where it is, and with which login it is managed.

    The Secret holds `email` and `password` of a Harmony user that needs no second factor and no single
    sign-on, and `adapterToken` if an adapter asks for one.
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
    api_adapter: ApiAdapter | None = None
    """A service of yours that brings Custom APIs with `publication.mode: Adapter` to API Manager: it speaks the
    contract that `jitops adapter-contract` prints, which is no API of Jitterbit's. It gets the Secret's `adapterToken`,
    if there is one, as a bearer token. A private certificate authority of it, or of a gateway, belongs in `tls` too.
    Default: none."""

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
    def address(self) -> str:
        """Give the address to call."""
        if self.host is not None:
            return self.host.rstrip("/")
        return "" if self.region is None else REGION_HOSTS[self.region]

    @property
    def settle(self) -> float:
        """Give the seconds that a registration may take to appear in the listing."""
        return DEFAULT_SETTLE_SECONDS if self.settle_seconds is None else self.settle_seconds
