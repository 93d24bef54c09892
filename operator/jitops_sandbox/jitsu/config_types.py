"""What a config type is made of, and the plain ones (docs/reference/jitsu.md section 4).

Streams, functions, destinations and services have modules of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitops_sandbox.jitsu import schemas, zod
from jitops_sandbox.jitsu.errors import ApiError

if TYPE_CHECKING:
    from jitops_sandbox.answers import JSON
    from jitops_sandbox.jitsu.state import State

Object = dict[str, Any]

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:\*\.)?(?:{LABEL}\.)+{LABEL}")


class ConfigType:
    """A type of config object: its schema and the four places where types differ."""

    def __init__(self, name: str, schema: zod.Schema) -> None:
        self.name = name
        self.schema = schema

    def narrowed(self, _parsed: Object) -> zod.Schema:
        """Give the schema for this very object, where a field of it decides."""
        return self.schema

    def merge(self, stored: Object, patch: Object, _state: State) -> Object:
        """Merge a PUT into the stored config: deep, lists as a whole."""
        return dict(deep_merge(stored, patch))

    def accept(self, given: Object, _state: State, _workspace: str) -> Object:
        """Check and normalise a valid object before it is stored."""
        return given

    def show(self, stored: Object, _state: State) -> Object:
        """Give the object as clients may see it."""
        return stored

    def before_delete(self, _object_id: str, _workspace: str, _state: State, _how: frozenset[str]) -> None:
        """Refuse a deletion (`how` may hold `strict`, `cascade`), or take along what goes with the object."""

    def parse(self, given: object) -> Object:
        """Validate an object twice, as the console does: with its ISO strings as dates, then narrowed."""
        first = zod.parse(self.schema, zod.dated(given))
        if first.issues:
            raise self.invalid(given, first.issues)
        second = zod.parse(self.narrowed(first.value), given)
        if second.issues:
            raise self.invalid(given, second.issues)
        return dict(second.value)

    def invalid(self, given: object, issues: list[dict[str, Any]]) -> ApiError:
        """Fail with the whole object in clear, secrets and all: an operator must survive that (section 3)."""
        echoed = {} if given is zod.UNDEFINED else {"object": zod.cleaned(given)}
        error = {"issues": issues, "name": "ZodError"}
        return ApiError(f"Failed to validate schema of {self.name}", **echoed, error=error)


class DomainType(ConfigType):
    """A custom domain of a workspace: its name is the domain, in lower case."""

    def accept(self, given: Object, _state: State, _workspace: str) -> Object:
        """Check the name's syntax and normalise it."""
        return {**given, "name": checked_domain(given["name"])}

    def show(self, stored: Object, _state: State) -> Object:
        """Normalise the name once more, as the console does for old rows."""
        return {**stored, "name": str(stored["name"]).strip().lower()}


def deep_merge(stored: JSON, patch: JSON) -> JSON:
    """Merge mappings key by key; anything else of the patch replaces what is stored."""
    if not isinstance(stored, dict) or not isinstance(patch, dict):
        return patch
    merged = dict(stored)
    for key, value in patch.items():
        merged[key] = deep_merge(stored[key], value) if key in stored else value
    return merged


def checked_domain(given: str) -> str:
    """Normalise a domain name, or refuse it."""
    domain = given.strip().lower()
    if not DOMAIN.fullmatch(domain):
        raise ApiError(f"Domain {domain} is not a valid domain name")
    return domain


PLAIN = (
    ConfigType("custom-image", schemas.CUSTOM_IMAGE),
    DomainType("domain", schemas.DOMAIN),
    ConfigType("misc", schemas.MISC),
    ConfigType("notification", schemas.NOTIFICATION),
)
