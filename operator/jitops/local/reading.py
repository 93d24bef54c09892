"""Reading of YAML files, as kubectl reads them. A fault names its place, and never quotes the content."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import yaml

from jitops.local.sources import ManifestFile


class _Strict(yaml.SafeLoader):
    """Reads YAML as kubectl does: a key given twice is a fault, and a date remains text."""

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


def documents(file: ManifestFile, faults: list[str]) -> Iterator[tuple[str, object]]:
    """Yield the documents of a file, except empty ones, each with its place; add a fault if it can't be read."""
    name = file.name
    try:
        for number, document in enumerate(yaml.load_all(file.text(), _Strict), start=1):
            if document is not None:
                yield from _unpacked(f"{name}, document {number}", document)
    except UnicodeDecodeError:
        faults.append(f"{name}: is not text in UTF-8; save it in this encoding")
    except OSError as error:
        faults.append(f"{name}: can't be read ({error.strerror}); permit it, or remove the file")
    except yaml.YAMLError as error:
        faults.append(f"{name}{_position(error)}: is no valid YAML ({_problem(error)}); correct it there")


def _unpacked(place: str, document: object) -> Iterator[tuple[str, object]]:
    """Yield the items of a List, as `kubectl get -o yaml` writes it, or the document itself."""
    if isinstance(document, Mapping) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        for number, item in enumerate(document["items"], start=1):
            yield f"{place}, item {number}", item
    else:
        yield place, document


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    """Return the problem without the words that the parser quotes: they may be a password."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "syntax error"
    return " ".join(re.sub(r"(['\"]).*\1", "", problem).split())
