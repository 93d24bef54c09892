"""The search of what a run left behind for secrets and for traces of defects.

What is found is printed with the lines around it, so that it can be judged after the run; secrets in them are masked.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

DEFECTS = ("Traceback (most recent call last)", "defect while working on", "Task exception was never retrieved")
"""What a log must never hold: each is a defect."""
BEFORE, AFTER = 2, 30
"""How many lines are shown before and after what was found: enough for a traceback."""
WIDEST = 400
"""How much is shown of a line."""


class Search:
    """A search for secrets, plain and in base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        needles = {needle: f"<secret {at}>" for at, secret in enumerate(sorted(secrets)) for needle in _forms(secret)}
        self._masks = dict(sorted(needles.items(), key=lambda one: -len(one[0])))

    def through(self, folder: Path) -> list[str]:
        """Return what was found in the files of a folder, one text for each; `.private` files may hold secrets."""
        files = [file for file in sorted(folder.iterdir()) if file.suffix != ".private"]
        return [finding for file in files for finding in self._in(file)]

    def _in(self, file: Path) -> Iterator[str]:
        text, found = self._masked(file.read_text(encoding="utf-8", errors="replace"))
        found += [defect for defect in DEFECTS if defect in text] if file.suffix == ".log" else []
        lines = text.splitlines() if found else []
        for what in found:
            yield f"{file.name} holds {what!r}:\n{_shown(lines, what)}"

    def _masked(self, text: str) -> tuple[str, list[str]]:
        """Return the text with its secrets masked, and the masks that it now has."""
        found: dict[str, None] = {}
        for needle, mask in self._masks.items():
            if needle in text:
                text, found[mask] = text.replace(needle, mask), None
        return text, list(found)


def _forms(secret: str) -> tuple[str, str]:
    return secret, base64.b64encode(secret.encode()).decode()


def _shown(lines: list[str], what: str) -> str:
    """Quote the first line that holds this, and those around it."""
    at = next(number for number, line in enumerate(lines) if what in line)
    around = range(max(0, at - BEFORE), min(len(lines), at + AFTER + 1))
    return "\n".join(f"{number + 1:>8}: {_cut(lines[number], what)}" for number in around)


def _cut(line: str, what: str) -> str:
    """Shorten a line to what is around the text that was found in it."""
    start = max(0, line.find(what) - WIDEST // 2)
    return line[start : start + WIDEST]
