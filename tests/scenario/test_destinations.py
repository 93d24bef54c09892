"""Destinations: what is checked before anything is sent, and secrets that the console hides, or doesn't."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.harness.manifests import DESTINATION, destination, from_secret, secret_manifest
from tests.harness.samples.destination import (
    WAREHOUSE,
    connect_warehouse,
    destinations,
    only_destination,
    plant_destination,
)
from tests.harness.world.killing import killed_everywhere
from tests.harness.world.world import World

from jitops.core.kube import Key
from jitops_sandbox import Fault

both_builds = pytest.mark.parametrize("build", ["A", "B"])
SECRET = Key("Secret", "team", "ch")
HOSTS = ["ch.example.com:8443"]


async def made(world: World, **spec: Any) -> str:
    """Bring the destination to Ready, begin to count, and return its id."""
    await connect_warehouse(world)
    world.apply(destination(**spec))
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    await world.wait(60)
    world.forget()
    return str(world.status(DESTINATION)["id"])


def puts(world: World) -> int:
    """Count the changes of destinations."""
    return world.count("PUT", "*/config/destination/*")


async def rests(world: World) -> None:
    """Check that two resyncs write nothing anywhere."""
    world.forget()
    await world.resync()
    await world.resync()
    assert world.store.writes == []
    assert world.store.events == []
    assert world.remote_writes() == []


async def refused(world: World, *sentences: str, **spec: Any) -> None:
    """Check that a spec is refused with sentences that repeat no value of it, and that nothing was sent."""
    await connect_warehouse(world)
    world.apply(destination(**spec))
    await world.settle()
    assert world.condition(DESTINATION, "Ready") == ("False", "InvalidConfiguration")
    assert world.condition(DESTINATION, "Stalled")[0] == "True"
    for sentence in sentences:
        assert sentence in world.message(DESTINATION)
    told = json.dumps(world.status(DESTINATION)) + repr(world.store.events)
    assert "plain-value" not in told
    assert world.remote_writes() == []


# What is masked.


@both_builds
async def test_masked_secret_is_no_drift(world: World) -> None:
    """A password that the console hides is sent once, read back once, and then there is rest, over a restart too."""
    await connect_warehouse(world)
    world.apply(destination())
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert world.remote_writes() == ["POST /api/cacme00000000000000000001/config/destination"]
    assert world.count("GET", "*/config/destination/*") == 1
    assert only_destination(world)["password"] == WAREHOUSE["password"]
    assert set(world.status(DESTINATION)["secretHashes"]) == {"password"}
    await rests(world)
    await world.restart()
    await rests(world)


@both_builds
async def test_edited_secret_is_applied_once(world: World) -> None:
    """An edited Secret reaches the console at once, by one PUT, told as an update and not as drift."""
    await made(world)
    before = world.status(DESTINATION)["secretHashes"]
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert only_destination(world)["password"] == "another-password"
    assert puts(world) == 1
    assert world.events(DESTINATION) == ["Updated"]
    assert "secretConfig.password" in world.last_event(DESTINATION).message
    assert world.status(DESTINATION)["secretHashes"] != before
    await rests(world)


async def test_edited_secret_is_applied_though_drift_is_only_reported(world: World) -> None:
    """What our own side changed is no drift of the remote's."""
    await made(world, management={"drift": "Report"})
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert only_destination(world)["password"] == "another-password"
    assert world.ready(DESTINATION)
    await rests(world)


async def test_secret_edited_while_down(world: World) -> None:
    """A Secret that was edited while no operator ran is applied after the next start."""
    await made(world)
    await world.stop()
    world.edit_secret("ch", password="another-password")
    await world.restart()
    await world.settle()
    assert only_destination(world)["password"] == "another-password"
    assert puts(world) == 1


@both_builds
async def test_foreign_change_of_a_masked_field_is_undone_once(world: World) -> None:
    """That the object was written to since our own write is all that shows it: everything is applied once more."""
    id_ = await made(world)
    world.sandbox.jitsu.change(id_, password="their-password")
    await world.resync()
    assert only_destination(world)["password"] == WAREHOUSE["password"]
    assert puts(world) == 1
    assert world.events(DESTINATION) == ["DriftCorrected"]
    await rests(world)


async def test_a_secret_in_clear_is_compared_and_never_shown(world: World) -> None:
    """June's key comes back in clear: what others put there is noticed by itself, and told by its path alone."""
    id_ = await made(world, destinationType="june", config=None, secretConfig=[from_secret("apiKey", "ch", "password")])
    await rests(world)
    world.planted.add("their-api-key")
    world.sandbox.jitsu.change(id_, apiKey="their-api-key")
    await world.resync()
    assert only_destination(world)["apiKey"] == WAREHOUSE["password"]
    assert world.events(DESTINATION) == ["DriftCorrected"]
    assert "secretConfig.apiKey" in world.last_event(DESTINATION).message
    await rests(world)


async def test_an_unread_write_is_read_later(world: World) -> None:
    """Where the reading after our write fails, the next attempt reads before it judges, and rests after it."""
    await connect_warehouse(world)
    world.sandbox.faults.add(
        Fault(kind="error", status=502, product="jitsu", method="GET", path="*/config/destination/*", times=1)
    )
    world.apply(destination())
    await world.wait(30)
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert len(destinations(world)) == 1
    await rests(world)


# What is refused before it is sent.


async def test_secret_in_clear_is_refused(world: World) -> None:
    """A password in the spec is refused with the cure; its value is not repeated."""
    await refused(
        world,
        "spec.config.password: is a secret",
        "spec.secretConfig with path: password",
        config={"hosts": HOSTS, "password": "plain-value"},
        secretConfig=None,
    )


async def test_secret_that_only_the_mask_tells_is_refused(world: World) -> None:
    """Whatever field the console masks is a secret, though no list of ours says so."""
    await connect_warehouse(world)
    id_ = plant_destination(world, cluster="__MASKED_BY_JITSU__")
    adopted = {"adopt": {"mode": "Override", "id": id_}}
    world.apply(destination(config={"hosts": HOSTS, "cluster": "main"}, management=adopted))
    await world.settle()
    assert "spec.config.cluster: is a secret at the console" in world.message(DESTINATION)
    assert world.remote_writes() == []


async def test_mask_is_no_value(world: World) -> None:
    """What was copied out of the console with its masks is refused."""
    await refused(
        world, "spec.config.cluster: must not be the mask", config={"hosts": HOSTS, "cluster": "__MASKED_BY_JITSU__"}
    )


async def test_unknown_missing_and_wrong_fields_are_named(world: World) -> None:
    """All that is wrong is named at once: the field and what it should be, never the value."""
    await refused(
        world,
        "spec.config.hosts: is required",
        "spec.config.hots: is not a known field; this type has cluster, database, hosts",
        "spec.config.loadAsJson: must be of type boolean",
        'spec.config.protocol: must be one of "http", "https"',
        "spec.config.password: is required: put it into a Secret, and refer to that in spec.secretConfig",
        "spec.config.parameters.a: must be of type string",
        config={"hots": HOSTS, "loadAsJson": "plain-value", "protocol": "plain-value", "parameters": {"a": 1}},
        secretConfig=None,
    )


async def test_address_without_a_scheme_is_refused(world: World) -> None:
    """What the schema calls an address is checked as the console would."""
    await refused(
        world,
        "spec.config.url: must be a URL with its scheme, such as https://example.com",
        destinationType="webhook",
        config={"url": "plain-value.example.com/hook"},
        secretConfig=None,
    )


@pytest.mark.parametrize("text", ["a\0b", "a\ud800"])
async def test_text_that_no_database_keeps_is_refused(world: World, text: str) -> None:
    """The console would fail as if its database were down, and the breaker would open for everyone."""
    await refused(
        world, "hosts[0]: contains a character that the console's database can't store", config={"hosts": [text]}
    )
    world.store.delete(DESTINATION)
    await world.settle()
    assert not world.exists(DESTINATION)


async def test_list_entries_are_named(world: World) -> None:
    """Inside a list the place is named."""
    await refused(world, "spec.config.hosts[1]: must be of type string", config={"hosts": ["a", 7]})


async def test_a_path_that_is_taken_is_refused(world: World) -> None:
    """A field set in clear and out of a Secret, or inside something that is no map, is refused."""
    both = [from_secret("password", "ch", "password"), from_secret("database", "ch", "user")]
    await refused(
        world,
        "spec.config.database: is also set by spec.secretConfig",
        config={"hosts": HOSTS, "database": "events"},
        secretConfig=both,
    )
    inside = [from_secret("password", "ch", "password"), from_secret("hosts.first", "ch", "user")]
    world.change(DESTINATION, config={"hosts": HOSTS}, secretConfig=inside)
    await world.settle()
    assert "spec.config.hosts: must be a map, as spec.secretConfig sets hosts.first in it" in world.message(DESTINATION)


@both_builds
async def test_unknown_type_is_refused(world: World) -> None:
    """A type that neither the console nor we know is refused by the console, in its words."""
    await connect_warehouse(world)
    world.apply(destination(destinationType="clikhouse"))
    await world.settle()
    assert world.condition(DESTINATION, "Ready") == ("False", "InvalidConfiguration")
    assert "Unknown destination type clikhouse" in world.message(DESTINATION)


@both_builds
async def test_refusal_of_the_console_tells_no_secret(world: World) -> None:
    """The console answers a refusal with the whole object in clear; only the field and its issue are passed on."""
    id_ = await made(world)
    world.sandbox.jitsu.change(id_, loadAsJson="yes")
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert world.condition(DESTINATION, "Ready") == ("False", "InvalidConfiguration")
    assert "loadAsJson: Expected boolean" in world.message(DESTINATION)
    assert not world.reveals(world.told())


@pytest.mark.parametrize("value", ["k" * 5_000, "first line\nsecond", '{"private_key": "-----BEGIN\\nabc"}'])
async def test_refusal_tells_no_part_of_a_secret(world: World, value: str) -> None:
    """What the console repeats of a secret is hidden before a sentence is cut out of its answer."""
    await connect_warehouse(world)
    said = f"Bad value {value}, as {json.dumps(value)}"
    issues = [{"path": ["password"], "message": said}]
    for body in ({"message": said}, {"message": "Failed to validate schema of x", "error": {"issues": issues}}):
        fault = Fault(kind="error", status=400, product="jitsu", method="POST", body=json.dumps(body), times=1)
        world.sandbox.faults.add(fault)
        world.edit_secret("ch", password=value)
        world.apply(destination(name=f"warehouse {len(body)}"))
        await world.settle()
        assert "***" in world.message(DESTINATION)
        assert not {part for part in (value[:8], "first line", "second", "BEGIN") if part in world.message(DESTINATION)}


async def test_missing_secret_is_waited_for(world: World) -> None:
    """A Secret that is not there yet is named, and taken when it comes."""
    await world.connect_jitsu()
    world.apply(destination())
    await world.settle()
    assert world.why(DESTINATION) == "DependencyNotFound"
    assert "spec.secretConfig.password: Secret" in world.message(DESTINATION)
    await connect_warehouse(world)
    await world.settle()
    assert world.ready(DESTINATION)


@pytest.mark.parametrize("spec", [{"config": {"nope": 1}}, {"secretConfig": [from_secret("password", "gone", "x")]}])
async def test_what_is_refused_can_be_deleted(world: World, spec: dict[str, Any]) -> None:
    """A config that turned wrong, or a Secret that is gone, does not keep a destination from being deleted."""
    await made(world)
    world.change(DESTINATION, **spec)
    await world.settle()
    assert not world.ready(DESTINATION)
    world.store.delete(DESTINATION)
    await world.settle()
    assert not world.exists(DESTINATION)
    assert destinations(world) == []


@both_builds
async def test_a_list_comes_out_of_a_secret(world: World) -> None:
    """A webhook's headers, which often hold a token, are written as JSON in the Secret and sent as a list."""
    world.apply(secret_manifest("hook", {"headers": '["Authorization: Bearer hook-token-1", "X-Team: a"]'}))
    world.planted.add("Authorization: Bearer hook-token-1")
    await made(
        world,
        destinationType="webhook",
        config={"url": "https://hook.example.com"},
        secretConfig=[from_secret("headers", "hook", "headers")],
    )
    assert only_destination(world)["headers"] == ["Authorization: Bearer hook-token-1", "X-Team: a"]
    await rests(world)
    world.edit_secret("hook", headers="Authorization: Bearer hook-token-2")
    await world.settle()
    assert "spec.secretConfig.headers: the value in the Secret must be JSON" in world.message(DESTINATION)
    world.edit_secret("hook", headers='["Authorization: Bearer hook-token-2"]')
    await world.settle()
    assert only_destination(world)["headers"] == ["Authorization: Bearer hook-token-2"]
    assert world.ready(DESTINATION)
    await rests(world)


async def test_removal_is_told_though_drift_is_only_reported(world: World) -> None:
    """What our own side takes out goes, and is told, under `drift: Report` as well."""
    spec = {"parameters": {"away": "2"}}
    await made(world, config={"hosts": HOSTS, **spec}, management={"drift": "Report"})
    world.change(DESTINATION, config={"hosts": HOSTS})
    await world.settle()
    assert "parameters" not in only_destination(world)
    assert world.events(DESTINATION) == ["ReplacedNonAtomically"]
    await rests(world)


async def test_foreign_type_is_only_reported(world: World) -> None:
    """Under `drift: Report` a type that others changed is named, and no replacement is told of that did not happen."""
    id_ = await made(world, management={"drift": "Report"})
    world.sandbox.jitsu.change(id_, destinationType="mysql", parameters={"tls": "true"}, hosts=None)
    await world.resync()
    await world.resync()
    assert world.events(DESTINATION) == ["DriftDetected"]
    assert "destinationType" in world.last_event(DESTINATION).message
    assert world.remote_writes() == []


async def test_type_without_a_schema_is_left_to_the_console(world: World) -> None:
    """Where neither console nor copy tells a schema, the fields are sent as they are, and the console judges."""
    world.sandbox.faults.add(Fault(kind="error", status=500, product="jitsu", path="/api/schema/*"))
    await connect_warehouse(world)
    world.apply(destination(destinationType="brand-new", config={"a": "b"}))
    await world.settle()
    assert "Unknown destination type brand-new" in world.message(DESTINATION)
    assert world.count("POST", "*/config/destination") == 1
    asked = world.count("GET", "/api/schema/*")
    await world.resync()
    assert world.count("GET", "/api/schema/*") > asked


# Where the schema comes from.


async def test_schema_is_asked_for_once(world: World) -> None:
    """The console's own schema is asked for once per process and type."""
    await made(world)
    world.apply(destination("second"))
    await world.settle()
    assert world.ready(Key("JitsuDestination", "team", "second"))
    assert world.count("GET", "/api/schema/*") == 0
    await world.restart()
    await world.resync()
    assert world.count("GET", "/api/schema/destination/clickhouse") == 1


async def test_schema_of_the_console_decides(world: World) -> None:
    """What the console publishes outranks the copy that we carry: it may be newer."""
    schema = {"type": "object", "properties": {"nodes": {"type": "array"}}, "required": ["nodes"]}
    body = json.dumps(schema | {"additionalProperties": False})
    world.sandbox.faults.add(Fault(kind="error", status=200, body=body, product="jitsu", path="/api/schema/*"))
    await refused(world, "spec.config.nodes: is required", "spec.config.hosts: is not a known field")


@pytest.mark.parametrize("body", ["{}", '{"properties": {"hosts": {"type": "nonsense"}}}'])
async def test_what_is_no_schema_is_not_used(world: World, body: str) -> None:
    """An answer that is no schema leaves the checking to the copy that we carry."""
    world.sandbox.faults.add(Fault(kind="error", status=200, body=body, product="jitsu", path="/api/schema/*"))
    await refused(world, "spec.config.hosts: is required", config={})


async def test_shipped_schema_serves_where_the_console_has_none(world: World) -> None:
    """A console that does not answer for its schemas leaves the checking to the copy that we carry."""
    world.sandbox.faults.add(Fault(kind="error", status=500, product="jitsu", path="/api/schema/*"))
    await refused(world, "spec.config.hosts: is required", config={})


# What was taken out of the spec.


async def test_removed_field_becomes_its_default(world: World) -> None:
    """A field with a default, or a plain string, is set back by one PUT: the destination is never without its rest."""
    await made(world, config={"hosts": HOSTS, "database": "events", "cluster": "main"})
    world.change(DESTINATION, config={"hosts": HOSTS})
    await world.settle()
    stored = only_destination(world)
    assert (stored["database"], stored["cluster"]) == ("default", "")
    assert puts(world) == 1
    assert world.events(DESTINATION) == ["Updated"]
    assert "config.database" not in world.status(DESTINATION)["appliedFields"]
    await rests(world)


@both_builds
async def test_removed_entry_of_a_map_really_goes(world: World) -> None:
    """The console forgets an entry of a map only with all the rest: that is done, and said."""
    await made(world, config={"hosts": HOSTS, "parameters": {"keep": "1", "go.away": "2"}})
    world.change(DESTINATION, config={"hosts": HOSTS, "parameters": {"keep": "1"}})
    await world.settle()
    stored = only_destination(world)
    assert stored["destinationType"] == "clickhouse"
    assert (stored["parameters"], stored["hosts"], stored["password"]) == ({"keep": "1"}, HOSTS, WAREHOUSE["password"])
    assert puts(world) == 2
    assert world.events(DESTINATION) == ["ReplacedNonAtomically"]
    assert "parameters.go~1away" in world.last_event(DESTINATION).message
    await rests(world)


async def test_replaced_whole_whenever_killed(worlds: Callable[[], World]) -> None:
    """Killed after any effect of a replacement, between its two halves too: the destination is whole again."""

    async def arrange(world: World) -> None:
        await made(world, config={"hosts": HOSTS, "parameters": {"away": "2"}})

    def act(world: World) -> None:
        world.change(DESTINATION, config={"hosts": HOSTS})

    def check(world: World) -> None:
        stored = only_destination(world)
        assert world.ready(DESTINATION), world.status(DESTINATION)
        assert (stored["destinationType"], stored["hosts"]) == ("clickhouse", HOSTS)
        assert stored["password"] == WAREHOUSE["password"]
        assert "parameters" not in stored
        assert "config.parameters.away" not in world.status(DESTINATION)["appliedFields"]

    await killed_everywhere(worlds, arrange, act, check, least=3)


async def test_edited_secret_arrives_whenever_killed(worlds: Callable[[], World]) -> None:
    """Killed after any effect of an edited Secret's way to the console: it is there in the end."""

    async def arrange(world: World) -> None:
        await made(world)

    def act(world: World) -> None:
        world.edit_secret("ch", password="another-password")

    def check(world: World) -> None:
        assert world.ready(DESTINATION), world.status(DESTINATION)
        assert only_destination(world)["password"] == "another-password"

    await killed_everywhere(worlds, arrange, act, check, least=2)


async def test_removed_secret_becomes_empty_though_masked(world: World) -> None:
    """A masked optional field looks the same when it is empty: it is emptied once, and then there is rest."""
    secrets = [from_secret("password", "ch", "password"), from_secret("privateKey", "ch", "other")]
    config = {"account": "a", "warehouse": "w", "database": "d", "username": "u"}
    await made(world, destinationType="snowflake", config=config, secretConfig=secrets)
    world.change(DESTINATION, secretConfig=secrets[:1])
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert only_destination(world)["privateKey"] == ""
    assert puts(world) == 1
    assert set(world.status(DESTINATION)["secretHashes"]) == {"password"}
    assert "secretConfig.privateKey" not in world.status(DESTINATION)["appliedFields"]
    await rests(world)
    await world.restart()
    await rests(world)


async def test_field_moves_into_a_secret(world: World) -> None:
    """A field that is now set out of a Secret is not removed in between."""
    await made(world, config={"hosts": HOSTS, "username": WAREHOUSE["user"]})
    secrets = [from_secret("password", "ch", "password"), from_secret("username", "ch", "user")]
    world.change(DESTINATION, config={"hosts": HOSTS}, secretConfig=secrets)
    await world.settle()
    assert only_destination(world)["username"] == WAREHOUSE["user"]
    assert puts(world) == 0
    assert world.ready(DESTINATION)
    await rests(world)


@both_builds
async def test_another_type_inherits_nothing(world: World) -> None:
    """A change of type keeps the id and drops what the new type would take over, by one PUT where that can be."""
    id_ = await made(world, config={"hosts": HOSTS, "username": "old", "cluster": "main"})
    config = {"host": "pg", "database": "d", "username": "new"}
    world.change(DESTINATION, destinationType="postgres", config=config)
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    stored = only_destination(world)
    assert world.status(DESTINATION)["id"] == id_
    assert (stored["destinationType"], stored["username"]) == ("postgres", "new")
    assert "cluster" not in stored
    await rests(world)


async def test_another_type_gets_no_credentials_of_the_old_one(world: World) -> None:
    """What the console filled in, or kept of the old type's secrets, does not go on into the new type unasked."""
    await made(world)
    assert only_destination(world)["username"] == "default"
    config = {"region": "us-west-1", "database": "d", "bucket": "b"}
    world.change(DESTINATION, destinationType="redshift", config=config, secretConfig=None)
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    stored = only_destination(world)
    assert (stored["destinationType"], stored["username"], stored["password"]) == ("redshift", "", "")
    assert puts(world) == 1
    await rests(world)


async def test_another_type_has_other_secrets(world: World) -> None:
    """What the console masks of the old type is no secret of the new one, where it may stand in clear."""
    await made(world, destinationType="statsig", config={}, secretConfig=[from_secret("apiKey", "ch", "password")])
    world.change(DESTINATION, destinationType="june", config={"apiKey": "write-key-of-june"}, secretConfig=None)
    await world.settle()
    assert world.ready(DESTINATION), world.message(DESTINATION)
    assert only_destination(world)["apiKey"] == "write-key-of-june"
    await rests(world)


async def test_switch_without_a_default_is_replaced(world: World) -> None:
    """Neither true nor false is nothing: the destination is replaced to have the console forget which it was."""
    secrets = [from_secret("accessToken", "ch", "password")]
    await made(world, destinationType="hubspot", config={"sendPageViewEvents": True}, secretConfig=secrets)
    world.change(DESTINATION, config={})
    await world.settle()
    assert world.events(DESTINATION) == ["ReplacedNonAtomically"]
    assert "sendPageViewEvents" not in only_destination(world)
    await rests(world)


async def test_what_is_only_observed_is_not_said_to_be_replaced(world: World) -> None:
    """A field that is taken out while the destination is only observed stays, and nothing else is claimed."""
    await made(world, config={"hosts": HOSTS, "parameters": {"stays": "2"}})
    world.change(DESTINATION, config={"hosts": HOSTS}, management={"policy": "Observe"})
    await world.settle()
    assert "ReplacedNonAtomically" not in world.events(DESTINATION)
    assert only_destination(world)["parameters"] == {"stays": "2"}
    assert world.remote_writes() == []


# Adoption.


async def test_match_adopts_without_writing(world: World) -> None:
    """What is equal in all that can be seen is adopted as it is; its secret is applied when the Secret changes."""
    await connect_warehouse(world)
    id_ = plant_destination(world, password="their-password")
    world.apply(destination(management={"adopt": {"mode": "Match", "id": id_}}))
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert world.remote_writes() == []
    assert only_destination(world)["password"] == "their-password"
    await rests(world)
    world.edit_secret("ch", password="another-password")
    await world.settle()
    assert only_destination(world)["password"] == "another-password"
    await rests(world)


async def test_match_refuses_what_differs(world: World) -> None:
    """What differs is named by path, and left alone."""
    await connect_warehouse(world)
    id_ = plant_destination(world, hosts=["theirs.example.com"])
    world.apply(destination(management={"adopt": {"mode": "Match", "id": id_}}))
    await world.settle()
    assert world.why(DESTINATION) == "AdoptionMismatch"
    assert "config.hosts" in world.message(DESTINATION)
    assert world.remote_writes() == []


async def test_override_applies_the_secret_once(world: World) -> None:
    """Adoption by Override sends everything once, the secret too, as nobody can see what it was."""
    await connect_warehouse(world)
    id_ = plant_destination(world, password="their-password")
    world.apply(destination(management={"adopt": {"mode": "Override", "id": id_}}))
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert only_destination(world)["password"] == WAREHOUSE["password"]
    assert puts(world) == 1
    await rests(world)


async def test_observed_needs_no_secret(world: World) -> None:
    """What is only observed may leave required fields out, is compared in what it says, and is never written."""
    await connect_warehouse(world)
    id_ = plant_destination(world)
    observed = {"policy": "Observe", "adopt": {"mode": "Match", "id": id_}}
    world.apply(destination(config={"database": "default"}, secretConfig=None, management=observed))
    await world.settle()
    assert world.ready(DESTINATION), world.status(DESTINATION)
    assert world.remote_writes() == []
    await rests(world)


async def test_no_secret_stays_in_memory(world: World) -> None:
    """Rows keep nothing of values but digests: neither what is masked nor what comes in clear."""
    spec: dict[str, Any] = {"destinationType": "june", "config": None}
    await made(world, **spec, secretConfig=[from_secret("apiKey", "ch", "password")])
    line = world.open_connection(Key("JitsuWorkspace", "team", "acme"))
    rows = (await line.client.snapshots["JitsuDestination"].get()).rows
    assert rows
    for row in rows.values():
        assert not world.reveals(f"{row!r} {row.tree!r} {row.at(('apiKey',)).digest!r}")
