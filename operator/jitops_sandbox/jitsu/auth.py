"""Authentication and permissions (docs/reference/jitsu.md section 2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jitops_sandbox.jitsu.errors import ApiError, PlainError, PrismaError

if TYPE_CHECKING:
    from jitops_sandbox.answers import Call
    from jitops_sandbox.jitsu.state import State, User
    from jitops_sandbox.seed import Role

SERVICE_ACCOUNT = "admin-service-account@jitsu.com"
DATABASE = "127.0.0.1:54329"
CUID_LENGTH = 25
Permission = Literal["editEntities", "deleteEntities"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: a user with one of its keys, or a service token (`key` is None), which has all permissions."""

    id: str
    key: str | None
    user: User | None


def database_down(call: str) -> PrismaError:
    """Return the error of every route that uses the database while it is down (section 3)."""
    return PrismaError(call, f"Can't reach database server at {DATABASE}")


def bearer(call: Call) -> str | None:
    """Return the bearer token of the header, or of the query, which the console accepts as well."""
    header = call.headers.get("Authorization", "")
    if header.lower().startswith("bearer "):
        return header[len("bearer ") :]
    return call.query.get("__unsafe_token") or None


def authenticate(state: State, call: Call, *, database: bool = True) -> Caller:
    """Return the caller, or raise an error with the exact words of the console."""
    token = bearer(call)
    if not token:
        raise PlainError(401, {"error": "Authorization Required"})
    key_id, _, rest = token.partition(":")
    secret = rest.partition(":")[0]
    if not secret:
        raise ApiError("Bearer token should have a format of keyId:secret")
    if any(_same(secret, one) for one in state.service_tokens):
        return Caller(SERVICE_ACCOUNT, None, None)
    if not database:
        raise database_down("userApiToken.findUnique()")
    return _by_key(state, key_id, secret)


def _by_key(state: State, key_id: str, secret: str) -> Caller:
    key = state.keys.get(key_id)
    if key is None:
        raise ApiError(f"Invalid API key id {key_id}", status=401, keyId=key_id)
    if not _same(secret, key.secret):
        raise ApiError(f"Invalid API key secret for {key_id}", status=401, keyId=key_id)
    now = state.clock.now()
    if key.expires is not None and key.expires < now:
        raise ApiError(f"API key {key_id} has expired", status=401, keyId=key_id)
    key.used = now
    return Caller(key.user, key_id, state.users[key.user])


def verify_access(state: State, caller: Caller, workspace: str, permission: Permission | None = None) -> Role:
    """Return the caller's role in a workspace, given by id or slug, or raise; only here the console accepts a slug."""
    user = caller.user
    if user is None:
        return "owner"
    if not (len(workspace) == CUID_LENGTH and workspace.startswith("c")):
        found = state.workspace(workspace)
        workspace = found.id if found else workspace
    role = user.roles.get(workspace)
    if role is None:
        if user.admin:
            return "owner"
        message = f"User {user.id} doesn't have access to workspace {workspace}"
        raise ApiError(message, status=403, workspaceId=workspace, userId=user.id)
    if permission is not None and role == "analyst":
        message = f"User {user.id} doesn't have permission '{permission}' in workspace {workspace}."
        raise ApiError(
            f"{message} Required role: owner or editor",
            status=403,
            workspaceId=workspace,
            userId=user.id,
            role=role,
            requiredPermission=permission,
        )
    return role


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
