"""SIGKILL between any two outside effects of a creation: afterwards there is one object, and its Secret is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.harness.cluster.gate import Gate, running_gate
from tests.harness.cluster.operator_process import Operator
from tests.harness.cluster.place import CONNECTOR_SECRET, JITSU, JITTERBIT, STREAM_SECRET, Manifest, Place
from tests.harness.waiting import until

from jitops_sandbox import Switches

pytestmark = pytest.mark.cluster

ALONE = "--no-leader-election"
"""The killed process would keep the Lease for 10 s; that a successor waits for it is shown among the replicas."""
LAG, SETTLED = 1.0, 3
"""Seconds for which the listing of connectors is late, and what the connection is told about it."""
LATER, LATER_SETTLED = 6.0, 8
"""The same, where the listing is still late when the next process has started."""
SLOW = 60.0


@dataclass(frozen=True)
class Effect:
    """One outside effect: a request to the API server, or to a product."""

    name: str
    method: str
    path: str
    skips: int = 0
    product: str | None = None


def kubernetes(resource: str, *, skips: int = 0) -> Effect:
    """Name a PATCH of one of our resources."""
    return Effect(resource, "PATCH", f"/{resource}$", skips)


STREAM_EFFECTS = (
    kubernetes("jitsuworkspaces/acme"),
    Effect("hash key", "POST", "/namespaces/[^/]*-system/secrets$"),
    kubernetes("jitsuworkspaces/acme/status"),
    kubernetes("jitsustreams/website"),
    Effect("credentials in use", "PUT", "/secrets/jitsu-credentials$"),
    Effect("Secret", "POST", "/namespaces/e2e-[^/-]*/secrets$"),
    Effect("stream", "POST", "*/config/stream", product="jitsu"),
    kubernetes("jitsustreams/website/status"),
    Effect("event", "POST", "/events$"),
)
REGISTRATION = Effect("registration", "POST", "*/connector", product="jitterbit")
CONNECTOR_EFFECTS = (
    kubernetes("jitterbitorganizations/acme/status"),
    Effect("log-in", "PUT", "*/user/login", product="jitterbit"),
    kubernetes("connectors/crm"),
    Effect("credentials in use", "PUT", "/secrets/harmony-credentials$"),
    kubernetes("connectors/crm/status"),
    REGISTRATION,
    Effect("validation", "PUT", "*/validate/securityinfo", product="jitterbit"),
    Effect("Secret", "POST", "/namespaces/e2e-[^/-]*/secrets$"),
    Effect("final status", "PATCH", "/connectors/crm/status$", skips=1),
    Effect("event", "POST", "/events$"),
)


@pytest.fixture
def gate(place: Place) -> Iterator[Gate]:
    """Put a gate between the operator and the API server."""
    with running_gate(place.kubeconfig()) as gate:
        yield gate
        for operator in place.operators:
            operator.end()


def kill_after(effect: Effect, place: Place, gate: Gate, manifests: list[Manifest]) -> Operator:
    """Apply, and kill the operator when the effect has taken place and its answer is on its way."""
    if effect.product is None:
        caught = gate.catch(effect.method, effect.path, skips=effect.skips).is_set
    else:
        place.products.fault(kind="late", product=effect.product, method=effect.method, path=effect.path, seconds=SLOW)

        def caught() -> bool:
            return any(one.fault == "late" for one in place.products.requests())

    through = gate.kubeconfig(place.folder.parent / f"{place.namespace}.kubeconfig")
    operator = place.operator(ALONE, kubeconfig=through)
    place.apply(manifests)
    until(caught, f"the operator gets as far as {effect.name}")
    operator.kill()
    gate.open()
    place.products.heal()
    return operator


def go_on(operator: Operator, place: Place) -> None:
    """Start the operator again, and wait until it has looked at everything and all is Ready."""
    operator.start()
    until(operator.is_at_rest, "the next process has looked at everything")
    place.wait_ready()


@pytest.mark.parametrize("effect", STREAM_EFFECTS, ids=lambda effect: effect.name)
def test_killed_while_a_stream_is_made(place: Place, gate: Gate, effect: Effect) -> None:
    """Wherever the creation of a stream is cut off, the next start ends with one stream, whole in its Secret."""
    operator = kill_after(effect, place, gate, place.examples(JITSU))
    held, made = place.values(STREAM_SECRET), place.products.streams()
    assert held or not made, "a stream was made before its keys were safe"
    go_on(operator, place)
    assert place.stream_whole()
    assert held in ({}, place.values(STREAM_SECRET))
    assert "KeyRotated" not in dict(place.events())
    assert place.products.ask(lambda sandbox: sandbox.jitsu.summary())["burnt"] == []
    assert place.products.count("jitsu", "POST") == 1


@pytest.mark.parametrize(
    ("effect", "switches", "settled"),
    [
        (effect, Switches(listing_lag_seconds=LAG), SETTLED)
        if effect is not REGISTRATION
        else (effect, Switches(listing_lag_seconds=LATER), LATER_SETTLED)
        for effect in CONNECTOR_EFFECTS
    ],
    ids=[effect.name for effect in CONNECTOR_EFFECTS],
)
@pytest.mark.usefixtures("switches")
def test_killed_while_a_connector_is_made(place: Place, gate: Gate, effect: Effect, settled: int) -> None:
    """Wherever a registration is cut off, the next start finds it, however late the listing shows it."""
    manifests = place.examples(JITTERBIT, JitterbitOrganization={"settleSeconds": settled})
    go_on(kill_after(effect, place, gate, manifests), place)
    assert place.connector_whole()
    assert place.products.count("jitterbit", "POST") == 1


@pytest.mark.parametrize("switches", [Switches(listing_lag_seconds=LAG)], ids=["late listing"])
@pytest.mark.parametrize("killed", [False, True], ids=["alive", "killed"])
def test_the_answers_are_lost(place: Place, *, killed: bool) -> None:
    """What a product did and could not say is found, not made again, whether the operator lives on or is killed."""
    place.products.fault(kind="lost", method="POST", path="*/config/stream", times=1)
    place.products.fault(kind="lost", method="POST", path="*/connector", times=1)
    operator = place.operator(ALONE)
    place.apply(place.examples(JitterbitOrganization={"settleSeconds": SETTLED}))
    if killed:
        until(lambda: place.products.count(method="POST") >= 2, "both products have been asked to make something")
        operator.kill()
        operator.start()
    place.wait_ready()
    assert place.stream_whole(STREAM_SECRET)
    assert place.connector_whole(CONNECTOR_SECRET)
    assert place.products.count("jitterbit", "POST") == 1
