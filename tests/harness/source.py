"""The form of the source code: its imports, their circles, docstrings, functions and lines."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
PACKAGE = "__init__"


class Source:
    """All modules below a folder, each under its dotted name; a package is the module `package.__init__`."""

    def __init__(self, root: Path, *, prefix: str = "") -> None:
        self.root = root
        self.files = {prefix + _name(file.relative_to(root)): file for file in sorted(root.rglob("*.py"))}
        self.packages = {name.rpartition(".")[0] for name in self.files}

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """Each module's syntax tree."""
        return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in self.files.items()}

    @cached_property
    def imports(self) -> Mapping[str, set[str]]:
        """For each module those that it imports, for type checking and inside functions too."""
        return {
            name: {found for node in ast.walk(tree) for found in self._imported(node)}
            for name, tree in self.trees.items()
        }

    def circles(self) -> list[str]:
        """Return a sentence for each folder whose files and subfolders import one another in a circle."""
        found = []
        for folder, graph in sorted(self._folders().items()):
            try:
                TopologicalSorter(graph).prepare()
            except CycleError as error:
                found.append(f"{folder or self.root.name}: {' <- '.join(error.args[1])}")
        return found

    def _folders(self) -> Mapping[str, Mapping[str, set[str]]]:
        """Return for each folder which of its children imports which others."""
        folders: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name, imported in self.imports.items():
            for other in imported - {name}:
                shared, child, others = _parted(name, other)
                folders[shared][child].add(others)
        return folders

    def _imported(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from self._known(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"a relative import of {node.module}"
            for alias in node.names:
                yield from list(self._known([f"{node.module}.{alias.name}"])) or self._known([node.module])

    def _known(self, names: Iterator[str] | list[str]) -> Iterator[str]:
        for name in names:
            if name in self.files:
                yield name
            elif f"{name}.{PACKAGE}" in self.files:
                yield f"{name}.{PACKAGE}"

    # What is in the files.

    def docstrings(self) -> Iterator[tuple[str, str]]:
        """Yield each docstring, with where it is: the module, and the name in it."""
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | Definition) and (text := ast.get_docstring(node)):
                    yield f"{name}:{getattr(node, 'name', '')}".rstrip(":"), text

    def functions(self) -> Iterator[tuple[str, int]]:
        """Yield each function's name, with the number of its lines."""
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    yield f"{name}:{node.name}", node.end_lineno - node.lineno + 1

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield each line, with the name of its module."""
        for name, file in self.files.items():
            yield from ((name, line) for line in file.read_text(encoding="utf-8").splitlines())


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _parted(name: str, other: str) -> tuple[str, str, str]:
    """Return the folder that two modules share, and the child of it that each is, or is in."""
    mine, theirs = name.split("."), other.split(".")
    depth = next(at for at, (one, another) in enumerate(zip(mine, theirs, strict=False)) if one != another)
    return ".".join(mine[:depth]), mine[depth], theirs[depth]
