"""A user's own API keys (docs/reference/jitsu.md section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitsu.errors import type_error
from jitops_sandbox.jitsu.state import Key, iso, random_id
from jitops_sandbox.jitsu.zod import UNDEFINED

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.context import Context

KEY_LENGTH = 32


def list_keys(context: Context) -> Answer:
    """List the caller's keys, newest first; a service token has none."""
    mine = [key for key in context.state.keys.values() if key.user == context.caller.id]
    mine.sort(key=lambda key: key.created, reverse=True)
    return answer([{**_shown(key), "mcpClientName": None} for key in mine])


def create(context: Context) -> Answer:
    """Create a key; only this answer has its plaintext."""
    if context.body is UNDEFINED:
        raise type_error("Cannot read properties of undefined (reading 'type')")
    given = context.body if isinstance(context.body, dict) else {}
    now = context.state.clock.now()
    key = Key(random_id(KEY_LENGTH), random_id(KEY_LENGTH), context.caller.id, str(given.get("name") or ""), now)
    context.state.keys[key.id] = key
    return answer({"plaintext": key.secret, **_shown(key)})


def delete(context: Context) -> Answer:
    """Delete one of the caller's keys."""
    key = context.state.keys.get(context.call.query.get("id", ""))
    if key is not None and key.user == context.caller.id:
        del context.state.keys[key.id]
    return answer({"ok": True})


def _shown(key: Key) -> dict[str, Any]:
    return {
        "hint": key.hint,
        "createdAt": iso(key.created),
        "lastUsed": iso(key.used) if key.used else None,
        "id": key.id,
        "type": "api",
        "name": key.label,
        "expiresAt": iso(key.expires) if key.expires else None,
    }
