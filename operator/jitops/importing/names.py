"""Names for the resources of an import: similar to those at the remote, valid in Kubernetes, and unique."""

from __future__ import annotations

import re

LONGEST = 50
"""Characters of a name, so that names derived from it still fit into a label."""


class Names:
    """The names given so far, by kind."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def name(self, kind: str, wanted: str, otherwise: str) -> str:
        """Return a name like `wanted`, or like `otherwise` if a name can have no character of that."""
        base = _valid(wanted) or _valid(otherwise) or kind.lower()
        name, number = base, 1
        while (kind, name) in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add((kind, name))
        return name


def _valid(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:LONGEST].strip("-")
