"""The image: what is in it, as whom it runs, and that it asks nothing of its root and of no shell.

That the operator works from it is shown by the tests of the chart, which run from it where it is asked for (`--image`).
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.harness.cluster.image import Image
from tests.harness.repository import ROOT

import jitops

pytestmark = pytest.mark.image


def run(image: Image, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the image's entry point to its end."""
    folder.mkdir(exist_ok=True)
    command = image.command(*arguments, secrets=folder)
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as said


def test_it_is_the_program_of_this_tree(image: Image, tmp_path: Path) -> None:
    """Its entry point is the command line, in this version, and needs neither a shell nor a writable root."""
    done = run(image, tmp_path, "version")
    assert (done.stdout, done.returncode) == (f"jitops {jitops.__version__}\n", 0)


def test_it_runs_as_nobody(image: Image) -> None:
    """Its user is a number that is not root, as `runAsNonRoot` wants it, and owns nothing of it."""
    user, group = (int(part) for part in image.user.split(":"))
    assert user > 0
    assert group > 0
    assert not [path for path in (image.root / "opt").rglob("*") if path.lstat().st_uid == user]


def test_it_holds_the_locked_requirements_and_nothing_else(image: Image) -> None:
    """Installed is what requirements-otel.txt pins, and jitops; no installer stays behind."""
    packages = next((image.root / "opt/jitops/lib").glob("python3*/site-packages"))
    installed = {_name(path.name.partition("-")[0]) for path in packages.glob("*.dist-info")}
    lines = (ROOT / "requirements-otel.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_name(found[1]) for line in lines if (found := re.match(r"([\w.-]+)==", line))}
    assert installed == pinned | {"jitops"}


def test_it_holds_no_stand_ins(image: Image, tmp_path: Path) -> None:
    """Neither the sandbox nor its Go sources nor the examples are in it; its demo says how to get them."""
    (package,) = (image.root / "opt/jitops/lib").glob("python3*/site-packages/jitops")
    assert not [*package.rglob("*.go"), *package.rglob("examples"), *package.parent.glob("jitops_sandbox*")]
    done = run(image, tmp_path, "demo")
    assert (done.returncode, done.stderr) == (
        2,
        "jitops: `jitops demo` is not installed: pip install 'jitops[sandbox]'\n",
    )


def test_it_says_nothing_of_this_machine(image: Image) -> None:
    """The settings with which pip worked are not in it, nor any variable but its own."""
    assert set(image.environment) == {"PATH", "HOME", "USER", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert not (image.root / "etc/pip.conf").exists() or not (image.root / "etc/pip.conf").read_text(encoding="utf-8")


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()
