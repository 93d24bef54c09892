"""`make new-kind` writes a kind that imports and lints, and whose tests fail until it is filled in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.harness.repository import ROOT

COPIED = ("operator", "tests", "tools", "examples", "crds", "helm", "pyproject.toml", "README.md", "LICENSE")
NEW = {
    "JitsuThing": {
        *(
            f"operator/jitops/products/jitsu/thing/{part}.py"
            for part in ("__init__", "spec", "status", "adapter", "wire", "kind")
        ),
        "examples/jitsu/07-thing.yaml",
        "tests/harness/samples/thing.py",
        "crds/jitops.dev_jitsuthings.yaml",
        "helm/jitops/files/crds/jitops.dev_jitsuthings.yaml",
    },
    "RemoteThing": {
        *(
            f"operator/jitops/products/jitterbit/remote_thing/{part}.py"
            for part in ("__init__", "spec", "status", "adapter", "kind")
        ),
        "examples/jitterbit/05-remote-thing.yaml",
        "tests/harness/samples/remote_thing.py",
        "crds/jitops.dev_remotethings.yaml",
        "helm/jitops/files/crds/jitops.dev_remotethings.yaml",
    },
}
TABLES = {"operator/jitops/kinds.py", "tests/harness/samples/table.py"}


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module or script in a tree, with the operator of this tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "operator")}
    return subprocess.run(  # noqa: S603 - fixed commands
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def files(tree: Path) -> Iterator[str]:
    """Return the files of a tree, but for caches."""
    for name in COPIED:
        found = [tree / name] if (tree / name).is_file() else (tree / name).rglob("*")
        yield from (str(path.relative_to(tree)) for path in found if path.is_file() and "__pycache__" not in path.parts)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy this repository, and write a kind of each product into the copy."""
    copy = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        if (ROOT / name).is_dir():
            caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=caches)
        else:
            shutil.copy2(ROOT / name, copy / name)
    for product, kind in (("jitsu", "JitsuThing"), ("jitterbit", "RemoteThing")):
        done = run(copy, "tools/new_kind.py", product, kind)
        assert done.returncode == 0, done.stderr[-500:]
        assert "FILL IN" in done.stdout
    return copy


def test_a_kind_is_its_package_a_row_an_example_and_a_sample(tree: Path) -> None:
    """Nothing else is written but the generated CRDs, and no other file is changed but the two tables."""
    before, after = set(files(ROOT)), set(files(tree))
    assert after - before == set().union(*NEW.values())
    changed = {name for name in before if (ROOT / name).read_bytes() != (tree / name).read_bytes()}
    assert changed == TABLES


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "ruff", "check", "."),
        ("-m", "ruff", "format", "--check", "."),
        ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
        ("-m", "jitops", "crds", "--check", "crds"),
        ("helm/generate.py", "--check"),
        ("-m", "mypy", *(f"{path}" for kind in NEW.values() for path in sorted(kind) if path.endswith(".py"))),
    ],
    ids=["ruff", "format", "imports", "crds", "chart", "mypy"],
)
def test_the_tree_lints_with_the_new_kinds(tree: Path, command: tuple[str, ...]) -> None:
    """What `make lint` runs accepts the new kinds as they are written."""
    done = run(tree, *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_laws_fail_until_a_kind_is_filled_in(tree: Path) -> None:
    """The laws are tried on each new kind, and all that need a remote object fail."""
    done = run(
        tree,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "tests/contract/test_laws.py",
        "-k",
        " or ".join(NEW),
    )
    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)\[(\w+)", done.stdout, flags=re.MULTILINE)
    assert {kind for outcome, _, kind in outcomes if outcome == "FAILED"} == set(NEW)
    assert {law for outcome, law, _ in outcomes if outcome != "FAILED"} == {"test_every_field_has_a_case"}


@pytest.mark.parametrize(
    ("product", "kind", "why"),
    [
        ("jitsu", "Thing", "kinds of Jitsu begin with Jitsu"),
        ("jitterbit", "JitsuThing", "and no others do"),
        ("jitsu", "Jitsu", "must name the kind after the product"),
        ("jitsu", "jitsu_thing", "must be a singular in CamelCase"),
        ("jitterbit", "", "must be a singular in CamelCase"),
        ("jitsu", "JitsuStream", "exists already: operator/jitops/products/jitsu/stream/__init__.py"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(product: str, kind: str, why: str) -> None:
    """The name is in CamelCase, tells the product, and is not taken; otherwise nothing is written."""
    before = set(files(ROOT))
    done = run(ROOT, "tools/new_kind.py", product, kind)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
    assert set(files(ROOT)) == before
