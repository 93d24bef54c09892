"""The adapter of an organization: a service of the user's that brings Custom APIs to API Manager.

It speaks the contract in `published/api-adapter.yaml`, which is ours and no API of Jitterbit's (see
docs/reference/jitterbit.md section 4.1: there is none). One conditional listing per organization serves all its
Custom APIs.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from jitops.core.contract.snapshot import Snapshot
from jitops.core.errors import (
    AlreadyOwned,
    DependencyNotReady,
    JitopsError,
    NotYet,
    Overtaken,
    PermissionDenied,
    SpecInvalid,
    Unavailable,
)
from jitops.products.jitterbit.api_rows import ApiRow
from jitops.remote.exchange import Answer, AnswerLost, segment
from jitops.remote.redaction import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

NOT_MODIFIED, NO_CONTENT, NOT_FOUND = 304, 204, 404
FAILURES = 500
LONGEST_DETAIL = 200
LONGEST_WAIT = 300.0
LOOK_AGAIN = 5.0
UNFAITHFUL = "; if that goes on, the adapter does not keep to the contract of `jitops adapter-contract`"
"""What is added when a call was in vain more than twice in a row."""


def contract() -> str:
    """Give the contract, as an OpenAPI document in YAML."""
    return (files("jitops.products.jitterbit") / "published" / "api-adapter.yaml").read_text(encoding="utf-8")


class Missing(JitopsError):
    """The adapter has no such API."""


# What API Manager lacks (422) heals there, unseen by any listing: it is tried again slowly, unlike a plain refusal.
BY_STATUS: Mapping[int, tuple[type[JitopsError], str]] = {
    400: (SpecInvalid, "the adapter refuses the Custom API"),
    401: (PermissionDenied, "the adapter refuses the token: correct adapterToken in the Secret of the organization"),
    403: (PermissionDenied, "the adapter does not permit this to the token (adapterToken in the Secret)"),
    404: (Missing, "the adapter has no such API"),
    405: (SpecInvalid, "the adapter does not speak the contract at spec.apiAdapter.baseUrl of the organization"),
    409: (AlreadyOwned, "the adapter says that this is in the way of another API"),
    415: (SpecInvalid, "the adapter does not speak the contract at spec.apiAdapter.baseUrl of the organization"),
    422: (DependencyNotReady, "API Manager lacks what the Custom API needs"),
}


def classify_contract(answer: Answer) -> JitopsError | None:
    """Judge an answer of the adapter."""
    if answer.succeeded:
        if answer.status in {NOT_MODIFIED, NO_CONTENT} or isinstance(answer.json, dict):
            return None
        return AnswerLost("the adapter's answer is cut off, or is not of the contract")
    if answer.status == 412:  # noqa: PLR2004 - Precondition Failed
        return Overtaken("someone changed the API at the adapter meanwhile", after=1.0)
    if answer.status >= FAILURES:
        return Unavailable(f"the adapter failed with HTTP {answer.status}{_detail(answer)}")
    kind, sentence = BY_STATUS.get(answer.status, (None, ""))
    return kind(f"{sentence} (HTTP {answer.status}){_detail(answer)}") if kind else None


def _detail(answer: Answer) -> str:
    body = answer.json if isinstance(answer.json, dict) else {}
    said = body.get("detail") or body.get("title")
    return f": {shorten(said, LONGEST_DETAIL)}" if isinstance(said, str) and said else ""


class ApiContract:
    """The calls of the contract on one organization, or why they can't be made: then there is nothing to list."""

    def __init__(self, way: Http | DependencyNotReady, organization: str, clock: Clock) -> None:
        self._way = way
        self._clock = clock
        self._path = f"/v1/organizations/{segment(organization)}/apis"
        self._etag = ""
        self._in_vain: Counter[tuple[str, ...]] = Counter()
        """How often in a row a call on an API met another one than the listing shows, by its key, method and verb."""
        self.apis: Snapshot[ApiRow] = Snapshot(self._list, clock)

    def insist(self) -> Http:
        """Give the way to the adapter, or say what is missing."""
        if isinstance(self._way, DependencyNotReady):
            raise DependencyNotReady(str(self._way))
        return self._way

    async def get(self, key: str) -> ApiRow:
        """Read one API; NotYet where there is none any more."""
        return await self._exchange("GET", key)

    async def put(self, key: str, configuration: Mapping[str, JSON], revision: str | None) -> ApiRow:
        """Make a configuration the draft: of a new API (no revision), or of the API in this very revision."""
        rests = {"if-none-match": "*"} if revision is None else _if_match(revision)
        return await self._exchange("PUT", key, headers=rests, body=configuration)

    async def publish(self, row: ApiRow) -> ApiRow:
        """Make the draft live, if it is still the one that we saw."""
        return await self._exchange("POST", row.key, "/publish", headers=_if_match(row.revision))

    async def unpublish(self, row: ApiRow) -> ApiRow:
        """Take the API off."""
        return await self._exchange("POST", row.key, "/unpublish", headers=_if_match(row.revision))

    async def delete(self, key: str) -> None:
        """Remove an API; a 404, which an ingress may give, counts only with a listing that lacks the API."""
        try:
            await self._request("DELETE", f"/{segment(key)}", who=f"api {key}")
        except Missing:
            self._etag = ""
            if key in (await self.apis.get(self._clock.monotonic())).rows:
                raise NotYet("the adapter lists the API, and can't find it", after=LOOK_AGAIN, deleting=True) from None
        self.apis.record(key, None)

    def close(self) -> None:
        """Give up the connection."""
        if not isinstance(self._way, DependencyNotReady):
            self._way.close()

    async def _exchange(
        self, method: str, key: str, verb: str = "", *, headers: Mapping[str, str] | None = None, body: JSON = None
    ) -> ApiRow:
        try:
            answer = await self._request(method, f"/{segment(key)}{verb}", who=f"api {key}", headers=headers, body=body)
        except Missing:
            self.apis.record(key, None)
            vanished = NotYet("the API vanished from the adapter while it was being changed", after=1.0)
            raise self._patient(vanished, key, method, verb) from None
        except Overtaken as overtaken:
            raise self._patient(overtaken, key, method, verb) from None
        del self._in_vain[key, method, verb]
        row = ApiRow.parse(answer.json)
        if row.key != key:
            raise AnswerLost("the adapter's answer is about another API")
        self.apis.record(key, row)
        return row

    def _patient(self, error: NotYet, *call: str) -> NotYet:
        """Look again at a whole listing, and later each time: an adapter that mixes things up isn't stormed."""
        self._etag = ""
        self._in_vain[call] += 1
        often = self._in_vain[call]
        after = min(2.0 ** min(often - 1, 10), LONGEST_WAIT)
        return type(error)(f"{error}{UNFAITHFUL if often > 2 else ''}", after=after)  # noqa: PLR2004 - as it says

    async def _list(self) -> Mapping[str, ApiRow] | None:
        if isinstance(self._way, DependencyNotReady):
            return {}
        headers = {"if-none-match": self._etag} if self._etag else {}
        try:
            answer = await self._request("GET", "", who="list apis", headers=headers)
        except Missing as missing:
            raise DependencyNotReady(f"the adapter has no Custom APIs of this organization: {missing}") from None
        if answer.status == NOT_MODIFIED:
            if not headers:
                raise AnswerLost("the adapter says that nothing changed, and was not asked that")
            return None
        listed = answer.json.get("apis")
        if not isinstance(listed, list):
            raise AnswerLost("the adapter's answer is no listing")
        rows = {row.key: row for row in map(ApiRow.parse, listed)}
        self._etag = answer.headers.get("etag", "")
        return rows

    async def _request(
        self, method: str, path: str, *, who: str, headers: Mapping[str, str] | None = None, body: JSON = None
    ) -> Answer:
        return await self.insist().request(method, self._path + path, who=who, headers=headers, body=body)


def _if_match(revision: str) -> dict[str, str]:
    return {"if-match": f'"{revision}"'}
