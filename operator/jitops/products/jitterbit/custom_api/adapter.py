"""CustomAPI: by an adapter of the user's, by hand, or only looked at (reference/jitterbit.md section 4).

Jitterbit publishes no API that creates or publishes a Custom API, so that nothing here calls one. The adapter holds an
API under a key that follows from who we are, and that may be used again; without an adapter there is nothing to read,
and what Ready rests on is a person's word, or what the gateway answers.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jitops.api.reasons import ConditionType, Reason
from jitops.core import identity
from jitops.core.contract.adapter import Adapter
from jitops.core.contract.desired import Wanted
from jitops.core.contract.observation import Change, External
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

Want = Wanted[CustomAPISpec]
Found = External[ApiRow | None]

CREDENTIALS = "verification.credentialsRef"
ONE_LINE = re.compile("[ -~]+")
Standing = tuple[str, str]


class CustomAPIAdapter(Adapter[CustomAPISpec, ApiRow | None]):
    """Custom APIs of one organization."""

    def __init__(self, client: JitterbitClient) -> None:
        self._client = client
        self._contract = client.contract
        self._seen: Seen | None = None

    async def observe(self, wanted: Want) -> Found | None:
        """Find the API by the id in status, by our key, or by the id to adopt; without an adapter none is found."""
        if not wanted.deleting:
            self._base(wanted)
        own = self._key(wanted)
        if not _has_adapter(wanted):
            return External(own, None, ours=not wanted.observed)
        self._contract.insist()
        rows = (await self._contract.apis.get(wanted.since)).rows
        known = next((key for key in (wanted.id or "", own) if key in rows), None)
        if known is not None:
            return External(known, rows[known], ours=known == own or wanted.owned)
        adopted = wanted.adopt_id if wanted.id is None and wanted.adopt_id in rows else None
        return External(adopted, rows[adopted], ours=False) if adopted else None

    def diff(self, wanted: Want, external: Found) -> tuple[Change, ...]:
        """Compare the whole configuration, and whether it is live: what the spec leaves out is to be empty."""
        row = external.remote
        if row is None:
            return ()
        asked = _configuration(wanted)
        paths = [name for name, value in asked.items() if row.configuration.get(name) != value]
        if _is_misplaced(wanted, row, asked):
            paths.append("publication")
        return tuple(map(Change, paths))

    def fields(self, wanted: Want) -> Mapping[str, JSON]:
        """Give the parts of the configuration that are not empty, and whether it is to be live."""
        asked = {name: value for name, value in _configuration(wanted).items() if value}
        return {**asked, "publication": wanted.spec.publication.state}

    async def create(self, wanted: Want) -> Found:
        """Make a draft; if there is one of our key, it is ours from before a crash. The rest is carried out next."""
        key = self._key(wanted)
        try:
            row = await self._contract.put(key, _configuration(wanted), None)
        except Overtaken:
            row = await self._contract.get(key)
        return External(key, row, ours=True)

    async def update(self, wanted: Want, external: Found, changes: tuple[Change, ...]) -> Found:
        """Bring the configuration to the draft, then make it live, or take it off."""
        row = _row(external)
        if any(change.path != "publication" for change in changes):
            row = await self._contract.put(row.key, _configuration(wanted), row.revision)
        if wanted.spec.publication.state == "Published" and (row.draft is not None or row.published is None):
            row = await self._contract.publish(row)
        elif wanted.spec.publication.state == "Draft" and row.published is not None:
            row = await self._contract.unpublish(row)
        made: Found = External(row.key, row, ours=True)
        if left := self.diff(wanted, made):
            names = ", ".join(change.path for change in left)
            raise SpecInvalid(
                f"the adapter accepted the Custom API, and holds it with another {names}: write what it does"
            )
        return made

    async def delete(self, wanted: Want, external: Found) -> None:  # noqa: ARG002 - the contract's
        """Remove the API from the adapter, live or not."""
        await self._contract.delete(external.id)

    async def probe(self, wanted: Want, external: Found) -> None:
        """Look at the URL, where it is asked for, and the API is to be there."""
        spec = wanted.spec
        if not spec.looks or spec.publication.state == "Draft" or _awaits_a_person(wanted):
            return
        if self.diff(wanted, external):
            return  # Drift that is only reported: what is live now isn't what the spec speaks of.
        self._seen = await self._client.gateway.look(
            wanted.key, self._target(wanted), wanted.since, spec.verification.seconds
        )

    def _target(self, wanted: Want) -> Target:
        spec, base = wanted.spec, self._base(wanted)
        return Target(
            url=service_url(base, spec) + (spec.verification.path or ""),
            beside=environment_url(base, spec),
            public=spec.security.public,
            mark=_hash(wanted),
            header=spec.verification.header or "Authorization",
            value=_credentials(wanted),
        )

    def standing(self, wanted: Want, external: Found) -> Standing:
        """Say what Ready rests on: the adapter, a look at the URL, or a person's word; or what a person has to do."""
        if self.diff(wanted, external):
            return Reason.DRIFT_DETECTED, "drift is only reported"
        seen = self._seen
        if seen is not None and seen.sight in {Sight.ABSENT, Sight.OPEN}:
            raise _contradiction(seen, self._url(wanted))
        if seen is not None and (seen.sight is Sight.PRESENT or _stays_verified(wanted, seen, self._url(wanted))):
            return Reason.VERIFIED, f"{self._url(wanted)} was looked at: it is there"
        if external.remote is not None:
            return self._by_adapter(wanted, external.remote, seen)
        return self._by_hand(wanted, seen)

    def _by_adapter(self, wanted: Want, row: ApiRow, seen: Seen | None) -> Standing:
        url = self._url(wanted)
        if row.published is None:
            return Reason.AVAILABLE, "the adapter holds the draft"
        if row.url is not None and row.url.rstrip("/") != url:
            raise SpecInvalid(
                f"spec.baseUrl: the adapter says that the API is at {row.url}, and not at {url}; correct baseUrl,"
                " or environment.urlPrefix in a new resource"
            )
        return Reason.PUBLISHED, f"the adapter says that it is published{_doubt(seen)}"

    def _by_hand(self, wanted: Want, seen: Seen | None) -> Standing:
        if wanted.spec.publication.acknowledged_hash == _hash(wanted):
            return Reason.ACKNOWLEDGED, f"a person acknowledged that it is so in API Manager{_doubt(seen)}"
        if seen is not None and seen.error is not None:
            raise seen.error
        raise ManualActionRequired(_to_do(wanted, seen))

    def outputs(self, wanted: Want, external: Found) -> Mapping[str, str]:
        """Give id and addresses."""
        return {"id": external.id, "url": self._url(wanted), "baseUrl": self._base(wanted)}

    def documents(self, wanted: Want, external: Found) -> Mapping[str, str]:  # noqa: ARG002 - the contract's
        """Give the configuration, its hash, OpenAPI and addresses."""
        asked, url = _configuration(wanted), self._url(wanted)
        return {
            "configuration.json": written({**asked, "publication": {"state": wanted.spec.publication.state}}),
            "configurationHash": _hash(wanted),
            "openapi.json": written(openapi(wanted.spec, asked, url)),
            "url": url,
            "baseUrl": self._base(wanted),
        }

    def facts(self, wanted: Want, external: Found) -> Mapping[str, JSON]:
        """Tell the addresses, the hash, and how the adapter has it."""
        return {
            "url": self._url(wanted),
            "baseUrl": self._base(wanted),
            "configurationHash": _hash(wanted),
            "publicationState": external.remote.state if external.remote else None,
        }

    def due(self, wanted: Want, external: Found) -> datetime | None:  # noqa: ARG002 - the contract's
        """Give the moment of the next look at the URL."""
        if self._seen is None:
            return None
        left = self._client.gateway.left(self._seen, wanted.spec.verification.seconds)
        return wanted.now + timedelta(seconds=left)

    def _key(self, wanted: Want) -> str:
        key = wanted.key
        return identity.stem(wanted.identity, self._client.organization, key.kind, key.namespace, key.name)

    def _base(self, wanted: Want) -> str:
        return (wanted.spec.base_url or self._client.gateway_base()).rstrip("/")

    def _url(self, wanted: Want) -> str:
        return service_url(self._base(wanted), wanted.spec)


def config_map_name(name: str) -> str:
    """Name the ConfigMap of a resource that does not name it itself."""
    return f"{name}-customapi"


def _has_adapter(wanted: Want) -> bool:
    return wanted.spec.publication.mode == "Adapter"


def _row(external: Found) -> ApiRow:
    assert external.remote is not None  # noqa: S101 - only what the adapter holds can differ
    return external.remote


def _configuration(wanted: Want) -> Configuration:
    return configuration_of(wanted.spec, wanted.key.name)


def _hash(wanted: Want) -> str:
    return fingerprint(_configuration(wanted), wanted.spec.publication.state)


def _credentials(wanted: Want) -> str:
    value = wanted.inputs.get(CREDENTIALS, "").strip()
    if value and not ONE_LINE.fullmatch(value):
        raise SpecInvalid(f"spec.{CREDENTIALS}: the value must be one line of printable ASCII, as a header has it")
    return value


def _awaits_a_person(wanted: Want) -> bool:
    """Tell whether a person has still to do, or to acknowledge, what only a person can."""
    publication = wanted.spec.publication
    return publication.mode == "Manual" and publication.acknowledged_hash != _hash(wanted)


def _is_misplaced(wanted: Want, row: ApiRow, asked: Configuration) -> bool:
    """Tell whether what is live, or that something is, differs though the draft, if any, does not."""
    if wanted.spec.publication.state == "Draft":
        return row.published is not None
    return row.published is None or (row.draft == asked and row.published != asked)


def _stays_verified(wanted: Want, seen: Seen, url: str) -> bool:
    """Tell whether this very API was seen before, and nothing but our own turn at the gateway is missing now."""
    memory = wanted.memory
    ready = find(memory, ConditionType.READY)
    same = (memory.get("url"), memory.get("configurationHash")) == (url, _hash(wanted))
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


def _to_do(wanted: Want, seen: Seen | None) -> str:
    """Say what a person has to do in API Manager, and how to tell us that it is done."""
    spec = wanted.spec
    acknowledge = f"set spec.publication.acknowledgedHash to {_hash(wanted)}"
    looked = f" ({seen.why})" if seen else ""
    if spec.publication.mode == "Observe":
        return f"nothing shows that the API is as the spec says{looked}: see to it in API Manager, then {acknowledge}"
    name = spec.outputs.config_map.name or config_map_name(wanted.key.name)
    do = "publish it" if spec.publication.state == "Published" else "keep it as a draft"
    return (
        f"in API Manager make the Custom API {spec.name or wanted.key.name} of environment {spec.environment.name} as"
        f" configuration.json in ConfigMap {name} says, {do}, then {acknowledge}"
    )
