"""The schemas of the config types, in the console's form of schemas (docs/reference/jitsu.md section 4).

The schemas of the types of destinations are published by the console itself: see `published.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.zod import Schema

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
STRINGS: Schema = {"type": "array", "items": STRING}
MAYBE_STRING: Schema = {"type": ["string", "null"]}
MAYBE_DATE: Schema = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}


def config_object(required: tuple[str, ...] = (), *, extra: bool = False, **properties: Schema) -> Schema:
    """Return the schema of a config type: the common fields, then its own."""
    common = {"id": STRING, "type": STRING, "workspaceId": STRING, "name": STRING}
    return {
        "type": "object",
        "properties": {**common, "updatedAt": MAYBE_DATE, "cloneId": STRING, **properties},
        "required": [*common, *required],
        "additionalProperties": extra,
    }


def choice(*options: str, default: str | None = None) -> Schema:
    """Return the schema of a string that is one of several."""
    schema: Schema = {"type": "string", "enum": list(options)}
    return schema if default is None else {**schema, "default": default}


WRITE_KEY: Schema = {
    "type": "object",
    "properties": {
        "plaintext": MAYBE_STRING,
        "hash": MAYBE_STRING,
        "hint": MAYBE_STRING,
        "createdAt": MAYBE_DATE,
        "lastUsed": MAYBE_DATE,
        "id": STRING,
        "type": MAYBE_STRING,
        "name": MAYBE_STRING,
        "expiresAt": MAYBE_DATE,
        "mcpClientName": MAYBE_STRING,
    },
    "required": ["id"],
    "additionalProperties": False,
}

STREAM = config_object(
    extra=True,
    domains=STRINGS,
    authorizedJavaScriptDomains=STRING,
    publicKeys={"type": "array", "items": WRITE_KEY},
    privateKeys={"type": "array", "items": WRITE_KEY},
    strict=BOOLEAN,
    shard=NUMBER,
    deduplicateWindowMs=NUMBER,
)

DESTINATION = config_object(
    ("destinationType",),
    extra=True,
    destinationType=STRING,
    provisioned=BOOLEAN,
    testConnectionError=STRING,
)

FUNCTION = config_object(
    ("code",),
    code=STRING,
    draft=STRING,
    kind=choice("profile", "event"),
    description=STRING,
    version=STRING,
    origin=STRING,
    slug=STRING,
)

SERVICE = config_object(
    ("package", "version", "credentials"),
    protocol=choice("airbyte", default="airbyte"),
    authorized=BOOLEAN,
    package=STRING,
    version=STRING,
    credentials={"type": "object", "properties": {}, "additionalProperties": True},
    testConnectionError=STRING,
)

NOTIFICATION = config_object(
    events={
        "type": "array",
        "items": choice("all", "sync", "batch", "dead", "account"),
        "default": ["all"],
    },
    channel=choice("email", "slack", default="slack"),
    slackWebhookUrl=STRING,
    emails=STRINGS,
    recurringAlertsPeriodHours={**NUMBER, "minimum": 0, "maximum": 720, "default": 168},
    summarizeBatchNotificationsByTable={**BOOLEAN, "default": True},
)

CUSTOM_IMAGE = config_object(("package", "version"), package=STRING, version=STRING)

DOMAIN = config_object()

MISC = config_object(("value",), objectType=choice("classic-mapping", default="classic-mapping"), value=STRING)
