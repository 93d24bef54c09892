"""Nothing is lost between a Secret, status or event of ours and Kubernetes' JSON."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.harness.manifests import resource

from jitops.core.kube import Event, Key, Owner, Resource, Secret
from jitops.runtime.cluster.codec import data_object_body, event_body, fingerprint, secret_from, status_patch

FOREIGN = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1", "controller": True, "blockOwnerDeletion": True}


def stored(**metadata: Any) -> dict[str, Any]:
    """Give a Secret as the API server shows it, with a value that is no text."""
    return {
        "metadata": {"namespace": "web", "name": "keys", "uid": "s1", "resourceVersion": "7", **metadata},
        "type": "example.com/special",
        "immutable": True,
        "data": {"word": encoded(b"w\xc3\xb6rd"), "blob": encoded(b"\xff\x00\xfe")},
    }


def encoded(value: bytes) -> str:
    """Encode a value as Secrets do."""
    return base64.b64encode(value).decode()


def stream(status: dict[str, Any], name: str = "shop") -> Resource:
    """Make a resource with a status."""
    return resource(Key("JitsuStream", "web", name), status=status, uid="r1", resourceVersion="5")


def test_secret_is_written_back_as_it_was_read() -> None:
    """Type, binary values, immutability, and foreign owners with all their fields survive."""
    body = stored(ownerReferences=[FOREIGN], labels={"a": "b"}, annotations={"c": "d"}, finalizers=["e/f"])
    secret = secret_from(body)
    assert secret.data == {"word": "wörd"}
    written = data_object_body(replace(secret, finalizers=("e/f", "g/h")))
    body["metadata"]["finalizers"] = ["e/f", "g/h"]
    assert written == {"apiVersion": "v1", "kind": "Secret", **body}


def test_new_secret_is_opaque_and_owned_without_blocking() -> None:
    """A Secret of ours carries no version, so that it is created, and its owner is no controller."""
    body = data_object_body(Secret("web", "keys", {"id": "x"}, owners=(Owner("JitsuStream", "shop", "r1"),)))
    assert body["type"] == "Opaque"
    assert "resourceVersion" not in body["metadata"]
    assert body["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "jitops.dev/v1alpha1",
            "kind": "JitsuStream",
            "name": "shop",
            "uid": "r1",
            "controller": False,
            "blockOwnerDeletion": False,
        }
    ]


def test_values_do_not_show() -> None:
    """No part of a Secret shows in its `repr`."""
    assert "wörd" not in repr(secret_from(stored()))
    assert encoded("wörd".encode()) not in repr(secret_from(stored()))


def test_fingerprint_tells_an_echo_from_an_edit() -> None:
    """What the server adds changes nothing; every field that a person may edit does."""
    sent = data_object_body(secret_from(stored(labels={"a": "b"})))
    echoed = {**sent, "metadata": {**sent["metadata"], "resourceVersion": "8", "managedFields": [{}]}}
    assert fingerprint(sent) == fingerprint(echoed)
    edits: list[dict[str, Any]] = [{"labels": {}}, {"annotations": {"x": "y"}}, {"finalizers": ["x/y"]}]
    edits += [{"ownerReferences": [FOREIGN]}, {"deletionTimestamp": "now"}]
    for edit in edits:
        assert fingerprint({**echoed, "metadata": {**echoed["metadata"], **edit}}) != fingerprint(sent)
    assert fingerprint({**echoed, "data": {}}) != fingerprint(sent)


def test_status_patch_holds_the_difference_alone() -> None:
    """Fields that are equal are not sent; those no longer there are removed; the UID is tested first."""
    known = stream({"id": "a", "intent": {"at": "now"}, "observedGeneration": 1})
    patch = status_patch(known, {"id": "a", "observedGeneration": 2}, guarded=False)
    assert patch == [
        {"op": "test", "path": "/metadata/uid", "value": "r1"},
        {"op": "add", "path": "/status/observedGeneration", "value": 2},
        {"op": "remove", "path": "/status/intent"},
    ]


def test_guarded_status_patch_tests_the_version() -> None:
    """A guarded write applies to the version that was read; a status that is missing is sent whole."""
    patch = status_patch(stream({}), {"id": "a"}, guarded=True)
    assert patch[1:] == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "5"},
        {"op": "add", "path": "/status", "value": {"id": "a"}},
    ]


def test_event_is_named_by_what_it_tells() -> None:
    """The same told twice has one name; another message, or a long resource name, has its own within the limit."""
    now = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
    told = stream({}, "n" * 253)
    first, again, other = (event_body(told, Event("Created", text), "i", now) for text in ("a", "a", "b"))
    assert first["metadata"] == again["metadata"] != other["metadata"]
    assert len(first["metadata"]["name"]) == 253
    assert first["eventTime"] == "2026-01-02T03:04:05.000006Z"
    assert first["type"] == "Normal"


def test_long_note_is_cut_by_bytes() -> None:
    """The API server's limit counts bytes, and half a character is none."""
    body = event_body(stream({}), Event("CannotCreate", "ü" * 900, warning=True), "i", datetime.now(UTC))
    assert len(body["note"].encode()) <= 1024
    assert body["note"].endswith("ü…")
    assert body["type"] == "Warning"
