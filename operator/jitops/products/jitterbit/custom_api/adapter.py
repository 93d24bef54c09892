"""The adapter of CustomAPI: published by the user's adapter, by hand, or only observed.

Jitterbit has no public API that creates or publishes a Custom API (docs/reference/jitterbit.md section 4), so nothing
here calls one. The user's adapter stores an API under a key that is derived from cluster, namespace and name, and that
may be used again. Without an adapter there is nothing to read: Ready then depends on the acknowledgement of a person,
or on the answer of the gateway.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from jitops.api.reasons import ConditionType, Reason
from jitops.core import identity
from jitops.core.contract.adapter import PlainAdapter
from jitops.core.contract.desired import Desired, Prepared
from jitops.core.contract.observation import Change, Observation, Readiness
from jitops.core.errors import ManualActionRequired, Overtaken, RateLimited, SpecInvalid
from jitops.core.status.conditions import find
from jitops.products.jitterbit.api_rows import ApiRow, Configuration
from jitops.products.jitterbit.custom_api.documents import json_text, openapi
from jitops.products.jitterbit.custom_api.messages import contradiction, doubt, instructions
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.wire import configuration_of, environment_url, fingerprint, service_url
from jitops.products.jitterbit.gateway import Seen, Sight, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitterbit.client import JitterbitClient

Want = Desired[CustomAPISpec]
Request = Prepared[CustomAPISpec, None]
Found = Observation[ApiRow | None]

CREDENTIALS = "verification.credentialsRef"
ONE_LINE = re.compile("[ -~]+")
Proof = tuple[str, str]
"""The reason and message of Ready."""


class CustomAPIAdapter(PlainAdapter[CustomAPISpec, ApiRow | None]):
    """The Custom APIs of one organization."""

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client
        self._contract = client.contract

    @override
    async def observe(self, desired: Want) -> Found | None:
        """Find the API by the id in status, by its key, or by the id to adopt; without an adapter nothing is read."""
        if not desired.deleting:
            self._base(desired)
        own = self._key(desired)
        if not _has_adapter(desired):
            return Observation(own, None, owned=not desired.observed)
        self._contract.require()
        rows = (await self._contract.apis.get(desired.not_older_than)).rows
        known = next((key for key in (desired.id or "", own) if key in rows), None)
        if known is not None:
            return Observation(known, rows[known], owned=known == own or desired.owned)
        adopted = desired.adopt_id if desired.id is None and desired.adopt_id in rows else None
        return Observation(adopted, rows[adopted], owned=False) if adopted else None

    @override
    def diff(self, desired: Request, observation: Found) -> tuple[Change, ...]:
        """Compare the whole configuration, and whether it is live. Fields that the spec omits must be empty."""
        row = observation.remote
        if row is None:
            return ()
        asked = _configuration(desired)
        paths = [name for name, value in asked.items() if row.configuration.get(name) != value]
        if _is_misplaced(desired, row, asked):
            paths.append("publication")
        return tuple(map(Change, paths))

    @override
    def fields(self, desired: Request) -> Mapping[str, JSON]:
        """Return the parts of the configuration that are not empty, and whether it should be live."""
        asked = {name: value for name, value in _configuration(desired).items() if value}
        return {**asked, "publication": desired.spec.publication.state}

    @override
    async def create(self, desired: Request) -> Found:
        """Create a draft; if its key exists already, jitops made it before a crash. `update` publishes it next."""
        key = self._key(desired)
        try:
            row = await self._contract.put(key, _configuration(desired), None)
        except Overtaken:
            row = await self._contract.get(key)
        return Observation(key, row, owned=True)

    @override
    async def update(self, desired: Request, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Write the configuration to the draft, then publish or unpublish it."""
        row = _row(observation)
        if any(change.path != "publication" for change in changes):
            row = await self._contract.put(row.key, _configuration(desired), row.revision)
        if desired.spec.publication.state == "Published" and (row.draft is not None or row.published is None):
            row = await self._contract.publish(row)
        elif desired.spec.publication.state == "Draft" and row.published is not None:
            row = await self._contract.unpublish(row)
        made: Found = Observation(row.key, row, owned=True)
        if left := self.diff(desired, made):
            names = ", ".join(change.path for change in left)
            raise SpecInvalid(
                f"the adapter accepted the Custom API, but stored another {names}: set the values that it stores"
            )
        return made

    @override
    async def delete(self, desired: Request, observation: Found) -> None:
        """Delete the API at the adapter, whether it is live or not."""
        await self._contract.delete(observation.id)

    @override
    async def readiness(self, desired: Request, observation: Found) -> Readiness:
        """Return the reason for Ready: the adapter, a probe of the URL or a person; or raise what a person must do."""
        seen = await self._probe(desired, observation)
        reason, message = self._proof(desired, observation, seen)
        return Readiness(reason, message, due=self._next_probe(desired, seen))

    async def _probe(self, desired: Request, observation: Found) -> Seen | None:
        """Probe the URL, if the spec asks for that and the API should be live."""
        spec = desired.spec
        if not spec.checks_url or spec.publication.state == "Draft" or _awaits_a_person(desired):
            return None
        if self.diff(desired, observation):
            return None  # Drift is only reported: the live API is not the one of the spec.
        return await self._client.gateway.probe(
            desired.key, self._target(desired), desired.not_older_than, spec.verification.seconds
        )

    def _next_probe(self, desired: Request, seen: Seen | None) -> datetime | None:
        if seen is None:
            return None
        return desired.now + timedelta(
            seconds=self._client.gateway.seconds_left(seen, desired.spec.verification.seconds)
        )

    def _target(self, desired: Request) -> Target:
        spec, base = desired.spec, self._base(desired)
        return Target(
            url=service_url(base, spec) + (spec.verification.path or ""),
            beside=environment_url(base, spec),
            public=spec.security.public,
            configuration_hash=_hash(desired),
            header=spec.verification.header or "Authorization",
            value=_credentials(desired),
        )

    def _proof(self, desired: Request, observation: Found, seen: Seen | None) -> Proof:
        if self.diff(desired, observation):
            return Reason.DRIFT_DETECTED, "there is drift, which is only reported"
        if seen is not None and seen.sight in {Sight.ABSENT, Sight.OPEN}:
            raise contradiction(seen, self._url(desired))
        if seen is not None and (seen.sight is Sight.PRESENT or _stays_verified(desired, seen, self._url(desired))):
            return Reason.VERIFIED, f"{self._url(desired)} was probed, and the API is live"
        if observation.remote is not None:
            return self._by_adapter(desired, observation.remote, seen)
        return self._by_hand(desired, seen)

    def _by_adapter(self, desired: Request, row: ApiRow, seen: Seen | None) -> Proof:
        url = self._url(desired)
        if row.published is None:
            return Reason.AVAILABLE, "the adapter has the draft"
        if row.url is not None and row.url.rstrip("/") != url:
            raise SpecInvalid(
                f"spec.baseUrl: the adapter reports the URL {row.url} for the API, not {url}; correct baseUrl, or"
                " environment.urlPrefix in a new resource"
            )
        return Reason.PUBLISHED, f"the adapter reports that the API is published{doubt(seen)}"

    def _by_hand(self, desired: Request, seen: Seen | None) -> Proof:
        if desired.spec.publication.acknowledged_hash == _hash(desired):
            return Reason.ACKNOWLEDGED, f"a person acknowledged the configuration in API Manager{doubt(seen)}"
        if seen is not None and seen.error is not None:
            raise seen.error
        raise ManualActionRequired(instructions(desired, _hash(desired), seen))

    @override
    def outputs(self, desired: Request, observation: Found) -> Mapping[str, str]:
        """Return id and URLs."""
        return {"id": observation.id, "url": self._url(desired), "baseUrl": self._base(desired)}

    @override
    def documents(self, desired: Request, observation: Found) -> Mapping[str, str]:
        """Return the configuration, its hash, the OpenAPI document and the URLs."""
        asked, url = _configuration(desired), self._url(desired)
        return {
            "configuration.json": json_text({**asked, "publication": {"state": desired.spec.publication.state}}),
            "configurationHash": _hash(desired),
            "openapi.json": json_text(openapi(desired.spec, asked, url)),
            "url": url,
            "baseUrl": self._base(desired),
        }

    @override
    def facts(self, desired: Request, observation: Found) -> Mapping[str, JSON]:
        """Return the URLs, the hash, and the state at the adapter."""
        return {
            "url": self._url(desired),
            "baseUrl": self._base(desired),
            "configurationHash": _hash(desired),
            "publicationState": observation.remote.state if observation.remote else None,
        }

    def _key(self, desired: Want) -> str:
        key = desired.key
        return identity.stem(desired.identity, self._client.organization, key.kind, key.namespace, key.name)

    def _base(self, desired: Want) -> str:
        return (desired.spec.base_url or self._client.gateway_base()).rstrip("/")

    def _url(self, desired: Want) -> str:
        return service_url(self._base(desired), desired.spec)


def _has_adapter(desired: Want) -> bool:
    return desired.spec.publication.mode == "Adapter"


def _row(observation: Found) -> ApiRow:
    assert observation.remote is not None  # noqa: S101 - without an adapter `diff` is empty
    return observation.remote


def _configuration(desired: Want) -> Configuration:
    return configuration_of(desired.spec, desired.key.name)


def _hash(desired: Want) -> str:
    return fingerprint(_configuration(desired), desired.spec.publication.state)


def _credentials(desired: Want) -> str:
    value = desired.inputs.get(CREDENTIALS, "").strip()
    if value and not ONE_LINE.fullmatch(value):
        raise SpecInvalid(
            f"spec.{CREDENTIALS}: the value must be one line of printable ASCII, as it is sent in a header"
        )
    return value


def _awaits_a_person(desired: Want) -> bool:
    """Return whether a person has not yet acknowledged the configuration, in the mode Manual."""
    publication = desired.spec.publication
    return publication.mode == "Manual" and publication.acknowledged_hash != _hash(desired)


def _is_misplaced(desired: Want, row: ApiRow, asked: Configuration) -> bool:
    """Return whether the live configuration is wrong, although the draft, if any, is right."""
    if desired.spec.publication.state == "Draft":
        return row.published is not None
    return row.published is None or (row.draft == asked and row.published != asked)


def _stays_verified(desired: Want, seen: Seen, url: str) -> bool:
    """Return whether the same API was verified before, and only the budget of probes prevents it now."""
    last = desired.last_status
    ready = find(last, ConditionType.READY)
    same = (last.get("url"), last.get("configurationHash")) == (url, _hash(desired))
    return isinstance(seen.error, RateLimited) and same and ready.get("reason") == Reason.VERIFIED
