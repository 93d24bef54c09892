"""The ledger of log-ins, on its own: what stands in a connection's status, and who may still try."""

from __future__ import annotations

from typing import Any

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.manifests import manifest

from jitops.api.meta import RECONCILE_REQUESTED_AT
from jitops.core.connection.login_attempts import LIMIT, StatusLedger
from jitops.core.errors import CredentialsRejected
from jitops.core.kube import Key
from jitops.local.store import LocalStore

KEY = Key("JitterbitOrganization", "team", "org")
OTHER = KEY._replace(name="other")


@pytest.fixture
def store() -> LocalStore:
    """Give a cluster with two connections of one account."""
    store = LocalStore(TurnedClock())
    apply(store)
    apply(store, OTHER)
    return store


def apply(store: LocalStore, key: Key = KEY, /, **annotations: str) -> None:
    """Apply a connection."""
    store.apply(manifest(key.kind, key.name, None, key.namespace, annotations=annotations))


def ledger(store: LocalStore, key: Key = KEY) -> StatusLedger:
    """Give the ledger of a new process."""
    return StatusLedger(store, TurnedClock(), key, "account")


def logins(store: LocalStore) -> list[dict[str, Any]]:
    """Show what stands in status."""
    found: list[dict[str, Any]] = store.body(KEY)["status"].get("logins", [])
    return found


async def handled(store: LocalStore, token: str) -> None:
    """Note a person's request as dealt with, as each report does."""
    resource = store.get(KEY)
    assert resource is not None
    await store.write_status(resource, {**resource.status, "lastHandledReconcileAt": token})


async def test_withdrawn_attempts_use_nothing_up(store: LocalStore) -> None:
    """Any number of processes that each take their attempt back leave no count, at two writes each."""
    for _ in range(LIMIT + 2):
        one = ledger(store)
        await one.attempt()
        await one.withdrawn()
        assert logins(store) == []
    assert len(store.writes) == 2 * (LIMIT + 2)


async def test_withdrawing_leaves_what_was_refused_before(store: LocalStore) -> None:
    """Only the last attempt is taken back: a refusal before it still counts."""
    await ledger(store).attempt()
    before = logins(store)
    one = ledger(store)
    await one.attempt()
    assert logins(store)[0]["attempts"] == LIMIT
    await one.withdrawn()
    assert {**logins(store)[0], "granted": ""} == {**before[0], "granted": ""}
    await ledger(store).attempt()
    with pytest.raises(CredentialsRejected):
        await ledger(store).attempt()


@pytest.mark.parametrize("refused", [KEY, OTHER], ids=["here", "on another connection"])
async def test_withdrawing_gives_a_granted_attempt_back(store: LocalStore, refused: Key) -> None:
    """What a person allowed once more is still allowed when nobody judged it, and only once when somebody did."""
    for _ in range(LIMIT):
        await ledger(store, refused).attempt()
    apply(store, **{RECONCILE_REQUESTED_AT: "now"})
    for _ in range(3):
        one = ledger(store)
        await one.attempt()
        await one.withdrawn()
        await handled(store, "now")
    await ledger(store).attempt()
    with pytest.raises(CredentialsRejected):
        await ledger(store).attempt()


async def test_withdrawing_from_what_is_gone(store: LocalStore) -> None:
    """A connection that is no more has no count, nor has one whose count was cleared."""
    one = ledger(store)
    await one.attempt()
    await one.accepted()
    store.writes.clear()
    await one.withdrawn()
    store.delete(KEY)
    await one.withdrawn()
    assert store.writes == []
