"""Types of strings with a syntax; the message of each says how a valid string looks."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from jitops.api.schema.model import keys_matching, matching, rejection

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
        "must be a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.', and not '..' at the beginning",
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
"""A rule for maps: every key must be the key of a label or an annotation."""

LabelValue = Annotated[
    str,
    Field(max_length=63),
    matching(LABEL_VALUE, "must be the value of a label: at most 63 letters, digits, '-', '_' and '.'"),
]
"""The value of a label."""

DisplayName = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(r"\S(.*\S)?", "must be one line, without a space at the beginning or end"),
]
"""A name that the remote shows to people."""

HttpUrl = Annotated[
    str,
    Field(min_length=1, max_length=2048),
    matching(
        HTTP_URL,
        "must be an http or https URL such as https://jitsu.example.com, without user, query or fragment",
    ),
]
"""The URL of a server, without credentials."""

PathSegment = Annotated[
    str,
    Field(min_length=1, max_length=128),
    matching("[A-Za-z0-9][-A-Za-z0-9._~]*", "must be an id or a slug: letters, digits, '-', '_', '.' and '~'"),
]
"""An id or slug that is used as one segment of a URL path."""


def drop_nulls(entries: object) -> object:
    """Return a map without its null entries, which the API server removes too."""
    if not isinstance(entries, dict):
        return entries
    return {key: value for key, value in entries.items() if value is not None}


DROP_NULLS = BeforeValidator(drop_nulls)

Labels = Annotated[dict[str, LabelValue], Field(max_length=64), LABEL_KEYS, DROP_NULLS]
"""Labels of a Kubernetes object."""

Annotations = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=64), LABEL_KEYS, DROP_NULLS]
"""Annotations of a Kubernetes object."""

OutputKeys = Annotated[dict[str, DataKey], Field(max_length=32), DROP_NULLS]
"""The keys that outputs get in a Secret, by the names of the outputs."""

DURATION = "^(0|([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?)$"
UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


def read_duration(text: object) -> timedelta:
    """Return the duration of a text such as `10m`, `24h`, `1h30m` or `0`; a timedelta is returned as it is."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or re.fullmatch(DURATION[1:-1], text) is None:
        raise rejection((None, "must be a duration in quotes, such as 90s, 10m, 24h or 1h30m, or 0"))
    return timedelta(**{UNITS[unit]: int(number) for number, unit in re.findall("([0-9]+)([hms])", text)})


def write_duration(length: timedelta) -> str:
    """Return the text of a duration, as manifests have it."""
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
"""A duration, written as in other Kubernetes resources."""
