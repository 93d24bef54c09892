"""Credentials: missing, wrong, rotated, too weak; and accounts that must not be locked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.harness.every_kind import every_kind
from tests.harness.manifests import (
    CONNECTOR,
    ORGANIZATION,
    STREAM,
    WORKSPACE,
    Manifest,
    connector,
    harmony,
    jitsu,
    organization,
    secret_manifest,
    stream,
    workspace,
)
from tests.harness.samples.sample import Sample
from tests.harness.samples.stream import only_stream, streams
from tests.harness.world.world import World

from jitops.core.connection.login_attempts import LIMIT
from jitops.core.errors import Conflict
from jitops.core.kube import JSON, Key, Resource
from jitops.products.jitterbit.session import UNAUTHORIZED
from jitops.remote.breaker import LONGEST
from jitops_sandbox import Fault, Switches
from jitops_sandbox.jitterbit.envelope import RefusedError

EMAIL = "operator@example.com"


def manifests(world: World, sample: Sample) -> tuple[Manifest, Manifest]:
    """Give the Secret and the connection that a kind needs."""
    return jitsu(world) if sample.is_jitsu else harmony(world)


def connection_of(sample: Sample) -> Key:
    """Name the connection that a kind's sample uses."""
    return WORKSPACE if sample.is_jitsu else ORGANIZATION


def log_ins(world: World) -> int:
    """Count the log-ins that Harmony saw."""
    return world.count("PUT", "*/user/login")


# The Secret


@every_kind
@pytest.mark.parametrize("watched", [True, False], ids=["watched", "not watched"])
async def test_missing_secret(world: World, sample: Sample, *, watched: bool) -> None:
    """A connection without its Secret says which one, with which keys; it is found when it comes, label or not."""
    secret, connection = manifests(world, sample)
    sample.setting(world)
    world.apply(connection, sample.manifest())
    await world.settle()
    key = connection_of(sample)
    assert world.condition(key, "Ready") == ("False", "DependencyNotFound")
    assert f"Secret team/{sample.credentials} of spec.credentialsRef does not exist" in world.message(key)
    assert world.events(key) == ["CannotConnect"]
    assert world.condition(sample.key, "Ready") == ("False", "DependencyNotReady")
    world.apply(secret_manifest(secret["metadata"]["name"], secret["stringData"], watched=watched))
    await (world.settle() if watched else world.wait(61))
    assert world.ready(key)
    assert world.ready(sample.key)


@every_kind
async def test_missing_key_in_the_secret(world: World, sample: Sample) -> None:
    """A Secret without the right key is told by the key's name."""
    _, connection = manifests(world, sample)
    world.apply(secret_manifest(sample.credentials, {"other": "something else"}), connection)
    await world.settle()
    key = connection_of(sample)
    assert world.condition(key, "Ready") == ("False", "DependencyNotFound")
    expected = "apiKey" if key == WORKSPACE else "email, password"
    assert expected in world.message(key)


@every_kind
async def test_deleted_secret(world: World, sample: Sample) -> None:
    """A Secret that goes while nothing uses it takes Ready from the connection, and gives it back when it returns."""
    secret, connection = manifests(world, sample)
    world.apply(secret, connection)
    await world.settle()
    key = connection_of(sample)
    world.store.delete(Key("Secret", "team", sample.credentials))
    await world.settle()
    assert world.why(key) == "DependencyNotFound"
    world.apply(secret)
    await world.settle()
    assert world.ready(key)


# Jitsu's API keys


@pytest.mark.parametrize(
    "key", ["demokey:wrong-secret-of-someone", "nokey:demo-secret-not-real", "expiredkey:expired-secret-not-real"]
)
async def test_refused_key(world: World, key: str) -> None:
    """A refused key stalls the connection, told once; nobody asks again until the Secret changes."""
    world.apply(secret_manifest("jitsu", {"apiKey": key}), workspace(world.sandbox.jitsu_url), stream())
    await world.settle()
    assert world.condition(WORKSPACE, "Ready") == ("False", "CredentialsInvalid")
    assert world.condition(WORKSPACE, "Stalled") == ("True", "CredentialsInvalid")
    assert "apiKey in the Secret" in world.message(WORKSPACE)
    assert world.events(WORKSPACE) == ["CannotConnect"]
    asked = len(world.sandbox.requests)
    assert asked <= 2
    await world.wait(3600)
    assert len(world.sandbox.requests) == asked
    world.edit_secret("jitsu", apiKey=world.sandbox.credentials.api_key)
    await world.wait(600)
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)


@pytest.mark.parametrize("key", ["no-colon", "", "a:b c", "a:b\nX-Evil: 1", ":secret", "id:"])
async def test_key_of_another_form(world: World, key: str) -> None:
    """What is no key is refused before anything is sent, without repeating it."""
    world.apply(secret_manifest("jitsu", {"apiKey": key}), workspace(world.sandbox.jitsu_url))
    await world.settle()
    assert world.why(WORKSPACE) in ("InvalidConfiguration", "DependencyNotFound")
    assert "apiKey" in world.message(WORKSPACE)
    assert len(world.sandbox.requests) == 0


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "not watched"])
async def test_rotated_key(world: World, *, watched: bool) -> None:
    """Once the Secret holds another key the next call uses it, without a restart, though the old one is revoked."""
    world.apply(
        secret_manifest("jitsu", {"apiKey": world.sandbox.credentials.api_key}, watched=watched),
        workspace(world.sandbox.jitsu_url),
        stream(),
    )
    await world.settle()
    assert world.ready(STREAM)
    state = world.sandbox.jitsu.state
    revoked = state.keys.pop("demokey")
    try:
        world.edit_secret("jitsu", apiKey=world.sandbox.credentials.keys["admin"])
        await world.settle()
        world.change(STREAM, name="renamed")
        await world.wait(5)
        assert only_stream(world)["name"] == "renamed"
        assert world.ready(STREAM)
        assert world.ready(WORKSPACE)
        assert world.events(WORKSPACE) == []
    finally:
        state.keys["demokey"] = revoked


async def test_revoked_key(world: World) -> None:
    """A key that stops working shows on the connection at the next call; dependents keep Ready for five minutes."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    state = world.sandbox.jitsu.state
    revoked = state.keys.pop("demokey")
    try:
        await world.resync()
        assert world.condition(WORKSPACE, "Ready") == ("False", "CredentialsInvalid")
        assert world.ready(STREAM)
        await world.wait(600)
        assert world.condition(STREAM, "Ready")[0] == "Unknown"
        assert str(WORKSPACE) in world.message(STREAM)
    finally:
        state.keys["demokey"] = revoked
    world.annotate(WORKSPACE, reconcile_requested_at="now")
    await world.settle()
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)


async def test_single_refusal_is_not_believed(world: World) -> None:
    """A refusal is believed only after the connection itself was refused, with the Secret read anew."""
    await world.connect_jitsu()
    world.apply(stream())
    await world.settle()
    world.sandbox.faults.add(Fault(kind="error", product="jitsu", method="PUT", status=401, body="{}", times=1))
    world.change(STREAM, name="renamed")
    await world.wait(30)
    assert world.ready(WORKSPACE)
    assert world.ready(STREAM)
    assert only_stream(world)["name"] == "renamed"
    assert world.events(WORKSPACE) == []


async def test_role_too_low(world: World) -> None:
    """An analyst's key may read and not write: PermissionDenied with role and permission, retried slowly, healed."""
    world.apply(
        secret_manifest("jitsu", {"apiKey": world.sandbox.credentials.keys["analyst"]}),
        workspace(world.sandbox.jitsu_url),
        stream(),
    )
    await world.settle()
    assert world.ready(WORKSPACE)
    assert world.condition(STREAM, "Ready") == ("False", "PermissionDenied")
    assert world.condition(STREAM, "Stalled") == ("True", "PermissionDenied")
    assert "analyst" in world.message(STREAM)
    assert world.events(STREAM) == ["CannotCreate"]
    assert len(world.remote_writes()) == 1
    await world.wait(299)
    assert len(world.remote_writes()) == 1
    world.sandbox.jitsu.state.users["user-analyst"].roles["cacme00000000000000000001"] = "editor"
    try:
        await world.wait(120)
        assert world.ready(STREAM)
    finally:
        world.sandbox.jitsu.state.users["user-analyst"].roles["cacme00000000000000000001"] = "analyst"


@pytest.mark.parametrize("build", ["A", "B"])
async def test_unknown_workspace(world: World) -> None:
    """A slug that the console does not know is told by field."""
    await world.connect_jitsu(workspace="nowhere")
    world.apply(stream())
    await world.settle()
    assert world.condition(WORKSPACE, "Ready")[0] == "False"
    assert "spec.workspace" in world.message(WORKSPACE)
    assert world.why(STREAM) == "DependencyNotReady"
    assert streams(world) == []


async def test_workspace_of_others(world: World) -> None:
    """A workspace that the key may not see is PermissionDenied on the connection."""
    await world.connect_jitsu(workspace="other")
    assert world.condition(WORKSPACE, "Ready") == ("False", "PermissionDenied")
    assert "spec.workspace" in world.message(WORKSPACE)


async def test_deleted_workspace(world: World) -> None:
    """A deleted workspace still answers; the connection sees through that, and nothing more is made in it."""
    await world.connect_jitsu()
    found = world.sandbox.jitsu.state.workspaces["cacme00000000000000000001"]
    found.deleted = True
    try:
        await world.resync()
        assert world.condition(WORKSPACE, "Ready") == ("False", "InvalidConfiguration")
        assert "deleted" in world.message(WORKSPACE)
        world.apply(stream())
        await world.settle()
        assert streams(world) == []
    finally:
        found.deleted = False


async def test_workspace_by_id_and_by_slug(world: World) -> None:
    """Both lead to the same workspace; its id, slug and host stand in status."""
    await world.connect_jitsu(workspace="cacme00000000000000000001")
    assert world.ready(WORKSPACE)
    status = world.status(WORKSPACE)
    assert (status["id"], status["slug"], status["workspaceName"]) == ("cacme00000000000000000001", "acme", "Acme")
    assert status["host"] in world.sandbox.jitsu_url


# Harmony's log-ins

BAD_PASSWORDS = [Switches(), Switches(bad_password="rejected_with_200"), Switches(html_errors=True)]
however_refused = pytest.mark.parametrize("switches", BAD_PASSWORDS, ids=["401", "200", "HTML"])


def wrong(world: World) -> Mapping[str, str]:
    """Give a login that is refused."""
    return {"email": world.sandbox.credentials.email, "password": "wrong-password-of-someone"}


@however_refused
async def test_wrong_password_is_tried_twice_at_most(world: World) -> None:
    """However often the operator starts and whatever uses the account: two attempts, then none."""
    world.apply(
        secret_manifest("harmony", wrong(world)),
        organization(world.sandbox.jitterbit_url),
        organization(world.sandbox.jitterbit_url + "/", "org2"),
        connector(),
        connector("second", organizationRef={"name": "org2"}),
    )
    await world.settle()
    for _ in range(4):
        await world.wait(1500)
        await world.restart()
        await world.settle()
    assert world.condition(ORGANIZATION, "Ready") == ("False", "CredentialsInvalid")
    assert world.condition(ORGANIZATION, "Stalled") == ("True", "CredentialsInvalid")
    assert "Secret" in world.message(ORGANIZATION)
    assert log_ins(world) == 2
    assert not world.sandbox.jitterbit.sessions.locked(EMAIL)


OUTAGES = {
    "out of reach": Fault(kind="error", status=503, body="<html>", product="jitterbit"),
    "its own 503": Fault(kind="error", status=503, body='{"status": false}', product="jitterbit"),
    "throttled": Fault(kind="error", status=429, product="jitterbit"),
}


@pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES)
async def test_an_outage_needs_no_person(world: World, fault: Fault) -> None:
    """However often the operator starts while Harmony is out, it logs in by itself when Harmony is back."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.sandbox.faults.add(fault)
    for _ in range(5):
        await world.restart()
        await world.wait(20)
        assert "logins" not in world.status(ORGANIZATION)
    world.sandbox.faults.clear()
    await world.wait(700)
    assert world.ready(ORGANIZATION)
    assert world.ready(CONNECTOR)


async def test_an_outage_does_not_excuse_a_wrong_password(world: World) -> None:
    """Attempts in an outage are taken back, those that were refused stay counted."""
    world.apply(secret_manifest("harmony", wrong(world)), organization(world.sandbox.jitterbit_url))
    await world.settle()
    for _ in range(4):
        world.sandbox.faults.add(Fault(kind="error", status=502, product="jitterbit"))
        await world.restart()
        await world.wait(60)
        world.sandbox.faults.clear()
        await world.wait(700)
    assert world.condition(ORGANIZATION, "Ready") == ("False", "CredentialsInvalid")
    judged = [one for one in world.sandbox.requests.matching(path="*/user/login") if one.status == UNAUTHORIZED]
    assert len(judged) == LIMIT


async def test_a_long_outage_writes_little(world: World) -> None:
    """An outage of hours costs a count and its withdrawal for each attempt, and those come minutes apart."""
    await world.connect_jitterbit()
    world.apply(*(connector(f"c{number}") for number in range(20)))
    await world.settle()
    world.sandbox.faults.add(Fault(kind="error", status=503, product="jitterbit"))
    await world.restart()
    await world.wait(3600)
    world.forget()
    await world.wait(2 * 3600)
    assert {key for _, key in world.store.writes} <= {ORGANIZATION}
    assert len(world.store.writes) <= 2 * 2 * 3600 / LONGEST
    assert world.store.events == []


async def test_other_values_in_the_secret_are_another_matter(world: World) -> None:
    """The account is e-mail, password and host: what else the Secret holds does not renew its attempts."""
    world.apply(
        secret_manifest("harmony", wrong(world)),
        secret_manifest("harmony2", {**wrong(world), "note": "some other thing"}),
        organization(world.sandbox.jitterbit_url),
        organization(world.sandbox.jitterbit_url, "org2", credentialsRef={"name": "harmony2"}),
    )
    await world.settle()
    await world.restart()
    await world.settle()
    world.edit_secret("harmony", note="more")
    await world.settle()
    assert log_ins(world) == 2


async def test_a_person_asks_for_one_more(world: World) -> None:
    """The annotation on the connection allows exactly one more attempt each time it changes."""
    world.apply(secret_manifest("harmony", wrong(world)), organization(world.sandbox.jitterbit_url))
    await world.settle()
    await world.restart()
    await world.settle()
    await world.restart()
    await world.settle()
    assert log_ins(world) == 2
    assert "jitops.dev/reconcile-requested-at" in world.message(ORGANIZATION)
    for number, token in enumerate(("once", "twice"), start=3):
        world.annotate(ORGANIZATION, reconcile_requested_at=token)
        await world.settle()
        await world.wait(1500)
        await world.restart()
        await world.settle()
        assert log_ins(world) == number
        assert world.status(ORGANIZATION)["lastHandledReconcileAt"] == token


async def test_a_person_who_asks_is_not_overheard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt that a person allowed is made though the first try to count it meets a newer version."""
    world.apply(secret_manifest("harmony", wrong(world)), organization(world.sandbox.jitterbit_url))
    for _ in range(LIMIT + 1):
        await world.settle()
        await world.restart()
    await world.settle()
    write, conflicts = world.store.write_status, [Conflict("a newer version")]

    async def once_refused(resource: Resource, status: Mapping[str, JSON], *, guarded: bool = False) -> Resource:
        if conflicts and guarded:
            raise conflicts.pop()
        return await write(resource, status, guarded=guarded)

    monkeypatch.setattr(world.store, "write_status", once_refused)
    world.annotate(ORGANIZATION, reconcile_requested_at="now")
    await world.settle()
    assert conflicts == []
    assert log_ins(world) == LIMIT + 1


async def test_a_person_asks_when_the_password_is_right(world: World) -> None:
    """The attempt that a person asked for clears the count when it is accepted."""
    credentials = wrong(world)
    world.apply(secret_manifest("harmony", credentials), organization(world.sandbox.jitterbit_url), connector())
    await world.settle()
    await world.restart()
    await world.settle()
    await world.restart()
    await world.settle()
    world.sandbox.jitterbit.sessions.change_password(EMAIL, credentials["password"])
    try:
        world.annotate(ORGANIZATION, reconcile_requested_at="now")
        await world.settle()
        assert world.ready(ORGANIZATION)
        assert world.ready(CONNECTOR)
        assert "logins" not in world.status(ORGANIZATION)
    finally:
        world.sandbox.jitterbit.sessions.change_password(EMAIL, world.sandbox.credentials.password)


async def test_right_password_in_the_secret(world: World) -> None:
    """A corrected Secret is tried at once, and clears the count."""
    world.apply(secret_manifest("harmony", wrong(world)), organization(world.sandbox.jitterbit_url), connector())
    await world.settle()
    await world.restart()
    await world.settle()
    world.edit_secret("harmony", password=world.sandbox.credentials.password)
    await world.settle()
    assert world.ready(ORGANIZATION)
    assert world.ready(CONNECTOR)
    assert "logins" not in world.status(ORGANIZATION)
    assert log_ins(world) == 3


async def test_count_is_cleared_on_every_connection(world: World) -> None:
    """An accepted log-in clears the account's count on whichever connection it stands."""
    world.sandbox.faults.add(Fault(kind="lost", product="jitterbit", path="*/user/login", times=1))
    world.apply(
        *harmony(world),
        organization(world.sandbox.jitterbit_url, "org2"),
    )
    await world.wait(60)
    assert world.ready(ORGANIZATION)
    assert "logins" not in world.status(ORGANIZATION)
    assert "logins" not in world.status(Key("JitterbitOrganization", "team", "org2"))


TFA = [Switches(), Switches(tfa_answer="rejected_with_200")]


@pytest.mark.parametrize("switches", TFA, ids=["401", "200"])
async def test_second_factor(world: World) -> None:
    """An account that wants a code is told so, and no more than two codes are ever mailed."""
    login = {"email": "tfa@example.com", "password": "tfa-password-not-real"}
    world.apply(secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url))
    await world.settle()
    for _ in range(3):
        await world.restart()
        await world.settle()
    assert world.why(ORGANIZATION) == "CredentialsInvalid"
    assert world.sandbox.jitterbit.sessions.codes_sent["tfa@example.com"] <= 2


@pytest.mark.parametrize("switches", BAD_PASSWORDS[:2], ids=["401", "200"])
async def test_account_that_others_locked(world: World) -> None:
    """A locked account is told as such, with what to do; it is left alone, and a person's one more try heals it."""
    for _ in range(5):
        with pytest.raises(RefusedError):
            world.sandbox.jitterbit.sessions.log_in(EMAIL, "wrong-password-of-someone")
    assert world.sandbox.jitterbit.sessions.locked(EMAIL)
    await world.connect_jitterbit()
    world.apply(connector())
    await world.wait(2000)
    assert world.condition(ORGANIZATION, "Stalled") == ("True", "CredentialsInvalid")
    assert "locked: wait 30 minutes" in world.message(ORGANIZATION)
    assert log_ins(world) == 1
    world.annotate(ORGANIZATION, reconcile_requested_at="now")
    await world.settle()
    assert world.ready(CONNECTOR)
    assert log_ins(world) == 2


async def test_second_factor_says_what_to_do(world: World) -> None:
    """The condition names the second factor, and an account without one as the cure."""
    login = {"email": "tfa@example.com", "password": "tfa-password-not-real"}
    world.apply(secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url))
    await world.settle()
    assert "second factor" in world.message(ORGANIZATION)


async def test_single_sign_on(world: World) -> None:
    """An account that logs in by SSO alone can't be used; the condition mentions it."""
    login = {"email": "sso@example.com", "password": "sso-password-not-real"}
    world.apply(secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url))
    await world.settle()
    assert world.why(ORGANIZATION) == "CredentialsInvalid"
    assert "single sign-on" in world.message(ORGANIZATION)


ODD_ANSWERS = {
    "an address that is none": '{"authenticationToken": "t", "serverUrl": "http://["}',
    "a zone that is no text": '{"authenticationToken": "t", "orgAttrs": [{"orgId": "100200", "orgZoneUrl": 5}]}',
    "organizations that are none": '{"authenticationToken": "t", "orgAttrs": [1, null]}',
    "a lifetime that is none": '{"authenticationToken": "t", "sessionTimeoutInSeconds": {"a": 1}}',
}


@pytest.mark.parametrize("body", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_accepted_log_in_that_tells_odd_things(world: World, body: str) -> None:
    """What a log-in tells beside its token is used as far as it makes sense, and never a defect of ours."""
    world.sandbox.faults.add(Fault(kind="error", status=200, body=body, product="jitterbit", path="*/user/login"))
    await world.connect_jitterbit(region="NA")
    assert world.why(ORGANIZATION) in ("Available", "InvalidConfiguration")
    assert log_ins(world) == 1


EXPIRIES = [Switches(), Switches(bad_token="rejected_with_200"), Switches(html_errors=True)]


@pytest.mark.parametrize("switches", EXPIRIES, ids=["401", "200", "HTML"])
async def test_session_that_ends(world: World) -> None:
    """A token that is no longer taken leads to one new log-in, and the work goes on."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.sandbox.jitterbit.sessions.end_all()
    world.forget()
    world.apply(connector("second"))
    await world.settle()
    assert world.ready(Key("Connector", "team", "second"))
    assert log_ins(world) == 1
    assert world.events(ORGANIZATION) == []


async def test_session_is_renewed_in_time(world: World) -> None:
    """A session that is about to end is replaced before anyone runs into it, at the cost of two writes."""
    await world.connect_jitterbit()
    world.apply(connector())
    await world.settle()
    world.forget()
    await world.wait(14400 + 700)
    assert world.ready(CONNECTOR)
    assert log_ins(world) == 1
    assert [one.status for one in world.sandbox.requests if one.status >= 400] == []
    assert world.store.writes == [("status", ORGANIZATION), ("status", ORGANIZATION)]
    assert "logins" not in world.status(ORGANIZATION)


async def test_five_hundred_connectors_make_one_log_in(world: World) -> None:
    """However many resources wait for an account, it logs in once; and they share their listings."""
    world.apply(*harmony(world), *(connector(f"c{number}") for number in range(500)))
    world.workers = 32
    await world.settle(rounds=2000)
    assert all(world.ready(Key("Connector", "team", f"c{number}")) for number in range(500))
    assert log_ins(world) == 1
    assert world.count("POST", "*/connector") == 500
    assert world.count("GET", "*/connector") <= 60


@pytest.mark.parametrize(
    "switches",
    [Switches(single_session=True), Switches(single_session=True, bad_token="rejected_with_200")],
    ids=["401", "200"],
)
async def test_a_session_that_ends_under_a_hundred_connectors_costs_one_log_in(world: World) -> None:
    """A hundred that meet the refusal of their token at once make one log-in, though a second would end the first."""
    names = [f"c{number}" for number in range(100)]
    world.apply(*harmony(world), *map(connector, names))
    world.workers = 32
    await world.settle(rounds=800)
    world.sandbox.jitterbit.sessions.end_all()
    world.forget()
    for name in names:
        world.change(Key("Connector", "team", name), manifest={"activities": ["query"]})
    await world.settle(rounds=800)
    assert all(world.ready(Key("Connector", "team", name)) for name in names)
    assert log_ins(world) == 1
    assert world.count("PUT", "*/securityinfo") >= len(names), "each was checked with the token that ended, or its heir"


async def test_organization_of_others(world: World) -> None:
    """An organization that the account is no member of is told, with those that it is a member of."""
    await world.connect_jitterbit(organizationId="100300")
    assert world.condition(ORGANIZATION, "Ready") == ("False", "InvalidConfiguration")
    assert "spec.organizationId" in world.message(ORGANIZATION)
    assert "100200" in world.message(ORGANIZATION)


FOREIGN = [
    Switches(login_has_organizations=False, foreign_organization=how)
    for how in ("forbidden", "not_found", "rejected_with_200")
]


@pytest.mark.parametrize("switches", FOREIGN, ids=["403", "404", "200"])
async def test_organization_of_others_that_the_log_in_does_not_tell(world: World) -> None:
    """Where the log-in tells no organizations, the refusal comes with the listing, and is no endless log-in."""
    await world.connect_jitterbit(organizationId="100300")
    world.apply(connector())
    await world.wait(1000)
    assert world.condition(CONNECTOR, "Ready") == ("False", "PermissionDenied")
    assert log_ins(world) <= 12
