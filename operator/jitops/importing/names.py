"""Names for the resources of an import: like those at the remote, valid in Kubernetes, and each given once."""

from __future__ import annotations

import re

LONGEST = 50
"""Characters of a name, so that what is derived of it still fits into a label."""


class Names:
    """Hands out names, per kind."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def name(self, kind: str, wanted: str, otherwise: str) -> str:
        """Give a name like `wanted`, or like `otherwise` where nothing of that can stand in a name."""
        base = _valid(wanted) or _valid(otherwise) or kind.lower()
        name, number = base, 1
        while (kind, name) in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add((kind, name))
        return name


def _valid(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:LONGEST].strip("-")
