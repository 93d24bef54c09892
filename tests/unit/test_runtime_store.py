"""What was last seen of a resource stays true in whatever order it is told."""

from __future__ import annotations

import pytest
from tests.harness.manifests import resource

from jitops.core.kube import Key, Resource
from jitops.runtime.cluster import cache as store
from jitops.runtime.cluster.cache import ResourceCache

KEY = Key("JitsuStream", "web", "shop")


def made(version: int, *, uid: str = "first", key: Key = KEY) -> Resource:
    """Make a resource in one version."""
    return resource(key, uid=uid, resourceVersion=str(version))


def test_newer_version_replaces_what_was_known() -> None:
    """A newer version is taken in, and what was known before is returned."""
    held = ResourceCache()
    assert held.put(made(5)) == (None, True)
    before, newer = held.put(made(6))
    assert newer
    assert before is not None
    assert before.version == 5
    assert held.get(KEY) == made(6)


@pytest.mark.parametrize("version", [4, 5])
def test_older_or_same_version_is_ignored(version: int) -> None:
    """The watch is late where our own write's answer was faster."""
    held = ResourceCache()
    held.put(made(5))
    assert held.put(made(version)) == (made(5), False)
    assert held.get(KEY) == made(5)


def test_dropped_resource_does_not_come_back() -> None:
    """What the watch still tells of a resource after its end is ignored, whatever its version."""
    held = ResourceCache()
    held.put(made(5))
    assert held.drop(KEY, "first")
    assert held.put(made(6)) == (None, False)
    assert held.get(KEY) is None
    assert not held.drop(KEY, "first"), "its end is news only once"


def test_end_of_a_predecessor_leaves_the_successor() -> None:
    """A deletion is about one UID: kopf tells of two objects of one name in any order."""
    held = ResourceCache()
    held.put(made(5))
    held.put(made(7, uid="second"))
    assert not held.drop(KEY, "first")
    assert held.get(KEY) == made(7, uid="second")


def test_missing_are_those_that_a_listing_should_show() -> None:
    """A resource newer than the listing may be missing in it, and so may one of a namespace it is not about."""
    held = ResourceCache()
    old, new, elsewhere = (Key("JitsuStream", ns, name) for ns, name in (("web", "old"), ("web", "new"), ("x", "old")))
    for key, version in ((KEY, 3), (old, 4), (new, 9), (elsewhere, 4)):
        held.put(made(version, uid=str(key), key=key))
    assert [r.key for r in held.missing("JitsuStream", {KEY}, 8, ("web",))] == [old]
    assert {r.key for r in held.missing("JitsuStream", {KEY}, 8, ())} == {old, elsewhere}


def test_memory_of_the_gone_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many of the gone are remembered, the last ones."""
    monkeypatch.setattr(store, "REMEMBERED", 2)
    held = ResourceCache()
    for uid in ("a", "b", "c"):
        held.drop(KEY, uid)
    assert held.put(made(1, uid="a"))[1]
    assert not held.put(made(2, uid="c"))[1]


def test_kinds_are_apart() -> None:
    """The same name in two kinds is two resources."""
    held = ResourceCache()
    held.put(made(1))
    held.put(made(2, uid="other", key=Key("Connector", "web", "shop")))
    assert held.count("JitsuStream") == held.count("Connector") == 1
    assert list(held.all("JitsuStream")) == [made(1)]
