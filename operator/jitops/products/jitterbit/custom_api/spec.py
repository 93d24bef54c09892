"""A Custom API of API Manager: the whole configuration of the UI's steps, and how it gets there."""

from typing import Annotated, ClassVar

from pydantic import Field

from jitops.api.managed import ConnectionRef, ManagedSpec, Outputs, output_rules
from jitops.api.schema.model import ListMap, Model, Rule, immutable
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName, HttpUrl, ObjectName
from jitops.products.jitterbit.custom_api.parts import (
    ApiLogging,
    Environment,
    Publication,
    Security,
    Service,
    ServiceRoot,
    Verification,
    Version,
)
from jitops.products.jitterbit.fields import NOT_HARMONY

API_OUTPUTS = ("id", "url", "baseUrl")


class OutputConfigMap(Model):
    """The ConfigMap that receives the documents."""

    name: ObjectName | None = None
    """The ConfigMap's name. One that exists and isn't ours is never overwritten. Default: the resource's name and
    -customapi."""


class CustomAPIOutputs(Outputs):
    """Where id, addresses and documents go."""

    config_map: OutputConfigMap = OutputConfigMap()
    """The ConfigMap that receives configuration.json, openapi.json, configurationHash, url and baseUrl."""


class CustomAPISpec(ManagedSpec):
    """A Custom API of API Manager: settings, services, roles, security profiles, publication.

    The configuration is complete: what is left out here is empty in the API. The ConfigMap `<name>-customapi` always
    receives it, with an OpenAPI document of the API.
    """

    organization_ref: Annotated[ConnectionRef, UsesConnection("JitterbitOrganization")]
    """The JitterbitOrganization in which the API lives. It can't be changed."""
    name: DisplayName | None = None
    """The API's name in API Manager. Default: metadata.name."""
    description: Annotated[str, Field(max_length=4096)] | None = None
    """What the API is for."""
    environment: Environment
    """The environment in which the API lives. It can't be changed."""
    service_root: ServiceRoot
    """The API's public name, the last part of its URL. A change moves the API to another URL."""
    version: Version | None = None
    """The API's version, a part of its URL: 50 characters at most, no spaces; Jitterbit recommends no special but .
    and -. A change moves the API to another URL. Default: none, and no part of the URL."""
    base_url: Annotated[HttpUrl, NOT_HARMONY] | None = None
    """The address of the gateway, for a custom domain or a private gateway. Default: https://, the organization's name
    and id, and its region's domain, such as https://Example123456.jitterbit.net; where the name is not just letters and
    digits, what Jitterbit makes of it is not known, and the address must be set here."""
    logging: ApiLogging = ApiLogging()
    """What API Manager logs of the API. Default: nothing."""
    services: Annotated[list[Service], Field(min_length=1, max_length=64), ListMap("name")]
    """The services of the API, at least one."""
    roles: Annotated[
        list[DisplayName],
        Field(max_length=64),
        Rule(
            cel="self.all(a, self.exists_one(b, b == a))",
            message="must name each role once",
            check=lambda names: len(set(names)) == len(names),
        ),
    ] = Field(default_factory=list)
    """The user roles, from the Management Console, that see the API's documentation in the portal."""
    security: Security
    """Who may call the API: its security profiles, or said aloud, anyone."""
    publication: Publication
    """How the API gets to API Manager, and whether it is live there."""
    verification: Verification = Verification()
    """Whether the API's URL is looked at, and how often."""
    outputs: CustomAPIOutputs = CustomAPIOutputs()
    """Where id, addresses and documents go. All of it is optional."""

    output_names: ClassVar[tuple[str, ...]] = API_OUTPUTS
    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationRef", "delete this resource, and create it again in the other organization"),
        immutable("environment", "delete this resource, and create it again for the other environment"),
        Rule(
            cel="self.services.all(a, self.services.exists_one(b, a.method == b.method"
            " && (has(a.path) ? a.path : '/') == (has(b.path) ? b.path : '/')))",
            message="two services with the same method and path can't be told apart: give each its own",
            check=lambda spec: len({(one.method, one.path or "/") for one in spec.services}) == len(spec.services),
            field="services",
        ),
        *output_rules(API_OUTPUTS),
    )

    @property
    def looks(self) -> bool:
        """Tell whether the API's URL is looked at."""
        told = self.verification
        if told.probe is not None or told.credentials_ref is not None:
            return told.probe is not False
        return self.publication.mode != "Adapter" and not self.security.public
