"""Sealed values: equal where the console's are, and no way back to what they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitops.products.jitsu.masked.sealed import MASK, Leaf, dotted, leaves, merged, parted, seal, seal_map
from jitops.products.jitsu.masked.wire import MaskedRow

NAMES = st.lists(st.text("a.~1 é", max_size=4), min_size=1, max_size=4).map(tuple)


@given(NAMES)
def test_paths_can_be_read_back(path: tuple[str, ...]) -> None:
    """Whatever the names of fields are, a path in status means one field."""
    assert parted(dotted(path)) == path


SAME = [
    (1, 1.0),
    ([2.0], [2]),
    ([{"b": 1, "a": 2}], [{"a": 2, "b": 1}]),
    ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_to_javascript(one: Any, other: Any) -> None:
    """What JavaScript can't tell apart is equal, moments included, which the console may write anew."""
    assert seal(one) == seal(other)


@pytest.mark.parametrize(("one", "other"), [(1, True), ("1", 1), ("", []), ([1, 2], [2, 1])])
def test_not_the_same(one: Any, other: Any) -> None:
    """Anything else differs."""
    assert seal(one) != seal(other)


def test_nothing_is_shown() -> None:
    """Neither value nor digest stands in what is printed."""
    leaf = seal("a-secret-value")
    assert isinstance(leaf, Leaf)
    assert repr(leaf) == "Leaf(masked=False)"
    assert b"a-secret-value" not in leaf.digest


def test_masks_are_seen() -> None:
    """The console's mask is told from a value."""
    assert [leaf.masked for leaf in leaves(seal_map({"a": {"b": MASK}, "c": "x"})).values()] == [True, False]


def test_merge_is_the_consoles() -> None:
    """Maps are merged entry by entry, lists are replaced, and null is none."""
    stored = seal_map({"a": {"x": 1, "y": 2}, "list": [1, 2], "b": 1})
    patch = seal_map({"a": {"y": 3, "z": None}, "list": [3], "b": {"c": 1}})
    assert merged(stored, patch) == seal_map({"a": {"x": 1, "y": 3}, "list": [3], "b": {"c": 1}})


@pytest.mark.parametrize(("value", "same"), [("x", True), (MASK, False)])
def test_a_moment_counts_where_it_may_hide_something(value: str, *, same: bool) -> None:
    """A write that changed nothing makes two readings differ only where a mask hides whether it did."""
    one, other = (MaskedRow.parse({"id": "a", "key": value, "updatedAt": f"2026-01-0{day}"}) for day in (1, 2))
    assert (one == other) == same
