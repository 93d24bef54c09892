"""Bad input: the API server refuses it, or a condition and an event say which field is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.harness.cluster.place import CONNECTOR, JITSU, JITTERBIT, STREAM, Manifest, Place
from tests.harness.waiting import until

from jitops_sandbox.controlplane import KubectlFailed

pytestmark = pytest.mark.cluster

WORKSPACE, ORGANIZATION = "jitsuworkspace/acme", "jitterbitorganization/acme"


def told(place: Place, what: str) -> tuple[str, str]:
    """Give reason and message of a Ready that is False, once an event says the same."""
    kind, _, name = what.partition("/")
    until(lambda: place.condition(what).get("status") == "False", f"{what} is not Ready, and says so")
    until(
        lambda: any(message == place.condition(what)["message"] for _, message in place.events(name)),
        f"an event of the {kind} says what its condition says",
    )
    condition = place.condition(what)
    return condition["reason"], condition["message"]


def test_an_unknown_field_is_refused(place: Place) -> None:
    """A field that is not in the manual is refused by kubectl apply, by name."""
    stream = place.examples(JITSU)[-1]
    stream["spec"]["domain"] = "events.example.com"
    for options in ((), ("--server-side",)):
        with pytest.raises(KubectlFailed, match=r"spec\.domain\b|field not declared in schema.*domain") as refusal:
            place.apply([stream], *options)
        assert "domain" in str(refusal.value)


def test_a_bad_domain_is_refused(place: Place) -> None:
    """A value that the console would choke on is refused, with the field and what it must look like."""
    stream = place.examples(JITSU)[-1]
    stream["spec"]["domains"] = ["https://events.example.com/"]
    with pytest.raises(KubectlFailed, match=r"spec\.domains\[0\]") as refusal:
        place.apply([stream])
    assert "host" in str(refusal.value).lower()


def test_a_missing_secret_is_named_and_awaited(place: Place) -> None:
    """A connection whose Secret is missing says which one; the Secret, when it comes, is noticed at once."""
    place.operator()
    secret, *others = place.examples(JITSU)
    place.apply(others)
    reason, message = told(place, WORKSPACE)
    assert reason == "DependencyNotFound"
    assert "jitsu-credentials" in message
    assert "spec.credentialsRef" in message
    reason, message = told(place, STREAM)
    assert reason in {"DependencyNotReady", "DependencyNotFound"}
    assert "JitsuWorkspace" in message
    assert place.condition(STREAM, "ReferencesResolved")["status"] == "False"
    place.apply([secret])
    place.wait_ready(seconds=60)


def test_a_secret_without_the_key_is_told(place: Place) -> None:
    """A Secret that lacks the key says which key is missing."""
    place.operator()
    secret, *others = place.examples(JITTERBIT)
    secret["stringData"].pop("password")
    place.apply([secret, *others])
    reason, message = told(place, ORGANIZATION)
    assert reason in {"DependencyNotFound", "DependencyNotReady", "InvalidConfiguration"}
    assert "password" in message
    assert "harmony-credentials" in message


@pytest.mark.parametrize(
    ("folder", "what", "key", "value"),
    [
        (JITSU, WORKSPACE, "apiKey", "demokey:wrong-secret-planted-here"),
        (JITTERBIT, ORGANIZATION, "password", "wrong-password-planted-here"),
    ],
    ids=["jitsu", "jitterbit"],
)
def test_a_wrong_key_is_refused_and_told(  # noqa: PLR0913, PLR0917 - a table's columns
    place: Place, plant: Callable[[str], None], folder: Path, what: str, key: str, value: str
) -> None:
    """Credentials that are refused say so and name the Secret, stop the attempts, and never show themselves."""
    plant(value.rpartition(":")[2])
    place.operator()
    secret, *others = place.examples(folder)
    right = secret["stringData"][key]
    secret["stringData"][key] = value
    place.apply([secret, *others])
    reason, message = told(place, what)
    assert reason == "CredentialsInvalid"
    assert "Secret" in message
    assert place.condition(what, "Stalled")["status"] == "True"
    assert place.products.ask(lambda sandbox: sandbox.jitterbit.sessions.attempts.total()) <= 2
    until(lambda: place.condition(STREAM if folder == JITSU else CONNECTOR), "who uses it says something too")
    place.patch(f"secret/{secret['metadata']['name']}", {"stringData": {key: right}})
    place.wait_ready(seconds=60)


def test_no_consent_no_use(place: Place) -> None:
    """A connection of another namespace that does not consent is refused, and the message says what would allow it."""
    place.operator(clusterwide=True)
    *connection, stream = place.examples(JITSU)
    stream["spec"]["workspaceRef"]["namespace"] = place.namespace
    place.apply(connection)
    place.wait_ready(WORKSPACE)
    other = place.at(place.system)
    other.apply([stream])
    reason, message = told(other, STREAM)
    assert reason == "ReferenceNotPermitted"
    assert "spec.allowedNamespaces" in message
    assert f"{place.namespace}/acme" in message
    assert place.products.writes() == []
    place.patch(WORKSPACE, {"spec": {"allowedNamespaces": {"from": "All"}}})
    other.wait_ready(STREAM, seconds=60)
    other("delete", STREAM, "--timeout=120s")


def test_a_taken_secret_is_not_overwritten(place: Place) -> None:
    """A Secret of somebody else that bears the output's name is left alone, and the message offers another name."""
    place.operator()
    theirs: Manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "website-jitsustream"},
        "stringData": {"theirs": "stays"},
    }
    place.apply([theirs, *place.examples(JITSU)])
    reason, message = told(place, STREAM)
    assert reason == "Conflict"
    assert "spec.outputs.secret.name" in message
    assert place.values("website-jitsustream") == {"theirs": "stays"}
    assert place.products.streams() == []
    place.patch(STREAM, {"spec": {"outputs": {"secret": {"name": "mine"}}}})
    place.wait_ready(STREAM, seconds=60)
    assert place.stream_whole("mine")


def test_a_refusal_of_the_remote_is_told_without_its_echo(place: Place, plant: Callable[[str], None]) -> None:
    """What the console refuses with the whole object in its answer is told without any of the object's values."""
    plant("echoed-secret-planted-here")
    place.operator()
    body = '{"error": "Zod", "zodError": {"issues": []}, "object": {"password": "echoed-secret-planted-here"}}'
    place.products.fault(kind="error", method="POST", path="*/config/stream", status=400, body=body)
    place.apply(place.examples(JITSU))
    reason, message = told(place, STREAM)
    assert reason == "InvalidConfiguration"
    assert message
    assert place.condition(STREAM, "Stalled")["status"] == "True"
    place.products.heal()
    place.patch(STREAM, {"spec": {"name": "Another"}})
    place.wait_ready(STREAM, seconds=60)
