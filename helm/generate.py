"""Generate parts of the chart: its copy of the CRDs, and its README from the comments in values.yaml.

`python helm/generate.py` writes them, `--check` lists outdated ones. The copy of the CRDs is no symbolic link,
because Flux does not pack links.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from jitops import crds

CHART = Path(__file__).parent / "jitops"
SLOT = "<!-- values: made of values.yaml by `make crds` -->"
KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):(?P<rest>.*)")
SAID = "# -- "


class Value(NamedTuple):
    """One value of the chart: its path, its description, and its default."""

    path: tuple[str, ...]
    meaning: str
    default: Any


def values(text: str) -> Iterator[Value]:
    """Return the values that have a comment; ValueError names a leaf without one."""
    defaults, path, said = yaml.safe_load(text), [""], list[str]()
    inside = -1  # the indentation of a documented value, whose parts need no comments
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            said = [bare.removeprefix(SAID)] if bare.startswith(SAID) else [*said, bare.removeprefix("# ")]
            continue
        if not (key := KEY.fullmatch(line)):
            said = []
            continue
        depth = len(key["indent"])
        if inside >= 0 and depth > inside:
            continue
        inside = -1
        path[depth // 2 :] = [key["name"]]
        if said:
            inside = depth
            yield Value(tuple(path), " ".join(said), _at(defaults, path))
        elif not isinstance(_at(defaults, path), dict) or not _at(defaults, path):
            raise ValueError(f"values.yaml has no comment for {'.'.join(path)}")
        said = []


def _at(values: Any, path: list[str]) -> Any:  # noqa: ANN401 - YAML
    for name in path:
        values = values[name]
    return values


def readme(text: str, words: str) -> str:
    """Return the README: its template, with the table of values in its slot."""
    rows = [f"| `{'.'.join(one.path)}` | {one.meaning} | `{json.dumps(one.default)}` |" for one in values(text)]
    return words.replace(SLOT, "\n".join((SLOT, "", "| value | meaning | default |", "|---|---|---|", *rows)))


def outdated() -> list[str]:
    """Return the files that differ from what the models and values.yaml produce."""
    stale = [f"files/crds/{name}" for name in crds.current(CHART / "files" / "crds")]
    return stale + (["README.md"] if _readme() != (CHART / "README.md").read_text(encoding="utf-8") else [])


def _readme() -> str:
    words = (CHART.parent / "README.template.md").read_text(encoding="utf-8")
    return readme((CHART / "values.yaml").read_text(encoding="utf-8"), words)


def main() -> None:
    """Write the files, or check them."""
    if "--check" in sys.argv[1:]:
        if stale := outdated():
            sys.exit(f"helm/jitops: {', '.join(stale)} outdated; run `make crds`")
        return
    crds.write(CHART / "files" / "crds")
    (CHART / "README.md").write_text(_readme(), encoding="utf-8")


if __name__ == "__main__":
    main()
