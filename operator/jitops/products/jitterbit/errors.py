"""What Harmony's refusals mean: HTTP 200 alone proves nothing (docs/reference/jitterbit.md sections 2.9 and 7).

Success is a 2xx that is JSON and whose `status` is not false. No list of error codes is published, so all
that goes on of a refusal is its code, if it looks like one, and its sentence, cleaned and cut.
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
GATEWAY = frozenset({502, 503, 504})
"""What is answered for a Harmony that is not there; never about a password or token."""


class Refused(JitopsError):
    """Harmony decided against the request; `code` is empty where it gave none that looks like one."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Faltered(Unavailable):
    """A 5xx in Harmony's own envelope: a failure, or a password or token that it does not take."""


def classify(answer: Answer) -> JitopsError | None:
    """Judge an answer; what a refused log-in means stands in `login_refusal`."""
    body = answer.json if isinstance(answer.json, dict) else None
    if answer.succeeded:
        return _judge_success(answer, body)
    if answer.status >= 500:  # noqa: PLR2004 - the server's failures
        own = body is not None and body.get("status") is False and answer.status not in GATEWAY
        kind = Faltered if own else Unavailable
        return kind(f"Harmony failed with HTTP {answer.status}{_told(body or {})}")
    return _refused(answer.status, body or {})


def _judge_success(answer: Answer, body: Mapping[str, Any] | None) -> JitopsError | None:
    if body is not None:
        return _refused(answer.status, body) if body.get("status") is False else None
    # What a deletion answers is not documented; that it took effect is seen in the listing anyway.
    return AnswerLost("Harmony's answer is cut off, or is not Harmony's") if answer.body else None


def _refused(status: int, body: Mapping[str, Any]) -> Refused:
    return Refused(f"Harmony refuses (HTTP {status}){_told(body)}", status=status, code=_code(body))


def _code(body: Mapping[str, Any]) -> str:
    code = body.get("errorCode")
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def _told(body: Mapping[str, Any]) -> str:
    sentence = body.get("errorMessage")
    parts = [_code(body), shorten(sentence, LONGEST_SENTENCE) if isinstance(sentence, str) else ""]
    said = ": ".join(part for part in parts if part)
    return f": {said}" if said else ""


HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (
            r"VALIDATE_TFA|authentication code|two.factor",
            (
                "the account asks for a second factor, which an operator cannot give:"
                " use a service account that needs none (each further try would e-mail a code)"
            ),
        ),
        (
            r"\bSSO\b|single sign|SAML",
            'the organization logs in by single sign-on: put this account on its list "Bypass SSO"',
        ),
        (
            r"lock",
            "the account is locked: wait 30 minutes, correct the password, then ask for one more log-in",
        ),
        (
            r"expire|inactiv",
            "the password or account is no longer valid: renew it in Harmony and in the Secret",
        ),
    )
)
"""What a refused log-in seems to mean, by code and sentence; section 2.3 documents only the first code."""

USUAL_HINT = (
    "correct email and password in the Secret; an account that logs in by single sign-on or with a second"
    " factor can't be used"
)
NO_SUCH_SERVICE = frozenset({301, 302, 303, 307, 308, 404, 405})


def login_refusal(refused: Refused) -> JitopsError:
    """Say what to do about a refused log-in."""
    if refused.status in NO_SUCH_SERVICE and not refused.code:
        return SpecInvalid(
            f"no Harmony service answers at this address (HTTP {refused.status}): check spec.region or spec.host"
        )
    hint = next((hint for pattern, hint in HINTS if pattern.search(f"{refused}")), USUAL_HINT)
    return CredentialsRejected(f"the log-in was refused: {hint} ({refused})")
