"""A Go program is built once for each version of its sources, whoever asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jitops_sandbox.controlplane.goprogram import GoProgram

GO = """#!/bin/sh
[ "$1" = list ] && exit 0
echo built >> {log}
sleep 0.5
while [ "$1" != -o ]; do shift; done
echo program > "$2"
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoProgram:
    """Return a program whose compiler writes a line to the file `log` of this test."""
    sources, binaries = tmp_path / "sources", tmp_path / "bin"
    sources.mkdir()
    binaries.mkdir()
    for name in ("main.go", "go.mod", "go.sum"):
        (sources / name).touch()
    (binaries / "go").write_text(GO.format(log=tmp_path / "log"))
    (binaries / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    monkeypatch.setenv("JITOPS_CACHE", str(tmp_path / "cache"))
    return GoProgram(name="program", sources=sources, link_flags=(), what="it", expectation="no time", packages=1)


def test_two_that_ask_at_once_build_once(program: GoProgram, tmp_path: Path) -> None:
    """One builds, the other waits, reports that it waits, and finds the program."""
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: program.binary(said.append), range(2))
    assert first == second
    assert first.read_text() == "program\n"
    assert (tmp_path / "log").read_text() == "built\n"
    assert said.count("waiting for another process that is building program.") == 1


def test_other_sources_are_another_program(program: GoProgram, tmp_path: Path) -> None:
    """A change of the sources builds again, beside the former program."""
    first = program.binary(lambda _: None)
    (program.sources / "main.go").write_text("changed")
    second = program.binary(lambda _: None)
    assert first != second
    assert program.binary(lambda _: None) == second
    assert (tmp_path / "log").read_text() == "built\n" * 2
