"""One log-in per account, whoever uses it: shared, renewed in time, and never tried more than it may be.

Five refused log-ins lock a Harmony account for half an hour (docs/reference/jitterbit.md section 2.3), so every
attempt is counted in the ledger before it is made, and a storm of callers makes one. What Harmony surely did not judge
(it was out of reach, or a gateway answered for it) is taken back; where no answer came, it may have been a refusal.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from jitops.core.errors import CredentialsRejected, JitopsError
from jitops.products.jitterbit.errors import Faltered, Refused, login_refusal
from jitops.remote.exchange import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.contract.client import LoginLedger
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

BASE = "/jitterbit-cloud-restful-service"
UNTOLD_TIMEOUT = 900.0
"""Where Harmony does not tell how long a session lasts: the shortest that was ever written about."""
MARGIN = 0.1
UNAUTHORIZED = 401
LONGEST_MARGIN = 300.0
TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in where."""

    host: str
    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An accepted log-in: its token, until when it is used, and what was told with it."""

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
        """Where the count of an attempt stands that Harmony never judged: the next one uses it."""
        self._uncleared = False
        self._settled: set[tuple[str, int, str]] = set()
        """Refusals of writes that a fresh token did not cure: they are about something else."""

    async def login(self, http: Http, ledger: LoginLedger) -> Login:
        """Give the current log-in, making one if need be; all who wait share one attempt and its outcome."""
        if self._login is not None and self._clock.monotonic() < self._login.until:
            await self._clear(ledger)
            return self._login
        if self._task is None:
            self._task = asyncio.create_task(self._attempt(http, ledger))
            self._task.add_done_callback(self._ended)
        return await asyncio.shield(self._task)

    def refuse(self, login: Login) -> None:
        """Hear that Harmony no longer takes this log-in's token."""
        if self._login is login:
            self._login = None

    def settle(self, method: str, refused: Refused) -> None:
        """Hear that a fresh token did not cure a refusal, so that its like costs no other log-in."""
        if method != "GET" and refused.status != UNAUTHORIZED:
            self._settled.add((method, refused.status, refused.code))

    def is_settled(self, method: str, refused: Refused) -> bool:
        """Tell whether a fresh token was tried in vain against such a refusal."""
        return (method, refused.status, refused.code) in self._settled

    def _ended(self, task: asyncio.Task[Login]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # It was for those who waited; when none is left, nobody needs it.

    async def _attempt(self, http: Http, ledger: LoginLedger) -> Login:
        http.check()  # What isn't sent needs no count.
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
        """Clear the count of an accepted log-in, also when that failed the first time."""
        if self._uncleared:
            await ledger.accepted()
            self._uncleared = False

    async def _ask(self, http: Http) -> Mapping[str, JSON]:
        credentials = {"email": self._account.email, "password": self._account.password}
        try:
            answer = await http.request("PUT", f"{BASE}/user/login", body=credentials, who="login")
        except Refused as refused:
            refusal = login_refusal(refused)
            if isinstance(refusal, CredentialsRejected):
                self._unspent = None
        except (AnswerLost, Faltered):
            self._unspent = None
            raise
        except JitopsError:
            await self._withdraw()
            raise
        else:
            self._unspent = None
            return _checked(answer.json or {})
        raise refusal

    async def _withdraw(self) -> None:
        """Take back an attempt that was not judged; where that can't be written now, the next one uses its count."""
        if self._unspent is not None:
            with contextlib.suppress(JitopsError):
                await self._unspent.withdrawn()
                self._unspent = None


def _checked(body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    token = body.get("authenticationToken")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise AnswerLost("Harmony accepted the log-in without a token")
    return body


def _lifetime(body: Mapping[str, JSON]) -> float:
    """Tell for how many seconds a token is used: the time it is said to last, less a margin."""
    try:
        told = float(body["sessionTimeoutInSeconds"])
    except (KeyError, TypeError, ValueError, OverflowError):
        told = UNTOLD_TIMEOUT
    if not (isfinite(told) and told > 0):
        told = UNTOLD_TIMEOUT
    return told - min(LONGEST_MARGIN, told * MARGIN)
