"""What is run before a commit is what `make lint` runs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_pre_commit_runs_every_linter() -> None:
    """Each tool of `make lint` is a hook; the tools come from `.venv`, at their locked versions."""
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    linters = set(re.findall(r"\$\(BIN\)/(\S+)", recipe[1])) | {"make"}
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks} == linters
    assert {hook["language"] for hook in hooks} == {"system"}
