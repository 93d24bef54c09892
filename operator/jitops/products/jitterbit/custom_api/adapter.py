"""CustomAPI: by an adapter of the user's, by hand, or only looked at (docs/reference/jitterbit.md section 4).

Jitterbit publishes no API that creates or publishes a Custom API, so that nothing here calls one. The adapter holds an
API under a key that follows from who we are, and that may be used again; without an adapter there is nothing to read,
and what Ready rests on is a person's word, or what the gateway answers.
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
from jitops.core.errors import ManualActionRequired, Overtaken, RateLimited, RemoteNotFound, SpecInvalid
from jitops.core.status.conditions import find
from jitops.products.jitterbit.api_rows import ApiRow, Configuration
from jitops.products.jitterbit.custom_api.documents import openapi, written
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.wire import configuration_of, environment_url, fingerprint, service_url
from jitops.products.jitterbit.gateway import Seen, Sight, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON
    from jitops.products.jitterbit.client import JitterbitClient

Want = Desired[CustomAPISpec]
Ready = Prepared[CustomAPISpec, None]
Found = Observation[ApiRow | None]

CREDENTIALS = "verification.credentialsRef"
ONE_LINE = re.compile("[ -~]+")
Proof = tuple[str, str]


class CustomAPIAdapter(PlainAdapter[CustomAPISpec, ApiRow | None]):
    """Custom APIs of one organization."""

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client
        self._contract = client.contract

    async def observe(self, desired: Want) -> Found | None:
        """Find the API by the id in status, by our key, or by the id to adopt; without an adapter none is found."""
        if not desired.deleting:
            self._base(desired)
        own = self._key(desired)
        if not _has_adapter(desired):
            return Observation(own, None, owned=not desired.observed)
        self._contract.insist()
        rows = (await self._contract.apis.get(desired.not_older_than)).rows
        known = next((key for key in (desired.id or "", own) if key in rows), None)
        if known is not None:
            return Observation(known, rows[known], owned=known == own or desired.owned)
        adopted = desired.adopt_id if desired.id is None and desired.adopt_id in rows else None
        return Observation(adopted, rows[adopted], owned=False) if adopted else None

    def diff(self, desired: Ready, observation: Found) -> tuple[Change, ...]:
        """Compare the whole configuration, and whether it is live: what the spec leaves out is to be empty."""
        row = observation.remote
        if row is None:
            return ()
        asked = _configuration(desired)
        paths = [name for name, value in asked.items() if row.configuration.get(name) != value]
        if _is_misplaced(desired, row, asked):
            paths.append("publication")
        return tuple(map(Change, paths))

    def fields(self, desired: Ready) -> Mapping[str, JSON]:
        """Give the parts of the configuration that are not empty, and whether it is to be live."""
        asked = {name: value for name, value in _configuration(desired).items() if value}
        return {**asked, "publication": desired.spec.publication.state}

    async def create(self, desired: Ready) -> Found:
        """Make a draft; if there is one of our key, it is ours from before a crash. The rest is carried out next."""
        key = self._key(desired)
        try:
            row = await self._contract.put(key, _configuration(desired), None)
        except Overtaken:
            row = await self._contract.get(key)
        return Observation(key, row, owned=True)

    async def update(self, desired: Ready, observation: Found, changes: tuple[Change, ...]) -> Found:
        """Bring the configuration to the draft, then make it live, or take it off."""
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
                f"the adapter accepted the Custom API, and holds it with another {names}: write what it does"
            )
        return made

    async def delete(self, desired: Ready, observation: Found) -> None:  # noqa: ARG002 - the contract's
        """Remove the API from the adapter, live or not."""
        await self._contract.delete(observation.id)

    @override
    async def readiness(self, desired: Ready, observation: Found) -> Readiness:
        """Return what Ready rests on: the adapter, a probe of the URL or a person; or raise what a person must do."""
        seen = await self._probe(desired, observation)
        reason, message = self._proof(desired, observation, seen)
        return Readiness(reason, message, due=self._next_probe(desired, seen))

    async def _probe(self, desired: Ready, observation: Found) -> Seen | None:
        """Probe the URL, where that is asked for and the API is meant to be live."""
        spec = desired.spec
        if not spec.looks or spec.publication.state == "Draft" or _awaits_a_person(desired):
            return None
        if self.diff(desired, observation):
            return None  # Drift that is only reported: what is live now is not what the spec describes.
        return await self._client.gateway.look(
            desired.key, self._target(desired), desired.not_older_than, spec.verification.seconds
        )

    def _next_probe(self, desired: Ready, seen: Seen | None) -> datetime | None:
        if seen is None:
            return None
        return desired.now + timedelta(seconds=self._client.gateway.left(seen, desired.spec.verification.seconds))

    def _target(self, desired: Ready) -> Target:
        spec, base = desired.spec, self._base(desired)
        return Target(
            url=service_url(base, spec) + (spec.verification.path or ""),
            beside=environment_url(base, spec),
            public=spec.security.public,
            mark=_hash(desired),
            header=spec.verification.header or "Authorization",
            value=_credentials(desired),
        )

    def _proof(self, desired: Ready, observation: Found, seen: Seen | None) -> Proof:
        if self.diff(desired, observation):
            return Reason.DRIFT_DETECTED, "drift is only reported"
        if seen is not None and seen.sight in {Sight.ABSENT, Sight.OPEN}:
            raise _contradiction(seen, self._url(desired))
        if seen is not None and (seen.sight is Sight.PRESENT or _stays_verified(desired, seen, self._url(desired))):
            return Reason.VERIFIED, f"{self._url(desired)} was looked at: it is there"
        if observation.remote is not None:
            return self._by_adapter(desired, observation.remote, seen)
        return self._by_hand(desired, seen)

    def _by_adapter(self, desired: Ready, row: ApiRow, seen: Seen | None) -> Proof:
        url = self._url(desired)
        if row.published is None:
            return Reason.AVAILABLE, "the adapter holds the draft"
        if row.url is not None and row.url.rstrip("/") != url:
            raise SpecInvalid(
                f"spec.baseUrl: the adapter says that the API is at {row.url}, and not at {url}; correct baseUrl,"
                " or environment.urlPrefix in a new resource"
            )
        return Reason.PUBLISHED, f"the adapter says that it is published{_doubt(seen)}"

    def _by_hand(self, desired: Ready, seen: Seen | None) -> Proof:
        if desired.spec.publication.acknowledged_hash == _hash(desired):
            return Reason.ACKNOWLEDGED, f"a person acknowledged that it is so in API Manager{_doubt(seen)}"
        if seen is not None and seen.error is not None:
            raise seen.error
        raise ManualActionRequired(_to_do(desired, seen))

    def outputs(self, desired: Ready, observation: Found) -> Mapping[str, str]:
        """Give id and addresses."""
        return {"id": observation.id, "url": self._url(desired), "baseUrl": self._base(desired)}

    def documents(self, desired: Ready, observation: Found) -> Mapping[str, str]:  # noqa: ARG002 - the contract's
        """Give the configuration, its hash, OpenAPI and addresses."""
        asked, url = _configuration(desired), self._url(desired)
        return {
            "configuration.json": written({**asked, "publication": {"state": desired.spec.publication.state}}),
            "configurationHash": _hash(desired),
            "openapi.json": written(openapi(desired.spec, asked, url)),
            "url": url,
            "baseUrl": self._base(desired),
        }

    def facts(self, desired: Ready, observation: Found) -> Mapping[str, JSON]:
        """Tell the addresses, the hash, and how the adapter has it."""
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


def config_map_name(name: str) -> str:
    """Name the ConfigMap of a resource that does not name it itself."""
    return f"{name}-customapi"


def _has_adapter(desired: Want) -> bool:
    return desired.spec.publication.mode == "Adapter"


def _row(observation: Found) -> ApiRow:
    assert observation.remote is not None  # noqa: S101 - only what the adapter holds can differ
    return observation.remote


def _configuration(desired: Want) -> Configuration:
    return configuration_of(desired.spec, desired.key.name)


def _hash(desired: Want) -> str:
    return fingerprint(_configuration(desired), desired.spec.publication.state)


def _credentials(desired: Want) -> str:
    value = desired.inputs.get(CREDENTIALS, "").strip()
    if value and not ONE_LINE.fullmatch(value):
        raise SpecInvalid(f"spec.{CREDENTIALS}: the value must be one line of printable ASCII, as a header has it")
    return value


def _awaits_a_person(desired: Want) -> bool:
    """Tell whether a person has still to do, or to acknowledge, what only a person can."""
    publication = desired.spec.publication
    return publication.mode == "Manual" and publication.acknowledged_hash != _hash(desired)


def _is_misplaced(desired: Want, row: ApiRow, asked: Configuration) -> bool:
    """Tell whether what is live, or that something is, differs though the draft, if any, does not."""
    if desired.spec.publication.state == "Draft":
        return row.published is not None
    return row.published is None or (row.draft == asked and row.published != asked)


def _stays_verified(desired: Want, seen: Seen, url: str) -> bool:
    """Tell whether this very API was seen before, and nothing but our own turn at the gateway is missing now."""
    memory = desired.last_status
    ready = find(memory, ConditionType.READY)
    same = (memory.get("url"), memory.get("configurationHash")) == (url, _hash(desired))
    return isinstance(seen.error, RateLimited) and same and ready.get("reason") == Reason.VERIFIED


def _contradiction(seen: Seen, url: str) -> ManualActionRequired | RemoteNotFound:
    if seen.sight is Sight.OPEN:
        return ManualActionRequired(
            f"{url} lets anyone in ({seen.why}), though the spec has security profiles: assign them to the API in API"
            " Manager; the gateway takes some minutes to follow"
        )
    return RemoteNotFound(
        f"there is no live API at {url} ({seen.why}): is it published, and are baseUrl, urlPrefix, version and"
        " serviceRoot right? The gateway may take some minutes after a change"
    )


def _doubt(seen: Seen | None) -> str:
    """Say, beside another's word, that a look told nothing; what passes is not worth a word."""
    return f"; its URL tells nothing: {seen.why}" if seen is not None and seen.sight is Sight.UNCLEAR else ""


def _to_do(desired: Want, seen: Seen | None) -> str:
    """Say what a person has to do in API Manager, and how to tell us that it is done."""
    spec = desired.spec
    acknowledge = f"set spec.publication.acknowledgedHash to {_hash(desired)}"
    looked = f" ({seen.why})" if seen else ""
    if spec.publication.mode == "Observe":
        return f"nothing shows that the API is as the spec says{looked}: see to it in API Manager, then {acknowledge}"
    name = spec.outputs.config_map.name or config_map_name(desired.key.name)
    do = "publish it" if spec.publication.state == "Published" else "keep it as a draft"
    return (
        f"in API Manager make the Custom API {spec.name or desired.key.name} of environment {spec.environment.name} as"
        f" configuration.json in ConfigMap {name} says, {do}, then {acknowledge}"
    )
