"""Ids that we choose."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from jitops.core.identity import keyed_hash, number_of, numbered, stem

TEXT = st.text(max_size=80)
NAMES = st.from_regex(r"[a-z0-9]([-.a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)


@given(name=NAMES, number=st.integers(0, 10**6), mark=st.sampled_from(["", "p", "s"]))
def test_form(name: str, number: int, mark: str) -> None:
    """Every id has the form that the console can take, key ids too, and its number can be read back."""
    base = stem("cluster", "workspace", "JitsuStream", "team", name)
    id_ = numbered(base, number, mark)
    assert re.fullmatch(r"[a-z][a-z0-9]{0,39}", id_)
    assert number_of(base, id_, mark) == number


@given(TEXT, TEXT, TEXT, TEXT, TEXT)
def test_any_text_gives_a_stem(identity: str, scope: str, kind: str, namespace: str, name: str) -> None:
    """Whatever the names are, the stem is one."""
    assert re.fullmatch(r"[a-z][a-z0-9]{15,31}", stem(identity, scope, kind, namespace, name))


def test_every_part_counts() -> None:
    """Another cluster, workspace, kind, namespace or name is another id; and the same ones always give the same."""
    parts = ("cluster", "workspace", "JitsuStream", "team", "shop")
    others = [(*parts[:at], parts[at] + "x", *parts[at + 1 :]) for at in range(len(parts))]
    assert len({stem(*each) for each in (parts, parts, *others)}) == 6
    assert stem("a", "bc", "d", "e", "f") != stem("ab", "c", "d", "e", "f")


def test_stem_never_changes() -> None:
    """An id that was given once is given again by every later version: remote objects are found by it."""
    assert stem("cluster-1", "cacme00000000000000000001", "JitsuStream", "team", "shop") == "shopff445seu372p6cnj"


@given(st.text(max_size=40))
def test_foreign_ids_have_no_number(id_: str) -> None:
    """An id of others is none of ours, whatever it looks like."""
    base = stem("c", "w", "JitsuStream", "team", "shop")
    assert number_of(base, id_) is None
    assert number_of(base, base) is None
    assert number_of(base, f"{base}p1") is None
    assert number_of(base, f"{base}s1", "p") is None
    assert number_of(base, f"{base}٣") is None


def test_keyed_hash() -> None:
    """The hash hides the value, and depends on the key and on where one part ends and another begins."""
    digest = keyed_hash(b"key", "name", "value")
    assert re.fullmatch("[0-9a-f]{32}", digest)
    assert digest == keyed_hash(b"key", "name", "value")
    assert digest != keyed_hash(b"another", "name", "value")
    assert digest != keyed_hash(b"key", "namev", "alue")
