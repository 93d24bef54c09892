"""The form of the code: no circles, short functions and files, few exceptions to the linters, plain docstrings."""

from __future__ import annotations

import statistics
from collections import Counter

import pytest
from tests.harness.repository import OPERATOR
from tests.harness.source import Source

LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 8
LONG_FUNCTION = 25
"""At most one function in ten is longer than this."""
LONGEST_FILE = 300
MOST_NOQA = 40
MOST_TYPE_IGNORES = 5
UNPLAIN_DOCSTRINGS = 0
"""How many docstrings may still begin with one of `UNPLAIN`; will be 0."""
UNPLAIN = ("Tell", "Give", "Say", "Take", "Name", "Have", "Let")


@pytest.fixture(scope="module")
def source() -> Source:
    """Read all modules of the operator and its stand-ins."""
    return Source(OPERATOR)


def test_no_folder_has_an_import_circle(source: Source) -> None:
    """Files and subfolders of one folder import one another in one direction, imports for type checking included."""
    assert source.circles() == []


def test_functions_are_short(source: Source) -> None:
    """No function is longer than a screen, and most are a few lines long, signature and docstring included."""
    lengths = dict(source.functions())
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= LONG_FUNCTION


def test_files_are_short(source: Source) -> None:
    """Each module is read in one go."""
    lengths = Counter(name for name, _ in source.lines())
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize(("comment", "most"), [("# noqa", MOST_NOQA), ("# type: ignore", MOST_TYPE_IGNORES)])
def test_few_lines_are_exempt(source: Source, comment: str, most: int) -> None:
    """Only so many lines are excused from what the linters and the type checker ask."""
    exempt = Counter(name for name, line in source.lines() if comment in line)
    assert exempt.total() <= most, exempt.most_common()


def test_docstrings_say_plainly_what_is_returned_or_done(source: Source) -> None:
    """No more docstrings than today begin with a verb that hides whether something is returned."""
    found = [f"{where}: {text.splitlines()[0]}" for where, text in source.docstrings() if text.split()[0] in UNPLAIN]
    assert len(found) <= UNPLAIN_DOCSTRINGS, "\n".join(found)
