"""What the console's refusals mean, told by their bodies: its status codes don't tell.

The table is section 3 of docs/reference/jitsu.md. Only sentences of ours, and the few parts of a body that are
known to be harmless, go on: validation errors echo the whole stored object in clear, passwords included.
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
"""How many issues, links or users of an object one message names."""
LONGEST_PART = 200
HARMLESS = re.compile(r"[\w.:-]{1,128}")
NOT_MODIFIED = 304


class Missing(JitopsError):
    """The object does not exist, or no longer."""


class NoRoute(SpecInvalid):
    """The console, or whatever answers at the address, knows no such call."""


class Unoffered(JitopsError):
    """The console lacks the part that would try what is about to be written."""


def classify(answer: Answer) -> JitopsError | None:
    """Judge an answer of the console, of both builds of the reference."""
    if answer.status == NOT_MODIFIED:
        return None
    body = answer.json if isinstance(answer.json, dict) else None
    if answer.succeeded:
        return None if body is not None else AnswerLost("the console's answer is cut off, or is not the console's")
    body = body or {}
    sentence = _sentence(body)
    for pattern, make in BY_SENTENCE:
        if pattern.search(sentence):
            return make(body, sentence)
    by_status = BY_STATUS.get(_status(answer.status, body))
    return by_status(body, sentence) if by_status else None


def _status(status: int, body: Body) -> int:
    """Prefer the status in the body of a 500: build A puts it there by mistake."""
    told = body.get("status")
    return told if status == 500 and isinstance(told, int) and 400 <= told < 500 else status  # noqa: PLR2004


def _sentence(body: Body) -> str:
    told = body.get("message") or body.get("error")
    return told.strip() if isinstance(told, str) else ""


def _because(prefix: str) -> Make:
    """Refuse the spec with the first line of the console's own sentence."""

    def make(_: Body, sentence: str) -> JitopsError:
        line = sentence.partition("\n")[0]
        return SpecInvalid(f"{prefix}: {shorten(line, LONGEST_PART)}" if line else prefix)

    return make


def _plainly(error: Callable[[], JitopsError]) -> Make:
    """Answer with a sentence of ours alone."""
    return lambda _body, _sentence: error()


def _issues(body: Body, _: str, root: str = "") -> JitopsError:
    """Name the fields that validation refused, by path and message alone."""
    holder = body.get("error") if isinstance(body.get("error"), dict) else body.get("zodError")
    named = [_issue(issue, root) for issue in _dicts(holder.get("issues") if isinstance(holder, dict) else None)]
    return SpecInvalid(f"the console refuses the object: {_few(named) or 'it does not say which field'}")


def _issue(issue: Body, root: str) -> str:
    path = issue.get("path")
    where = ".".join(filter(None, (root, *map(str, path)))) if isinstance(path, list) else ""
    return shorten(f"{where or 'the object'}: {issue.get('message', 'invalid')}", LONGEST_PART)


def _denied(body: Body, _: str) -> JitopsError:
    role, permission = _harmless(body.get("role")), _harmless(body.get("requiredPermission"))
    if role and permission:
        return PermissionDenied(
            f"the API key's user is {role} in this workspace and lacks the permission {permission}:"
            " make the user an editor or owner, or use another user's key"
        )
    return PermissionDenied(
        "the API key's user has no access to this workspace, or there is no such workspace:"
        " check spec.workspace, or invite the user"
    )


def _in_use(body: Body, _: str) -> JitopsError:
    users = [
        f"{what} {_harmless(user.get('id')) or '?'}{_typed(user)}"
        for field, what in USERS
        for user in _dicts(body.get(field))
    ]
    function = body.get("code") == "FUNCTION_IN_USE"
    cure = "take the function out of these" if function else "delete these first, or set management.cascade"
    return DeletionBlocked(f"still used by {_few(users) or 'other objects'}: {cure}")


USERS = (("linkedConnections", "link"), ("connections", "link"), ("profileBuilders", "profile builder"))
"""Where a 409 lists what uses the object (docs/reference/jitsu.md section 6)."""


def _dicts(value: object) -> list[Body]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _typed(user: Body) -> str:
    kind = _harmless(user.get("type"))
    return f" ({kind})" if kind else ""


def _harmless(value: object) -> str:
    return value if isinstance(value, str) and HARMLESS.fullmatch(value) else ""


def _few(parts: list[str]) -> str:
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return "; ".join(parts[:SHOWN]) + more


def _not_found(_: Body, sentence: str) -> JitopsError:
    if sentence.startswith("API route not found"):
        return NoRoute("no Jitsu console answers at this address: check spec.baseUrl")
    return Missing("the object does not exist")


def _failed(body: Body, sentence: str) -> JitopsError:
    """Report a failure; `message` is the console's own sentence, `error` may hold a whole database call."""
    told = sentence.partition("\n")[0] if "message" in body else ""
    return Unavailable(f"the console failed{': ' if told else ''}{shorten(told, LONGEST_PART)}")


BY_SENTENCE: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"^Failed to validate schema of|^Can't parse request body", _issues),
        (r"^Invalid (connection|sync) options", partial(_issues, root="spec.data")),
        (r"^Domain .+ (is not a valid domain name|already in use)", _because("spec.domains")),
        (r"^Unknown (destination|config object) type", _because("the console refuses the object")),
        (r"^Invalid cron|^Can't create provisioned", _because("the console refuses the object")),
        (
            r"Unique constraint failed on the fields",
            _plainly(lambda: IdBurnt("the id is in use, or was used by an object that is deleted")),
        ),
        (
            r"^\S+ with id .* does not exist$|No record was found for an update",
            _plainly(lambda: Missing("the object does not exist")),
        ),
        (
            r"^Workspace .+ not found$",
            _plainly(lambda: SpecInvalid("the console knows no such workspace: check spec.workspace")),
        ),
        (r"^Link from .+ already exists$", _plainly(lambda: AlreadyOwned("this pair is linked already"))),
        (
            r"object with id .+ not found in the workspace",
            _plainly(
                lambda: DependencyNotReady(
                    "an end of the link does not exist in this workspace", reason="DependencyNotFound"
                )
            ),
        ),
        (
            r"^Key with id .+ should either be known",
            _plainly(lambda: NotYet("the stream's keys changed meanwhile; reading them again", after=1.0)),
        ),
        (
            r"^env \w+ is not (defined|set)|^failed to fetch bulker API",
            _plainly(lambda: Unoffered("the console has no data plane at hand that could do it")),
        ),
        (r"Can't reach database server", _plainly(lambda: Unavailable("the console's database is down"))),
        (r"^maintenance$|maintenance mode", _plainly(lambda: WritesRefused("the console is in maintenance"))),
        (r"^rate_limit_unavailable", _plainly(lambda: Unavailable("the console's rate limiter is down"))),
        (
            r"^Bearer token should have a format",
            _plainly(lambda: CredentialsRejected("the API key must have the form keyId:secret")),
        ),
    )
)
"""By what the console says; the first that fits."""

BY_STATUS: Mapping[int, Make] = {
    400: _because("the console refuses the request"),
    401: _plainly(
        lambda: CredentialsRejected(
            "the console rejected the API key (unknown, wrong or expired):"
            " put a valid keyId:secret under apiKey in the Secret"
        )
    ),
    403: _denied,
    404: _not_found,
    409: _in_use,
    413: _plainly(lambda: SpecInvalid("the object is larger than the console accepts")),
    500: _failed,
    503: _failed,
}
"""By the status, for what says nothing known."""
