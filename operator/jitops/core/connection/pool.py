"""Open connections: one client per connection resource, opened by whoever needs it first and shared by all.

A connection is verified when it is opened and whenever its own resource is reconciled. Its error stays with it: its
dependents do not ask the remote again, they wait until it is repaired.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.api.connection import ConnectionSpec
from jitops.api.reasons import Reason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.connection.access import require_permission
from jitops.core.connection.login_attempts import StatusLedger
from jitops.core.contract.client import Opening
from jitops.core.errors import DependencyNotReady, Interrupted, JitopsError, SpecInvalid
from jitops.core.identity import keyed_hash
from jitops.core.status.error_rules import ConnectionFault, for_dependents, rule_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.contract.client import Client
    from jitops.core.contract.kinds import ConnectionKind, KindRegistry
    from jitops.core.kube import JSON, Key, Kube, Resource, Secret
    from jitops.core.outputs.outputs import HashKey

MISSING_RETRY = 60.0
"""Seconds after which a missing Secret is looked for again; without the watch label no event reports it."""


@dataclass(slots=True)
class OpenConnection:
    """One open connection. `error` is the result of its last verification, `facts` is what it found."""

    fingerprint: str
    spec: ConnectionSpec
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
        self._open: dict[Key, OpenConnection] = {}
        self._refused: dict[Key, JitopsError] = {}
        """Why a connection could not be opened; its own reconcile finds out when it can."""
        self._tried: dict[Key, int] = {}
        """The generation in which a connection was last opened, or refused."""
        self._locks: dict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def use(self, key: Key, namespace: str) -> OpenConnection:
        """Return the connection for a resource of a namespace, and open it if its spec is a new one."""
        resource = self._kube.get(key)
        if resource is None:
            raise DependencyNotReady(f"{key} does not exist", reason=Reason.DEPENDENCY_NOT_FOUND, after=MISSING_RETRY)
        if namespace != key.namespace:
            await require_permission(self._kube, resource, namespace)
        async with self._locks[key]:
            if self._tried.get(key) != resource.generation:
                await self._try(resource)
        error = self.error(key)
        if error is not None:
            raise for_dependents(error, f"{key} is not ready: {error}")
        return self._open[key]

    async def verify(self, resource: Resource) -> OpenConnection:
        """Verify the connection with the spec and the Secret as they are now; raises its error."""
        async with self._locks[resource.key]:
            await self._try(resource)
        error = self.error(resource.key)
        if error is not None:
            raise error
        return self._open[resource.key]

    def error(self, key: Key) -> JitopsError | None:
        """Return the error of a connection, as far as anyone has checked."""
        known = self._open.get(key)
        return self._refused.get(key) or (known.error if known else None)

    def open_connection(self, key: Key) -> OpenConnection | None:
        """Return the connection if it is open."""
        return self._open.get(key)

    def budgets(self) -> Mapping[tuple[str, ...], float]:
        """Return how many calls could be made at once, by the connection's kind, namespace, name and by method."""
        known = self._open.items()
        return {(*key, method): left for key, each in known for method, left in each.client.budget.items()}

    def suspect(self, key: Key, error: JitopsError) -> None:
        """Stop dependents from asking after a refusal, until the connection's own reconcile has checked."""
        known = self._open.get(key)
        if known is not None and known.error is None:
            known.error = error
            known.asked = None

    async def drop(self, key: Key) -> None:
        """Close a connection that was deleted."""
        self._refused.pop(key, None)
        self._tried.pop(key, None)
        known = self._open.pop(key, None)
        if known is not None:
            await known.client.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        for key in tuple(self._open):
            await self.drop(key)

    async def _try(self, resource: Resource) -> None:
        try:
            await self._verified(resource)
        except Interrupted:
            raise  # What was known about it still holds.
        except JitopsError as error:
            self._refused[resource.key] = error
        else:
            self._refused.pop(resource.key, None)
        self._tried[resource.key] = resource.generation

    async def _verified(self, resource: Resource) -> None:
        connection = await self._opened(resource)
        asked = resource.reconcile_request or ""
        refused = connection.error is not None and rule_of(connection.error).connection is ConnectionFault.REFUSED
        if refused and connection.asked == asked:
            return
        try:
            connection.facts, connection.error = await connection.client.verify(), None
        except Interrupted:
            raise
        except JitopsError as error:
            connection.error = error
        connection.asked = asked

    async def _opened(self, resource: Resource) -> OpenConnection:
        """Open the connection, or keep it if neither its spec nor its credentials changed."""
        kind = self._kinds.connections[resource.key.kind]
        spec = _parsed(kind, resource)
        secret = await self._secret(kind, resource, spec)
        ca = await self._ca(resource, spec)
        login = {name: _value(secret, name) for name in kind.credentials}
        credentials = login | {name: value for name in kind.optional if (value := _value(secret, name))}
        fingerprint = _fingerprint(resource.spec, credentials, ca)
        known = self._open.get(resource.key)
        if known is not None and known.fingerprint == fingerprint:
            known.secret = secret
            return known
        await self.drop(resource.key)
        counted = {name: value.lower() if name in kind.caseless else value for name, value in login.items()}
        account = await self._account(spec.address, counted)
        ledger = StatusLedger(self._kube, self._clock, resource.key, account)
        client = await kind.open(Opening(resource.key, spec, credentials, ca, ledger))
        self._open[resource.key] = opened = OpenConnection(fingerprint, spec, client, secret)
        return opened

    async def _account(self, address: str, credentials: Mapping[str, str]) -> str:
        """Return an HMAC over address and credentials, which identifies the account without revealing it."""
        values = [part for pair in sorted(credentials.items()) for part in pair]
        return keyed_hash(await self._hash_key.get(), address.rstrip("/").lower(), *values)

    async def _secret(self, kind: ConnectionKind, resource: Resource, spec: ConnectionSpec) -> Secret:
        name = spec.credentials_ref.name
        secret = await self._kube.read_secret(resource.key.namespace, name)
        missing = [key for key in kind.credentials if secret is None or not _value(secret, key)]
        if secret is None or missing:
            what = f"has no value under {', '.join(missing)}" if secret else "does not exist"
            raise DependencyNotReady(
                f"Secret {resource.key.namespace}/{name} of spec.credentialsRef {what};"
                f" it needs the keys {', '.join(kind.credentials)}",
                reason=Reason.DEPENDENCY_NOT_FOUND,
                after=MISSING_RETRY,
            )
        return secret

    async def _ca(self, resource: Resource, spec: ConnectionSpec) -> str | None:
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
                after=MISSING_RETRY,
            )
        return values[ref.key]


def _parsed(kind: ConnectionKind, resource: Resource) -> ConnectionSpec:
    try:
        spec = validate_spec(kind.info.spec, resource.spec)
    except InvalidSpec as error:
        raise SpecInvalid(str(error)) from None
    assert isinstance(spec, ConnectionSpec)  # noqa: S101 - the model of every connection kind is one
    return spec


def _value(secret: Secret, name: str) -> str:
    """Return a credential without the line end that a file has; no credential ends with one."""
    return secret.data.get(name, "").rstrip("\r\n")


def _fingerprint(spec: Mapping[str, JSON], data: Mapping[str, str], ca: str | None) -> str:
    text = json.dumps([dict(spec), dict(data), ca], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
