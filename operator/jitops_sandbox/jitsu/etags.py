"""Entity tags as the console sends them on every JSON answer (docs/reference/jitsu.md section 1)."""

from __future__ import annotations

import hashlib


def etag(body: bytes) -> str:
    """Return the strong tag of a body."""
    return f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def fresh(given: str | None, current: str) -> bool:
    """Return whether a client's `If-None-Match` contains the current tag."""
    if not given:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return "*" in tags or current in tags
