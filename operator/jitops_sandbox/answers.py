"""Requests and answers: a product is a plain function from `Call` to `Answer`."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = Any
"""A value in a body: null, bool, number, string, list or map."""

JSON_TYPE = "application/json; charset=utf-8"
COMPRESSED_FROM = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a product sees it; `target` is the raw request target, `path` that without the query."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Answer:
    """One answer; without a content type if `content_type` is None, as the real console does for some errors."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str | None = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    packed: bytes | None = field(default=None, repr=False)
    """The body as gzip, if it was compressed before."""

    def compress(self, accepted: str) -> None:
        """Compress the body if the client accepts gzip and the body is large enough."""
        if "gzip" not in accepted or len(self.body) < COMPRESSED_FROM:
            return
        self.body = self.packed or packed(self.body)
        self.headers["Content-Encoding"] = "gzip"


def packed(body: bytes) -> bytes:
    """Return a compressed body."""
    # Level 1: the sandbox shares the machine with what it serves, so speed matters more than size.
    return gzip.compress(body, compresslevel=1)


def encode(value: object) -> bytes:
    """Write JSON as both products do: without spaces, in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def answer(value: object, status: int = 200, **headers: str) -> Answer:
    """Answer with a JSON body."""
    return Answer(status, encode(value), headers=dict(headers))


def text(body: str, status: int) -> Answer:
    """Answer with plain text that carries no content type."""
    return Answer(status, body.encode(), content_type=None)


def decoded(body: bytes) -> JSON:
    """Return a decoded JSON body; raise ValueError if it is none."""
    return json.loads(body.decode("utf-8"))
