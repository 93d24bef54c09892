"""Checks a destination's config against the schema of its type before anything is sent.

What is found is told by field and cure, never by value: any value may be a secret.
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
"""The formats that are checked: only what the console takes for an address."""
SHOWN = 8
"""How many problems one message names."""


@FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    """Tell whether JavaScript's `URL` could take a text: it begins with a scheme."""
    return not isinstance(value, str) or re.match(r"\s*[A-Za-z][-+.A-Za-z0-9]*:", value) is not None


class Check:
    """One config, whole, with the secrets in it, against one schema."""

    def __init__(self, schema: Schema, root: str, secret: Collection[Path], masked: Iterable[str]) -> None:
        self._schema = schema
        self._root = root
        self._secret = secret
        self._masked = frozenset(masked)

    def refuse(self, config: Mapping[str, JSON]) -> None:
        """Raise SpecInvalid with every field that the console would refuse, or would silently drop."""
        # The registry fetches nothing from anywhere.
        validator = Draft7Validator(self._schema, registry=Registry(), format_checker=FORMATS)
        found = [told for error in validator.iter_errors(dict(config)) for told in self._told(error)]
        told = list(dict.fromkeys(found))
        if told:
            more = f"; and {len(told) - SHOWN} more" if told[SHOWN:] else ""
            raise SpecInvalid("; ".join(told[:SHOWN]) + more)

    def _told(self, error: ValidationError) -> Iterator[str]:
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
                cure = f"; this type has {', '.join(known)}" if known else "; take it out"
                yield from (f"{self._where((*path, name))}: is not a known field{cure}" for name in extra)
            case _:
                yield f"{self._where(path)}: {_sentence(error.validator, rule)}"

    def _cure(self, path: tuple[str | int, ...], name: str) -> str:
        if path or name not in self._masked:
            return ""
        return f": put it into a Secret, and name that in spec.secretConfig with path: {name}"

    def _where(self, path: tuple[str | int, ...]) -> str:
        """Name a field as the spec has it."""
        secret = tuple(map(str, path)) in self._secret
        where = "spec.secretConfig" if secret else f"spec.{self._root}"
        for part in path:
            where += f"[{part}]" if isinstance(part, int) else f".{part}"
        return where


def _properties(schema: object) -> list[str]:
    """Name the fields that a schema knows."""
    known = schema.get("properties") if isinstance(schema, Mapping) else None
    return sorted(known) if isinstance(known, Mapping) else []


def _sentence(keyword: object, rule: Any) -> str:  # noqa: ANN401 - JSON
    """Say what a schema asks; its own words are the console's, and no secret."""
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
            return "must be an address with its scheme, such as https://example.com"
    return f"is not valid here (by the schema's {keyword})"
