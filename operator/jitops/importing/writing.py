"""Writing of manifests as readable YAML: one file per kind, or one stream."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jitops.importing.manifests import Imported, Manifest


AMBIGUOUS = re.compile(r"[-+.\d]|[yYnN]$")
"""Texts that one version of YAML reads as such, and another as a number, a date or a boolean."""
UNPRINTED = re.compile("[^\n -\x7e\xa0-\u2027\u202a-\ufefe\uff00-\U0010ffff]")
"""Control characters, and line breaks that only some readers accept as such."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if UNPRINTED.search(text):
        return '"'
    if "\n" in text:
        return "|"
    return '"' if AMBIGUOUS.match(text) else None


_Dumper.add_representer(str, _text)


def as_yaml(imported: Imported) -> str:
    """Return all manifests as one stream, after the comments of all kinds."""
    return _commented(imported.comments.values(), imported.manifests)


def _commented(comments: Iterable[str], manifests: Iterable[Manifest]) -> str:
    lines = [f"# {line}\n" for comment in comments for line in comment.splitlines()]
    return "".join(lines) + yaml.dump_all(
        manifests, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, explicit_start=bool(lines)
    )


def write(imported: Imported, folder: Path) -> list[Path]:
    """Write one file per kind into a folder and return their paths.

    Only the user may read the files: Secrets are among them. Raises FileExistsError if one exists already.
    """
    kinds: dict[str, list[Any]] = defaultdict(list, {kind: [] for kind in imported.comments})
    for manifest in imported.manifests:
        kinds[manifest["kind"]].append(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, manifests in kinds.items():
        path = folder / f"{kind.lower()}.yaml"
        path.touch(mode=0o600, exist_ok=False)
        comment = imported.comments.get(kind)
        path.write_text(_commented([comment] if comment else [], manifests), encoding="utf-8")
        paths.append(path)
    return paths
