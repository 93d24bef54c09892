"""The session of one account: one login shared by all connections, renewed in time, with limited attempts.

Five rejected logins lock a Harmony account for half an hour (docs/reference/jitterbit.md section 2.3). So every attempt
is counted in the ledger before it is made, and concurrent callers share one attempt. An attempt that Harmony surely did
not check is withdrawn: Harmony was unreachable, or a gateway answered in its place. An attempt without an answer stays
counted, since it may have been rejected.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from jitops.core.errors import CredentialsRejected, JitopsError
from jitops.products.jitterbit.errors import Failed, Rejected, login_error
from jitops.remote.exchange import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.contract.client import LoginLedger
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

BASE = "/jitterbit-cloud-restful-service"
DEFAULT_TIMEOUT = 900.0
"""Seconds of a session if the answer does not have its length: the shortest documented one."""
MARGIN = 0.1
"""The part of its length by which a session is renewed early, up to `LONGEST_MARGIN` seconds."""
LONGEST_MARGIN = 300.0
UNAUTHORIZED = 401
TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of Harmony, at one host."""

    host: str
    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An accepted login: its token, the monotonic time until which it is used, and the whole answer."""

    token: str = field(repr=False)
    until: float
    body: Mapping[str, JSON] = field(repr=False)


class Session:
    """The session of one account, shared by all its connections in this process."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._login: Login | None = None
        self._task: asyncio.Task[Login] | None = None
        self._unspent: LoginLedger | None = None
        """The ledger with a counted attempt that Harmony never checked; the next attempt uses that count."""
        self._uncleared = False
        """Whether a login was accepted, but its count is not cleared yet."""
        self._futile: set[tuple[str, int, str]] = set()
        """Rejections of writes that also happened with a fresh token, so that the token is not the reason."""

    async def login(self, http: Http, ledger: LoginLedger) -> Login:
        """Return the current login, or make one; concurrent callers share one attempt and its result."""
        if self._login is not None and self._clock.monotonic() < self._login.until:
            await self._clear(ledger)
            return self._login
        if self._task is None:
            self._task = asyncio.create_task(self._attempt(http, ledger))
            self._task.add_done_callback(self._ended)
        return await asyncio.shield(self._task)

    def discard(self, login: Login) -> None:
        """Forget a login whose token Harmony rejects."""
        if self._login is login:
            self._login = None

    def note_futile(self, method: str, rejected: Rejected) -> None:
        """Record a rejection that a fresh token did not change, so that it causes no further logins."""
        if method != "GET" and rejected.status != UNAUTHORIZED:
            self._futile.add((method, rejected.status, rejected.code))

    def is_futile(self, method: str, rejected: Rejected) -> bool:
        """Return whether the same rejection also happened with a fresh token."""
        return (method, rejected.status, rejected.code) in self._futile

    def _ended(self, task: asyncio.Task[Login]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # The callers raise it. If none is left, asyncio must not log it as never retrieved.

    async def _attempt(self, http: Http, ledger: LoginLedger) -> Login:
        http.check()  # A request that the breaker or budget stops must not be counted.
        if self._unspent is None:
            await ledger.attempt()
            self._unspent = ledger
        began = self._clock.monotonic()
        body = await self._ask(http)
        self._login = Login(body["authenticationToken"], began + _lifetime(body), body)
        self._uncleared = True
        await self._clear(ledger)
        return self._login

    async def _clear(self, ledger: LoginLedger) -> None:
        """Clear the count after an accepted login; tried again by later calls if it failed."""
        if self._uncleared:
            await ledger.accepted()
            self._uncleared = False

    async def _ask(self, http: Http) -> Mapping[str, JSON]:
        credentials = {"email": self._account.email, "password": self._account.password}
        try:
            answer = await http.request("PUT", f"{BASE}/user/login", body=credentials, who="login")
        except Rejected as rejected:
            error = login_error(rejected)
            if isinstance(error, CredentialsRejected):
                self._unspent = None
        except (AnswerLost, Failed):
            self._unspent = None
            raise
        except JitopsError:
            await self._withdraw()
            raise
        else:
            self._unspent = None
            return _checked(answer.json or {})
        raise error

    async def _withdraw(self) -> None:
        """Withdraw an attempt that Harmony did not check; if that fails, the next attempt uses its count."""
        if self._unspent is not None:
            with contextlib.suppress(JitopsError):
                await self._unspent.withdrawn()
                self._unspent = None


def _checked(body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    token = body.get("authenticationToken")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise AnswerLost("Harmony accepted the login, but its answer has no token")
    return body


def _lifetime(body: Mapping[str, JSON]) -> float:
    """Return for how many seconds a token is used: the length of the session less a margin."""
    try:
        seconds = float(body["sessionTimeoutInSeconds"])
    except (KeyError, TypeError, ValueError, OverflowError):
        seconds = DEFAULT_TIMEOUT
    if not (isfinite(seconds) and seconds > 0):
        seconds = DEFAULT_TIMEOUT
    return seconds - min(LONGEST_MARGIN, seconds * MARGIN)
