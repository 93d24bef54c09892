"""The rules of streams and their write keys (docs/reference/jitsu.md section 4, Stream)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitops_sandbox.jitsu import schemas
from jitops_sandbox.jitsu.config_types import ConfigType, Object, checked_domain
from jitops_sandbox.jitsu.errors import ApiError, UnexpectedError, type_error
from jitops_sandbox.jitsu.references import guard_linked
from jitops_sandbox.jitsu.state import salted
from jitops_sandbox.jitsu.zod import UNDEFINED

if TYPE_CHECKING:
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.state import State

KEY_LISTS = ("privateKeys", "publicKeys")


class StreamType(ConfigType):
    """A stream: shallow merge, lists of keys replaced as a whole, JavaScript domains removed unless sent."""

    def __init__(self) -> None:
        super().__init__("stream", schemas.STREAM)

    def merge(self, stored: Object, patch: Object, _state: State) -> Object:
        """Return a shallow merge; keys in the lists keep their hash if they are known."""
        merged = {**stored, **patch}
        for name in KEY_LISTS:
            known = stored.get(name) or []
            given = _truthy(patch.get(name))
            merged[name] = hash_keys(given, known) if given is not None else known
        if _truthy(patch.get("authorizedJavaScriptDomains")) is None:
            merged.pop("authorizedJavaScriptDomains", None)
        return merged

    def accept(self, given: Object, state: State, workspace: str) -> Object:
        """Return the stream with domains checked and keys hashed; raise for a key without hash and plaintext."""
        domains = [checked_domain(domain) for domain in given.get("domains") or []]
        for domain in domains:
            if used_elsewhere(domain, state, workspace):
                raise ApiError(f"Domain {domain} is already in use by other workspace")
        keys = {name: hash_keys(given.get(name) or [], []) for name in KEY_LISTS}
        return {**given, "domains": domains, **keys}

    def show(self, stored: Object, _state: State) -> Object:
        """Return the stream with only id and hint of each key."""
        keys = {name: [_shown_key(key) for key in stored.get(name) or []] for name in KEY_LISTS}
        shown = {**stored, **keys}
        if "domains" in stored:
            shown["domains"] = [domain.strip().lower() for domain in stored["domains"]]
        return shown

    def before_delete(self, object_id: str, workspace: str, state: State, how: frozenset[str]) -> None:
        """Handle the links of the stream (section 6)."""
        guard_linked(self.name, object_id, workspace, state, how)


def hash_keys(given: JSON, known: list[Object]) -> list[Object]:
    """Return the keys as stored: id, hint and hash, without plaintext; no hint is created."""
    if not isinstance(given, list):
        raise type_error("e.map is not a function")
    hashes = {key["id"]: key.get("hash") for key in known}
    return [_hashed(key if isinstance(key, dict) else {}, hashes) for key in given]


def used_elsewhere(domain: str, state: State, workspace: str) -> bool:
    """Return whether another workspace has the domain, one below it, or a wildcard above it."""
    suffix = domain.removeprefix("*")
    for other in state.foreign_domains(workspace):
        if other.endswith(suffix) or (other.startswith("*") and domain.endswith(other.removeprefix("*"))):
            return True
    return False


def _hashed(key: Object, hashes: dict[str, Any]) -> Object:
    key_id = key.get("id", UNDEFINED)
    hashed = key.get("hash") or (salted(str(key["plaintext"])) if key.get("plaintext") else None)
    if not hashed:
        if key_id not in hashes:
            shown = "undefined" if key_id is UNDEFINED else key_id
            raise UnexpectedError(f"Key with id {shown} should either be known, or hash a plaintext value")
        hashed = hashes[key_id]
    hint = {"hint": key["hint"]} if "hint" in key else {}
    return {"id": key_id, **hint, "hash": hashed}


def _shown_key(key: Object) -> Object:
    return {name: value for name, value in key.items() if name not in ("hash", "plaintext")}


def _truthy(value: JSON) -> JSON:
    """Return a value that is true in JavaScript, where an empty list is; None for any other."""
    return value if value not in (None, "", 0, False, UNDEFINED) else None
