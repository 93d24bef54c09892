"""Classifies Harmony's error answers: HTTP 200 alone is no success (docs/reference/jitterbit.md sections 2.9 and 7).

An answer is a success if it is a 2xx with JSON whose `status` is not false. Jitterbit publishes no list of error codes,
so a message has the code, if it looks like one, and the sentence of the answer, shortened and without secrets.

    JitopsError
    ├── Rejected   Harmony rejected the request
    └── Failed     (Unavailable) a 5xx in Harmony's own format
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitops.core.errors import CredentialsRejected, JitopsError, SpecInvalid, Unavailable
from jitops.remote.exchange import AnswerLost
from jitops.remote.redaction import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.remote.exchange import Answer

CODE = re.compile(r"[A-Z0-9_]{1,64}")
LONGEST_SENTENCE = 200
FAILURES = 500
GATEWAY = frozenset({502, 503, 504})
"""The answers of a gateway while Harmony is down; they are never about a password or token."""


class Rejected(JitopsError):
    """Harmony rejected the request; `code` is empty if the answer has none that looks like an error code."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Failed(Unavailable):
    """A 5xx in Harmony's own format: a failure, or a password or token that it rejects."""


def classify(answer: Answer) -> JitopsError | None:
    """Return the error of an answer; None for a success. See `login_error` for rejected logins."""
    body = answer.json if isinstance(answer.json, dict) else None
    if answer.succeeded:
        return _judge_success(answer, body)
    if answer.status >= FAILURES:
        own = body is not None and body.get("status") is False and answer.status not in GATEWAY
        kind = Failed if own else Unavailable
        return kind(f"Harmony failed with HTTP {answer.status}{_reason(body or {})}")
    return _rejected(answer.status, body or {})


def _judge_success(answer: Answer, body: Mapping[str, Any] | None) -> JitopsError | None:
    if body is not None:
        return _rejected(answer.status, body) if body.get("status") is False else None
    # The answer to a deletion is not documented, and may be empty; the listing shows whether it took effect.
    return AnswerLost("the answer is cut off, or is not from Harmony") if answer.body else None


def _rejected(status: int, body: Mapping[str, Any]) -> Rejected:
    return Rejected(f"Harmony rejects the request (HTTP {status}){_reason(body)}", status=status, code=_code(body))


def _code(body: Mapping[str, Any]) -> str:
    code = body.get("errorCode")
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def _reason(body: Mapping[str, Any]) -> str:
    sentence = body.get("errorMessage")
    parts = [_code(body), shorten(sentence, LONGEST_SENTENCE) if isinstance(sentence, str) else ""]
    return "".join(f": {part}" for part in parts if part)


HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (
            r"VALIDATE_TFA|authentication code|two.factor",
            (
                "the account requires a second factor, which an operator can't provide:"
                " use a service account without one (each further attempt would e-mail a code)"
            ),
        ),
        (
            r"\bSSO\b|single sign|SAML",
            'the organization uses single sign-on: add this account to its list "Bypass SSO"',
        ),
        (
            r"lock",
            "the account is locked: wait 30 minutes, correct the password, then request one more login",
        ),
        (
            r"expire|inactiv",
            "the password or account is no longer valid: renew it in Harmony and in the Secret",
        ),
    )
)
"""What a rejected login probably means, by code and sentence; section 2.3 documents only the first code."""

USUAL_HINT = "correct email and password in the Secret; an account with single sign-on or a second factor can't be used"
NO_SUCH_SERVICE = frozenset({301, 302, 303, 307, 308, 404, 405})


def login_error(rejected: Rejected) -> JitopsError:
    """Return the error of a rejected login, with what to do about it."""
    if rejected.status in NO_SUCH_SERVICE and not rejected.code:
        return SpecInvalid(
            f"there is no Harmony service at this address (HTTP {rejected.status}): check spec.region or spec.host"
        )
    hint = next((hint for pattern, hint in HINTS if pattern.search(f"{rejected}")), USUAL_HINT)
    return CredentialsRejected(f"the login was rejected: {hint} ({rejected})")
