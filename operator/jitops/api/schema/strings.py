"""Kinds of strings that have a syntax, each refused with a sentence that says how it should look."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from jitops.api.schema.model import keys_matching, matching, refusal

DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
LABEL_VALUE = "([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
HTTP_URL = r"https?://([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[-A-Za-z0-9._~/]*)?"

ObjectName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        rf"{DNS_LABEL}(\.{DNS_LABEL})*",
        "must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.', such as my-object",
    ),
]
"""The name of an object in the cluster."""

NamespaceName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(DNS_LABEL, "must be the name of a namespace: lower-case letters, digits and '-', such as my-team"),
]
"""The name of a namespace."""

DataKey = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"\.?[-_A-Za-z0-9][-._A-Za-z0-9]*",
        "must be a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.', not '..' at its beginning",
    ),
]
"""A key in the data of a Secret or a ConfigMap."""

LabelKey = Annotated[
    str,
    Field(min_length=1, max_length=317),
    matching(QUALIFIED, "must be the key of a label, such as team or example.com/team"),
]
"""The key of a label or an annotation."""

LABEL_KEYS = keys_matching(QUALIFIED, "must have keys such as team or example.com/team")
"""The same for all keys of a map."""

LabelValue = Annotated[
    str,
    Field(max_length=63),
    matching(LABEL_VALUE, "must be the value of a label: letters, digits, '-', '_' and '.', 63 at most"),
]
"""The value of a label."""

DisplayName = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"\S(.*\S)?", "must be one line, with no space at its beginning or end"),
]
"""A name that people read at the remote."""

HttpUrl = Annotated[
    str,
    Field(min_length=1, max_length=2048),
    matching(
        HTTP_URL,
        "must be an http or https address such as https://jitsu.example.com, with no user, query or fragment",
    ),
]
"""An address of a server; credentials never stand in it."""

PathSegment = Annotated[
    str,
    Field(min_length=1, max_length=128),
    matching("[A-Za-z0-9][-A-Za-z0-9._~]*", "must be an id or a slug: letters, digits, '-', '_', '.' and '~'"),
]
"""An id or slug that the remote takes as one part of a path."""


def drop_nulls(entries: object) -> object:
    """Take an entry that is null for absent, as the API server does."""
    if not isinstance(entries, dict):
        return entries
    return {key: value for key, value in entries.items() if value is not None}


DROP_NULLS = BeforeValidator(drop_nulls)

Labels = Annotated[dict[str, LabelValue], Field(max_length=64), LABEL_KEYS, DROP_NULLS]
"""Labels, as Kubernetes takes them."""

Annotations = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=64), LABEL_KEYS, DROP_NULLS]
"""Annotations, as Kubernetes takes them."""

OutputKeys = Annotated[dict[str, DataKey], Field(max_length=32), DROP_NULLS]
"""Keys of a Secret, by the names of the outputs that get them."""

DURATION = "^(0|([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?)$"
UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


def read_duration(text: object) -> timedelta:
    """Read `10m`, `24h`, `1h30m` or `0`; what is a timedelta already stays one."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or re.fullmatch(DURATION[1:-1], text) is None:
        raise refusal((None, "must be a duration such as 90s, 10m, 24h or 1h30m, or 0, in quotes"))
    return timedelta(**{UNITS[unit]: int(number) for number, unit in re.findall("([0-9]+)([hms])", text)})


def write_duration(length: timedelta) -> str:
    """Write a duration as a manifest has it."""
    rest, parts = int(length.total_seconds()), ""
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        parts += f"{number}{unit}" if number else ""
    return parts or "0"


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 21, "pattern": DURATION}),
]
"""A length of time, written as Kubernetes users write it."""
