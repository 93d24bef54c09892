"""The parts of a CustomAPI's spec, as API Manager's UI has them (docs/reference/jitterbit.md section 4)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.managed import SecretKeyRef
from jitops.api.schema.model import ListMap, Model, Rule, matching
from jitops.api.schema.strings import DisplayName, Duration

Kind = Literal["Anonymous", "Basic", "OAuth2", "ApiKey"]

PROBE_INTERVAL_SECONDS = 3600.0

# Jitterbit documents these special characters. It documents "letters" without saying which: English ones are accepted.
ServiceRoot = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(
        r"[A-Za-z0-9_~()$;/\\?:@=&\x27!*,+-]+",
        "must have only letters, digits and _ ~ ( ) $ ; / \\ ? : @ = & ' ! * , + - and no spaces; of these special"
        " characters Jitterbit recommends only _",
    ),
]

UrlSegment = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"[^\s/?#]+", "must not contain spaces, / ? or #, as it is a part of the URL"),
    Rule(
        cel="!(self in ['.', '..'])",
        message="must not be . or .., as it is a part of the URL",
        check=lambda text: text not in {".", ".."},
    ),
]

Version = Annotated[UrlSegment, Field(max_length=50)]

Path = Annotated[
    str,
    Field(min_length=1, max_length=256),
    matching(
        r"/([^\x00-\x20\x7f?#{}]|\{[^\x00-\x20\x7f?#{}/]+\})*",
        "must begin with / and have no spaces, control characters, ? or #, and braces only around the name of a path"
        " parameter, such as /customers/{id}",
    ),
]

LookPath = Annotated[
    str,
    Field(min_length=1, max_length=256),
    matching(
        r"/([A-Za-z0-9._~!$&\x27()*+,;=:@/-]|%[0-9A-Fa-f]{2})*",
        "must begin with / and be written as in a URL, without parameters: no { or }, and other special characters"
        " percent-encoded, such as /customers/7",
    ),
    Rule(
        cel="!self.lowerAscii().replace('%2e', '.').split('/').exists(part, part == '.' || part == '..')",
        message="must not have . or .. as a part, which would leave the URL of the API",
        check=lambda path: not {".", ".."} & set(path.lower().replace("%2e", ".").split("/")),
    ),
]

Method = Annotated[
    str,
    Field(min_length=1, max_length=32),
    matching("[A-Z][A-Z0-9_-]*", "must be an HTTP method in capital letters, such as GET, or a custom method"),
]

ProfileName = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"\S(.*\S)?", "must be one line, without a space at the beginning or end"),
]


OF_THE_TRANSPORT = (
    "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent",
)  # fmt: skip
"""The headers of the HTTP request itself, which can't hold credentials."""

HeaderName = Annotated[
    str,
    Field(min_length=1, max_length=64),
    matching("[A-Za-z0-9-]*[A-Za-z0-9][A-Za-z0-9-]*", "must be the name of a header"),
    Rule(
        cel=f"!(self.lowerAscii() in {list(OF_THE_TRANSPORT)})",
        message="must not be a header of the HTTP request itself: set the one with the credentials, such as X-Api-Key",
        check=lambda name: name.lower() not in OF_THE_TRANSPORT,
    ),
]


class Environment(Model):
    """An environment of the organization."""

    name: DisplayName
    """The name of the environment in the Management Console."""
    url_prefix: UrlSegment
    """The URL prefix of the environment in the Management Console, which is a part of the URL of the API. It is not the
    name."""


class ApiLogging(Model):
    """What API Manager logs about the API."""

    debug: bool = False
    """Whether debug logging is on. Default: false."""
    verbose: bool = False
    """Whether verbose logging is on. Default: false."""


class Parameter(Model):
    """A parameter of a service."""

    name: Annotated[str, Field(min_length=1, max_length=64), matching(r"[^\s{}]+", "must not contain spaces, { or }")]
    """The name of the parameter."""
    in_: Literal["path", "query", "header"] = Field(validation_alias="in", serialization_alias="in")
    """Where the parameter is: path, query or header."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    """The description of the parameter."""


class Service(Model):
    """A service of the API: a method and a path that run an operation."""

    name: Annotated[str, Field(min_length=1, max_length=128), matching(r"\S(.*\S)?", "must be one line")]
    """The name of the service. It must be unique within the API."""
    project: DisplayName
    """The project that holds the operation."""
    operation: DisplayName
    """The operation that the service runs. It must exist and be deployed in the environment of the API, without
    undeployed changes; jitops can't check that."""
    method: Method
    """The HTTP method, such as GET, POST or PUT, or a custom method. Services with a custom method are not in the
    OpenAPI document, neither in Jitterbit's nor in that of jitops."""
    path: Path | None = None
    """The path of the service after the URL of the API, such as /{id}. A part in braces is a path parameter. Default:
    none."""
    response_type: Literal["FinalTarget", "SystemVariable"]
    """What the response is taken from. FinalTarget: the API Response activity at the end of the operation.
    SystemVariable: the variable jitterbit.api.response."""
    parameters: Annotated[list[Parameter], Field(max_length=16)] = Field(default_factory=list)
    """The parameters of the service."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.parameters) || self.parameters.all(p, p.__in__ != 'path'"
            " || (has(self.path) && self.path.contains('{' + p.name + '}')))",
            message="must have only path parameters that path contains as {name}",
            check=lambda service: all(
                f"{{{one.name}}}" in (service.path or "") for one in service.parameters if one.in_ == "path"
            ),
            field="parameters",
        ),
        Rule(
            cel="!has(self.parameters) || self.parameters.all(a, self.parameters.exists_one(b, a.__in__ == b.__in__"
            " && a.name == b.name))",
            message="must list each parameter of path, query and header once",
            check=lambda service: len({(one.in_, one.name) for one in service.parameters}) == len(service.parameters),
            field="parameters",
        ),
    )


class Profile(Model):
    """A security profile of the environment."""

    name: ProfileName
    """The name of the profile in API Manager. It must be a profile of the API's environment."""
    kind: Kind | None = None
    """The authentication type of the profile as set in API Manager: Anonymous, Basic, OAuth2 or ApiKey. It is written
    to the OpenAPI document. Default: none is written."""
    provider: Literal["EntraID", "Google", "Okta", "Salesforce"] | None = None
    """The identity provider of an OAuth2 profile."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.provider) || (has(self.kind) && self.kind == 'OAuth2')",
            message="must not be set unless kind is OAuth2",
            check=lambda profile: profile.provider is None or profile.kind == "OAuth2",
            field="provider",
        ),
        Rule(
            cel="!has(self.provider) || !(self.provider in ['EntraID', 'Google']) || !self.name.contains(' ')",
            message="must not contain spaces for OAuth2 with provider EntraID or Google",
            check=lambda profile: profile.provider not in {"EntraID", "Google"} or " " not in profile.name,
            field="name",
        ),
    )


class Security(Model):
    """Who may call the API."""

    profiles: Annotated[list[Profile], Field(max_length=64), ListMap("name")] = Field(default_factory=list)
    """The security profiles that authenticate callers. Without a profile the API is public."""
    anonymous: bool = False
    """States explicitly that the API is public: must be true without a profile or with a profile of kind Anonymous,
    else false. Default: false."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.anonymous) && self.anonymous) == (!has(self.profiles) || size(self.profiles) == 0"
            " || self.profiles.exists(p, has(p.kind) && p.kind == 'Anonymous'))",
            message="must be true without a profile or with one of kind Anonymous, as anyone can call the API then, and"
            " false with other profiles",
            check=lambda security: security.anonymous == security.public,
            field="anonymous",
        ),
    )

    @property
    def public(self) -> bool:
        """Return whether anyone may call the API."""
        return not self.profiles or any(profile.kind == "Anonymous" for profile in self.profiles)


class Publication(Model):
    """How the API is published in API Manager, and whether it is live there."""

    mode: Literal["Adapter", "Manual", "Observe"]
    """How the API is published; Jitterbit has no public API for this. Adapter: by a service of yours that implements
    the contract of `jitops adapter-contract` and is set in spec.apiAdapter of the organization. Manual: a person
    configures it in API Manager's UI as in the ConfigMap, and acknowledges that. Observe: a person manages the API;
    jitops only computes its URL and checks it."""
    state: Literal["Published", "Draft"] = "Published"
    """Published: the API is live with this configuration. Draft: the API is a draft and not live. Default:
    Published."""
    acknowledged_hash: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The configurationHash, from the status or the ConfigMap, of the configuration that a person has made in API
    Manager. When the configuration changes, its hash changes too, and must be acknowledged again."""


class Verification(Model):
    """Whether and how the URL of the API is checked."""

    probe: bool | None = None
    """Whether one request without credentials is sent to check that the API exists. For a public API this runs an
    operation. Default: true for the modes Manual and Observe unless the API is public, else false."""
    credentials_ref: SecretKeyRef | None = None
    """A value of a Secret to call the API with, by GET. This runs its operation and counts as a call. The value is sent
    in the header that `header` names, such as "Basic …" or "Bearer …" for Authorization. Default: no such call."""
    header: HeaderName | None = None
    """The header that the credentials are sent in. Default: Authorization."""
    path: LookPath | None = None
    """The path after the URL of the API that is requested, without parameters. Default: none."""
    interval: Duration | None = None
    """How often the URL is checked when nothing changes, such as 2h; less than 1m counts as 1m. Default: 1h."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.credentialsRef) || !has(self.probe) || self.probe",
            message="must not be false with credentials, which are used only to check: remove probe or credentialsRef",
            check=lambda part: part.credentials_ref is None or part.probe is not False,
            field="probe",
        ),
        Rule(
            cel="!has(self.header) || has(self.credentialsRef)",
            message="is sent only with credentials: set credentialsRef, or remove it",
            check=lambda part: part.header is None or part.credentials_ref is not None,
            field="header",
        ),
    )

    @property
    def seconds(self) -> float:
        """Return the seconds between two checks when nothing changes."""
        return PROBE_INTERVAL_SECONDS if self.interval is None else max(60.0, self.interval.total_seconds())
