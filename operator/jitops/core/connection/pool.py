"""Open connections: one client per connection resource, opened by whoever comes first, shared by all.

A connection is verified when it is opened and whenever its own resource is reconciled. What went wrong stays with
it: its dependents don't ask the remote again, they wait to be woken.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jitops.api.reasons import Reason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.connection.access import permits
from jitops.core.connection.login_attempts import StatusLedger
from jitops.core.contract.client import Opening
from jitops.core.contract.kinds import ConnectionKind
from jitops.core.errors import (
    CredentialsRejected,
    DependencyNotReady,
    Interrupted,
    JitopsError,
    PermissionDenied,
    RateLimited,
    SpecInvalid,
    Unavailable,
)
from jitops.core.identity import keyed_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.contract.client import Client
    from jitops.core.contract.kinds import KindRegistry
    from jitops.core.kube import JSON, Key, Kube, Resource, Secret
    from jitops.core.outputs.hash_key import HashKey

MISSING_RETRY = 60.0
"""Seconds after which a missing Secret is looked for again; without the watch label nothing else would tell."""


@dataclass(slots=True)
class OpenConnection:
    """One open connection. `error` is what its last verification ended with; `facts` what it found."""

    fingerprint: str
    spec: Any
    client: Client
    secret: Secret
    facts: Mapping[str, JSON] = field(default_factory=dict)
    error: JitopsError | None = None
    asked: str | None = None
    """The request token under which it was last verified."""


class Connections:
    """The open connections of this process."""

    def __init__(self, kinds: KindRegistry, kube: Kube, hash_key: HashKey, clock: Clock) -> None:
        self._kinds = kinds
        self._kube = kube
        self._hash_key = hash_key
        self._clock = clock
        self._lines: dict[Key, OpenConnection] = {}
        self._refused: dict[Key, JitopsError] = {}
        """Why a connection could not even be opened; its own reconcile finds out when it can."""
        self._tried: dict[Key, int] = {}
        """The generation in which a connection was last opened, or refused."""
        self._locks: dict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def use(self, key: Key, namespace: str) -> OpenConnection:
        """Return the connection for a resource of a namespace, opening it if nobody did since its spec changed."""
        resource = self._kube.get(key)
        if resource is None:
            raise DependencyNotReady(f"{key} does not exist", reason=Reason.DEPENDENCY_NOT_FOUND, retry=MISSING_RETRY)
        await permits(self._kube, resource, namespace)
        async with self._locks[key]:
            if self._tried.get(key) != resource.generation:
                await self._try(resource)
        error = self.error(key)
        if error is not None:
            raise _for_dependents(key, error)
        return self._lines[key]

    async def verify(self, resource: Resource) -> OpenConnection:
        """Prove the connection anew, with the spec and the Secret as they are now; raises what is wrong with it."""
        async with self._locks[resource.key]:
            await self._try(resource)
        error = self.error(resource.key)
        if error is not None:
            raise error
        return self._lines[resource.key]

    def error(self, key: Key) -> JitopsError | None:
        """Return what is wrong with a connection, as far as anyone has looked."""
        line = self._lines.get(key)
        return self._refused.get(key) or (line.error if line else None)

    async def _try(self, resource: Resource) -> None:
        try:
            await self._verified(resource)
        except Interrupted:
            raise  # What was known of it still is.
        except JitopsError as error:
            self._refused[resource.key] = error
        else:
            self._refused.pop(resource.key, None)
        self._tried[resource.key] = resource.generation

    def line(self, key: Key) -> OpenConnection | None:
        """Return the connection if it is open."""
        return self._lines.get(key)

    def budgets(self) -> Mapping[tuple[str, ...], float]:
        """Tell how many calls could be made at once, by the connection's kind, namespace and name, and by method."""
        lines = self._lines.items()
        return {(*key, method): left for key, line in lines for method, left in line.client.budget.items()}

    def suspect(self, key: Key, error: JitopsError) -> None:
        """Keep dependents from asking on after a refusal, until the connection's own reconcile has looked."""
        line = self._lines.get(key)
        if line is not None and line.error is None:
            line.error = error
            line.asked = None

    async def drop(self, key: Key) -> None:
        """Close a connection that is gone."""
        self._refused.pop(key, None)
        self._tried.pop(key, None)
        line = self._lines.pop(key, None)
        if line is not None:
            await line.client.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        for key in tuple(self._lines):
            await self.drop(key)

    async def _verified(self, resource: Resource) -> None:
        line = await self._opened(resource)
        asked = resource.reconcile_request
        if isinstance(line.error, CredentialsRejected) and line.asked is not None and line.asked == (asked or ""):
            return
        try:
            line.facts, line.error = await line.client.verify(), None
        except Interrupted:
            raise
        except JitopsError as error:
            line.error = error
        line.asked = asked or ""

    async def _opened(self, resource: Resource) -> OpenConnection:
        """Open the connection, or keep it when neither its spec nor its credentials changed."""
        row = self._kinds.connections[resource.key.kind]
        spec = _parsed(row, resource)
        secret = await self._secret(row, resource, spec)
        ca = await self._ca(resource, spec)
        login = {name: _value(secret, name) for name in row.credentials}
        credentials = login | {name: value for name in row.optional if (value := _value(secret, name))}
        print_ = _fingerprint(resource.spec, credentials, ca)
        line = self._lines.get(resource.key)
        if line is not None and line.fingerprint == print_:
            line.secret = secret
            return line
        await self.drop(resource.key)
        counted = {name: value.lower() if name in row.caseless else value for name, value in login.items()}
        account = await self._account(spec.base_url, counted)
        ledger = StatusLedger(self._kube, self._clock, resource.key, account)
        client = await row.open(Opening(resource.key, spec, credentials, ca, ledger))
        self._lines[resource.key] = line = OpenConnection(print_, spec, client, secret)
        return line

    async def _account(self, address: str, credentials: Mapping[str, str]) -> str:
        """Name the account without telling it: an HMAC over address and credentials."""
        values = [part for pair in sorted(credentials.items()) for part in pair]
        return keyed_hash(await self._hash_key.get(), address.rstrip("/").lower(), *values)

    async def _secret(self, row: ConnectionKind, resource: Resource, spec: Any) -> Secret:  # noqa: ANN401
        name = spec.credentials_ref.name
        secret = await self._kube.read_secret(resource.key.namespace, name)
        missing = [key for key in row.credentials if secret is None or not _value(secret, key)]
        if secret is None or missing:
            what = f"has no value under {', '.join(missing)}" if secret else "does not exist"
            raise DependencyNotReady(
                f"Secret {resource.key.namespace}/{name} of spec.credentialsRef {what};"
                f" it needs the keys {', '.join(row.credentials)}",
                reason=Reason.DEPENDENCY_NOT_FOUND,
                retry=MISSING_RETRY,
            )
        return secret

    async def _ca(self, resource: Resource, spec: Any) -> str | None:  # noqa: ANN401
        if spec.tls.ca_ref is None:
            return None
        ref, namespace = spec.tls.ca_ref, resource.key.namespace
        read = self._kube.read_secret if ref.kind == "Secret" else self._kube.read_config_map
        found = await read(namespace, ref.name)
        values = found.data if found else {}
        if ref.key not in values:
            raise DependencyNotReady(
                f"{ref.kind} {namespace}/{ref.name} of spec.tls.caRef has no key {ref.key}",
                reason=Reason.DEPENDENCY_NOT_FOUND,
                retry=MISSING_RETRY,
            )
        return values[ref.key]


def _parsed(row: ConnectionKind, resource: Resource) -> Any:  # noqa: ANN401 - a spec of the row's model
    try:
        return validate_spec(row.info.spec, resource.spec)
    except InvalidSpec as error:
        raise SpecInvalid(str(error)) from None


def _value(secret: Secret, name: str) -> str:
    """Give a credential without the newline that a file has at its end; no credential ends with one."""
    return secret.data.get(name, "").rstrip("\r\n")


def _fingerprint(spec: Mapping[str, JSON], data: Mapping[str, str], ca: str | None) -> str:
    text = json.dumps([dict(spec), dict(data), ca], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _for_dependents(key: Key, error: JitopsError) -> JitopsError:
    """Say what is wrong with a connection as its dependents should see it (design.md section 5)."""
    message = f"{key} is not ready: {error}"
    match error:
        case CredentialsRejected() | Unavailable():
            return Unavailable(message, circuit_open=getattr(error, "circuit_open", False))
        case RateLimited():
            return RateLimited(message, after=error.after)
        case DependencyNotReady():
            return DependencyNotReady(message, retry=error.retry)
        case PermissionDenied() | SpecInvalid():
            return DependencyNotReady(message)
    return error
