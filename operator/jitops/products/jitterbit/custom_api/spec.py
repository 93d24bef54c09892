"""The spec of a CustomAPI: the complete configuration that API Manager's UI has, and how it is published."""

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
    """The ConfigMap that the documents are written to."""

    name: ObjectName | None = None
    """The name of the ConfigMap. A ConfigMap that jitops did not create for this resource is never overwritten.
    Default: `<name>-customapi`."""


class CustomAPIOutputs(Outputs):
    """Where id, URLs and documents are written."""

    config_map: OutputConfigMap = OutputConfigMap()
    """The ConfigMap that configuration.json, openapi.json, configurationHash, url and baseUrl are written to."""


class CustomAPISpec(ManagedSpec):
    """A Custom API of API Manager: settings, services, roles, security profiles and publication.

    The configuration is complete: a field that is omitted here is empty in the API. The configuration and an OpenAPI
    document of the API are always written to the ConfigMap `<name>-customapi`.
    """

    organization_ref: Annotated[ConnectionRef, UsesConnection("JitterbitOrganization")]
    """The JitterbitOrganization that the API belongs to. It can't be changed."""
    name: DisplayName | None = None
    """The name of the API in API Manager. Default: metadata.name."""
    description: Annotated[str, Field(max_length=4096)] | None = None
    """The description of the API."""
    environment: Environment
    """The environment that the API belongs to. It can't be changed."""
    service_root: ServiceRoot
    """The public name of the API, which is the last part of its URL. A change moves the API to another URL."""
    version: Version | None = None
    """The version of the API, which is a part of its URL: at most 50 characters, without spaces. Of special characters,
    Jitterbit recommends only . and -. A change moves the API to another URL. Default: no version, also not in the URL.
    """
    base_url: Annotated[HttpUrl, NOT_HARMONY] | None = None
    """The URL of the gateway, for a custom domain or a private gateway. Default: https://, the name and id of the
    organization, and the domain of its region, such as https://Example123456.jitterbit.net. If the name has other
    characters than letters and digits, the URL must be set here, since it is not known how Jitterbit writes them."""
    logging: ApiLogging = ApiLogging()
    """What API Manager logs about the API. Default: nothing."""
    services: Annotated[list[Service], Field(min_length=1, max_length=64), ListMap("name")]
    """The services of the API, at least one."""
    roles: Annotated[
        list[DisplayName],
        Field(max_length=64),
        Rule(
            cel="self.all(a, self.exists_one(b, b == a))",
            message="must list each role once",
            check=lambda names: len(set(names)) == len(names),
        ),
    ] = Field(default_factory=list)
    """The user roles of the Management Console that can see the documentation of the API in the portal."""
    security: Security
    """Who may call the API: callers with one of its security profiles, or, if set explicitly, anyone."""
    publication: Publication
    """How the API is published in API Manager, and whether it is live there."""
    verification: Verification = Verification()
    """Whether the URL of the API is checked, and how often."""
    outputs: CustomAPIOutputs = CustomAPIOutputs()
    """Where id, URLs and documents are written. Everything in it is optional."""

    output_names: ClassVar[tuple[str, ...]] = API_OUTPUTS
    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("organizationRef", "delete this resource and create it again in the other organization"),
        immutable("environment", "delete this resource and create it again for the other environment"),
        Rule(
            cel="self.services.all(a, self.services.exists_one(b, a.method == b.method"
            " && (has(a.path) ? a.path : '/') == (has(b.path) ? b.path : '/')))",
            message="must not have two services with the same method and path",
            check=lambda spec: len({(one.method, one.path or "/") for one in spec.services}) == len(spec.services),
            field="services",
        ),
        *output_rules(API_OUTPUTS),
    )

    @property
    def checks_url(self) -> bool:
        """Return whether the URL of the API is checked."""
        verification = self.verification
        if verification.probe is not None or verification.credentials_ref is not None:
            return verification.probe is not False
        return self.publication.mode != "Adapter" and not self.security.public
