"""How often what is compared, read from manifests as written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.manifests import manifest

from jitops.core.clock import SystemClock
from jitops.core.kube import Key
from jitops.core.managed.services import Services
from jitops.core.schedule.resync import Resync, Resyncer, resync_period
from jitops.kinds import registry
from jitops.local.store import LocalStore
from jitops.remote.client import HttpPool

DEFAULT = timedelta(minutes=10)
RESYNC = Resync(Key("JitsuWorkspace", "team", "acme"), "JitsuStream")


@pytest.fixture
def store() -> LocalStore:
    """Give an empty cluster."""
    return LocalStore(TurnedClock())


@pytest.fixture
def resyncer(store: LocalStore) -> Resyncer:
    """Give the resyncer over it."""
    kinds = registry(HttpPool(SystemClock()), TurnedClock())
    services = Services.assemble(kinds, store, TurnedClock(), identity="c", namespace="jitops-system")
    return Resyncer(services, reads_secrets=False)


def apply(store: LocalStore, kind: str, name: str, spec: dict[str, Any]) -> None:
    """Apply a manifest."""
    store.apply(manifest(kind, name, spec))


def stream(period: str | None = None, workspace: str = "acme") -> dict[str, Any]:
    """Write a stream's spec."""
    management = {} if period is None else {"management": {"resyncPeriod": period}}
    return {"workspaceRef": {"name": workspace}, **management}


@pytest.mark.parametrize(
    ("block", "seconds"),
    [({"resyncPeriod": "1h30m"}, 5400), ({"resyncPeriod": "0"}, 0), ({"resyncPeriod": "0s"}, 0), ({}, 600)],
)
def test_asked(block: dict[str, str], seconds: float) -> None:
    """A period is read as it is written; absence means the default."""
    assert resync_period(block, DEFAULT).total_seconds() == seconds


@pytest.mark.parametrize("value", ["soon", "", 5, None, [], "-5m"])
def test_asked_for_nonsense(value: object) -> None:
    """What can't be read is refused elsewhere, and means the default here."""
    assert resync_period({"resyncPeriod": value}, DEFAULT) == DEFAULT


def test_smallest_counts(store: LocalStore, resyncer: Resyncer) -> None:
    """The smallest period among the resources of the connection; 0 asks for nothing; others' don't count."""
    assert resyncer.period(RESYNC, DEFAULT) == 0
    apply(store, "JitsuStream", "a", stream("1h"))
    assert resyncer.period(RESYNC, DEFAULT) == 3600
    apply(store, "JitsuStream", "b", stream("5m"))
    apply(store, "JitsuStream", "c", stream("0s"))
    apply(store, "JitsuStream", "d", stream("1s", workspace="another"))
    assert resyncer.period(RESYNC, DEFAULT) == 300
    assert {resource.key.name for resource in resyncer.users(RESYNC)} == {"a", "b", "c"}


def test_default_of_the_connection(store: LocalStore, resyncer: Resyncer) -> None:
    """The connection's period counts for resources that have none of their own."""
    apply(store, "JitsuStream", "a", stream())
    assert resyncer.period(RESYNC, DEFAULT) == 600
    apply(store, "JitsuWorkspace", "acme", {"resyncPeriod": "2m"})
    assert resyncer.period(RESYNC, DEFAULT) == 120
    apply(store, "JitsuStream", "b", stream("1h"))
    assert resyncer.period(RESYNC, DEFAULT) == 120
    apply(store, "JitsuWorkspace", "acme", {"resyncPeriod": "0s"})
    assert resyncer.period(RESYNC, DEFAULT) == 3600


async def test_without_a_connection_everyone_is_restless(store: LocalStore, resyncer: Resyncer) -> None:
    """Who was never seen at rest is looked at."""
    apply(store, "JitsuStream", "a", stream())
    assert await resyncer.out_of_sync(RESYNC) == [Key("JitsuStream", "team", "a")]
