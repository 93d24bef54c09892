"""Reads YAML files as kubectl does, and says where one can't be read; never what stands in it."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".yaml", ".yml", ".json")


def files(source: Path, skip: Path | None) -> Iterator[tuple[Path, str]]:
    """Give the manifest files of a folder and those below it except `skip`, with the names to speak of them by.

    Hidden files and folders are left out, as Git's own.
    """
    if not source.is_dir():
        yield source, source.name
        return
    for folder, below, names in os.walk(source):
        here = Path(folder)
        below[:] = sorted(name for name in below if not name.startswith(".") and (here / name).absolute() != skip)
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield here / name, str((here / name).relative_to(source))


class _Strict(yaml.SafeLoader):
    """Reads YAML as kubectl does: a key given twice is a fault, and what looks like a date stays text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value != "<<":
                if name.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"{name.value} is given twice in one map", problem_mark=name.start_mark
                    )
                seen.add(name.value)
        return super().construct_mapping(node, deep)


_Strict.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(file: Path, name: str, faults: list[str]) -> Iterator[tuple[str, object]]:
    """Give the documents of a file that hold something, each with its place; YAML that can't be read is a fault."""
    try:
        for number, document in enumerate(yaml.load_all(file.read_text(encoding="utf-8"), _Strict), start=1):
            if document is not None:
                yield from _unpacked(f"{name}, document {number}", document)
    except UnicodeDecodeError:
        faults.append(f"{name}: is not text in UTF-8; save it as such")
    except OSError as error:
        faults.append(f"{name}: can't be read ({error.strerror}); allow it, or take it out")
    except yaml.YAMLError as error:
        faults.append(f"{name}{_position(error)}: is no YAML that can be read ({_problem(error)}); correct it there")


def _unpacked(place: str, document: object) -> Iterator[tuple[str, object]]:
    """Take a List apart, as `kubectl get -o yaml` writes it."""
    if isinstance(document, Mapping) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        for number, item in enumerate(document["items"], start=1):
            yield f"{place}, item {number}", item
    else:
        yield place, document


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    """Say what is wrong, without the words that the parser quotes: they may be a password."""
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "syntax error"
    return " ".join(re.sub(r"(['\"]).*\1", "", said).split())
