"""A resource's life after Ready: what becomes of it, its Secret, its remote object, its connection's credentials."""

from __future__ import annotations

import base64

import pytest
from tests.harness.cluster.place import CONNECTOR, CONNECTOR_SECRET, JITSU, JITTERBIT, STREAM, STREAM_SECRET, Place
from tests.harness.waiting import until

from jitops_sandbox.controlplane import KubectlFailed

pytestmark = pytest.mark.cluster

AT_ONCE = 60.0
"""Seconds, where a watch tells; without it the repair would come with the resync, after ten minutes."""


def test_deleted_while_the_operator_is_down(place: Place) -> None:
    """What was deleted while nobody looked is gone at the remote soon after the next start, and from the cluster."""
    operator = place.operator()
    place.apply(place.examples())
    place.wait_ready()
    assert operator.terminate() == 0
    place("delete", "--wait=false", STREAM, CONNECTOR)
    assert not place.products.empty()
    operator.start()
    place("wait", "--for=delete", STREAM, CONNECTOR, "--timeout=120s")
    assert place.products.empty()
    until(lambda: not place.values(STREAM_SECRET) and not place.values(CONNECTOR_SECRET), "the Secrets are collected")


def test_a_lost_secret_of_a_connector_is_restored(place: Place) -> None:
    """A connector's Secret, deleted or edited, is put right at once from what Harmony lists."""
    place.operator()
    place.apply(place.examples(JITTERBIT))
    place.wait_ready()
    values = place.values(CONNECTOR_SECRET)
    place("delete", "secret", CONNECTOR_SECRET)
    until(lambda: place.values(CONNECTOR_SECRET) == values, "the deleted Secret is back", AT_ONCE)
    place.patch(f"secret/{CONNECTOR_SECRET}", {"data": {"secret": base64.b64encode(b"edited").decode(), "key": None}})
    until(lambda: place.values(CONNECTOR_SECRET) == values, "the edited Secret is put right", AT_ONCE)
    assert place.products.count("jitterbit", "POST") == 1


@pytest.mark.parametrize("harm", ["deleted", "edited"])
def test_a_lost_secret_of_a_stream_is_replaced(place: Place, harm: str) -> None:
    """Keys whose plaintext is gone get a successor at once, told by events, and stay valid until somebody rotates."""
    place.operator()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    values = place.values(STREAM_SECRET)
    if harm == "deleted":
        place("delete", "secret", STREAM_SECRET)
    else:
        edited = base64.b64encode(b"edited").decode()
        place.patch(f"secret/{STREAM_SECRET}", {"data": {"publicKeySecret": edited, "privateKeySecret": None}})
    until(
        lambda: place.stream_whole() and place.values(STREAM_SECRET)["publicKeySecret"] != values["publicKeySecret"],
        "the Secret holds new keys that open the stream",
        AT_ONCE,
    )

    def key_ids() -> set[str]:
        (stream,) = place.products.streams()
        return {key["id"] for use in ("publicKeys", "privateKeys") for key in stream[use]}

    news = place.values(STREAM_SECRET)
    both = {each[f"{use}KeyId"] for each in (values, news) for use in ("public", "private")}
    until(lambda: key_ids() == both, "old and new keys are valid", AT_ONCE)
    until(lambda: "KeyLost" in dict(place.events()), "the loss is told")
    assert news["id"] == values["id"]
    place.patch("jitsustream/website", {"spec": {"keys": {"rotate": "found", "overlap": "0s"}}})
    until(lambda: len(key_ids()) == 2, "the rotation ended the lost keys", AT_ONCE)
    assert not key_ids() & both


def test_drift_is_corrected_when_asked(place: Place) -> None:
    """A look that a person asks for finds what was changed or deleted behind the operator's back, and puts it right."""
    place.operator()
    place.apply(place.examples(JitterbitOrganization={"settleSeconds": 0}))
    place.wait_ready()
    (stream,), (connector,) = place.products.streams(), place.products.connectors()
    place.products.ask(lambda sandbox: sandbox.jitsu.change(stream["id"], name="By hand", strict=False))
    place.products.ask(lambda sandbox: sandbox.jitterbit.remove(connector["id"]))
    place.annotate(STREAM, reconcile_requested_at="now")
    place.annotate(CONNECTOR, reconcile_requested_at="now")
    until(lambda: place.products.stored(stream["id"])["name"] == "Website", "the stream has its name back", AT_ONCE)
    until(place.connector_whole, "the connector is registered again, and its Secret holds the new ids", AT_ONCE)
    place("wait", "--for=jsonpath={.status.lastHandledReconcileAt}=now", STREAM, CONNECTOR, "--timeout=120s")
    place.wait_ready()
    until(lambda: "DriftCorrected" in dict(place.events()), "the correction is told")
    ((_, told),) = [event for event in place.events() if event[0] == "DriftCorrected"]
    assert "name" in told
    assert "strict" in told
    assert "By hand" not in told


@pytest.mark.parametrize("labelled", [True, False], ids=["watched", "unwatched"])
def test_the_next_call_uses_new_credentials(place: Place, *, labelled: bool) -> None:
    """New credentials are used without a restart: at once where the Secret is watched, else at the next refusal."""
    place.operator()
    secret, *others = place.examples(JITSU)
    if not labelled:
        secret["metadata"].pop("labels")
    place.apply([secret, *others])
    place.wait_ready()
    keys = place.products.sandbox.credentials.keys
    place.patch("secret/jitsu-credentials", {"stringData": {"apiKey": keys["admin"]}})
    place.products.ask(lambda sandbox: _revoke(sandbox.jitsu.state, "demokey"))
    place.patch(STREAM, {"spec": {"name": "Renamed"}})
    until(lambda: place.products.streams()[0]["name"] == "Renamed", "the change arrives with the new key")
    place.wait_ready()


def test_a_change_is_made_and_a_field_taken_away(place: Place) -> None:
    """What the user changes is changed; what the user no longer sets is taken away, and others' fields stay."""
    place.operator()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    (stream,) = place.products.streams()
    place.products.ask(lambda sandbox: sandbox.jitsu.change(stream["id"], theirs="kept"))
    place.patch(STREAM, {"spec": {"domains": ["other.example.com"], "deduplicateWindowMs": None}})
    until(lambda: place.products.stored(stream["id"])["domains"] == ["other.example.com"], "the change is made")
    stored = place.products.stored(stream["id"])
    assert "deduplicateWindowMs" not in stored
    assert stored["theirs"] == "kept"
    until(lambda: "deduplicateWindowMs" not in place.get(STREAM)["status"]["appliedFields"], "status forgets the field")


def test_a_used_connection_stays(place: Place) -> None:
    """A connection that is deleted while it is used stays, says who uses it, and goes with its last user."""
    place.operator()
    place.apply(place.examples(JITSU))
    place.wait_ready()
    place("delete", "--wait=false", "jitsuworkspace/acme", "secret/jitsu-credentials")
    until(lambda: place.condition("jitsuworkspace/acme").get("reason") == "DeletionBlocked", "it says that it is used")
    assert f"JitsuStream {place.namespace}/website" in place.condition("jitsuworkspace/acme")["message"]
    with pytest.raises(KubectlFailed, match="timed out"):
        place("wait", "--for=delete", "secret/jitsu-credentials", "--timeout=1s")
    place("delete", STREAM, "--timeout=120s")
    place("wait", "--for=delete", "jitsuworkspace/acme", "secret/jitsu-credentials", "--timeout=120s")
    assert place.products.empty()


def _revoke(state: object, key: str) -> None:
    """Take a key away at the console."""
    del state.keys[key]  # type: ignore[attr-defined]
