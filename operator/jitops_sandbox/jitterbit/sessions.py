"""Logins, tokens and locks (docs/reference/jitterbit.md section 2.3)."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitops_sandbox.jitterbit.envelope import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.core.clock import Clock
    from jitops_sandbox.jitterbit.switches import Switches
    from jitops_sandbox.seed import Account

LOGIN = "User login"
SESSION = "Validate session"


@dataclass(slots=True)
class Session:
    """A token's session."""

    email: str
    ends: float


class Sessions:
    """The accounts, their open sessions, and the counts and locks of failed logins."""

    def __init__(self, accounts: Iterable[Account], clock: Clock, switches: Switches) -> None:
        self._accounts = {account.email.lower(): account for account in accounts}
        self._passwords = {email: account.password for email, account in self._accounts.items()}
        self._clock = clock
        self._switches = switches
        self.clear()

    def clear(self) -> None:
        """Remove sessions, counts and locks; accounts and passwords remain."""
        self._sessions: dict[str, Session] = {}
        self._failed: Counter[str] = Counter()
        self._locked: dict[str, float] = {}
        self._codes: dict[str, str] = {}
        self.attempts: Counter[str] = Counter()
        """Attempted logins by e-mail, whether accepted or not."""
        self.codes_sent: Counter[str] = Counter()
        """Sent codes by e-mail."""

    def log_in(self, email: str, password: str) -> tuple[str, Account]:
        """Open a session and return its token and account, or count the failure and raise."""
        account = self._verified(email, password)
        if account.tfa:
            self._send_code(account)
        return self._open(account)

    def log_in_with_code(self, email: str, password: str, code: str) -> tuple[str, Account]:
        """Open a session with the code that was sent after the password."""
        account = self._verified(email, password)
        if not code or self._codes.pop(account.email, None) != code:
            raise self._refused(account.email, "The code is wrong.")
        return self._open(account)

    def verify(self, token: str | None) -> Account:
        """Return the account of a valid token, or raise."""
        session = self._sessions.get(token or "")
        now = self._clock.monotonic()
        if session is None or session.ends <= now:
            raise RefusedError(SESSION, "ASSUMED_INVALID_SESSION", "The session is invalid.", self._switches.bad_token)
        if self._switches.sliding_sessions:
            session.ends = now + self._switches.session_timeout_seconds
        return self._accounts[session.email]

    def end_all(self) -> None:
        """End every session, as an expiry does."""
        self._sessions.clear()

    def change_password(self, email: str, password: str) -> None:
        """Change an account's password behind the operator's back."""
        self._passwords[self._accounts[email.lower()].email.lower()] = password

    def code(self, email: str) -> str:
        """Return the code that was sent last."""
        return self._codes[self._accounts[email.lower()].email]

    def locked(self, email: str) -> bool:
        """Return whether the account is locked right now."""
        return self._locked.get(email.lower(), 0.0) > self._clock.monotonic()

    def _verified(self, email: str, password: str) -> Account:
        name = email.lower()
        self.attempts[name] += 1
        if self.locked(name):
            raise RefusedError(LOGIN, "ASSUMED_LOCKED", "The account is locked.", self._switches.bad_password)
        account = self._accounts.get(name)
        if account is None or account.sso_only or self._passwords[name] != password:
            raise self._refused(name, "The e-mail or the password is wrong.")
        return account

    def _refused(self, email: str, message: str) -> RefusedError:
        name = email.lower()
        self._failed[name] += 1
        if self._failed[name] >= self._switches.lock_after:
            self._failed[name] = 0
            self._locked[name] = self._clock.monotonic() + self._switches.lock_seconds
        return RefusedError(LOGIN, "ASSUMED_INVALID_CREDENTIALS", message, self._switches.bad_password)

    def _send_code(self, account: Account) -> None:
        self._codes[account.email] = f"{secrets.randbelow(1_000_000):06d}"
        self.codes_sent[account.email] += 1
        message = "Validate your login with authentication code sent to your e-mail."
        raise RefusedError(LOGIN, "VALIDATE_TFA_LOGIN_EMAIL", message, self._switches.tfa_answer)

    def _open(self, account: Account) -> tuple[str, Account]:
        name = account.email.lower()
        self._failed[name] = 0
        if self._switches.single_session:
            self._sessions = {token: one for token, one in self._sessions.items() if one.email != name}
        token = f"1_{uuid.uuid4()}"
        ends = self._clock.monotonic() + self._switches.session_timeout_seconds
        self._sessions[token] = Session(name, ends)
        return token, account
