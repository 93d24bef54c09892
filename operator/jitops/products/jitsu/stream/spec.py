"""The spec of a JitsuStream."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from jitops.api.managed import CascadingSpec, ConnectionRef, output_rules
from jitops.api.schema.integers import Count
from jitops.api.schema.model import Model, Rule, immutable, matching
from jitops.api.schema.open_map import LIST_OF_OBJECTS, LIST_OF_STRINGS, OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import Duration
from jitops.products.jitsu.wire import StreamName, adopted_by_id

KeyMode = Literal["Generate", "None"]

DEFAULT_OVERLAP = timedelta(hours=24)

HOST_LABEL = "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
Domain = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        rf"(\*\.)?({HOST_LABEL}\.)+[A-Za-z]([-A-Za-z0-9]{{0,61}}[A-Za-z0-9])?",
        "must be a host name such as events.example.com or *.example.com, without scheme, port or path",
    ),
]

EXTRA = OpenMap(
    rejected={
        **{name: {"type": "string"} for name in ("id", "type", "workspaceId", "name", "cloneId")},
        **{name: {"type": "string"} for name in ("updatedAt", "createdAt", "authorizedJavaScriptDomains")},
        **{name: {"type": "integer"} for name in ("shard", "deduplicateWindowMs")},
        **{name: {"type": "boolean"} for name in ("strict", "deleted")},
        "publicKeys": LIST_OF_OBJECTS,
        "privateKeys": LIST_OF_OBJECTS,
        "domains": LIST_OF_STRINGS,
    },
    why="has a field of its own in this spec, or is set by the console or the operator",
)

OUTPUTS = (
    "id",
    "publicWriteKey",
    "publicKeyId",
    "publicKeySecret",
    "privateWriteKey",
    "privateKeyId",
    "privateKeySecret",
)


class StreamKeys(Model):
    """The write keys that the operator makes for a stream. Keys that others made are not changed."""

    public: KeyMode | None = None
    """The key for browsers. Generate: the operator makes one, and writes it to the output Secret. None: it makes none.
    Default: Generate; with the policy Observe always None."""
    private: KeyMode | None = None
    """The key for servers. Generate: the operator makes one, and writes it to the output Secret. None: it makes none.
    Default: Generate; with the policy Observe always None."""
    rotate: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """Any text, such as a date. When it changes, new keys are made; the old keys, and keys that were lost, are removed
    after `overlap`. Nothing else removes a key but the mode None."""
    overlap: Duration | None = None
    """How long the old keys keep working after a change of `rotate`; 0s ends them at once. Default: 24h."""


class JitsuStreamSpec(CascadingSpec):
    """A stream (site) of a workspace, which receives events, with its write keys.

    The id and the keys that the operator made are always written to the Secret `<name>-jitsustream`.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace that the stream belongs to. It can't be changed."""
    name: StreamName | None = None
    """The name in the console. Default: metadata.name."""
    domains: Annotated[list[Domain], Field(max_length=256)] | None = None
    """The host names at which the stream receives events, such as events.example.com or *.example.com. The console
    stores them in lower case, and rejects a host name that another workspace uses."""
    authorized_javascript_domains: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        default=None,
        validation_alias="authorizedJavaScriptDomains",
        serialization_alias="authorizedJavaScriptDomains",
    )
    """The sites whose pages may send events with the public key, separated by commas, such as *.example.com."""
    strict: bool | None = None
    """Whether events need a valid write key. If not, the host name is enough."""
    shard: Count | None = None
    """The shard that processes the stream, in installations with several shards."""
    deduplicate_window_ms: Count | None = None
    """How many milliseconds an event with a known message id counts as a duplicate."""
    extra: Annotated[dict[str, JsonValue], Field(max_length=64), EXTRA] | None = None
    """Further fields of the stream, by name. The console stores them without checking them."""
    keys: StreamKeys = StreamKeys()
    """The write keys that the operator makes for the stream. Everything in it is optional."""

    output_names: ClassVar[tuple[str, ...]] = OUTPUTS

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource and create it again in the other workspace"),
        adopted_by_id("stream"),
        *output_rules(OUTPUTS),
    )

    @property
    def public_key_mode(self) -> KeyMode:
        """Return whether a key for browsers is made; under the policy Observe it never is."""
        return self._key_mode(self.keys.public)

    @property
    def private_key_mode(self) -> KeyMode:
        """Return whether a key for servers is made; under the policy Observe it never is."""
        return self._key_mode(self.keys.private)

    @property
    def key_overlap(self) -> timedelta:
        """Return how long keys keep working after they were replaced."""
        return DEFAULT_OVERLAP if self.keys.overlap is None else self.keys.overlap

    def _key_mode(self, asked: KeyMode | None) -> KeyMode:
        return "None" if self.management.policy == "Observe" else asked or "Generate"
