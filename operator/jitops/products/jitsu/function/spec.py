"""JitsuFunction: code that runs on events, inline or from ConfigMaps."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from jitops.api.managed import ConfigMapKeyRef, ConnectionRef, ManagedSpec, output_rules
from jitops.api.schema.model import Model, Rule, immutable, matching
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName
from jitops.products.jitsu.fields import NO_DATE, StreamName, adopted_by_id
from jitops.products.jitsu.function.expectations import FunctionTests
from jitops.products.jitsu.preflight.spec import Validation

LONGEST = 204_800
"""Bytes of code that a spec may hold: kubectl copies it into an annotation, which may have 256 KiB."""
STORED = 1_048_576
"""Characters beyond which the API server stores nothing anyway; it bounds the cost of the rules."""

LIKE_DATE = matching(r"\d{4}-\d\d-\d\dT[-\d:.Z]+", "")
"""Whatever the console might take for a date: shorter than its own pattern, as the rules' cost grows with both."""


def _small(cure: str) -> Rule:
    return Rule(
        cel=f"size(bytes(self)) <= {LONGEST}",
        message=f"must have at most 200 KiB{cure}",
        check=lambda code: len(code.encode("utf-8", "surrogatepass")) <= LONGEST,
    )


CODE_IS_NO_DATE = Rule(
    cel=f"!{LIKE_DATE.cel}",
    message="must not look like an ISO date: the console would take it for one and refuse it",
    check=lambda code: not LIKE_DATE.check(code),
)
NO_NUL = matching(r"[^\x00]*", "must hold no NUL character, which the console's database can't keep")
"""Its objects are stored as PostgreSQL's jsonb (reference/jitsu.md section 4)."""
BOUNDED = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": STORED})
NOT_EMPTY = Field(min_length=1)

Code = Annotated[
    str,
    NOT_EMPTY,
    BOUNDED,
    _small(": put the code into one ConfigMap or several, and name their keys in codeFrom, in order"),
    CODE_IS_NO_DATE,
    NO_NUL,
]
Draft = Annotated[str, NOT_EMPTY, BOUNDED, _small(""), CODE_IS_NO_DATE, NO_NUL]


class CodeSource(Model):
    """One piece of code."""

    config_map_key_ref: ConfigMapKeyRef
    """The value of a ConfigMap that holds it."""


class JitsuFunctionSpec(ManagedSpec):
    """A function of a workspace, which links run on their events.

    A Secret with the function's id is written only where `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace in which the function lives. It can't be changed."""
    name: StreamName | None = None
    """The name that the console shows. Default: metadata.name."""
    code: Code | None = None
    """The function's JavaScript, stored byte for byte; up to 200 KiB. Larger code goes into ConfigMaps, named in
    `codeFrom`."""
    code_from: Annotated[list[CodeSource], Field(min_length=1, max_length=64)] | None = None
    """Where the code comes from instead: keys of ConfigMaps, joined byte for byte in this order, so that several
    megabytes fit. Changes of a ConfigMap are carried out, at once where it bears the label jitops.dev/watch: "true",
    else at the next resync."""
    kind: Literal["event", "profile"] | None = None
    """What the function works on. event: each event. profile: the profile of a user."""
    slug: Annotated[DisplayName, NO_DATE] | None = None
    """A short name by which tools such as jitsu-cli find the function; it need not be unique."""
    description: Annotated[str, Field(max_length=4096), NO_DATE, NO_NUL] | None = None
    """What the function does, for people."""
    draft: Draft | None = None
    """Code that is edited in the console and not yet run; up to 200 KiB."""
    version: Annotated[DisplayName, NO_DATE] | None = None
    """The version of the code, for people and tools."""
    origin: Annotated[DisplayName, NO_DATE] | None = None
    """The tool that the function comes from, such as jitsu-cli, which writes its own name here. jitops writes only
    what stands here."""

    validation: Validation = "Off"
    """Whether the console runs `tests` before anything is written, where it offers that. Off: it doesn't. Warn: an
    event says which failed, and the function is written all the same. Enforce: nothing is written until all succeed;
    they are tried again every few minutes. Default: Off."""
    tests: FunctionTests | None = None
    """Events that the function is run on as `validation` says."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource, and create it again in the other workspace"),
        Rule(
            cel="has(self.code) != has(self.codeFrom)",
            message="set exactly one of code and codeFrom",
            check=lambda spec: (spec.code is None) != (spec.code_from is None),
            field="code",
        ),
        adopted_by_id("function"),
        *output_rules(("id",)),
    )
