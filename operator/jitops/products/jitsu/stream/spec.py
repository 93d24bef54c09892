"""Jitsu: the workspace as a connection, and its streams."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from jitops.api.managed import CascadingSpec, ConnectionRef, output_rules
from jitops.api.schema.integers import Count
from jitops.api.schema.model import Model, Rule, immutable, matching
from jitops.api.schema.open_map import LIST_OF_OBJECTS, LIST_OF_STRINGS, OpenMap
from jitops.api.schema.reference import UsesConnection
from jitops.api.schema.strings import Duration
from jitops.products.jitsu.fields import StreamName, adopted_by_id

KeyMode = Literal["Generate", "None"]

DEFAULT_OVERLAP = timedelta(hours=24)

HOST_LABEL = "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
Domain = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        rf"(\*\.)?({HOST_LABEL}\.)+[A-Za-z]([-A-Za-z0-9]{{0,61}}[A-Za-z0-9])?",
        "must be a host name such as events.example.com or *.example.com, with no scheme, port or path",
    ),
]

EXTRA = OpenMap(
    refused={
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
    """The write keys of a stream that the operator makes; keys that others made are left alone."""

    public: KeyMode | None = None
    """The key for browsers. Generate: make one, and keep it in the output Secret. None: make none. Default:
    Generate, and None under the policy Observe, where no key is ever made."""
    private: KeyMode | None = None
    """The key for servers. Generate: make one, and keep it in the output Secret. None: make none. Default:
    Generate, and None under the policy Observe, where no key is ever made."""
    rotate: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """Any text, such as a date. A change makes new keys; the old ones stop working when `overlap` is over."""
    overlap: Duration | None = None
    """How long the old keys go on working after a change of `rotate`. Default: 24h."""


class JitsuStreamSpec(CascadingSpec):
    """A stream (site) of a workspace, to which events are sent, with its write keys.

    The Secret `<name>-jitsustream` always receives the id and the keys that were made for it.
    """

    workspace_ref: Annotated[ConnectionRef, UsesConnection("JitsuWorkspace")]
    """The JitsuWorkspace in which the stream lives. It can't be changed."""
    name: StreamName | None = None
    """The name that the console shows. Default: metadata.name."""
    domains: Annotated[list[Domain], Field(max_length=256)] | None = None
    """The host names at which events for this stream are received, such as events.example.com or
    *.example.com. The console stores them in lower case, and refuses one that another workspace uses."""
    authorized_javascript_domains: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        default=None,
        validation_alias="authorizedJavaScriptDomains",
        serialization_alias="authorizedJavaScriptDomains",
    )
    """The sites whose pages may send events with the public key, separated by commas, such as *.example.com.
    """
    strict: bool | None = None
    """Whether events are accepted only with a valid write key, and never by the host name alone."""
    shard: Count | None = None
    """The shard that processes the stream, in installations that have several."""
    deduplicate_window_ms: Count | None = None
    """For how many milliseconds an event with a message id that was seen before counts as a duplicate."""
    extra: Annotated[dict[str, JsonValue], Field(max_length=64), EXTRA] | None = None
    """Further fields of the stream that the console keeps without knowing them, by name."""
    keys: StreamKeys = StreamKeys()
    """The write keys that are made for the stream. All of it is optional."""

    output_names: ClassVar[tuple[str, ...]] = OUTPUTS

    rules: ClassVar[tuple[Rule, ...]] = (
        immutable("workspaceRef", "delete this resource, and create it again in the other workspace"),
        adopted_by_id("stream"),
        *output_rules(OUTPUTS),
    )

    @property
    def public_key_mode(self) -> KeyMode:
        """Say whether a key for browsers is made, the policy considered."""
        return self._key_mode(self.keys.public)

    @property
    def private_key_mode(self) -> KeyMode:
        """Say whether a key for servers is made, the policy considered."""
        return self._key_mode(self.keys.private)

    @property
    def key_overlap(self) -> timedelta:
        """Say how long keys go on working after they were replaced."""
        return DEFAULT_OVERLAP if self.keys.overlap is None else self.keys.overlap

    def _key_mode(self, asked: KeyMode | None) -> KeyMode:
        return "None" if self.management.policy == "Observe" else asked or "Generate"
