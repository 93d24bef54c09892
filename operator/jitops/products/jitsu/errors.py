"""Classifies the console's error answers by their bodies, since its status codes are not reliable.

The table is section 3 of docs/reference/jitsu.md. A message has only fixed text and the few parts of a body that are
known to be harmless: validation errors repeat the whole stored object in plain text, passwords included.

    JitopsError
    ├── Missing                the object does not exist
    ├── NoRoute                (SpecInvalid) nothing at this address knows the call
    └── PreflightUnavailable   the console can't run a preflight
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jitops.core.errors import (
    AlreadyOwned,
    CredentialsRejected,
    DeletionBlocked,
    DependencyNotReady,
    IdBurnt,
    JitopsError,
    NotYet,
    PermissionDenied,
    SpecInvalid,
    Unavailable,
)
from jitops.remote.exchange import Answer, AnswerLost, WritesRefused
from jitops.remote.redaction import shorten

Body = Mapping[str, Any]
Make = Callable[[Body, str], JitopsError]

SHOWN = 5
"""The most issues, links or users of an object that one message lists."""
LONGEST_PART = 200
HARMLESS = re.compile(r"[\w.:-]{1,128}")
NOT_MODIFIED = 304
FAILED = 500
CLIENT_ERRORS = range(400, 500)


class Missing(JitopsError):
    """The object does not exist, or is deleted."""


class NoRoute(SpecInvalid):
    """The console, or whatever answers at its address, does not know the call."""


class PreflightUnavailable(JitopsError):
    """The console does not have what it needs to run a preflight."""


def classify(answer: Answer) -> JitopsError | None:
    """Return the error of an answer, of both builds of the console; None for a success."""
    if answer.status == NOT_MODIFIED:
        return None
    body = answer.json if isinstance(answer.json, dict) else None
    if answer.succeeded:
        return None if body is not None else AnswerLost("the answer is cut off, or is not from a Jitsu console")
    body = body or {}
    sentence = _sentence(body)
    for pattern, make in BY_SENTENCE:
        if pattern.search(sentence):
            return make(body, sentence)
    by_status = BY_STATUS.get(_status(answer.status, body))
    return by_status(body, sentence) if by_status else None


def _status(status: int, body: Body) -> int:
    """Return the status; of a 500 the 4xx in its body, where build A puts it by mistake."""
    inner = body.get("status")
    return inner if status == FAILED and isinstance(inner, int) and inner in CLIENT_ERRORS else status


def _sentence(body: Body) -> str:
    sentence = body.get("message") or body.get("error")
    return sentence.strip() if isinstance(sentence, str) else ""


def _because(prefix: str) -> Make:
    """Return a SpecInvalid factory: the prefix, and the first line of the console's message."""

    def make(_: Body, sentence: str) -> JitopsError:
        line = sentence.partition("\n")[0]
        return SpecInvalid(f"{prefix}: {shorten(line, LONGEST_PART)}" if line else prefix)

    return make


def _fixed(error: Callable[[], JitopsError]) -> Make:
    """Return a factory of an error whose message has nothing from the answer."""
    return lambda _body, _sentence: error()


def _issues(body: Body, _: str, root: str = "") -> JitopsError:
    """Return an error that lists the invalid fields by path and message, never by value."""
    holder = body.get("error") if isinstance(body.get("error"), dict) else body.get("zodError")
    named = [_issue(issue, root) for issue in _dicts(holder.get("issues") if isinstance(holder, dict) else None)]
    return SpecInvalid(f"the console rejects the object: {_few(named) or 'it does not report the field'}")


def _issue(issue: Body, root: str) -> str:
    path = issue.get("path")
    where = ".".join(filter(None, (root, *map(str, path)))) if isinstance(path, list) else ""
    return shorten(f"{where or 'the object'}: {issue.get('message', 'invalid')}", LONGEST_PART)


def _denied(body: Body, _: str) -> JitopsError:
    role, permission = _harmless(body.get("role")), _harmless(body.get("requiredPermission"))
    if role and permission:
        return PermissionDenied(
            f"the user of the API key is {role} in this workspace and lacks the permission {permission}:"
            " make the user an editor or owner, or use the key of another user"
        )
    return PermissionDenied(
        "the user of the API key has no access to this workspace, or the workspace does not exist:"
        " check spec.workspace, or invite the user"
    )


def _in_use(body: Body, _: str) -> JitopsError:
    users = [
        f"{what} {_harmless(user.get('id')) or '?'}{_typed(user)}"
        for field, what in USERS
        for user in _dicts(body.get(field))
    ]
    function = body.get("code") == "FUNCTION_IN_USE"
    cure = "remove the function from these" if function else "delete these first, or set management.cascade"
    return DeletionBlocked(f"still used by {_few(users) or 'other objects'}: {cure}")


USERS = (("linkedConnections", "link"), ("connections", "link"), ("profileBuilders", "profile builder"))
"""The fields of a 409 that list what uses the object (docs/reference/jitsu.md section 6)."""


def _dicts(value: object) -> list[Body]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _typed(user: Body) -> str:
    kind = _harmless(user.get("type"))
    return f" ({kind})" if kind else ""


def _harmless(value: object) -> str:
    """Return an id or a word of the console; empty for anything that could be a secret."""
    return value if isinstance(value, str) and HARMLESS.fullmatch(value) else ""


def _few(parts: list[str]) -> str:
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return "; ".join(parts[:SHOWN]) + more


def _not_found(_: Body, sentence: str) -> JitopsError:
    if sentence.startswith("API route not found"):
        return NoRoute("there is no Jitsu console at this address: check spec.baseUrl")
    return Missing("the object does not exist")


def _failed(body: Body, sentence: str) -> JitopsError:
    """Return an error with the console's `message`; `error` is left out, as it may be a whole database query."""
    message = sentence.partition("\n")[0] if "message" in body else ""
    return Unavailable(f"the console failed{': ' if message else ''}{shorten(message, LONGEST_PART)}")


BY_SENTENCE: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"^Failed to validate schema of|^Can't parse request body", _issues),
        (r"^Invalid (connection|sync) options", partial(_issues, root="spec.data")),
        (r"^Domain .+ (is not a valid domain name|already in use)", _because("spec.domains")),
        (r"^Unknown (destination|config object) type", _because("the console rejects the object")),
        (r"^Invalid cron|^Can't create provisioned", _because("the console rejects the object")),
        (
            r"Unique constraint failed on the fields",
            _fixed(lambda: IdBurnt("the id is in use, or was used by a deleted object")),
        ),
        (
            r"^\S+ with id .* does not exist$|No record was found for an update",
            _fixed(lambda: Missing("the object does not exist")),
        ),
        (
            r"^Workspace .+ not found$",
            _fixed(lambda: SpecInvalid("the workspace does not exist at the console: check spec.workspace")),
        ),
        (r"^Link from .+ already exists$", _fixed(lambda: AlreadyOwned("a link between these two exists already"))),
        (
            r"object with id .+ not found in the workspace",
            _fixed(
                lambda: DependencyNotReady(
                    "an end of the link does not exist in this workspace", reason="DependencyNotFound"
                )
            ),
        ),
        (
            r"^Key with id .+ should either be known",
            _fixed(
                lambda: NotYet("the keys of the stream were changed at the same time; they are read again", after=1.0)
            ),
        ),
        (
            r"^env \w+ is not (defined|set)|^failed to fetch bulker API",
            _fixed(lambda: PreflightUnavailable("the console has no data plane, which would run it")),
        ),
        (r"Can't reach database server", _fixed(lambda: Unavailable("the console's database is down"))),
        (r"^maintenance$|maintenance mode", _fixed(lambda: WritesRefused("the console is in maintenance"))),
        (r"^rate_limit_unavailable", _fixed(lambda: Unavailable("the console's rate limiter is down"))),
        (
            r"^Bearer token should have a format",
            _fixed(lambda: CredentialsRejected("the API key must have the form keyId:secret")),
        ),
    )
)
"""The errors by the console's message; the first pattern that matches decides."""

BY_STATUS: Mapping[int, Make] = {
    400: _because("the console rejects the request"),
    401: _fixed(
        lambda: CredentialsRejected(
            "the console rejects the API key (unknown, wrong or expired):"
            " put a valid keyId:secret under apiKey in the Secret"
        )
    ),
    403: _denied,
    404: _not_found,
    409: _in_use,
    413: _fixed(lambda: SpecInvalid("the object is larger than the console accepts")),
    500: _failed,
    503: _failed,
}
"""The errors by status, for messages that no pattern matches."""
