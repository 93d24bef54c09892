"""The Jitterbit client against every position of the sandbox's switches: what nobody knows must not matter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.clock import TurnedClock

from jitops.core.contract.client import Opening
from jitops.core.errors import (
    Conflict,
    CredentialsRejected,
    JitopsError,
    PermissionDenied,
    RateLimited,
    SpecInvalid,
    Unavailable,
)
from jitops.core.kube import Key
from jitops.products.jitterbit.client import JitterbitClient
from jitops.products.jitterbit.errors import Rejected, classify
from jitops.products.jitterbit.organization.connection import open_organization
from jitops.products.jitterbit.organization.spec import JitterbitOrganizationSpec
from jitops.products.jitterbit.wire import ConnectorRow
from jitops.remote.breaker import THRESHOLD
from jitops.remote.client import HttpPool
from jitops.remote.exchange import Answer, AnswerLost
from jitops_sandbox import Fault, Sandbox, Seed, Switches
from jitops_sandbox.seed import shipped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = Key("JitterbitOrganization", "default", "acme")
LOGIN = "*/user/login"
SENT = {"key": "planted-key-1", "secret": "planted-secret-1"}


class Ledger:
    """Counts log-ins as the core does, and refuses the third."""

    def __init__(self) -> None:
        self.attempts = 0
        self.most = 0
        self.cleared = 0
        self.conflicts = 0

    async def attempt(self) -> None:
        """Count one attempt."""
        if self.attempts >= 2:
            raise CredentialsRejected("two log-ins were refused")
        self.attempts += 1
        self.most = max(self.most, self.attempts)

    async def withdrawn(self) -> None:
        """Take one attempt back, unless a conflict keeps it."""
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("a newer version")
        self.attempts -= 1

    async def accepted(self) -> None:
        """Clear the count, unless a conflict keeps it."""
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("a newer version")
        self.attempts = 0
        self.cleared += 1


class World:
    """A sandbox, a pool and one ledger, on one clock."""

    def __init__(self, sandbox: Sandbox, time: TurnedClock) -> None:
        self.sandbox, self.time, self.ledger = sandbox, time, Ledger()
        self.pool = HttpPool(time)

    async def client(self, **changes: Any) -> JitterbitClient:
        """Open a client; e-mail, password and organization are the seed's first unless others are given."""
        known = self.sandbox.credentials
        credentials = {
            "email": changes.pop("email", known.email),
            "password": changes.pop("password", known.password),
        }
        given: dict[str, Any] = {
            "credentialsRef": {"name": "harmony"},
            "host": self.sandbox.jitterbit_url,
            "organizationId": known.organization,
        }
        spec = JitterbitOrganizationSpec.model_validate({**given, **changes})
        return await open_organization(Opening(KEY, spec, credentials, None, self.ledger), self.pool, self.time)

    def logins(self) -> int:
        """Count the log-ins that Harmony saw."""
        return self.sandbox.requests.count(method="PUT", path=LOGIN)

    def calls(self, method: str = "*", path: str = "*/connector*") -> int:
        """Count the other calls."""
        return self.sandbox.requests.count(product="jitterbit", method=method, path=path)


@contextlib.asynccontextmanager
async def running(switches: Switches | None = None, seed: Seed | None = None) -> AsyncIterator[World]:
    """Run a sandbox in one position of its switches."""
    time = TurnedClock()
    async with Sandbox.start(switches=switches, seed=seed, clock=time) as sandbox:
        world = World(sandbox, time)
        yield world
        await world.pool.aclose()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Run a sandbox in the default position."""
    async with running() as world:
        yield world


POSITIONS = [
    Switches(),
    Switches(duplicate_name="rejected_with_200", in_use_delete="conflict"),
    Switches(duplicate_name="conflict", missing_delete="false", missing_payload="false"),
    Switches(bad_token="rejected_with_200", bad_password="rejected_with_200", tfa_answer="rejected_with_200"),
    Switches(foreign_organization="not_found", missing_delete="not_found", validate_answer="unauthorized"),
    Switches(foreign_organization="rejected_with_200", empty_listing="null", register_status=201),
    Switches(empty_listing="absent", ids="numbers", login_has_status=False, login_has_organizations=False),
    Switches(register_has_id=False, sliding_sessions=True),
    Switches(single_session=True, html_errors=True),
]


@pytest.fixture(params=POSITIONS, ids=range(len(POSITIONS)))
async def anywhere(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Run a sandbox in each of several positions, which together hold every value of every switch."""
    async with running(request.param) as world:
        yield world


# --- the calls


async def test_the_life_of_a_registration(anywhere: World) -> None:
    """Register, list, validate, remove, whatever Harmony's unknown ways; ids are strings."""
    world = anywhere
    client = await world.client()
    assert (await client.connectors.get()).rows == {}
    row = await client.register("Shop", "1.0.0")
    (known,) = world.sandbox.jitterbit.connectors()
    assert (row is None) == (not world.sandbox.jitterbit.switches.register_has_id)
    world.time.seconds += 1
    listed = (await client.connectors.get(world.time.monotonic() - 0.5)).rows
    expected = ConnectorRow(
        id=known.id,
        name="Shop",
        version="1.0.0",
        key=known.key,
        secret=known.secret,
        endpoint_entity_id=str(known.endpoint),
        function_entity_start_id=str(known.endpoint + 1),
        function_entity_end_id=str(known.endpoint + 99),
    )
    assert listed == {known.id: expected}
    assert row in (None, expected)
    assert await client.validate("Shop", known.key, known.secret)
    with contextlib.suppress(Rejected):  # There was no payload, which may be a refusal.
        await client.remove_payload(known.id)
    await client.remove(known.id)
    assert world.sandbox.jitterbit.connectors() == []
    assert world.ledger.attempts == 0


async def test_verifying_logs_in_once_and_tells_the_organization(anywhere: World) -> None:
    """Id and host are told in any case, the name if Harmony tells it; a second time costs nothing."""
    client = await anywhere.client()
    facts = await client.verify()
    assert await client.verify() == facts
    name = "Acme" if anywhere.sandbox.jitterbit.switches.login_has_organizations else None
    host = anywhere.sandbox.jitterbit_url.removeprefix("http://")
    assert facts == {"id": "100200", "organizationName": name, "host": host}
    assert anywhere.logins() == 1


async def test_a_wrong_key_or_secret_is_found_out(anywhere: World) -> None:
    """False wherever Harmony refuses; where it accepts anything nobody can know."""
    client = await anywhere.client()
    answer = anywhere.sandbox.jitterbit.switches.validate_answer
    await client.register("Shop", "1.0.0")
    (known,) = anywhere.sandbox.jitterbit.connectors()
    if answer == "unauthorized":
        with pytest.raises(PermissionDenied):
            await client.validate("Shop", known.key, "planted-wrong-1")
    else:
        assert await client.validate("Shop", known.key, "planted-wrong-1") == (answer == "always_true")


async def test_an_organization_of_others(anywhere: World) -> None:
    """It is refused by name at the verification, or, where Harmony tells no memberships, at the listing."""
    client = await anywhere.client(organizationId="100300")
    if anywhere.sandbox.jitterbit.switches.login_has_organizations:
        with pytest.raises(SpecInvalid, match=r"spec\.organizationId: .* only of 100200"):
            await client.verify()
    with pytest.raises(PermissionDenied):
        await client.connectors.get()


async def test_a_refused_registration_is_told_with_its_code(anywhere: World) -> None:
    """A taken name is refused with a code that the adapter can read; nothing was registered twice."""
    client, switches = await anywhere.client(), anywhere.sandbox.jitterbit.switches
    await client.register("Shop", "1.0.0")
    if switches.duplicate_name != "accept":
        with pytest.raises(Rejected) as caught:
            await client.register("Shop", "1.0.0")
        assert caught.value.code.startswith("ASSUMED_")
        assert len(anywhere.sandbox.jitterbit.connectors()) == 1


# --- the session


async def test_a_storm_of_callers_logs_in_once(world: World) -> None:
    """500 calls of two connections of one account make one log-in."""
    one, other = await world.client(), await world.client()
    await asyncio.gather(*(client.remove_payload(f"x{n}") for n in range(250) for client in (one, other)))
    assert world.logins() == 1
    assert world.ledger.most == 1


async def test_a_storm_with_a_wrong_password_tries_once(anywhere: World) -> None:
    """All who wait share one refusal; the account is far from being locked."""
    client = await anywhere.client(password="planted-wrong-password-1")
    errors = await asyncio.gather(*(client.remove(f"x{n}") for n in range(100)), return_exceptions=True)
    assert {type(error) for error in errors} == {CredentialsRejected}
    assert "planted" not in str(errors)
    assert anywhere.logins() == 1


async def test_refused_log_ins_end_with_the_ledger(world: World) -> None:
    """After two nobody asks Harmony any more."""
    client = await world.client(password="planted-wrong-password-1")
    for _ in range(5):
        with pytest.raises(CredentialsRejected):
            await client.verify()
    assert world.logins() == 2


async def test_every_log_in_is_counted_before_and_cleared_after(world: World) -> None:
    """The count stands while the answer is out, and is gone once it is good."""
    world.sandbox.faults.add(Fault(kind="latency", path=LOGIN, seconds=0.1, times=1))
    client = await world.client()
    verifying = asyncio.create_task(client.verify())
    await asyncio.sleep(0.05)
    assert (world.ledger.attempts, world.ledger.cleared) == (1, 0)
    await verifying
    assert (world.ledger.attempts, world.ledger.cleared) == (0, 1)


async def test_a_count_that_could_not_be_cleared_is_cleared_later(world: World) -> None:
    """A conflict while clearing costs no second log-in, and the count does not stay."""
    client = await world.client()
    world.ledger.conflicts = 1
    with pytest.raises(Conflict):
        await client.verify()
    assert world.ledger.attempts == 1
    await client.verify()
    await client.verify()
    assert (world.ledger.attempts, world.ledger.cleared, world.logins()) == (0, 1, 1)


OWN = json.dumps({"status": False, "errorMessage": "try later"})
NOT_JUDGED = {
    "500 of a proxy": Fault(kind="error", path=LOGIN, status=500, body="<html>", times=4),
    "503 of a gateway": Fault(kind="error", path=LOGIN, status=503, times=4),
    "503 in Harmony's envelope": Fault(kind="error", path=LOGIN, status=503, body=OWN, times=4),
    "throttled": Fault(kind="error", path=LOGIN, status=429, times=1),
}


@pytest.mark.parametrize("fault", NOT_JUDGED.values(), ids=NOT_JUDGED)
async def test_an_outage_uses_no_attempts_up(world: World, fault: Fault) -> None:
    """What Harmony never judged is taken back, so that an outage ends by itself however often we start in it."""
    world.sandbox.faults.add(fault)
    client = await world.client()
    for _ in range(fault.times or 0):
        with pytest.raises((Unavailable, RateLimited)):
            await client.verify()
        assert world.ledger.attempts == 0
    assert world.ledger.most == 1
    world.time.turn(60)
    assert (await client.verify())["id"] == "100200"


async def test_a_host_out_of_reach_uses_no_attempts_up(world: World) -> None:
    """Where no connection is made nothing was judged; while the breaker is open nothing is even counted."""
    client = await world.client(host="http://127.0.0.1:1")
    for _ in range(THRESHOLD):
        with pytest.raises(Unavailable):
            await client.verify()
    assert (world.ledger.attempts, world.ledger.most) == (0, 1)
    world.ledger.most = 0
    with pytest.raises(Unavailable, match="failed too often"):
        await client.verify()
    assert world.ledger.most == 0


async def test_an_attempt_that_could_not_be_taken_back_is_used_by_the_next(world: World) -> None:
    """A conflict while taking back leaves the count; the next attempt needs no other."""
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=503, times=2))
    client = await world.client()
    world.ledger.conflicts = 1
    for left in (1, 0):
        with pytest.raises(Unavailable):
            await client.verify()
        assert world.ledger.attempts == left
    assert world.ledger.most == 1


@pytest.mark.parametrize(("status", "body"), [(500, OWN), (501, OWN), (200, "<html>")])
async def test_an_answer_that_may_be_a_refusal_counts(world: World, status: int, body: str) -> None:
    """How Harmony refuses a password is not documented: a failure of its own, or no JSON, may be it."""
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=status, body=body, times=2))
    client = await world.client()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await client.verify()
    assert world.ledger.attempts == 2


async def test_an_address_without_harmony_is_no_refused_password(world: World) -> None:
    """Where a log-in finds no service the cure is another address, however often it is tried."""
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=404, body="<html>"))
    client = await world.client()
    for _ in range(4):
        with pytest.raises(SpecInvalid):
            await client.verify()
    assert world.ledger.most == 1


async def test_a_log_in_whose_answer_was_lost_counts(world: World) -> None:
    """It may have been a refusal."""
    world.sandbox.faults.add(Fault(kind="lost", path=LOGIN, times=2))
    client = await world.client()
    for _ in range(2):
        with pytest.raises(AnswerLost):
            await client.verify()
    assert world.ledger.attempts == 2


async def test_a_session_is_renewed_before_it_ends(world: World) -> None:
    """Harmony's own time counts, less a margin; no call is made with a token that has ended."""
    client = await world.client()
    await client.remove_payload("x")
    world.time.seconds += 14400 - 400
    await client.remove_payload("x")
    assert world.logins() == 1
    world.time.seconds += 150
    await client.remove_payload("x")
    assert world.logins() == 2
    assert all(request.status == 200 for request in world.sandbox.requests)


@pytest.mark.parametrize("told", ["absent", None, 0, -5, "soon", "NaN", "Infinity", [], 10**400])
async def test_a_lifetime_that_makes_no_sense_is_taken_for_a_short_one(world: World, told: Any) -> None:
    """A strange number never makes each call log in."""
    body = {"status": True, "authenticationToken": "1_token", "sessionTimeoutInSeconds": told}
    if told == "absent":
        del body["sessionTimeoutInSeconds"]
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=200, body=json.dumps(body)))
    client = await world.client()
    for _ in range(3):
        await client.verify()
    world.time.seconds += 900
    await client.verify()
    assert world.logins() == 2


async def test_a_token_that_ended_early_is_renewed_once_by_all(anywhere: World) -> None:
    """However Harmony says it, the call goes through after one more log-in, also in a storm."""
    client = await anywhere.client()
    await client.register("Shop", "1.0.0")
    anywhere.sandbox.jitterbit.sessions.end_all()
    (known,) = anywhere.sandbox.jitterbit.connectors()
    calls = [client.validate("Shop", known.key, known.secret) for _ in range(50)]
    assert all(await asyncio.gather(*calls))
    assert anywhere.logins() == 2


async def test_a_write_whose_token_ended_is_made_exactly_once(anywhere: World) -> None:
    """What was refused took no effect, so it may be repeated; one registration is there."""
    client = await anywhere.client()
    await client.verify()
    anywhere.sandbox.jitterbit.sessions.end_all()
    await client.register("Shop", "1.0.0")
    assert len(anywhere.sandbox.jitterbit.connectors()) == 1


@pytest.mark.parametrize("kind", ["lost", "malformed", "error"])
async def test_a_write_that_may_have_taken_effect_is_not_repeated(world: World, kind: Any) -> None:
    """A lost answer, half an answer or a 5xx of a registration is reported, with at most one row made."""
    client = await world.client()
    body = json.dumps({"status": False, "errorCode": "BROKEN"})
    world.sandbox.faults.add(Fault(kind=kind, method="POST", body=body if kind == "error" else None, status=500))
    with pytest.raises(Unavailable):
        await client.register("Shop", "1.0.0")
    assert world.calls("POST") == 1
    assert world.logins() == 1


async def test_a_refusal_that_no_fresh_token_cures_costs_one_log_in(world: World) -> None:
    """The next refusal of the same kind is reported at once."""
    client = await world.client()
    row = await client.register("Shop", "1.0.0")
    assert row is not None
    world.sandbox.jitterbit.connector(row.id).used = True
    for _ in range(5):
        with pytest.raises(Rejected):
            await client.remove(row.id)
    assert world.logins() == 2


async def test_a_changed_password_is_another_account(world: World) -> None:
    """A client of the new password logs in anew and is not held up by the old one's refusals."""
    old = await world.client()
    await old.verify()
    world.sandbox.jitterbit.sessions.change_password("operator@example.com", "new-password-1")
    new = await world.client(password="new-password-1")
    await new.verify()
    assert world.logins() == 2


async def test_whoever_gives_up_does_not_end_the_log_in_of_others(world: World) -> None:
    """A cancelled caller leaves the log-in to those who wait with it."""
    world.sandbox.faults.add(Fault(kind="latency", path=LOGIN, seconds=0.2, times=1))
    client = await world.client()
    first, second = asyncio.create_task(client.verify()), asyncio.create_task(client.verify())
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second)["id"] == "100200"
    assert world.logins() == 1


# --- who can't log in, and where


async def test_a_second_factor_is_named(anywhere: World) -> None:
    """Terminal: each try mails a code."""
    if not anywhere.sandbox.jitterbit.switches.html_errors:
        client = await anywhere.client(email="tfa@example.com", password="tfa-password-not-real")
        with pytest.raises(CredentialsRejected, match="second factor"):
            await client.verify()


async def test_single_sign_on_is_among_the_causes(anywhere: World) -> None:
    """Harmony documents no code for it, so the sentence names it as a possibility."""
    client = await anywhere.client(email="sso@example.com", password="sso-password-not-real")
    with pytest.raises(CredentialsRejected, match="single sign-on"):
        await client.verify()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errorCode": "X", "errorMessage": "Your account is locked"}, "wait 30 minutes"),
        ({"errorMessage": "Please use SSO"}, "Bypass SSO"),
        ({"errorMessage": "Password expired"}, "renew it"),
        ({"errorMessage": "no"}, "correct email and password"),
        ({}, "correct email and password"),
    ],
)
async def test_a_refused_log_in_says_what_to_do(world: World, body: dict[str, str], said: str) -> None:
    """The hint follows from what Harmony says, as far as it says anything."""
    text = json.dumps({"status": False, **body})
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=200, body=text))
    with pytest.raises(CredentialsRejected, match=said):
        await (await world.client()).verify()


@pytest.mark.parametrize("status", [404, 405, 302])
async def test_an_address_without_harmony_is_named(world: World, status: int) -> None:
    """A wrong host is no wrong password."""
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=status, body="<html>"))
    with pytest.raises(SpecInvalid, match=r"spec\.host"):
        await (await world.client()).verify()


@pytest.mark.parametrize(
    ("region", "zone", "refused"),
    [
        ("NA", "https://emea-west.jitterbit.com", True),
        ("NA", "https://apps.emea-west.jitterbit.com/", True),
        ("EMEA", "https://emea-west.jitterbit.com", False),
        ("NA", "https://somewhere.example.com", False),
        (None, "https://emea-west.jitterbit.com", False),
    ],
)
async def test_the_wrong_region_is_named(region: str | None, zone: str, refused: bool) -> None:
    """The log-in tells where the organization lives; only regions that are known are compared."""
    seed = shipped("default")
    first = replace_zone(seed, zone)
    async with running(seed=first) as world:
        client = await world.client(**({"region": region} if region else {}))
        if refused:
            with pytest.raises(SpecInvalid, match=r"spec\.region: .*EMEA"):
                await client.verify()
        else:
            await client.verify()


def replace_zone(seed: Seed, zone: str) -> Seed:
    """Give the seed with its first organization in another zone."""
    first, *others = seed.jitterbit.organizations
    moved = [first.model_copy(update={"zone_url": zone}), *others]
    return seed.model_copy(update={"jitterbit": seed.jitterbit.model_copy(update={"organizations": moved})})


# --- the listing


@pytest.mark.parametrize(
    "body",
    [
        {"status": True, "registeredConnectorList": "none"},
        {"operation": "List registered connectors"},
        {"operation": "List registered connectors", "registeredConnectorList": None},
    ],
)
async def test_a_listing_that_is_none_is_not_taken_for_empty(world: World, body: dict[str, Any]) -> None:
    """Null and absent mean empty only when Harmony says that all is well."""
    client = await world.client()
    await client.verify()
    world.sandbox.faults.add(Fault(kind="error", method="GET", status=200, body=json.dumps(body)))
    with pytest.raises(AnswerLost):
        await client.connectors.get()


@pytest.mark.parametrize("operation", ["Add connector", "Register a connector", "", None, 5])
async def test_operation_is_never_compared(world: World, operation: Any) -> None:
    """The vendor's own texts name the operation in two ways: whatever stands there, a success is one."""
    client = await world.client()
    row = {"id": "7", "key": "the-key", "secret": "the-secret", "status": True, "operation": operation}
    world.sandbox.faults.add(Fault(kind="error", method="POST", status=200, body=json.dumps(row), times=1))
    made = await client.register("x", "1")
    assert made is not None
    assert (made.id, made.name, made.version) == ("7", "x", "1")
    listed = {"status": True, "operation": operation, "registeredConnectorList": [{**row, "name": "x"}]}
    world.sandbox.faults.add(Fault(kind="error", method="GET", status=200, body=json.dumps(listed), times=1))
    assert list((await client.connectors.get(world.time.monotonic())).rows) == ["7"]


async def test_rows_without_an_id_are_left_out(world: World) -> None:
    """Nothing can be done with them."""
    client = await world.client()
    body = {"status": True, "registeredConnectorList": [{"name": "x"}, "odd", {"id": 7, "name": "y"}]}
    world.sandbox.faults.add(Fault(kind="error", method="GET", status=200, body=json.dumps(body)))
    assert list((await client.connectors.get()).rows) == ["7"]


async def test_a_registration_is_seen_while_the_listing_lags() -> None:
    """For settleSeconds our own registration corrects the listing."""
    async with running(replace(Switches(), listing_lag_seconds=30)) as world:
        client = await world.client()
        row = await client.register("Shop", "1.0.0")
        assert row is not None
        world.time.seconds += 10
        assert row.id in (await client.connectors.get(world.time.monotonic() - 1)).rows


async def test_a_failing_listing_may_be_a_worn_out_token(world: World) -> None:
    """A 5xx in Harmony's own envelope is answered by one fresh log-in, for reads alone."""
    client = await world.client()
    body = json.dumps({"status": False, "errorCode": "BROKEN"})
    world.sandbox.faults.add(Fault(kind="error", method="GET", status=500, body=body, times=1))
    assert (await client.connectors.get()).rows == {}
    assert world.logins() == 2


# --- secrets


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 418, 500, 503])
@pytest.mark.parametrize("planted", ["demo-password-not-real", "planted-secret-1", "planted-key-1"])
async def test_no_secret_comes_back_in_any_error(
    world: World, status: int, planted: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Password, key and secret are in no text, `repr`, traceback or log, whatever Harmony echoes."""
    caplog.set_level(logging.DEBUG)
    client = await world.client()
    await client.verify()
    text = json.dumps({"status": False, "errorCode": planted, "errorMessage": f"you said {planted}", "key": planted})
    world.sandbox.faults.add(Fault(kind="error", path="*/connector*", status=status, body=text))
    with pytest.raises(JitopsError) as caught:
        await client._call("PUT", f"{client._path}/x", who="x", body=SENT, secrets=SENT.values())
    error = caught.value
    trace = "".join(traceback.format_exception(error))
    assert planted not in f"{error} {error!r} {error.args} {trace} {vars(error)} {client!r} {caplog.text}"


async def test_the_token_comes_back_in_no_error(world: World) -> None:
    """An echoed token is masked like any secret."""
    client = await world.client()
    body = json.dumps({"status": True, "authenticationToken": "1_planted-token", "sessionTimeoutInSeconds": 100})
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=200, body=body))
    refusal = json.dumps({"status": False, "errorMessage": "bad token 1_planted-token"})
    world.sandbox.faults.add(Fault(kind="error", path="*/connector*", status=200, body=refusal))
    with pytest.raises(Rejected, match=r"bad token \*\*\*") as caught:
        await client.remove("x")
    assert "planted" not in repr(caught.value)


@pytest.mark.parametrize("token", [None, 7, "", "two words", "line\nbreak", "ü"])
async def test_a_token_that_can_not_be_one_is_no_log_in(world: World, token: Any) -> None:
    """What can't stand in a header is not sent."""
    body = json.dumps({"status": True, "authenticationToken": token})
    world.sandbox.faults.add(Fault(kind="error", path=LOGIN, status=200, body=body))
    with pytest.raises(AnswerLost, match="has no token"):
        await (await world.client()).verify()


def test_key_and_secret_of_a_row_do_not_show() -> None:
    """A row may be printed."""
    row = ConnectorRow.parse({"id": 1, "key": "planted-key-1", "secret": "planted-secret-1"})
    assert "planted" not in repr(row)
    assert row.id == "1"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["status", "errorCode", "errorMessage"]), inner),
    max_leaves=10,
)


@given(st.integers(100, 599), ANYTHING)
def test_no_body_is_too_strange_to_be_judged(status: int, body: Any) -> None:
    """Whatever JSON comes with whatever status, judging it never fails."""
    error = classify(Answer(status, {}, json.dumps(body).encode()))
    assert error is None or str(error)
