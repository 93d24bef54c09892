"""The Secrets we write: lost, edited, renamed, retired; and those that aren't ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.harness.manifests import CONNECTOR, STREAM, connector, secret_manifest, stream
from tests.harness.samples.connector import connectors, security_holds
from tests.harness.samples.stream import keys_open, only_stream, streams, verifies
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops.core.outputs.outputs import HASH_KEY_SECRET
from jitops.products.jitsu.stream.keys import MOST_LOST
from jitops_sandbox import Fault

OUTPUT = Key("Secret", "team", "shop-jitsustream")
USES = ("public", "private")
THEIRS = {"id": "theirs", "plaintext": "their-own-plaintext", "hint": "the*ext"}


async def ready_stream(world: World, **spec: Any) -> Mapping[str, str]:
    """Bring a stream to Ready, begin to count, and return its Secret's values."""
    await world.connect_jitsu()
    world.apply(stream(**spec))
    await world.settle()
    assert world.ready(STREAM), world.status(STREAM)
    world.forget()
    return dict(world.values("shop-jitsustream"))


async def ready_connector(world: World, **spec: Any) -> Mapping[str, str]:
    """Bring a connector to Ready, begin to count, and return its Secret's values."""
    await world.connect_jitterbit()
    world.apply(connector(**spec))
    await world.settle()
    assert world.ready(CONNECTOR), world.status(CONNECTOR)
    world.forget()
    return dict(world.values("billing-connector"))


def key_ids(world: World, use: str) -> list[str]:
    """Show the ids of the stream's keys of one use, cut to what tells them apart."""
    return [key["id"][-2:] for key in only_stream(world)[f"{use}Keys"]]


def still_open(world: World, values: Mapping[str, str]) -> bool:
    """Tell whether the console accepts both keys of a Secret as it was."""
    stored = world.sandbox.jitsu.stored(values["id"])
    return all(verifies(stored, use, values[f"{use}KeyId"], values[f"{use}KeySecret"]) for use in USES)


def lost_ids(world: World) -> list[str]:
    """Show the ids of the keys that status marks as lost and that no rotation ends yet."""
    entries = world.status(STREAM)["keys"]["entries"]
    return [entry["id"] for entry in entries if entry.get("lost") and "retireAfter" not in entry]


# A stream's Secret


async def test_deleted_secret_gets_a_new_pair_and_the_old_one_stays_valid(world: World) -> None:
    """Both keys get a successor in the Secret, and the lost ones open the stream until somebody rotates."""
    before = await ready_stream(world)
    world.store.delete(OUTPUT)
    await world.settle()
    after = world.values("shop-jitsustream")
    assert keys_open(world)
    assert still_open(world, before)
    assert [key_ids(world, use) for use in USES] == [["p0", "p1"], ["s0", "s1"]]
    assert after["publicKeySecret"] != before["publicKeySecret"]
    assert world.warnings(STREAM) == ["KeyLost", "KeyLost"]
    assert world.events(STREAM) == ["KeyLost", "KeyLost"]
    assert lost_ids(world) == [before["publicKeyId"], before["privateKeyId"]]
    assert world.ready(STREAM)


async def test_stream_with_a_lost_pair_is_at_rest(world: World) -> None:
    """A lost pair costs nothing afterwards: resync, restart and request write nothing and report nothing again."""
    before = await ready_stream(world)
    world.store.delete(OUTPUT)
    await world.settle()
    world.forget()
    await world.resync()
    await world.restart()
    await world.wait(48 * 3600)
    assert world.remote_writes() == []
    assert world.store.writes == []
    assert world.events(STREAM) == []
    assert still_open(world, before)


async def test_rotation_ends_a_lost_pair_after_the_overlap(world: World) -> None:
    """The pair that was lost and its successor both retire `overlap` after the rotation, not before."""
    before = await ready_stream(world)
    world.store.delete(OUTPUT)
    await world.wait(48 * 3600)
    second = dict(world.values("shop-jitsustream"))
    world.change(STREAM, keys={"rotate": "found", "overlap": "1h"})
    await world.settle()
    assert [key_ids(world, use) for use in USES] == [["p0", "p1", "p2"], ["s0", "s1", "s2"]]
    await world.wait(3590)
    assert still_open(world, before)
    assert still_open(world, second)
    await world.wait(20)
    assert [key_ids(world, use) for use in USES] == [["p2"], ["s2"]]
    assert lost_ids(world) == []
    assert keys_open(world)


async def test_rotation_without_overlap_revokes_a_lost_pair_at_once(world: World) -> None:
    """With an overlap of 0 one PUT brings the new pair, and ends the lost and the last one."""
    await ready_stream(world)
    world.store.delete(OUTPUT)
    await world.settle()
    world.forget()
    world.change(STREAM, keys={"rotate": "leaked", "overlap": "0s"})
    await world.settle()
    assert [key_ids(world, use) for use in USES] == [["p2"], ["s2"]]
    assert len(world.remote_writes()) == 1
    assert world.events(STREAM) == ["KeyRotated", "KeyRotated"]


async def test_secret_restored_from_a_backup_counts_again(world: World) -> None:
    """The lost pair whose Secret is restored is current again; the pair made meanwhile stays valid as a lost one."""
    before = await ready_stream(world)
    backup = world.secret("shop-jitsustream")
    assert backup is not None
    world.store.delete(OUTPUT)
    await world.settle()
    meanwhile = dict(world.values("shop-jitsustream"))
    world.store.put(backup)
    world.controller.changed(OUTPUT)
    await world.settle()
    assert world.values("shop-jitsustream") == before
    assert keys_open(world)
    assert still_open(world, meanwhile)
    assert lost_ids(world) == [meanwhile["publicKeyId"], meanwhile["privateKeyId"]]
    assert world.ready(STREAM)


async def test_secret_that_is_deleted_again_and_again_does_not_fill_the_console(world: World) -> None:
    """With ten lost pairs no further one is made: the condition says what to do, and a rotation ends it."""
    await ready_stream(world)
    for _ in range(MOST_LOST):
        world.store.delete(OUTPUT)
        await world.settle()
        assert world.ready(STREAM), world.message(STREAM)
    world.forget()
    world.store.delete(OUTPUT)
    await world.settle()
    assert world.condition(STREAM, "Ready") == ("False", "Thrashing")
    assert "spec.keys.rotate" in world.message(STREAM)
    assert world.remote_writes() == []
    world.change(STREAM, keys={"rotate": "again", "overlap": "0s"})
    await world.settle()
    assert world.ready(STREAM)
    assert keys_open(world)
    assert [len(key_ids(world, use)) for use in USES] == [1, 1]


async def test_stream_with_too_many_lost_keys_can_be_deleted(world: World) -> None:
    """What forbids another key does not stand in the way of a deletion."""
    await ready_stream(world)
    for _ in range(MOST_LOST + 1):
        world.store.delete(OUTPUT)
        await world.settle()
    assert world.why(STREAM) == "Thrashing"
    world.store.delete(STREAM)
    await world.settle()
    assert not world.exists(STREAM)
    assert streams(world) == []


async def test_console_gets_a_pair_only_after_the_secret_holds_it(world: World) -> None:
    """The console hears of a new pair only when the Secret has it."""
    await ready_stream(world)
    world.store.delete(OUTPUT)
    world.fate.dies_after(100)
    await world.settle()
    effects = [effect for effect in world.fate.effects if "status" not in effect]
    assert effects == ["secret Secret team/shop-jitsustream", "remote"]


@pytest.mark.parametrize("edit", ["edited", None], ids=["edited", "removed"])
@pytest.mark.parametrize("name", ["id", "publicWriteKey", "privateWriteKey", "publicKeyId", "privateKeyId"])
async def test_value_that_can_be_had_again_is_repaired(world: World, name: str, edit: str | None) -> None:
    """It is put back at once, told by SecretRestored, and no key is rotated for it."""
    before = await ready_stream(world)
    world.edit_secret("shop-jitsustream", **{name: edit})
    await world.settle()
    assert world.values("shop-jitsustream") == before
    assert world.events(STREAM) == ["SecretRestored"]
    assert world.remote_writes() == []


@pytest.mark.parametrize("edit", ["another-plaintext-of-someone", None], ids=["edited", "removed"])
@pytest.mark.parametrize("use", USES)
async def test_plaintext_that_is_gone_replaces_its_key_alone(world: World, use: str, edit: str | None) -> None:
    """A key whose plaintext was edited or removed is lost, and stays valid; the key of the other use is not changed."""
    before = await ready_stream(world)
    world.edit_secret("shop-jitsustream", **{f"{use}KeySecret": edit})
    await world.settle()
    other = USES[1 - USES.index(use)]
    assert keys_open(world)
    assert world.values("shop-jitsustream")[f"{other}WriteKey"] == before[f"{other}WriteKey"]
    assert world.values("shop-jitsustream")[f"{use}WriteKey"] != before[f"{use}WriteKey"]
    assert len(key_ids(world, use)) == 2
    assert still_open(world, before)
    assert world.events(STREAM) == ["KeyLost"]


async def test_value_that_someone_added_goes(world: World) -> None:
    """The Secret holds our values and no others."""
    before = await ready_stream(world)
    world.edit_secret("shop-jitsustream", more="something")
    await world.settle()
    assert world.values("shop-jitsustream") == before


async def test_keys_of_others_are_left_alone(world: World) -> None:
    """A key made by someone else outlives rotation, loss and change of ours, its hint included."""
    await ready_stream(world)
    stored = world.sandbox.jitsu.stored(only_stream(world)["id"])
    for name in ("publicKeys", "privateKeys"):
        keys = [
            *stored[name],
            {"id": "theirs", "hash": "salt.hash", "hint": "the*irs"},
            {"id": "bare", "hash": "salt.h"},
        ]
        world.sandbox.jitsu.change(only_stream(world)["id"], **{name: keys})
    await world.resync()
    assert world.remote_writes() == []
    assert world.ready(STREAM)
    world.store.delete(OUTPUT)
    await world.settle()
    world.change(STREAM, keys={"rotate": "1", "overlap": "60s"})
    await world.wait(100)
    assert key_ids(world, "public") == ["rs", "re", "p2"]
    world.change(STREAM, keys={"public": "None", "private": "None"})
    await world.settle()
    left = world.sandbox.jitsu.stored(only_stream(world)["id"])
    for name in ("publicKeys", "privateKeys"):
        assert left[name] == [
            {"id": "theirs", "hash": "salt.hash", "hint": "the*irs"},
            {"id": "bare", "hash": "salt.h"},
        ]


async def test_key_that_others_changed_is_put_back(world: World) -> None:
    """Another plaintext under our key's id shows by its hint, and ours is sent again."""
    await ready_stream(world)
    stored = world.sandbox.jitsu.stored(only_stream(world)["id"])
    changed = [{**stored["publicKeys"][0], "hash": "salt.hash", "hint": "the*irs"}]
    world.sandbox.jitsu.change(only_stream(world)["id"], publicKeys=changed)
    await world.resync()
    assert keys_open(world)


async def test_renamed_outputs_move_without_rotating(world: World) -> None:
    """Another name, other keys: the same values under the new names, the former Secret gone, no remote write."""
    before = await ready_stream(world)
    world.change(STREAM, outputs={"secret": {"name": "site", "keys": {"publicWriteKey": "WRITE_KEY", "id": "SITE"}}})
    await world.settle()
    after = world.values("site")
    assert after["WRITE_KEY"] == before["publicWriteKey"]
    assert after["SITE"] == before["id"]
    assert {*after} == {*before} - {"publicWriteKey", "id"} | {"WRITE_KEY", "SITE"}
    assert world.secret("shop-jitsustream") is None
    assert world.status(STREAM)["secretName"] == "site"
    assert world.remote_writes() == []
    world.change(STREAM, outputs=None)
    await world.settle()
    assert world.values("shop-jitsustream") == before
    assert world.secret("site") is None
    assert world.remote_writes() == []


async def test_names_swapped_between_keys(world: World) -> None:
    """Renaming is read back by what is on the Secret, so even swapped names lose nothing."""
    before = await ready_stream(world)
    swapped = {"publicKeySecret": "privateKeySecret", "privateKeySecret": "publicKeySecret"}
    world.change(STREAM, outputs={"secret": {"keys": swapped}})
    await world.settle()
    assert world.values("shop-jitsustream")["publicKeySecret"] == before["privateKeySecret"]
    world.change(STREAM, outputs=None)
    await world.settle()
    assert world.values("shop-jitsustream") == before
    assert world.remote_writes() == []


async def test_labels_and_annotations_of_the_spec(world: World) -> None:
    """They are on the Secret as long as the spec names them; those that others put there stay."""
    await ready_stream(world)
    extras = {"labels": {"team": "web"}, "annotations": {"example.com/note": "hello"}}
    world.change(STREAM, outputs={"secret": extras})
    await world.settle()
    found = world.secret("shop-jitsustream")
    assert found is not None
    assert found.labels["team"] == "web"
    assert found.annotations["example.com/note"] == "hello"
    world.store.put(
        type(found)(
            found.namespace,
            found.name,
            found.data,
            {**found.labels, "added": "by-others"},
            found.annotations,
            found.finalizers,
            found.owners,
        )
    )
    world.change(STREAM, outputs=None)
    await world.settle()
    left = world.secret("shop-jitsustream")
    assert left is not None
    assert "team" not in left.labels
    assert "example.com/note" not in left.annotations
    assert left.labels["added"] == "by-others"
    assert world.remote_writes() == []


async def test_owner_label_that_was_taken_off_is_no_takeover(world: World) -> None:
    """A Secret that lost our labels is someone's own from then on: Conflict, never overwritten."""
    await ready_stream(world)
    found = world.secret("shop-jitsustream")
    assert found is not None
    world.store.put(type(found)(found.namespace, found.name, {"mine": "value of mine"}))
    world.controller.changed(OUTPUT)
    await world.settle()
    assert world.why(STREAM) == "Conflict"
    assert world.values("shop-jitsustream") == {"mine": "value of mine"}


@pytest.mark.parametrize("key", [STREAM, CONNECTOR], ids=["stream", "connector"])
async def test_foreign_secret_is_never_overwritten(world: World, key: Key) -> None:
    """A Secret of the output's name stops the creation before anything is made; its end lets it go on."""
    name = {STREAM: "shop-jitsustream", CONNECTOR: "billing-connector"}[key]
    await world.connect_jitsu()
    await world.connect_jitterbit()
    world.apply(secret_manifest(name, {"mine": "value of mine"}))
    world.forget()
    world.apply(stream() if key == STREAM else connector())
    await world.settle()
    assert world.condition(key, "Ready") == ("False", "Conflict")
    assert name in world.message(key)
    assert "spec.outputs.secret.name" in world.message(key)
    assert world.values(name) == {"mine": "value of mine"}
    assert world.remote_writes() == []
    world.store.delete(Key("Secret", "team", name))
    await world.settle()
    assert world.ready(key)


async def test_foreign_secret_of_the_former_name(world: World) -> None:
    """What others keep under the former name is neither read nor deleted by a renaming."""
    await ready_stream(world)
    await world.stop()
    world.store.delete(OUTPUT)
    world.apply(secret_manifest("shop-jitsustream", {"mine": "value of mine"}))
    world.change(STREAM, outputs={"secret": {"name": "site"}})
    await world.restart()
    await world.settle()
    assert world.ready(STREAM)
    assert keys_open(world, "site")
    assert world.values("shop-jitsustream") == {"mine": "value of mine"}


async def test_lost_hash_key_costs_no_rotation(world: World) -> None:
    """Without the key of the keyed hashes the Secret is believed once, and hashed anew."""
    before = await ready_stream(world)
    world.store.delete(Key("Secret", "jitops-system", HASH_KEY_SECRET))
    await world.restart()
    await world.settle()
    assert world.values("shop-jitsustream") == before
    assert world.remote_writes() == []
    assert world.writes(OUTPUT) == ["secret"]
    world.edit_secret("shop-jitsustream", publicKeySecret="edited after that, so it counts as lost")
    await world.settle()
    assert world.events(STREAM) == ["SecretRestored", "KeyLost"] or world.events(STREAM) == ["KeyLost"]
    assert keys_open(world)


async def test_secret_unwatched_is_repaired_at_the_resync(world: World) -> None:
    """Where Secrets can't be watched, a lost one is noticed at the resync."""
    world.pace = replace(world.pace, secrets_watched=False)
    await world.restart()
    await ready_connector(world)
    world.store.on_input = lambda _: None
    world.store.delete(Key("Secret", "team", "billing-connector"))
    await world.settle()
    assert world.secret("billing-connector") is None
    await world.resync()
    assert security_holds(world)


# Rotation


async def test_rotation_with_overlap(world: World) -> None:
    """A changed token makes a new pair of each use; the old ones go when the overlap is over, not before."""
    before = await ready_stream(world)
    world.change(STREAM, keys={"rotate": "2026-01", "overlap": "2h"})
    await world.settle()
    assert keys_open(world)
    assert [key_ids(world, use) for use in USES] == [["p0", "p1"], ["s0", "s1"]]
    assert world.values("shop-jitsustream")["publicWriteKey"] != before["publicWriteKey"]
    assert world.events(STREAM) == ["KeyRotated", "KeyRotated"]
    await world.wait(2 * 3600 - 10)
    assert key_ids(world, "public") == ["p0", "p1"]
    await world.wait(20)
    assert [key_ids(world, use) for use in USES] == [["p1"], ["s1"]]
    assert keys_open(world)
    assert [entry["number"] for entry in world.status(STREAM)["keys"]["entries"]] == [1, 1]


async def test_rotation_happens_once(world: World) -> None:
    """The same token, a restart, a resync: no further pair."""
    await ready_stream(world, keys={"rotate": "2026-01"})
    await world.restart()
    await world.resync()
    assert world.remote_writes() == []
    assert key_ids(world, "public") == ["p0"]
    world.change(STREAM, keys={"rotate": "2026-02"})
    await world.settle()
    await world.restart()
    await world.resync()
    assert key_ids(world, "public") == ["p0", "p1"]


async def test_removed_token_rotates_nothing(world: World) -> None:
    """A token that is taken out asks for nothing, and the same one asks for nothing when it is back."""
    await ready_stream(world, keys={"rotate": "2026-01"})
    world.change(STREAM, keys=None)
    await world.settle()
    world.change(STREAM, keys={"rotate": "2026-01"})
    await world.settle()
    assert key_ids(world, "public") == ["p0"]
    assert world.remote_writes() == []


async def test_rotation_without_overlap(world: World) -> None:
    """With an overlap of 0 the old pair goes in the same PUT that brings the new one."""
    await ready_stream(world)
    world.change(STREAM, keys={"rotate": "now", "overlap": "0s"})
    await world.settle()
    assert [key_ids(world, use) for use in USES] == [["p1"], ["s1"]]
    assert len(world.remote_writes()) == 1


async def test_retirement_while_down(world: World) -> None:
    """An overlap that ends while no operator runs is acted on at the start."""
    await ready_stream(world)
    world.change(STREAM, keys={"rotate": "now", "overlap": "60s"})
    await world.settle()
    await world.stop()
    world.clock.turn(120)
    await world.restart()
    await world.settle()
    assert key_ids(world, "public") == ["p1"]


async def test_secret_lost_during_the_overlap(world: World) -> None:
    """The lost pair is replaced and stays valid; the one that is retiring is removed at its time."""
    await ready_stream(world)
    world.change(STREAM, keys={"rotate": "now", "overlap": "1h"})
    await world.settle()
    world.store.delete(OUTPUT)
    await world.settle()
    assert keys_open(world)
    assert key_ids(world, "public") == ["p0", "p1", "p2"]
    await world.wait(3700)
    assert key_ids(world, "public") == ["p1", "p2"]


async def test_keys_given_up_and_taken_up_again(world: World) -> None:
    """`None` removes our key and its values; `Generate` makes another one, under an id that was never used."""
    before = await ready_stream(world)
    world.change(STREAM, keys={"private": "None"})
    await world.settle()
    assert {name for name in before if name.startswith("private")} & {*world.values("shop-jitsustream")} == set()
    assert key_ids(world, "private") == []
    world.change(STREAM, keys=None)
    await world.settle()
    assert keys_open(world)
    assert world.values("shop-jitsustream")["privateWriteKey"] != before["privateWriteKey"]


# A connector's Secret


async def test_connector_secret_is_recovered(world: World) -> None:
    """A lost or edited Secret of a connector is written again from the listing, validated, told by one event."""
    before = await ready_connector(world, manifest={"activities": ["Query"]})
    world.store.delete(Key("Secret", "team", "billing-connector"))
    await world.settle()
    assert world.values("billing-connector") == before
    assert world.events(CONNECTOR) == ["SecretRestored"]
    assert [line.rpartition("/")[2] for line in world.remote_writes()] == ["securityinfo"]
    world.forget()
    world.edit_secret("billing-connector", secret="edited by someone", MANIFEST_MF=None)
    await world.settle()
    assert world.values("billing-connector") == before
    assert world.events(CONNECTOR) == ["SecretRestored"]


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
async def test_harmony_that_repeats_keys_in_its_refusals(world: World, method: str) -> None:
    """Key and secret of any connector of the organization are cut out of what Harmony says of another one."""
    world.sandbox.jitterbit.register("100200", "theirs", "1")
    await ready_connector(world, management={"replace": "Allow"})
    said = " ".join(f"{row['key']} {row['secret']}" for row in connectors(world))
    body = json.dumps({"status": False, "errorCode": "REFUSED", "errorMessage": f"There are {said}"})
    world.sandbox.faults.add(Fault(kind="error", status=409, body=body, product="jitterbit", method=method))
    if method == "DELETE":
        world.store.delete(CONNECTOR)
    else:
        world.change(CONNECTOR, version="2.0.0")
    await world.resync()
    assert "REFUSED: There are *** *** *** ***" in world.message(CONNECTOR)
    assert not world.reveals(world.told())


async def test_connector_secret_is_validated_before_it_is_published(world: World) -> None:
    """Key and secret that Harmony lists but does not accept are not handed out; the condition says so."""
    await ready_connector(world)
    found = world.sandbox.jitterbit.connectors()[0]
    world.sandbox.faults.add(_refusal())
    world.store.delete(Key("Secret", "team", "billing-connector"))
    await world.settle()
    assert world.condition(CONNECTOR, "Ready") == ("False", "DependencyNotReady")
    assert found.id in world.message(CONNECTOR)
    assert world.secret("billing-connector") is None
    world.sandbox.faults.clear()
    await world.wait(120)
    assert security_holds(world)
    assert world.ready(CONNECTOR)


def _refusal() -> Any:
    from jitops_sandbox import Fault  # noqa: PLC0415

    body = '{"status": false, "operation": "Validate", "errorCode": "X", "errorMessage": "no"}'
    return Fault(kind="error", product="jitterbit", path="*/securityinfo", status=200, body=body)
