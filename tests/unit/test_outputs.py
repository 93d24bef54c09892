"""The output Secrets, on their own: whose they are, what in them can be believed, what is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.harness.clock import TurnedClock
from tests.harness.manifests import resource
from tests.harness.store import EditableStore

from jitops.api.meta import DATA_HASH
from jitops.core.clock import SystemClock
from jitops.core.errors import AlreadyOwned
from jitops.core.kube import ConfigMap, Key, Owner, Resource, Secret
from jitops.core.outputs.backends import ConfigMapBackend, SecretBackend
from jitops.core.outputs.outputs import HASH_KEY_SECRET, HashKey, Outputs, PublishedOutput, is_changed
from jitops.kinds import registry
from jitops.remote.client import HttpPool

KINDS = registry(HttpPool(SystemClock()), SystemClock())
ROW = KINDS.managed["JitsuStream"]
PLAIN = KINDS.managed["Connector"]
VALUES = {"id": "s0", "publicKeyId": "sp0", "publicKeySecret": "plaintext", "publicWriteKey": "sp0:plaintext"}
PROVEN = {name: VALUES[name] for name in ("publicKeyId", "publicKeySecret")}


@pytest.fixture
def store() -> EditableStore:
    """Give an empty cluster."""
    return EditableStore(TurnedClock())


@pytest.fixture
def outputs(store: EditableStore) -> Outputs[Secret]:
    """Give the outputs over it."""
    return Outputs(SecretBackend(store), HashKey(store, "jitops-system"))


def stream(secret: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None) -> Resource:
    """Give a stream, with what its spec asks of its Secret."""
    spec = {"workspaceRef": {"name": "acme"}, "outputs": {"secret": dict(secret or {})}}
    return resource(Key("JitsuStream", "team", "shop"), spec, status=status, uid="uid-1")


async def published(outputs: Outputs[Secret], resource: Resource, values: Mapping[str, str] = VALUES) -> Secret:
    """Publish and give the Secret."""
    held = await outputs.read(ROW, resource)
    secret = (await outputs.publish(ROW, resource, held, values, owned=True)).data_object
    assert secret is not None
    return secret


async def test_written_once(outputs: Outputs[Secret], store: EditableStore) -> None:
    """The same values are written once, and read back as believed."""
    resource = stream()
    secret = await published(outputs, resource)
    assert secret.data == VALUES
    assert secret.labels == {
        "app.kubernetes.io/managed-by": "jitops",
        "jitops.dev/watch": "true",
        "jitops.dev/owner-kind": "JitsuStream",
        "jitops.dev/owner-name": "shop",
    }
    assert secret.owners == (Owner("JitsuStream", "shop", "uid-1"),)
    store.writes.clear()
    held = await outputs.read(ROW, resource)
    await outputs.publish(ROW, resource, held, VALUES, owned=True)
    assert store.writes == []
    assert held.proven == PROVEN
    assert not is_changed(held, VALUES)


async def test_annotation_holds_no_value(outputs: Outputs[Secret]) -> None:
    """The annotation is hashes under a key that is not beside them."""
    secret = await published(outputs, stream())
    assert "plaintext" not in str(secret.annotations)
    again = await published(outputs, stream(), {**VALUES, "publicKeySecret": "another"})
    assert secret.annotations[DATA_HASH] != again.annotations[DATA_HASH]


@pytest.mark.parametrize("name", PROVEN)
async def test_edited_value_is_not_believed(outputs: Outputs[Secret], store: EditableStore, name: str) -> None:
    """A write-once value that was edited, removed, or brought from elsewhere is not proven; the others are."""
    secret = await published(outputs, stream())
    for data in ({**VALUES, name: "edited"}, {key: value for key, value in VALUES.items() if key != name}):
        store.put(replace(secret, data=data))
        held = await outputs.read(ROW, stream())
        assert held.proven == {key: value for key, value in PROVEN.items() if key != name}
        assert is_changed(held, VALUES)


async def test_values_are_bound_to_their_names_and_resource(outputs: Outputs[Secret], store: EditableStore) -> None:
    """A value under another name, or from the Secret of another resource, proves nothing."""
    both = {**VALUES, "privateKeyId": "ss0", "privateKeySecret": "private-plaintext"}
    secret = await published(outputs, stream(), both)
    swapped = {**both, "publicKeySecret": "private-plaintext", "privateKeySecret": "plaintext"}
    store.put(replace(secret, data=swapped))
    assert set((await outputs.read(ROW, stream())).proven) == {"publicKeyId", "privateKeyId"}


async def test_annotation_that_was_removed_proves_nothing(outputs: Outputs[Secret], store: EditableStore) -> None:
    """Without hashes nothing can be believed."""
    secret = await published(outputs, stream())
    store.put(replace(secret, annotations={}))
    assert (await outputs.read(ROW, stream())).proven == {}


async def test_lost_hash_key(outputs: Outputs[Secret], store: EditableStore) -> None:
    """Hashes made under a key that is no more are believed, and made anew."""
    await published(outputs, stream())
    store.delete(Key("Secret", "jitops-system", HASH_KEY_SECRET))
    later = Outputs(SecretBackend(store), HashKey(store, "jitops-system"))
    held = await later.read(ROW, stream())
    assert held.proven == PROVEN
    store.writes.clear()
    await later.publish(ROW, stream(), held, VALUES, owned=True)
    assert [verb for verb, _ in store.writes] == ["secret"]
    assert (await later.read(ROW, stream())).proven == PROVEN


async def test_hash_key_is_made_once_in_a_burst() -> None:
    """Any number of callers share one look for the hash key and one key, though none was there."""

    class Slow(EditableStore):
        async def read_secret(self, namespace: str, name: str) -> Secret | None:
            found = await super().read_secret(namespace, name)
            await asyncio.sleep(0)
            return found

    store = Slow(TurnedClock())
    hash_key = HashKey(store, "jitops-system")
    assert len({*await asyncio.gather(*(hash_key.get() for _ in range(20)))}) == 1
    assert [verb for verb, _ in store.writes] == ["secret"]


async def test_foreign_secret(outputs: Outputs[Secret], store: EditableStore) -> None:
    """A Secret without our labels, or with those of another resource, is not ours."""
    for labels in ({}, {"app.kubernetes.io/managed-by": "jitops", "jitops.dev/owner-kind": "JitsuStream"}):
        store.put(Secret("team", "shop-jitsustream", {"a": "b"}, labels))
        with pytest.raises(AlreadyOwned, match=r"spec\.outputs\.secret\.name"):
            await outputs.read(ROW, stream())


async def test_what_others_added_stays(outputs: Outputs[Secret], store: EditableStore) -> None:
    """Labels, annotations, owners and finalizers of others outlive our writes; values of others don't."""
    secret = await published(outputs, stream())
    other = Owner("Deployment", "web", "uid-2")
    edited = replace(
        secret,
        data={**VALUES, "more": "of others"},
        labels={**secret.labels, "a": "b"},
        annotations={**secret.annotations, "c": "d"},
        finalizers=("example.com/f",),
        owners=(*secret.owners, other),
    )
    store.put(edited)
    again = await published(outputs, stream())
    assert again.data == VALUES
    assert (again.labels["a"], again.annotations["c"]) == ("b", "d")
    assert again.finalizers == ("example.com/f",)
    assert set(again.owners) == {other, *secret.owners}


async def test_extras_of_the_spec_come_and_go(outputs: Outputs[Secret]) -> None:
    """Labels, annotations and names that the spec no longer has leave the Secret, and its memory with them."""
    asked = {"labels": {"a": "b"}, "annotations": {"c": "d"}, "keys": {"id": "SITE"}}
    secret = await published(outputs, stream(asked))
    assert (secret.labels["a"], secret.annotations["c"], secret.data["SITE"]) == ("b", "d", "s0")
    plain = await published(outputs, stream())
    assert "a" not in plain.labels
    assert set(plain.annotations) == {DATA_HASH}
    assert plain.data == VALUES


@pytest.mark.parametrize("memory", ["", "no JSON", "[]", "5", '{"keys": 5}', '{"labels": [{}]}', '{"keys": {"a": {}}}'])
async def test_memory_that_someone_edited(outputs: Outputs[Secret], store: EditableStore, memory: str) -> None:
    """Our annotation, edited into nonsense, stops nothing."""
    secret = await published(outputs, stream())
    store.put(replace(secret, annotations={**secret.annotations, "jitops.dev/outputs": memory}))
    assert (await published(outputs, stream())).data == VALUES


async def test_moved_secret(outputs: Outputs[Secret]) -> None:
    """Under a new name the values of the former Secret are believed; a foreign one there is left alone."""
    await published(outputs, stream())
    moved = stream({"name": "site"}, {"secretName": "shop-jitsustream"})
    held = await outputs.read(ROW, moved)
    assert held.data_object is None
    assert held.proven == PROVEN
    assert held.moved_from is not None
    await outputs.publish(ROW, moved, held, VALUES, owned=True)
    await outputs.drop_former(held)
    again = await outputs.read(ROW, moved)
    assert again.moved_from is None
    assert again.proven == PROVEN


@pytest.mark.parametrize("always", [True, False])
async def test_disown(outputs: Outputs[Secret], store: EditableStore, *, always: bool) -> None:
    """Without its owner a Secret stays; one that holds nothing precious stays only if it is to stay anyway."""
    resource = stream()
    await published(outputs, resource)
    assert await outputs.disown(ROW, resource, always=always)
    assert store.secrets()[-1].owners == ()
    store.writes.clear()
    assert await outputs.disown(ROW, resource, always=always)
    assert store.writes == []
    await published(outputs, resource, {"id": "s0"})
    assert await outputs.disown(ROW, resource, always=always) == (("shop-jitsustream",) if always else ())


async def test_disown_leaves_foreign_secrets(outputs: Outputs[Secret], store: EditableStore) -> None:
    """A Secret that isn't ours is not touched."""
    store.put(Secret("team", "shop-jitsustream", {"publicKeySecret": "b"}, owners=(Owner("X", "y", "z"),)))
    assert not await outputs.disown(ROW, stream(), always=True)
    assert store.writes == []


async def test_plain_kinds_prove_nothing(outputs: Outputs[Secret]) -> None:
    """A kind without write-once values has one hash over all of them, and needs no proof."""
    billing = resource(Key("Connector", "team", "billing"), {"version": "1"}, uid="u")
    held = await outputs.publish(PLAIN, billing, PublishedOutput(), {"id": "1", "key": "k"}, owned=True)
    assert held.data_object is not None
    assert held.data_object.annotations[DATA_HASH].partition(":")[2].startswith("all=")
    assert (await outputs.read(PLAIN, billing)).proven == {}


async def test_values_do_not_show(outputs: Outputs[Secret]) -> None:
    """No `repr` on the way tells a value."""
    secret = await published(outputs, stream())
    held = await outputs.read(ROW, stream())
    assert "plaintext" not in repr(secret) + repr(held)


DOCUMENTED = KINDS.managed["CustomAPI"]
DOCUMENTS = {"openapi.json": "{}", "url": "https://a.example.com/dev/crm"}


def custom_api(config_map: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None) -> Resource:
    """Give a Custom API, with what its spec asks of its ConfigMap."""
    spec = {"outputs": {"configMap": dict(config_map or {})}}
    return resource(Key("CustomAPI", "team", "crm"), spec, status=status, uid="uid-2")


@pytest.fixture
def documents(store: EditableStore) -> Outputs[ConfigMap]:
    """Give the output ConfigMaps over the cluster."""
    return Outputs(ConfigMapBackend(store), HashKey(store, "jitops-system"))


async def documented(documents: Outputs[ConfigMap], resource: Resource) -> ConfigMap:
    """Publish and give the ConfigMap."""
    held = await documents.read(DOCUMENTED, resource)
    data_object = (await documents.publish(DOCUMENTED, resource, held, DOCUMENTS, owned=True)).data_object
    assert data_object is not None
    return data_object


async def test_config_map_is_written_once(documents: Outputs[ConfigMap], store: EditableStore) -> None:
    """A ConfigMap gets the same labels, annotation and owner as a Secret, and is not written again."""
    config_map = await documented(documents, custom_api())
    assert config_map.key == ("ConfigMap", "team", "crm-customapi")
    assert config_map.data == DOCUMENTS
    assert config_map.labels["jitops.dev/owner-kind"] == "CustomAPI"
    assert config_map.labels["jitops.dev/watch"] == "true"
    assert config_map.owners == (Owner("CustomAPI", "crm", "uid-2"),)
    store.writes.clear()
    await documented(documents, custom_api())
    assert store.writes == []


async def test_config_map_of_others_is_refused(documents: Outputs[ConfigMap], store: EditableStore) -> None:
    """What someone else keeps under the name is not ours, even if it bears the label of ours for another resource."""
    for labels in ({}, {"app.kubernetes.io/managed-by": "jitops", "jitops.dev/owner-kind": "CustomAPI"}):
        store.put(ConfigMap("team", "crm-customapi", {"a": "b"}, labels))
        with pytest.raises(AlreadyOwned, match=r"ConfigMap crm-customapi exists.*spec\.outputs\.configMap\.name"):
            await documents.read(DOCUMENTED, custom_api())


async def test_config_map_moves_with_its_name(documents: Outputs[ConfigMap], store: EditableStore) -> None:
    """Under another name the new one is written first, then the former one goes; a foreign one there stays."""
    await documented(documents, custom_api())
    renamed = custom_api({"name": "docs"}, {"configMapName": "crm-customapi"})
    held = await documents.read(DOCUMENTED, renamed)
    held = await documents.publish(DOCUMENTED, renamed, held, DOCUMENTS, owned=True)
    await documents.drop_former(held)
    assert [data_object.name for data_object in store.data_objects() if isinstance(data_object, ConfigMap)] == ["docs"]
    store.put(ConfigMap("team", "crm-customapi", {"mine": "x"}))
    assert (await documents.read(DOCUMENTED, renamed)).moved_from is None


async def test_config_map_and_secret_of_one_name(
    documents: Outputs[ConfigMap], outputs: Outputs[Secret], store: EditableStore
) -> None:
    """Both may have one name: neither takes the other for its own."""
    await published(outputs, stream({"name": "same"}))
    await documented(documents, custom_api({"name": "same"}))
    assert {
        data_object.kind: dict(data_object.data) for data_object in store.data_objects() if data_object.name == "same"
    } == {
        "Secret": VALUES,
        "ConfigMap": DOCUMENTS,
    }
