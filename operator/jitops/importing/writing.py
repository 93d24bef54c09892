"""Writes manifests as YAML that people like to read: one file per kind, or one stream."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jitops.importing.jitsu import Manifest


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def as_yaml(manifests: Iterable[Manifest]) -> str:
    """Write manifests one after the other."""
    return yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def write(manifests: Iterable[Manifest], folder: Path) -> list[Path]:
    """Write a file per kind into a folder, for nobody else to read: Secrets are among them.

    Raises FileExistsError if one is there already.
    """
    kinds: dict[str, list[Any]] = defaultdict(list)
    for manifest in manifests:
        kinds[manifest["kind"]].append(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, those in kinds.items():
        path = folder / f"{kind.lower()}.yaml"
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(as_yaml(those), encoding="utf-8")
        paths.append(path)
    return paths
