"""Checks the config of a destination against the schema of its type before anything is sent.

Messages have the field and what to write, never the value: any value may be a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry

from jitops.core.errors import SpecInvalid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from jitops.core.kube import JSON
    from jitops.products.jitsu.masked.sealed import Path
    from jitops.products.jitsu.schemas import Schema

FORMATS = FormatChecker(formats=())
"""The checked formats: only `uri`, as the console checks it."""
SHOWN = 8
"""The most problems that one message lists."""


@FORMATS.checks("uri")
def _is_url(value: object) -> bool:
    """Return whether JavaScript's `URL` may accept a text: it begins with a scheme."""
    return not isinstance(value, str) or re.match(r"\s*[A-Za-z][-+.A-Za-z0-9]*:", value) is not None


class ConfigCheck:
    """Checks complete configs, with their secrets, against one schema.

    `secret` are the paths that are set from Secrets, and `masked` the fields of the type that should be.
    """

    def __init__(self, schema: Schema, root: str, secret: Collection[Path], masked: Iterable[str]) -> None:
        self._schema = schema
        self._root = root
        self._secret = secret
        self._masked = frozenset(masked)

    def validate(self, config: Mapping[str, JSON]) -> None:
        """Raise SpecInvalid with every field that the console would reject, or would silently drop."""
        # An empty registry: references in a schema are never fetched.
        validator = Draft7Validator(self._schema, registry=Registry(), format_checker=FORMATS)
        found = [problem for error in validator.iter_errors(dict(config)) for problem in self._problems(error)]
        problems = list(dict.fromkeys(found))
        if problems:
            more = f"; and {len(problems) - SHOWN} more" if problems[SHOWN:] else ""
            raise SpecInvalid("; ".join(problems[:SHOWN]) + more)

    def _problems(self, error: ValidationError) -> Iterator[str]:
        path = tuple(error.absolute_path)
        rule: Any = error.validator_value
        given: Any = error.instance
        match error.validator:
            case "required":
                missing = [name for name in rule if name not in given]
                yield from (f"{self._where((*path, name))}: is required{self._cure(path, name)}" for name in missing)
            case "additionalProperties":
                known = _properties(error.schema)
                extra = [name for name in given if name not in known]
                cure = f"; this type has {', '.join(known)}" if known else "; remove it"
                yield from (f"{self._where((*path, name))}: is not a known field{cure}" for name in extra)
            case _:
                yield f"{self._where(path)}: {_sentence(error.validator, rule)}"

    def _cure(self, path: tuple[str | int, ...], name: str) -> str:
        if path or name not in self._masked:
            return ""
        return f": put it into a Secret, and refer to that in spec.secretConfig with path: {name}"

    def _where(self, path: tuple[str | int, ...]) -> str:
        """Return the path of a field in the spec."""
        secret = tuple(map(str, path)) in self._secret
        where = "spec.secretConfig" if secret else f"spec.{self._root}"
        for part in path:
            where += f"[{part}]" if isinstance(part, int) else f".{part}"
        return where


def _properties(schema: object) -> list[str]:
    """Return the fields that a schema has."""
    known = schema.get("properties") if isinstance(schema, Mapping) else None
    return sorted(known) if isinstance(known, Mapping) else []


def _sentence(keyword: object, rule: JSON) -> str:
    """Return what a schema asks for. The values in the schema are the console's, not secrets."""
    match keyword:
        case "type":
            return f"must be of type {' or '.join(rule) if isinstance(rule, list) else rule}"
        case "enum":
            return f"must be one of {', '.join(map(json.dumps, rule))}"
        case "minimum":
            return f"must be {rule} or more"
        case "maximum":
            return f"must be {rule} or less"
        case "format" if rule == "uri":
            return "must be a URL with its scheme, such as https://example.com"
    return f"is not valid here (the schema's rule {keyword} is broken)"
