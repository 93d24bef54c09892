"""What the documentation and the comments of this repository say, and whether the parts that they name exist."""

from __future__ import annotations

import ast
import fnmatch
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.harness.repository import OPERATOR, ROOT

BASES = (ROOT, OPERATOR, OPERATOR / "jitops", OPERATOR / "jitops_sandbox")
"""The folders that paths in prose are relative to, besides the folder of the page or module itself."""
TOP = "docs|tests|helm|examples|operator|benchmarks|crds|tools"
MODULES = "api|core|remote|products|kinds|local|runtime|importing|handlers|cli"
FORMER_MODULES = "vendors|sandbox|controlplane"
"""Packages that were moved: a name that begins with one of them is stale."""
FOREIGN = {"PACKAGING.md"}
"""Files of other repositories, which the reference pages cite."""
GENERATED = {"dist"}
"""Folders that `make` writes: whether their files exist says nothing of a page."""
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("helm/**/*.md"), *ROOT.glob("tests/*.md"))
    if path.name != "README.template.md"  # its links are relative to the README that is generated from it
)
SOURCES = sorted(path for path in OPERATOR.rglob("*.py") if "__pycache__" not in path.parts)


def prose(source: Path) -> str:
    """Return the docstrings, attribute docstrings and comments of a module."""
    text = source.read_text(encoding="utf-8")
    strings = [
        node.value.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join([*strings, *(token.string for token in tokens if token.type == tokenize.COMMENT)])


def named_paths(text: str) -> Iterator[str]:
    """Return what a text names as a path: below a folder of the repository, or in backticks with a folder or suffix."""
    yield from re.findall(rf"(?<![\w./<-])(?:{TOP})/[\w./*-]*[\w/*]", text)
    for token in re.findall(r"`(\w[\w.*-]*(?:/[\w.*-]+)*/?)`", text):
        first, slash, _ = token.partition("/")
        if token not in FOREIGN and (
            token.endswith((".py", ".md"))
            or (slash and first not in GENERATED and any((base / first).is_dir() for base in BASES[:3]))
        ):
            yield token


@cache
def file_names() -> frozenset[str]:
    """Return the names of all files below operator/, docs/ and tests/."""
    return frozenset(path.name for folder in ("operator", "docs", "tests") for path in (ROOT / folder).rglob("*.*"))


def path_exists(path: str, beside: Path) -> bool:
    """Check a path against the bases and the folders around the page; a bare name may be anywhere."""
    if "/" not in path:
        return bool(fnmatch.filter(file_names(), path)) or (ROOT / path).exists()
    bases = (*BASES, *(folder for folder in beside.parents if folder.is_relative_to(ROOT)))
    return any(next(base.glob(path.rstrip("/")), None) is not None for base in bases)


def named_modules(text: str) -> list[str]:
    """Return the dotted names in backticks that begin like a package of jitops."""
    return re.findall(rf"`(?:jitops\.)?((?:{MODULES}|{FORMER_MODULES})(?:\.(?!py`)\w+)+)`", text)


def module_exists(name: str) -> bool:
    """Find the module that a dotted name begins with; the rest must be a word of it."""
    place, parts = OPERATOR / "jitops", name.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if not parts:
        return True
    module = place / f"{parts[0]}.py"
    if not module.is_file():
        return False
    text = module.read_text(encoding="utf-8")
    return all(re.search(rf"\b{part}\b", text) for part in parts[1:])


def unknown(text: str, beside: Path) -> list[str]:
    """Return the paths and modules in a text that do not exist."""
    paths = [path for path in named_paths(text) if not path_exists(path, beside)]
    return paths + [name for name in named_modules(text) if not module_exists(name)]
