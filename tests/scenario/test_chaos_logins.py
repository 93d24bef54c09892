"""Log-ins in no order: Secrets edited to and fro, faults, restarts and people who ask, on two connections of one user.

Whatever happens, no credentials are refused more than twice, but for what people ask for: five refusals lock the user.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from tests.harness.manifests import ORGANIZATION, connector, harmony, organization, secret_manifest
from tests.harness.world.history import History
from tests.harness.world.world import World

from jitops.core.connection.login_attempts import LIMIT
from jitops.core.kube import Key
from jitops_sandbox import Fault, Switches
from jitops_sandbox.jitterbit.envelope import RefusedError
from jitops_sandbox.seed import Account

SECOND = Key("JitterbitOrganization", "team", "org2")
WRONG = ("wrong-password-one", "wrong-password-two")
ACTS = 40


class Refusals:
    """What Harmony refused since it last accepted the user, by password; and what people asked for meanwhile."""

    def __init__(self, world: World) -> None:
        self.seen: Counter[str] = Counter()
        self.asked = 0
        self._sessions = world.sandbox.jitterbit.sessions
        self._log_in = self._sessions.log_in
        self._sessions.log_in = self.log_in  # type: ignore[method-assign]

    def log_in(self, email: str, password: str) -> tuple[str, Account]:
        """Count, as Harmony does."""
        try:
            accepted = self._log_in(email, password)
        except RefusedError:
            self.seen[password] += 1
            raise
        self.seen.clear()
        self.asked = 0
        return accepted

    def most(self) -> int:
        """Give how often the same credentials were refused."""
        return max(self.seen.values(), default=0)


class LogIns(History):
    """One history of two connections."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.refusals = Refusals(world)

    def edit(self) -> None:
        """Write one of three passwords into one of two Secrets."""
        passwords = [*WRONG, self.world.sandbox.credentials.password]
        name = self.dice.choice(["harmony", "harmony2"])
        self.world.edit_secret(name, password=self.dice.choice(passwords), note=str(self.dice.random()))

    def ask_connection(self) -> None:
        """Ask for one more attempt."""
        self.refusals.asked += 1
        key = self.dice.choice([ORGANIZATION, SECOND])
        self.world.annotate(key, reconcile_requested_at=str(self.dice.random()))

    def point(self) -> None:
        """Let a connection use the other Secret."""
        self.world.change(SECOND, credentialsRef={"name": self.dice.choice(["harmony", "harmony2"])})

    def use(self) -> None:
        """Have something to do over the connection."""
        self.world.apply(connector(manifest={"activities": [self.dice.choice("abc")]}))

    def fail_harmony(self) -> None:
        """Order a fault, of log-ins or of everything, or end them all."""
        if self.dice.random() < 0.4:
            self.world.sandbox.faults.clear()
            return
        kind = self.dice.choice(["lost", "reset", "error", "malformed", "throttled"])
        where = self.dice.choice(["*/user/login", "*"])
        status, times = self.dice.choice([500, 502, 503]), self.dice.choice([1, 2, 5])
        self.world.sandbox.faults.add(
            Fault(kind=kind, status=status, product="jitterbit", path=where, times=times, seconds=7)  # type: ignore[arg-type]
        )

    def end_sessions(self) -> None:
        """End Harmony's sessions."""
        self.world.sandbox.jitterbit.sessions.end_all()

    acts: ClassVar = (edit, edit, edit, edit, ask_connection, point, use, fail_harmony, fail_harmony, end_sessions)


POSITIONS = [Switches(), Switches(bad_password="rejected_with_200", session_timeout_seconds=900.0)]


@pytest.mark.parametrize("switches", POSITIONS, ids=["401", "200, short sessions"])
@pytest.mark.parametrize("seed", range(13, 19))
async def test_no_credentials_are_refused_more_than_twice(world: World, seed: int) -> None:
    """Whatever happened; and when all is mended, both connections are Ready."""
    known = world.sandbox.credentials
    world.apply(
        *harmony(world),
        secret_manifest("harmony2", {"email": known.email, "password": known.password}),
        organization(world.sandbox.jitterbit_url, SECOND.name, credentialsRef={"name": "harmony2"}),
    )
    history = LogIns(world, seed)
    for _ in range(ACTS):
        await history.go_on(1)
        if history.dice.random() < 0.3:
            await world.restart()
        assert history.refusals.most() <= LIMIT + history.refusals.asked, history.told
    world.sandbox.faults.clear()
    await world.wait(1900)
    for name in ("harmony", "harmony2"):
        world.edit_secret(name, password=known.password)
    for key in (ORGANIZATION, SECOND):
        world.annotate(key, reconcile_requested_at="mended")
    await world.wait(700)
    assert world.ready(ORGANIZATION)
    assert world.ready(SECOND)


async def test_going_back_to_what_was_refused(world: World) -> None:
    """A Secret that goes back and forth between wrong passwords buys no attempts: two for each."""
    refusals = Refusals(world)
    email = world.sandbox.credentials.email
    world.apply(
        secret_manifest("harmony", {"email": email, "password": WRONG[0]}), organization(world.sandbox.jitterbit_url)
    )
    for password in (*WRONG, *WRONG, *WRONG):
        world.edit_secret("harmony", password=password)
        for _ in range(2):
            await world.settle()
            await world.restart()
    await world.settle()
    assert refusals.seen == dict.fromkeys(WRONG, LIMIT)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_credentials_as_a_file_has_them(world: World, end: str) -> None:
    """E-mail and password with a newline at their end, as `kubectl create secret --from-file` has them, are used."""
    known = world.sandbox.credentials
    login = {"email": f"{known.email}{end}", "password": f"{known.password}{end}"}
    world.apply(secret_manifest("harmony", login), organization(world.sandbox.jitterbit_url))
    await world.settle()
    assert world.ready(ORGANIZATION)


async def test_one_user_in_capitals(world: World) -> None:
    """However its e-mail is spelled, and the host, it is one user: two attempts."""
    refusals, email = Refusals(world), world.sandbox.credentials.email
    url = world.sandbox.jitterbit_url.replace("127.0.0.1", "localhost")
    for number, (host, spelled) in enumerate(((url, email.upper()), (url.replace("local", "LOCAL"), email.title()))):
        name = f"user{number}"
        world.apply(
            secret_manifest(name, {"email": spelled, "password": WRONG[0]}),
            organization(host, name, credentialsRef={"name": name}),
        )
    for _ in range(3):
        await world.settle()
        await world.restart()
    assert refusals.most() == LIMIT
