"""What kopf is told, and what its handlers pass on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import kopf
import pytest

from jitops.api.meta import FINALIZER
from jitops.core.clock import SystemClock
from jitops.core.kube import Key, Resource
from jitops.kinds import KINDS
from jitops.runtime import watch
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import ApiServer
from jitops.runtime.settings import Settings


class Told:
    """A cluster, and what it tells the controller."""

    def __init__(self) -> None:
        self.cluster = Cluster(cast("ApiServer", None), SystemClock())
        self.memo = kopf.Memo(cluster=self.cluster)
        self.handled = 0
        self.changes: list[tuple[Resource | None, Resource]] = []
        self.gone: list[Key] = []
        self.inputs: list[tuple[Key, Key | None]] = []
        self.cluster.on_change = lambda before, after: self.changes.append((before, after))
        self.cluster.on_deleted = self.gone.append
        self.cluster.on_input = lambda target, but: self.inputs.append((target, but))

    @staticmethod
    def body(version: int, uid: str = "u") -> dict[str, Any]:
        """Write the JitsuStream in one version."""
        return {"metadata": {"namespace": "web", "name": "shop", "uid": uid, "resourceVersion": str(version)}}

    async def stream(self, kind: str | None, version: int, uid: str = "u") -> None:
        """Tell of a JitsuStream as kopf does; `None` is the first listing."""
        event = {"type": kind, "object": self.body(version, uid)}
        of: Any = SimpleNamespace(kind="JitsuStream")
        if watch.is_news(event=event, resource=of, memo=self.memo, extra=1):
            self.handled += 1
            await watch.resource_event(event=event, resource=of, memo=self.memo, extra=1)

    async def secret(self, kind: str | None, **data: str) -> None:
        """Tell of a Secret."""
        event = {"type": kind, "object": {"metadata": {"namespace": "web", "name": "keys"}, "data": data}}
        of: Any = SimpleNamespace(kind="Secret")
        await watch.input_event(event=event, resource=of, memo=self.memo, extra=1)


@pytest.fixture
def told() -> Told:
    """Give a cluster that nobody asks anything."""
    return Told()


async def test_resource_reaches_the_controller_once(told: Told) -> None:
    """Each newer version is passed on with the one before; a replay is not."""
    await told.stream(None, 5)
    await told.stream("ADDED", 5)
    await told.stream("MODIFIED", 6)
    assert [(before.version if before else 0, after.version) for before, after in told.changes] == [(0, 5), (5, 6)]


async def test_echoes_of_our_own_writes_are_no_news(told: Told) -> None:
    """What the answer to a write of ours told already, kopf need not call a handler for; what is newer it must."""
    await told.stream("ADDED", 5)
    told.cluster.resource_seen("JitsuStream", told.body(8))
    for version in (6, 7, 8):
        await told.stream("MODIFIED", version)
    assert told.handled == 1
    await told.stream("MODIFIED", 9)
    await told.stream("DELETED", 10)
    assert told.handled == 3


async def test_deletion_reaches_the_controller_once(told: Told) -> None:
    """A deletion is passed on for what was known, and late news of the dead is not."""
    await told.stream(None, 5)
    await told.stream("DELETED", 7)
    await told.stream("DELETED", 7)
    await told.stream("MODIFIED", 6)
    assert told.gone == [Key("JitsuStream", "web", "shop")]
    assert len(told.changes) == 1


async def test_secret_wakes_whoever_uses_it(told: Told) -> None:
    """Every event of a watched Secret is passed on, its deletion too."""
    for kind in (None, "MODIFIED", "DELETED"):
        await told.secret(kind, a="Yg==")
    assert told.inputs == [(Key("Secret", "web", "keys"), None)] * 3


def test_each_kind_and_the_inputs_have_a_handler() -> None:
    """One handler a kind, and two more unless Secrets aren't watched; none of them needs a finalizer of kopf's."""
    for secrets, more in ((True, 2), (False, 0)):
        registry = kopf.OperatorRegistry()
        watch.register(registry, secrets=secrets)
        assert len(registry._watching.get_all_handlers()) == len(KINDS) + more
        assert not registry._changing.get_all_handlers()
        assert not registry._spawning.get_all_handlers()


def test_kopf_is_set_up_for_what_it_is_to_us() -> None:
    """No events of its own, no peering, pages for the first listing, labelled inputs only, and not our finalizer."""
    settings = kopf.OperatorSettings()
    watch.configure(settings, Settings())
    assert not settings.posting.enabled
    assert settings.peering.standalone
    assert settings.watching.chunk_size
    assert not settings.scanning.disabled
    assert settings.persistence.finalizer != FINALIZER
    assert set(settings.watching.label_selectors.values()) == {"jitops.dev/watch=true"}
    assert settings.watching.inactivity_timeout == 70, "a dead stream is noticed by then"


def test_with_roles_alone_nothing_of_the_cluster_is_scanned() -> None:
    """Listing definitions and namespaces is refused there, and kopf would ask for a minute."""
    settings = kopf.OperatorSettings()
    watch.configure(settings, Settings(namespaces=("web",), cluster_id="x"))
    assert settings.scanning.disabled


def test_kopf_keeps_nothing_on_objects() -> None:
    """Neither progress nor a last state is built, compared or written."""
    nothing: Any = watch.NoStorage()
    patch: dict[str, Any] = {}
    assert nothing.build(body={"spec": {"a": 1}}) == {}
    for method in ("fetch", "store", "purge", "touch"):
        assert getattr(nothing, method)(body={}, patch=patch, key="k", record={}, value="v", essence={}) is None
    assert nothing.clear(essence={}) == {}
    assert not patch
