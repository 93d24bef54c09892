"""The structure of the tests: one harness under all levels, and no level above another."""

from __future__ import annotations

import pytest
from tests.harness.repository import TESTS
from tests.harness.source import Source

HARNESS = "tests.harness."


@pytest.fixture(scope="module")
def source() -> Source:
    """Read all modules of the tests."""
    return Source(TESTS, prefix="tests.")


def is_test_or_conftest(name: str) -> bool:
    """Check whether pytest collects from this module."""
    return name.rpartition(".")[2].startswith(("test_", "conftest"))


def level(name: str) -> str:
    """Return the level of a module: the folder below `tests`."""
    return name.split(".")[1]


def test_the_harness_imports_from_no_level(source: Source) -> None:
    """The harness can be used by every level."""
    foreign = {
        name: {one for one in imported if not one.startswith(HARNESS)}
        for name, imported in source.imports.items()
        if name.startswith(HARNESS)
    }
    assert foreign, "there is no harness"
    assert {name: others for name, others in foreign.items() if others} == {}


def test_no_level_imports_from_another(source: Source) -> None:
    """What two levels need is in the harness."""
    foreign = {
        name: {one for one in imported if level(one) not in {"harness", level(name)}}
        for name, imported in source.imports.items()
    }
    assert {name: others for name, others in foreign.items() if others} == {}


def test_nobody_imports_from_a_test_or_a_conftest(source: Source) -> None:
    """What two test modules need is in the harness, or beside them in a module without tests."""
    taken = {name: {one for one in imported if is_test_or_conftest(one)} for name, imported in source.imports.items()}
    assert {name: others for name, others in taken.items() if others} == {}


def test_no_folder_has_an_import_circle(source: Source) -> None:
    """The parts of the harness, too, import one another in one direction."""
    assert source.circles() == []
