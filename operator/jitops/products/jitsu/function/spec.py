"""The spec of a JitsuFunction."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from jitops.api.managed import ConfigMapKeyRef, ConnectionRef, ManagedSpec, output_rules
from jitops.api.schema.model import Model, Rule, immutable, matching
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import DisplayName
from jitops.products.jitsu.function.expectations import FunctionTests
from jitops.products.jitsu.preflight.spec import Validation
from jitops.products.jitsu.wire import NO_DATE, StreamName, adopted_by_id

LONGEST = 204_800
"""The most bytes of code in a spec. kubectl copies the spec into an annotation, which may have 256 KiB."""
STORED = 1_048_576
"""The most characters of code in the schema. It bounds the cost of the rules; the API server stores no more anyway."""

LIKE_DATE = matching(r"\d{4}-\d\d-\d\dT[-\d:.Z]+", "")
"""Any string that the console may read as a date. Shorter than the console's own pattern, as the cost of a CEL rule
grows with the pattern."""


def _small(cure: str) -> Rule:
    """Return a rule that code has at most 200 KiB; `cure` says what to do instead."""
    return Rule(
        cel=f"size(bytes(self)) <= {LONGEST}",
        message=f"must have at most 200 KiB{cure}",
        check=lambda code: len(code.encode("utf-8", "surrogatepass")) <= LONGEST,
    )


CODE_IS_NO_DATE = Rule(
    cel=f"!{LIKE_DATE.cel}",
    message="must not look like an ISO date: the console would read it as a date and reject it",
    check=lambda code: not LIKE_DATE.check(code),
)
NO_NUL = matching(r"[^\x00]*", "must not contain a NUL character: the database of the console can't store it")
"""The console stores objects as PostgreSQL jsonb (docs/reference/jitsu.md section 4)."""
BOUNDED = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": STORED})
NOT_EMPTY = Field(min_length=1)

Code = Annotated[
    str,
    NOT_EMPTY,
    BOUNDED,
    _small(": put the code into one or more ConfigMaps, and list their keys in codeFrom, in order"),
    CODE_IS_NO_DATE,
    NO_NUL,
]
Draft = Annotated[str, NOT_EMPTY, BOUNDED, _small(""), CODE_IS_NO_DATE, NO_NUL]


class CodeSource(Model):
    """One piece of code."""

    config_map_key_ref: ConfigMapKeyRef
    """The value of a ConfigMap that holds the code."""


class JitsuFunctionSpec(ManagedSpec):
    """A function of a workspace. Links run functions on their events.

    A Secret with the id of the function is written only if `outputs.secret.name` is set.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace that the function belongs to. It can't be changed."""
    name: StreamName | None = None
    """The name in the console. Default: metadata.name."""
    code: Code | None = None
    """The JavaScript code of the function, at most 200 KiB. It is stored byte for byte. Put larger code into
    ConfigMaps, and list them in `codeFrom`."""
    code_from: Annotated[list[CodeSource], Field(min_length=1, max_length=64)] | None = None
    """The code of the function in place of `code`: values of ConfigMaps, joined byte for byte in this order, up to
    several megabytes. A change of a ConfigMap is applied at once if it has the label jitops.dev/watch: "true", else at
    the next resync."""
    kind: Literal["event", "profile"] | None = None
    """What the function processes. event: each event. profile: the profile of a user."""
    slug: Annotated[DisplayName, NO_DATE] | None = None
    """A short name by which tools such as jitsu-cli find the function. It does not need to be unique."""
    description: Annotated[str, Field(max_length=4096), NO_DATE, NO_NUL] | None = None
    """A description of the function for people."""
    draft: Draft | None = None
    """Code that is being edited in the console and does not run yet, at most 200 KiB."""
    version: Annotated[DisplayName, NO_DATE] | None = None
    """The version of the code, for people and tools."""
    origin: Annotated[DisplayName, NO_DATE] | None = None
    """The tool that made the function. jitsu-cli writes its own name into it; jitops writes only this value."""

    validation: Validation = "Off"
    """Whether the console runs `tests` before the function is written, if the console offers that. Off: it does not.
    Warn: an event lists the failed tests, and the function is written anyway. Enforce: nothing is written until all
    tests succeed; they are run again every few minutes. Default: Off."""
    tests: FunctionTests | None = None
    """The tests that are run according to `validation`: events, and the expected results."""

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource and create it again in the other workspace"),
        Rule(
            cel="has(self.code) != has(self.codeFrom)",
            message="set exactly one of code and codeFrom",
            check=lambda spec: (spec.code is None) != (spec.code_from is None),
            field="code",
        ),
        adopted_by_id("function"),
        *output_rules(("id",)),
    )
