"""The parts of a Custom API, as API Manager's UI has them (docs/reference/jitterbit.md section 4)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitops.api.managed import SecretKeyRef
from jitops.api.schema.model import ListMap, Model, Rule, matching
from jitops.api.schema.strings import DisplayName, Duration

Kind = Literal["Anonymous", "Basic", "OAuth2", "ApiKey"]

PROBE_INTERVAL_SECONDS = 3600.0

# The specials are those that Jitterbit documents; letters are taken to be those of English.
ServiceRoot = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(
        r"[A-Za-z0-9_~()$;/\\?:@=&\x27!*,+-]+",
        "may hold letters, digits and _ ~ ( ) $ ; / \\ ? : @ = & ' ! * , + - and no spaces; Jitterbit recommends no"
        " special but _",
    ),
]

UrlSegment = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"[^\s/?#]+", "is a part of the URL: no spaces, and none of / ? #"),
    Rule(
        cel="!(self in ['.', '..'])",
        message="is a part of the URL, and can't be . or ..",
        check=lambda text: text not in {".", ".."},
    ),
]

Version = Annotated[UrlSegment, Field(max_length=50)]

Path = Annotated[
    str,
    Field(min_length=1, max_length=256),
    matching(
        r"/([^\x00-\x20\x7f?#{}]|\{[^\x00-\x20\x7f?#{}/]+\})*",
        "must begin with / and hold no spaces, control characters, ? or #, and braces only around the name of a path"
        " parameter, such as /customers/{id}",
    ),
]

LookPath = Annotated[
    str,
    Field(min_length=1, max_length=256),
    matching(
        r"/([A-Za-z0-9._~!$&\x27()*+,;=:@/-]|%[0-9A-Fa-f]{2})*",
        "must begin with / and be written as in a URL, without parameters: no { or }, others percent-encoded, such as"
        " /customers/7",
    ),
    Rule(
        cel="!self.lowerAscii().replace('%2e', '.').split('/').exists(part, part == '.' || part == '..')",
        message="must stay below the API's URL: no part of it can be . or ..",
        check=lambda path: not {".", ".."} & set(path.lower().replace("%2e", ".").split("/")),
    ),
]

Method = Annotated[
    str,
    Field(min_length=1, max_length=32),
    matching("[A-Z][A-Z0-9_-]*", "must be an HTTP method in capitals, such as GET, or a custom one"),
]

ProfileName = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"\S(.*\S)?", "must be one line, with no space at its beginning or end"),
]


OF_THE_TRANSPORT = (
    "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent",
)  # fmt: skip
"""Headers that belong to the request as such, so that no credentials can stand in them."""

HeaderName = Annotated[
    str,
    Field(min_length=1, max_length=64),
    matching("[A-Za-z0-9-]*[A-Za-z0-9][A-Za-z0-9-]*", "must be the name of a header"),
    Rule(
        cel=f"!(self.lowerAscii() in {list(OF_THE_TRANSPORT)})",
        message="is a header of the request itself: name the one in which the API takes credentials, such as X-Api-Key",
        check=lambda name: name.lower() not in OF_THE_TRANSPORT,
    ),
]


class Environment(Model):
    """An environment of the organization."""

    name: DisplayName
    """The environment's name in the Management Console."""
    url_prefix: UrlSegment
    """The environment's URL prefix in the Management Console, which stands in the URL of the API; it is not its name.
    """


class ApiLogging(Model):
    """What API Manager logs of the API."""

    debug: bool = False
    """Whether debug logging is on. Default: false."""
    verbose: bool = False
    """Whether verbose logging is on. Default: false."""


class Parameter(Model):
    """A parameter of a service."""

    name: Annotated[str, Field(min_length=1, max_length=64), matching(r"[^\s{}]+", "must hold no spaces, { or }")]
    """The parameter's name."""
    in_: Literal["path", "query", "header"] = Field(validation_alias="in", serialization_alias="in")
    """Where it stands: path, query or header."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    """What it is for."""


class Service(Model):
    """A service of the API: a method and path that run an operation."""

    name: Annotated[str, Field(min_length=1, max_length=128), matching(r"\S(.*\S)?", "must be one line")]
    """The service's name; no two services of an API have the same."""
    project: DisplayName
    """The project that holds the operation."""
    operation: DisplayName
    """The operation that the service runs. It must exist and be deployed in the API's environment, with no undeployed
    changes; jitops can't check that."""
    method: Method
    """The HTTP method: GET, POST, PUT and so on, or a custom one. Services with a custom method are left out of OpenAPI
    documents, by Jitterbit as by jitops."""
    path: Path | None = None
    """What follows the API's URL, such as /{id}; a part in braces is a path parameter. Default: nothing."""
    response_type: Literal["FinalTarget", "SystemVariable"]
    """What is answered. FinalTarget: what the operation ends with, an API Response activity. SystemVariable: what it
    put into jitterbit.api.response."""
    parameters: Annotated[list[Parameter], Field(max_length=16)] = Field(default_factory=list)
    """The parameters in path, query and header."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.parameters) || self.parameters.all(p, p.__in__ != 'path'"
            " || (has(self.path) && self.path.contains('{' + p.name + '}')))",
            message="a path parameter must stand in path as {its name}",
            check=lambda service: all(
                f"{{{one.name}}}" in (service.path or "") for one in service.parameters if one.in_ == "path"
            ),
            field="parameters",
        ),
        Rule(
            cel="!has(self.parameters) || self.parameters.all(a, self.parameters.exists_one(b, a.__in__ == b.__in__"
            " && a.name == b.name))",
            message="must name each parameter of path, query and header once",
            check=lambda service: len({(one.in_, one.name) for one in service.parameters}) == len(service.parameters),
            field="parameters",
        ),
    )


class Profile(Model):
    """A security profile of the environment."""

    name: ProfileName
    """The profile's name in API Manager; it belongs to the API's environment."""
    kind: Kind | None = None
    """How it lets callers in, as it is set in API Manager: Anonymous, Basic, OAuth2 or ApiKey. It goes into the OpenAPI
    document. Default: not told."""
    provider: Literal["EntraID", "Google", "Okta", "Salesforce"] | None = None
    """The identity provider of an OAuth2 profile."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.provider) || (has(self.kind) && self.kind == 'OAuth2')",
            message="only a profile of kind OAuth2 has a provider",
            check=lambda profile: profile.provider is None or profile.kind == "OAuth2",
            field="provider",
        ),
        Rule(
            cel="!has(self.provider) || !(self.provider in ['EntraID', 'Google']) || !self.name.contains(' ')",
            message="the name of a profile for OAuth 2.0 with Entra ID or Google can't hold spaces",
            check=lambda profile: profile.provider not in {"EntraID", "Google"} or " " not in profile.name,
            field="name",
        ),
    )


class Security(Model):
    """Who may call the API."""

    profiles: Annotated[list[Profile], Field(max_length=64), ListMap("name")] = Field(default_factory=list)
    """The security profiles that let callers in. Without any, the API is public."""
    anonymous: bool = False
    """Says aloud that the API is public: true without a profile, or with one of kind Anonymous; else false. Default:
    false."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.anonymous) && self.anonymous) == (!has(self.profiles) || size(self.profiles) == 0"
            " || self.profiles.exists(p, has(p.kind) && p.kind == 'Anonymous'))",
            message="without a profile, or with one of kind Anonymous, anyone can call the API: say so with anonymous:"
            " true; with other profiles leave it out",
            check=lambda security: security.anonymous == security.public,
            field="anonymous",
        ),
    )

    @property
    def public(self) -> bool:
        """Tell whether anyone may call the API."""
        return not self.profiles or any(profile.kind == "Anonymous" for profile in self.profiles)


class Publication(Model):
    """How the API gets to API Manager, and whether it is live there."""

    mode: Literal["Adapter", "Manual", "Observe"]
    """Adapter: through a service of yours that speaks the contract of `jitops adapter-contract`; the organization's
    spec.apiAdapter names it. Manual: a person does in API Manager's UI what the ConfigMap says, and acknowledges it.
    Observe: a person takes care of the API; its URL is computed and looked at. Jitterbit publishes no API for this."""
    state: Literal["Published", "Draft"] = "Published"
    """Published: the API is live, with this configuration. Draft: it is kept as a draft, and is not live. Default:
    Published."""
    acknowledged_hash: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """What a person acknowledges to have done in API Manager: the configurationHash of status and ConfigMap. When the
    configuration changes, so does its hash, and it has to be acknowledged again."""


class Verification(Model):
    """Whether the API's URL is looked at."""

    probe: bool | None = None
    """Whether one request without credentials is sent to see if the API is there. For a public API that runs an
    operation. Default: true in the modes Manual and Observe unless the API is public; else false."""
    credentials_ref: SecretKeyRef | None = None
    """A value of a Secret with which the API is really called, by GET: that runs its operation and counts as a call.
    It is sent as the header that `header` names, such as "Basic …" or "Bearer …" for Authorization. Default: none."""
    header: HeaderName | None = None
    """The header that carries the credentials. Default: Authorization."""
    path: LookPath | None = None
    """What follows the API's URL in a request that looks at it, without parameters. Default: nothing."""
    interval: Duration | None = None
    """How often it is looked at when nothing changes, such as 2h; less than 1m counts as 1m. Default: 1h."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.credentialsRef) || !has(self.probe) || self.probe",
            message="credentials are used only to look: take probe: false out, or the credentials",
            check=lambda part: part.credentials_ref is None or part.probe is not False,
            field="probe",
        ),
        Rule(
            cel="!has(self.header) || has(self.credentialsRef)",
            message="a header is sent only with credentials: set credentialsRef, or take it out",
            check=lambda part: part.header is None or part.credentials_ref is not None,
            field="header",
        ),
    )

    @property
    def seconds(self) -> float:
        """Give the seconds between two looks when nothing changes."""
        return PROBE_INTERVAL_SECONDS if self.interval is None else max(60.0, self.interval.total_seconds())
