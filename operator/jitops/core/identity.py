"""Deterministic ids for objects of remotes that let the client choose the id.

`<readable part><hash><number>`, matching `[a-z][a-z0-9]{0,39}`: the hash of (cluster identity, scope, kind, namespace,
name) marks the object as owned and lets a rebuilt cluster find it; the number counts incarnations, since a deleted
object's id stays burnt (docs/reference/jitsu.md section 4).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from functools import lru_cache

_READABLE = 16
_HASH = 16
_DIGEST_BYTES = 16


@lru_cache(maxsize=16384)
def stem(identity: str, scope: str, kind: str, namespace: str, name: str) -> str:
    """Return the part of the id that never changes, at most 32 characters."""
    readable = re.sub(r"[^a-z0-9]", "", name.lower())[:_READABLE]
    if not readable or readable[0].isdigit():
        readable = f"j{readable}"[:_READABLE]
    digest = hashlib.sha256(f"{identity}\0{scope}\0{kind}\0{namespace}\0{name}".encode()).digest()
    return readable + base64.b32encode(digest).decode().lower().replace("=", "")[:_HASH]


def numbered(stem: str, number: int, mark: str = "") -> str:
    """Return the id of one incarnation or, with a mark, of one key pair."""
    return f"{stem}{mark}{number}"


def number_of(stem: str, remote_id: str, mark: str = "") -> int | None:
    """Return the number in an id of this stem; None if the id has another stem."""
    head = stem + mark
    tail = remote_id[len(head) :]
    return int(tail) if remote_id.startswith(head) and tail.isdecimal() and tail.isascii() else None


def keyed_hash(key: bytes, *parts: str) -> str:
    """Return an HMAC-SHA-256 over the parts, 16 bytes in hex: it shows equality and reveals nothing."""
    digest = hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()
    return digest[:_DIGEST_BYTES].hex()
