"""The contract of a config type, and the plain types (docs/reference/jitsu.md section 4).

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
    """A type of config object: its schema, and the four steps in which types differ."""

    def __init__(self, name: str, schema: zod.Schema) -> None:
        self.name = name
        self.schema = schema

    def narrowed(self, _parsed: Object) -> zod.Schema:
        """Return the schema for this object, for a type whose schema depends on a field."""
        return self.schema

    def merge(self, stored: Object, patch: Object, _state: State) -> Object:
        """Return the stored config with a PUT merged into it: deep, but lists as a whole."""
        return dict(deep_merge(stored, patch))

    def accept(self, given: Object, _state: State, _workspace: str) -> Object:
        """Return a valid object as it is stored, or raise."""
        return given

    def show(self, stored: Object, _state: State) -> Object:
        """Return the object as clients see it."""
        return stored

    def before_delete(self, _object_id: str, _workspace: str, _state: State, _how: frozenset[str]) -> None:
        """Raise if the object can't be deleted, or delete its dependents; `how` may contain `strict`, `cascade`."""

    def parse(self, given: object) -> Object:
        """Return an object validated twice, as at the console: with ISO strings as dates, then with its own schema."""
        first = zod.parse(self.schema, zod.dated(given))
        if first.issues:
            raise self.invalid(given, first.issues)
        second = zod.parse(self.narrowed(first.value), given)
        if second.issues:
            raise self.invalid(given, second.issues)
        return dict(second.value)

    def invalid(self, given: object, issues: list[dict[str, Any]]) -> ApiError:
        """Return the error of an invalid object, which contains all of it in clear, secrets included (section 3)."""
        echoed = {} if given is zod.UNDEFINED else {"object": zod.cleaned(given)}
        error = {"issues": issues, "name": "ZodError"}
        return ApiError(f"Failed to validate schema of {self.name}", **echoed, error=error)


class DomainType(ConfigType):
    """A custom domain of a workspace: its name is the domain, in lower case."""

    def accept(self, given: Object, _state: State, _workspace: str) -> Object:
        """Return the domain with its name checked and normalised."""
        return {**given, "name": checked_domain(given["name"])}

    def show(self, stored: Object, _state: State) -> Object:
        """Return the domain with its name normalised again, as the console does for old rows."""
        return {**stored, "name": str(stored["name"]).strip().lower()}


def deep_merge(stored: JSON, patch: JSON) -> JSON:
    """Return two mappings merged key by key; any other value of the patch replaces the stored one."""
    if not isinstance(stored, dict) or not isinstance(patch, dict):
        return patch
    merged = dict(stored)
    for key, value in patch.items():
        merged[key] = deep_merge(stored[key], value) if key in stored else value
    return merged


def checked_domain(given: str) -> str:
    """Return a normalised domain name, or raise ApiError."""
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
